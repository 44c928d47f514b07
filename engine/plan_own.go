package engine

import (
	"slices"

	"luatrace/tracer"
	"luatrace/tracer/syscalls"
)

// ask is the action that shows a call before it runs.
func (p *planner) ask() tracer.FilterAction {
	if p.mode.NoNotify != "" {
		return tracer.FilterTrace
	}
	return tracer.FilterNotify
}

// addPlacement adds the calls by which a tracee could see its CPU mask.
func (p *planner) addPlacement(spec *tracer.FilterSpec) {
	for _, name := range tracer.PlacementCalls() {
		addOwn(spec, name, tracer.FilterClause{Action: p.ask(), Own: true})
	}
}

// addGuards adds the calls that the tracer must see whatever is hooked, and
// what becomes of architectures without a table. A filter that only makes calls fail
// needs no tracer in a child, so there clone3 is left alone.
//
// If no hook needs stops, these calls are asked about too: such a filter lets
// processes go, as long as the listener answers.
func (p *planner) addGuards(spec *tracer.FilterSpec) {
	action, clone3 := p.ask(), tracer.FilterAllow
	if spec.Has(tracer.FilterTrace) {
		action = tracer.FilterTrace
	}
	if spec.Has(tracer.FilterTrace) || spec.Has(tracer.FilterNotify) {
		spec.UnknownArch = action
		clone3 = p.ask()
	}
	for _, g := range slices.Concat(tracer.Guards(action, clone3), tracer.PageHolders(p.ask())) {
		addOwn(spec, g.Name, g.Clause)
	}
	if p.mode.StepAside {
		tests := []tracer.ArgTest{{Arg: 0, Op: tracer.TestOneOf, Words: tracer.AsideRequests()}}
		addOwn(spec, "ptrace", tracer.FilterClause{Action: action, Own: true, Tests: tests})
	}
}

// addOwn adds a clause of the tracer's own to the rows of a call. Faults that
// the kernel does by itself go first: there is nothing to see of such a call.
func addOwn(spec *tracer.FilterSpec, name string, clause tracer.FilterClause) {
	for _, abi := range abis() {
		nr, ok := syscalls.Number(abi, name)
		if !ok {
			continue
		}
		f := &spec.ABIs[abi]
		i, there := slices.BinarySearchFunc(f.Rows, nr, func(r tracer.FilterRow, n int) int { return r.NR - n })
		if !there {
			f.Rows = slices.Insert(f.Rows, i, tracer.FilterRow{NR: nr})
		}
		row := &f.Rows[i]
		at := 0
		for at < len(row.Clauses) && (row.Clauses[at].Action == tracer.FilterErrno || len(clause.Tests) == 0) {
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

// shows says whether an action shows the tracer at least what another would.
func shows(a, other tracer.FilterAction) bool {
	return a == other || a == tracer.FilterTrace && other == tracer.FilterNotify
}

// hookClause is the first clause that is there for a hook, nil if none is.
func hookClause(clauses []tracer.FilterClause) *tracer.FilterClause {
	for i := range clauses {
		if !clauses[i].Own {
			return &clauses[i]
		}
	}
	return nil
}

// ownCalls names the calls that only the tracer itself looks at.
func ownCalls(f *tracer.FilterABI) []string {
	var names []string
	for _, r := range f.Rows {
		if len(r.Clauses) > 0 && hookClause(r.Clauses) == nil {
			names = append(names, syscalls.Name(syscalls.Native(), r.NR))
		}
	}
	return names
}
