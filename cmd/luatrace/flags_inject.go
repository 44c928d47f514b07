package main

import (
	"errors"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/engine/inject"
)

// ruleBy returns what takes the value of --inject or --fault.
func (o *options) ruleBy(parse func(string) (*inject.Rule, error)) func(string) error {
	return func(s string) error {
		r, err := parse(s)
		if err != nil {
			return errors.New(luart.Escape(err.Error())) // it holds words of the rule
		}
		o.rules = append(o.rules, r)
		return nil
	}
}

// scripted says whether there is a script of any kind.
func (o *options) scripted() bool { return len(o.scripts)+len(o.codes) > 0 }

// shown says whether calls are printed, by themselves or beside scripts: those
// have an output of their own.
func (o *options) shown() bool {
	return !o.summaryOnly && (o.lines || len(o.codes) == 0 && (len(o.scripts) == 0 || len(o.traces) > 0))
}

// checkInject reports options that contradict each other, and combines those that belong together.
func (o *options) checkInject() error {
	switch {
	case len(o.rules) > 0 && o.readOnly:
		return errors.New("--inject and --fault change what the program gets: --read-only refuses that")
	case o.lines && o.summaryOnly:
		return errors.New("--lines and -c (only the table) contradict each other; -C prints both")
	case o.print.Durations && o.scripted() && !o.shown():
		return errors.New("-T is for the lines of calls: scripts have ev.duration, and --lines shows the lines beside them")
	}
	return nil
}

// tamper registers the hooks of --inject and --fault: before those of scripts and
// lines, which see of a call what the program sees.
func (s *session) tamper(o *options) {
	var only func(*engine.Event) bool
	if f := &o.print.Filter; !f.Any() {
		only = f.Match
	}
	for _, r := range o.rules {
		s.eng.Unfilter(r.NoFilter())
		r.Add(s.eng, only)
	}
}
