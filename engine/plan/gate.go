package plan

import (
	"fmt"
	"slices"
	"strings"

	"luatrace/tracer/seccomp"
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

// Admit reports whether the events of a hook that is added now would arrive: the plan is in
// force. The error is a *LateError.
func (p *Plan) Admit(r *Rule) error {
	if p.Filter == nil {
		return nil
	}
	if calls := p.unseen(r); len(calls) > 0 {
		return &LateError{calls}
	}
	return nil
}

// unseen names the calls that a rule wants and the filter does not show.
func (p *Plan) unseen(r *Rule) []string {
	var names []string
	for _, abi := range abis() {
		f := &p.Filter.ABIs[abi]
		limit, bit := syscalls.Max(abi), 0
		if abi == syscalls.X32 {
			limit, bit = syscalls.Max(syscalls.AMD64), syscalls.X32Bit
		}
		check := func(nr int) {
			r.Bind(abi, nr, p.Early(), func(b Bound, entry bool) {
				need := seccomp.Notify // becomes an entry stop where a hook wants the exit
				if r.Needs.Registers && entry {
					need = seccomp.Trace
				}
				if shownBy(f, nr, need, b.tests()) {
					return
				}
				name := syscalls.Name(abi, nr)
				if b.Sub != nil {
					name = b.Sub.Name
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

// shownBy reports whether a filter shows all calls of a number that pass these
// tests, at least in this way.
func shownBy(f *seccomp.Calls, nr int, need seccomp.Action, tests []seccomp.ArgTest) bool {
	clauses := []seccomp.Clause{f.Other}
	if i, ok := slices.BinarySearchFunc(f.Rows, nr, func(r seccomp.Row, n int) int { return r.NR - n }); ok {
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

// includes reports whether all of some are among the tests: what passes tests passes
// those too.
func includes(tests, some []seccomp.ArgTest) bool {
	for i := range some {
		if !slices.ContainsFunc(tests, some[i].Equal) {
			return false
		}
	}
	return true
}
