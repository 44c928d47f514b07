package main

import (
	"fmt"
	"path/filepath"

	"luatrace/engine/printer"
)

var detachPoints = []named[int]{{"execve", 1}}

// setDetachOn takes the value of -b.
func (o *options) setDetachOn(s string) error {
	_, err := choose(s, detachPoints)
	o.print.DetachOnExec = err == nil
	return err
}

var statuses = []named[printer.Status]{
	{"successful", printer.StatusSuccessful}, {"failed", printer.StatusFailed}, {"unfinished", printer.StatusUnfinished},
	{"unavailable", printer.StatusUnavailable}, {"detached", printer.StatusDetached},
}

var quietNames = []named[printer.Quiet]{
	{"attach", printer.QuietAttach}, {"exit", printer.QuietExit}, {"path-resolution", printer.QuietPathResolution},
	{"personality", printer.QuietPersonality}, {"faults", printer.QuietFaults}, {"thread-execve", printer.QuietThreadExecve}, {"superseded", printer.QuietThreadExecve},
}

// quietLevels are -q, -qq and -qqq.
var quietLevels = [...]printer.Quiet{
	1: printer.QuietAttach | printer.QuietPersonality | printer.QuietFaults,
	2: printer.QuietAttach | printer.QuietPersonality | printer.QuietFaults | printer.QuietExit,
	3: printer.QuietAll,
}

// forLines are the options that scripts have their own means for.
var forLines = []string{
	"trace-path", "trace-fds", "successful-only", "failed-only", "status", "signal", "read", "write", "syscall-limit",
}

// checkFilter reports options that contradict each other, and combines those that belong together.
func (o *options) checkFilter() error {
	for _, name := range forLines {
		if o.flagged(name) && o.scripted() && !o.lines {
			return fmt.Errorf("--%s is for the plain output; a script chooses with conditions: on(\"openat\", {when = {path = \"/x\"}}, f); --lines prints calls beside it", name)
		}
	}
	if o.successful && o.failed {
		return fmt.Errorf("-z and -Z contradict each other")
	}
	switch {
	case o.successful:
		o.print.Status = printer.StatusSuccessful
	case o.failed:
		o.print.Status = printer.StatusFailed
	case o.flagged("status") && o.print.Status == 0:
		return fmt.Errorf("--status: no result is left to be shown")
	}
	o.print.Quiet |= quietLevels[o.quietLevel]
	if o.flagged("syscall-limit") && o.print.Limit <= 0 {
		return fmt.Errorf("--syscall-limit takes a number from 1 on")
	}
	for _, path := range o.paths {
		if path == "" {
			return fmt.Errorf("-P: a path is wanted")
		}
		o.print.Filter.Paths = append(o.print.Filter.Paths, path)
		full, err := filepath.Abs(path)
		if err != nil {
			continue
		}
		if real, err := filepath.EvalSymlinks(full); err == nil && real != path {
			o.print.Filter.Paths = append(o.print.Filter.Paths, real)
			if o.print.Quiet&printer.QuietPathResolution == 0 {
				o.notices = append(o.notices, fmt.Sprintf("the path %s is %s too", quote(path), quote(real)))
			}
		}
	}
	return nil
}
