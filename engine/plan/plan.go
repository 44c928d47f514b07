// Package plan derives from the hooks on system calls what the kernel does with each call:
// let it run, fail it, ask by notification, or stop it. It is pure: a [Plan] depends on the
// [Rule] of each hook and on the [Mode], and on nothing that runs.
//
//   - Rules: rule.go; early.go finds hooks for the exit that may run at the entry.
//   - The plan: plan.go makes it, filter.go decides each call, argtest.go translates conditions,
//     internal.go adds the calls that the tracer itself must see, describe.go puts it into words.
//   - While it is in force: gate.go decides which hooks can still be added.
package plan

import (
	"iter"
	"slices"

	"luatrace/tracer/seccomp"
	"luatrace/tracer/syscalls"
)

// Reason is why a trace does without something, in words that can stand in parentheses;
// "" if it does not.
type Reason string

// Mode is what a plan must respect beside the hooks.
type Mode struct {
	// NoFilter is why no seccomp filter may be used.
	NoFilter Reason
	// NoNotify is why notifications may not be used.
	NoNotify Reason
	// CountFaults says that the kernel must not make calls fail by itself.
	CountFaults bool
	// Internal are the calls that the tracer itself must see.
	Internal []Internal
}

// Plan says for each call how the kernel reports it. The zero value is the plan without
// hooks: no call is reported.
type Plan struct {
	// Filter is the seccomp filter, nil if every call of every task stops
	// (PTRACE_SYSCALL), or none at all.
	Filter *seccomp.Filter
	// NoFilter is why there is no filter, if calls stop.
	NoFilter Reason
	// NoNotify is why there is no notification in the filter.
	NoNotify Reason
	// Calls says, without a filter, whether tasks stop at calls at all.
	Calls bool
	// Size is the number of instructions of the filter.
	Size int
}

// Make derives the plan from the rules of the hooks on system calls.
func Make(rules []*Rule, mode Mode) Plan {
	if len(rules) == 0 {
		return Plan{}
	}
	if mode.NoFilter != "" {
		return Plan{Calls: true, NoFilter: mode.NoFilter}
	}
	planner := planner{mode: mode, rules: rules}
	filter := planner.filter()
	if everythingTraced(filter) {
		return Plan{Calls: true, NoFilter: "every call stops for its result anyway"}
	}
	size, err := filter.Prepare()
	if err != nil {
		// Without conditions it is shorter; the hooks check them anyway.
		planner.unconditional = true
		filter = planner.filter()
		if size, err = filter.Prepare(); err != nil {
			return Plan{Calls: true, NoFilter: Reason(err.Error())}
		}
	}
	return Plan{Filter: filter, Calls: true, NoNotify: mode.NoNotify, Size: size}
}

// Early reports whether hooks for the exit of a call run at its entry where that makes no
// difference to them.
func (p *Plan) Early() bool { return p.Filter != nil }

// Shown returns the numbers of the calls of an ABI that the filter shows to a hook.
func (p *Plan) Shown(abi syscalls.ABI) iter.Seq[int] {
	return func(yield func(int) bool) {
		if p.Filter == nil {
			return
		}
		for _, r := range p.Filter.ABIs[abi].Rows {
			if c := hookClause(r.Clauses); c != nil && c.Action >= seccomp.Notify && !yield(r.NR) {
				return
			}
		}
	}
}

// everythingTraced reports whether the filter would stop every call of the native
// ABI: then it saves nothing, and tracees without a filter can be detached.
func everythingTraced(s *seccomp.Filter) bool {
	f := &s.ABIs[syscalls.Native()]
	traced := func(c seccomp.Clause) bool { return c.Action == seccomp.Trace && len(c.Tests) == 0 }
	if !traced(f.Other) {
		return false
	}
	return !slices.ContainsFunc(f.Rows, func(r seccomp.Row) bool {
		if name := syscalls.Name(syscalls.Native(), r.NR); !Returns(name) {
			return false // has no exit to stop at, and ends the program anyway
		}
		return len(r.Clauses) == 0 || !traced(r.Clauses[0])
	})
}
