package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"luatrace/engine/spec"
	"luatrace/tracer"
	"luatrace/tracer/syscalls"
)

// A LateError is why a hook can't be added any more: calls that it wants would not
// arrive.
type LateError struct {
	// Calls are the system calls that the filter does not show, in the order of
	// their numbers.
	Calls []string
}

// Error names some of the calls, and the option that helps.
func (e *LateError) Error() string {
	const most = 4
	names := strings.Join(e.Calls[:min(len(e.Calls), most)], ", ")
	if len(e.Calls) > most {
		names += fmt.Sprintf(" and %d more", len(e.Calls)-most)
	}
	return names + " can't be hooked any more: the seccomp filter of this run, made before the program started, lets the program make these calls unseen; add --attachable to run without one"
}

var (
	errOver  = errors.New("the trace has ended: no event will come")
	errBegun = errors.New("the trace has begun: no begin hook will be called any more")
)

// admit says why a hook can't be added now, nil if its events will arrive.
func (e *Engine) admit(h *Hook) error {
	if e.phase == tracing {
		e.mustHold()
	}
	switch {
	case e.phase.ended():
		return errOver
	case h.Spec.Kind == spec.Begin && e.phase != loading:
		return errBegun
	case h.Spec.Kind != spec.Syscall || e.phase != tracing || e.plan.Filter == nil:
		return nil
	}
	if calls := e.unseen(h); len(calls) > 0 {
		err := &LateError{calls}
		if e.opts.LogPlan != nil {
			e.opts.LogPlan("refused: " + err.Error())
		}
		return err
	}
	h.late = true
	return nil
}

// unseen names the calls that a hook wants and the filter in force does not show.
func (e *Engine) unseen(h *Hook) []string {
	var names []string
	for _, abi := range abis() {
		f := &e.plan.Filter.ABIs[abi]
		limit, bit := syscalls.Max(abi), 0
		if abi == syscalls.X32 {
			limit, bit = syscalls.Max(syscalls.AMD64), syscalls.X32Bit
		}
		check := func(nr int) {
			h.bind(abi, nr, func(b boundHook) {
				need := tracer.FilterNotify // becomes an entry stop where a hook wants the exit
				name := syscalls.Name(abi, nr)
				if h.Needs.Registers && e.atEntry(&b, abi, nr, name) {
					need = tracer.FilterTrace
				}
				if shownBy(f, nr, need, b.tests()) {
					return
				}
				if b.sub != nil {
					name = b.sub.Name
				}
				if name = strings.TrimPrefix(name, "x32_"); name == "" {
					name = "unknown numbers"
				}
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			})
		}
		for nr := range limit {
			check(nr | bit)
		}
		check(noCall | bit)
	}
	return names
}

// shownBy says whether a filter shows all calls of a number that pass these
// tests, at least in this way.
func shownBy(f *tracer.FilterABI, nr int, need tracer.FilterAction, tests []tracer.ArgTest) bool {
	clauses := []tracer.FilterClause{f.Other}
	if i, ok := slices.BinarySearchFunc(f.Rows, nr, func(r tracer.FilterRow, n int) int { return r.NR - n }); ok {
		clauses = f.Rows[i].Clauses
	}
	for i := range clauses {
		c := &clauses[i]
		if !shows(c.Action, need) {
			return false // what meets this clause's tests does not get any further
		}
		if includes(tests, c.Tests) {
			return true
		}
	}
	return false
}

// includes says whether all of some are among the tests: what passes tests passes
// those too.
func includes(tests, some []tracer.ArgTest) bool {
	for i := range some {
		if !slices.ContainsFunc(tests, some[i].Equal) {
			return false
		}
	}
	return true
}

// Detach lets the process go: it runs on untraced, and no more events come
// from it or from what it creates. The errors are tracer.ErrFiltered, if
// its filter needs a tracer, and tracer.ErrStrict, if its strict mode does.
func (p *Proc) Detach() error {
	if p.eng.tr == nil {
		p.Process.SimulateDetach()
		return nil
	}
	return p.eng.tr.Detach(p.Process)
}
