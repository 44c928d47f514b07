package plan

import (
	"slices"

	"luatrace/tracer/seccomp"
	"luatrace/tracer/syscalls"
)

// Internal is a call that the tracer itself must see, whatever is hooked.
type Internal struct {
	Name  string
	Tests []seccomp.ArgTest // it need only see calls that pass these
	Show  Show
}

// Show is when and how a filter shows the tracer an internal call.
type Show uint8

// The ways. A call that the filter only asks about stops where there are no notifications.
const (
	// ShowAlways asks before the call, in every filter.
	ShowAlways Show = iota
	// ShowToHooks asks before the call if the filter shows any call to a hook: a filter that
	// only makes calls fail needs no tracer.
	ShowToHooks
	// ShowWithStops asks before the call if the filter stops any call for a hook.
	ShowWithStops
	// ShowLikeHooks stops the call if the filter stops any call for a hook, and asks before it
	// otherwise: a filter without stops lets processes be detached as long as the listener
	// answers.
	ShowLikeHooks
)

// ask is the action that shows a call before it runs.
func (p *planner) ask() seccomp.Action {
	if p.mode.NoNotify != "" {
		return seccomp.Trace
	}
	return seccomp.Notify
}

// addInternal adds the calls that the tracer must see whatever is hooked, and
// what becomes of architectures without a table.
func (p *planner) addInternal(filter *seccomp.Filter) {
	stops := filter.Has(seccomp.Trace)
	shows := stops || filter.Has(seccomp.Notify)
	like := p.ask()
	if stops {
		like = seccomp.Trace
	}
	if shows {
		filter.UnknownArch = like
	}
	for _, c := range p.mode.Internal {
		clause := seccomp.Clause{Tests: c.Tests, Action: p.ask(), Own: true}
		switch c.Show {
		case ShowAlways:
		case ShowToHooks:
			if !shows {
				continue
			}
		case ShowWithStops:
			if !stops {
				continue
			}
		case ShowLikeHooks:
			clause.Action = like
		}
		addOwn(filter, c.Name, clause)
	}
}

// addOwn adds a clause of the tracer's own to the rows of a call. Faults that
// the kernel does by itself go first: there is nothing to see of such a call.
func addOwn(filter *seccomp.Filter, name string, clause seccomp.Clause) {
	for _, abi := range abis() {
		nr, ok := syscalls.Number(abi, name)
		if !ok {
			continue
		}
		f := &filter.ABIs[abi]
		i, there := slices.BinarySearchFunc(f.Rows, nr, func(r seccomp.Row, n int) int { return r.NR - n })
		if !there {
			f.Rows = slices.Insert(f.Rows, i, seccomp.Row{NR: nr})
		}
		row := &f.Rows[i]
		at := 0
		for at < len(row.Clauses) && (row.Clauses[at].Action == seccomp.Errno || len(clause.Tests) == 0) {
			at++
		}
		before := row.Clauses[:at]
		if at > 0 && len(before[at-1].Tests) == 0 {
			continue // nothing gets as far as this
		}
		if rest := row.Clauses[at:]; len(rest) > 0 && len(rest[0].Tests) == 0 && shows(rest[0].Action, clause.Action) {
			continue // it is shown anyway
		}
		row.Clauses = slices.Insert(slices.Clone(row.Clauses), at, clause)
	}
}

// shows reports whether an action shows the tracer at least what another would.
func shows(a, other seccomp.Action) bool {
	return a == other || a == seccomp.Trace && other == seccomp.Notify
}

// hookClause returns the first clause that is there for a hook, nil if none is.
func hookClause(clauses []seccomp.Clause) *seccomp.Clause {
	for i := range clauses {
		if !clauses[i].Own {
			return &clauses[i]
		}
	}
	return nil
}

// ownCalls names the calls that only the tracer itself looks at.
func ownCalls(f *seccomp.Calls) []string {
	var names []string
	for _, r := range f.Rows {
		if len(r.Clauses) > 0 && hookClause(r.Clauses) == nil {
			names = append(names, syscalls.Name(syscalls.Native(), r.NR))
		}
	}
	return names
}
