package main

import (
	"fmt"

	"luatrace/engine/printer"
)

// checkSummary reports options that contradict each other, and combines those that belong together.
func (o *options) checkSummary() error {
	o.summary = o.summaryOnly || o.summaryToo
	switch {
	case o.summaryOnly && o.summaryToo:
		return fmt.Errorf("-c (only the table) and -C (calls and table) contradict each other")
	case o.summary && o.separate:
		return fmt.Errorf("-ff has a file for each thread: there is none for the table of -c and -C")
	}
	if !o.summaryOnly {
		return nil
	}
	for _, f := range []struct {
		given bool
		name  string
	}{
		{o.print.Stamps.Time != printer.TimeNone, "-tt, --absolute-timestamps"}, {o.print.Stamps.Relative, "-r, --relative-timestamps"},
		{o.print.Durations, "-T, --syscall-times"},
	} {
		if f.given {
			o.notices = append(o.notices, f.name+" has no effect with -c")
		}
	}
	return nil
}
