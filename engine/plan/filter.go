package plan

import (
	"luatrace/tracer/seccomp"
	"luatrace/tracer/syscalls"
)

type planner struct {
	mode          Mode
	rules         []*Rule
	unconditional bool
}

// abis are the ABIs that processes of this machine can use.
func abis() []syscalls.ABI {
	if syscalls.Native() == syscalls.ARM64 {
		return []syscalls.ABI{syscalls.ARM64}
	}
	return []syscalls.ABI{syscalls.AMD64, syscalls.I386, syscalls.X32}
}

// noCall is a number that no ABI has a name for.
const noCall = 0x3fffffff

func (p *planner) filter() *seccomp.Filter {
	filter := &seccomp.Filter{}
	for _, abi := range abis() {
		f := &filter.ABIs[abi]
		other := noCall
		if abi == syscalls.X32 {
			other |= syscalls.X32Bit
		}
		if c := p.row(abi, other); len(c) > 0 {
			f.Other = seccomp.Clause{Action: c[0].Action}
			for i := range c {
				f.Other.Action = max(f.Other.Action, c[i].Action)
			}
		}
		limit := syscalls.Max(abi)
		bit := 0
		if abi == syscalls.X32 {
			limit, bit = syscalls.Max(syscalls.AMD64), syscalls.X32Bit
		}
		for nr := range limit {
			if c := p.row(abi, nr|bit); len(c) > 0 || f.Other.Action != seccomp.Allow {
				f.Rows = append(f.Rows, seccomp.Row{NR: nr | bit, Clauses: c})
			}
		}
	}
	p.addInternal(filter)
	return filter
}

// row decides one call: the clauses of the filter, none for a call that
// nobody looks at.
func (p *planner) row(abi syscalls.ABI, nr int) []seccomp.Clause {
	var enter, exit []Bound
	for _, r := range p.rules {
		r.Bind(abi, nr, true, func(b Bound, entry bool) {
			if entry {
				enter = append(enter, b)
			} else {
				exit = append(exit, b)
			}
		})
	}
	if len(enter) == 0 && len(exit) == 0 {
		return nil
	}
	if len(exit) == 0 && !p.mode.CountFaults {
		if clauses := constantFaults(enter); clauses != nil {
			return clauses
		}
	}
	action := seccomp.Notify
	if len(exit) > 0 || p.mode.NoNotify != "" {
		action = seccomp.Trace
	}
	var clauses []seccomp.Clause
	for _, list := range [][]Bound{enter, exit} {
		for i := range list {
			if list[i].Needs.Registers {
				action = seccomp.Trace
			}
			clauses = append(clauses, seccomp.Clause{Tests: list[i].tests()})
		}
	}
	for i := range clauses {
		clauses[i].Action = action
		if len(clauses[i].Tests) == 0 || p.unconditional {
			return []seccomp.Clause{{Action: action}}
		}
	}
	return clauses
}

// constantFaults are the clauses of a call on which there is nothing but
// faults that the kernel can do by itself; nil if there is anything else. The
// last rule that applies wins, so it comes first.
func constantFaults(rules []Bound) []seccomp.Clause {
	var clauses []seccomp.Clause
	for i := len(rules) - 1; i >= 0; i-- {
		r := &rules[i]
		if r.Fault == nil {
			return nil
		}
		for j := range r.When {
			if !r.When[j].Integer() {
				return nil
			}
		}
		clauses = append(clauses, seccomp.Clause{Tests: r.tests(), Action: seccomp.Errno, Errno: uint16(r.Fault.Errno)})
		if len(r.When) == 0 {
			break
		}
	}
	return clauses
}
