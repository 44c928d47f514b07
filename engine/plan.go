package engine

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"luatrace/engine/spec"
	"luatrace/tracer"
	"luatrace/tracer/syscalls"
)

// PlanMode is what a plan must respect beside the hooks.
type PlanMode struct {
	// Unfiltered, if not "", is why no filter may be used.
	Unfiltered string
	// NoNotify, if not "", is why notifications may not be used.
	NoNotify string
	// CountFaults says that the kernel must not make calls fail by itself.
	CountFaults bool
	// Placement makes the plan show the calls by which a tracee could see that
	// it shares a CPU with the tracer.
	Placement bool
	// StepAside makes the plan show the calls that ask for a tracer.
	StepAside bool
}

// Plan says for each call how the kernel is to tell us of it.
type Plan struct {
	// Filter is the seccomp filter, nil if every call of every task stops
	// (PTRACE_SYSCALL), or none at all.
	Filter *tracer.FilterSpec
	// Why says why there is no filter, or no notification in it; "" if there is
	// nothing to say.
	Why string
	// Calls says, without a filter, whether tasks stop at calls at all.
	Calls bool
	// Size is the number of instructions of the filter.
	Size int
}

// MakePlan derives the plan from the hooks on system calls. It depends on
// nothing else.
func MakePlan(hooks []*Hook, mode PlanMode) Plan {
	if len(hooks) == 0 {
		return Plan{}
	}
	if mode.Unfiltered != "" {
		return Plan{Calls: true, Why: mode.Unfiltered}
	}
	planner := planner{mode: mode, engine: Engine{hooks: hooks, early: true}}
	sel := planner.filter()
	if everythingTraced(sel) {
		return Plan{Calls: true, Why: "every call stops for its result anyway"}
	}
	size, err := sel.Prepare()
	if err != nil {
		// Without conditions it is shorter; the hooks check them anyway.
		planner.unconditional = true
		sel = planner.filter()
		if size, err = sel.Prepare(); err != nil {
			return Plan{Calls: true, Why: err.Error()}
		}
	}
	return Plan{Filter: sel, Calls: true, Why: mode.NoNotify, Size: size}
}

type planner struct {
	mode          PlanMode
	engine        Engine // only for its hooksOf
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

func (p *planner) filter() *tracer.FilterSpec {
	sel := &tracer.FilterSpec{}
	for _, abi := range abis() {
		f := &sel.ABIs[abi]
		other := noCall
		if abi == syscalls.X32 {
			other |= syscalls.X32Bit
		}
		if c := p.row(abi, other); len(c) > 0 {
			f.Other = tracer.FilterClause{Action: c[0].Action}
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
			if c := p.row(abi, nr|bit); len(c) > 0 || f.Other.Action != tracer.FilterAllow {
				f.Rows = append(f.Rows, tracer.FilterRow{NR: nr | bit, Clauses: c})
			}
		}
	}
	if p.mode.Placement && sel.Has(tracer.FilterTrace) {
		p.addPlacement(sel)
	}
	p.addGuards(sel)
	return sel
}

// row decides one call: the clauses of the filter, none for a call that
// nobody looks at.
func (p *planner) row(abi syscalls.ABI, nr int) []tracer.FilterClause {
	matched := false
	for _, h := range p.engine.hooks {
		matched = matched || h.Spec.MatchNumber(abi, nr)
	}
	if !matched {
		return nil
	}
	ch := p.engine.hooksOf(abi, nr)
	if ch == noHooks {
		return nil
	}
	if len(ch.exit) == 0 && !p.mode.CountFaults {
		if clauses := constantFaults(ch.enter); clauses != nil {
			return clauses
		}
	}
	action := tracer.FilterNotify
	if len(ch.exit) > 0 || p.mode.NoNotify != "" {
		action = tracer.FilterTrace
	}
	var clauses []tracer.FilterClause
	for _, list := range [][]boundHook{ch.enter, ch.exit} {
		for i := range list {
			if list[i].Needs.Registers {
				action = tracer.FilterTrace
			}
			clauses = append(clauses, tracer.FilterClause{Tests: list[i].tests()})
		}
	}
	for i := range clauses {
		clauses[i].Action = action
		if len(clauses[i].Tests) == 0 || p.unconditional {
			return []tracer.FilterClause{{Action: action}}
		}
	}
	return clauses
}

// constantFaults are the clauses of a call on which there is nothing but
// faults that the kernel can do by itself; nil if there is anything else. The
// last hook that applies wins, so it comes first.
func constantFaults(hooks []boundHook) []tracer.FilterClause {
	var clauses []tracer.FilterClause
	for i := len(hooks) - 1; i >= 0; i-- {
		h := &hooks[i]
		if h.Fault == nil {
			return nil
		}
		for j := range h.when {
			if !h.when[j].Integer() {
				return nil
			}
		}
		clauses = append(clauses, tracer.FilterClause{Tests: h.tests(), Action: tracer.FilterErrno, Errno: uint16(h.Fault.Errno)})
		if len(h.when) == 0 {
			break
		}
	}
	return clauses
}

// tests are the hook's conditions that a filter can check; the others are
// checked when the call has stopped.
func (b *boundHook) tests() []tracer.ArgTest {
	var tests []tracer.ArgTest
	for i := range b.when {
		if c := &b.when[i]; c.Integer() {
			tests = append(tests, argTest(c))
		}
	}
	return tests
}

// argTest translates an integer condition. Its meaning is that of
// Condition.Word.
func argTest(c *spec.Condition) tracer.ArgTest {
	t := tracer.ArgTest{Arg: int(c.Arg - 1), Wide: c.Wide}
	switch c.Op {
	case spec.OpEqual, spec.OpNotEqual:
		t.Op = tracer.TestOneOf
		if c.Op == spec.OpNotEqual {
			t.Op = tracer.TestNotOneOf
		}
		for _, o := range c.Ints {
			switch {
			case c.Wide:
				t.Words = append(t.Words, o.Bits)
			case !o.Negative && o.Bits>>32 == 0, o.Negative && int64(o.Bits) >= math.MinInt32:
				t.Words = append(t.Words, uint64(uint32(o.Bits)))
			}
		}
		return t
	case spec.OpBits, spec.OpNoBits:
		t.Op, t.Lo = tracer.TestAllBits, c.Ints[0].Bits
		if c.Op == spec.OpNoBits {
			t.Op = tracer.TestNoBits
		}
		return t
	}
	t.Op = tracer.TestRange
	bits := 32
	if c.Wide {
		bits = 64
	}
	top := ^uint64(0) >> (64 - bits)
	var lowest, highest spec.Operand // of the word's type
	if c.Unsigned {
		lowest, highest = spec.UintOperand(0), spec.UintOperand(top)
	} else {
		t.Bias = 1 << (bits - 1)
		lowest, highest = spec.IntOperand(-1<<(bits-1)), spec.UintOperand(top>>1)
	}
	key := func(o spec.Operand) uint64 { return (o.Bits & top) ^ t.Bias }
	o := c.Ints[0]
	never := func() tracer.ArgTest { t.Lo, t.Hi = 1, 0; return t }
	t.Lo, t.Hi = key(lowest), key(highest)
	switch c.Op {
	case spec.OpLess, spec.OpLessEqual:
		switch {
		case o.Compare(highest) > 0 || c.Op == spec.OpLessEqual && o.Compare(highest) == 0:
		case o.Compare(lowest) < 0 || c.Op == spec.OpLess && o.Compare(lowest) == 0:
			return never()
		default:
			t.Hi = key(o)
			if c.Op == spec.OpLess {
				t.Hi--
			}
		}
	case spec.OpGreater, spec.OpGreaterEqual:
		switch {
		case o.Compare(lowest) < 0 || c.Op == spec.OpGreaterEqual && o.Compare(lowest) == 0:
		case o.Compare(highest) > 0 || c.Op == spec.OpGreater && o.Compare(highest) == 0:
			return never()
		default:
			t.Lo = key(o)
			if c.Op == spec.OpGreater {
				t.Lo++
			}
		}
	}
	return t
}

// everythingTraced says whether the filter would stop every call of the native
// ABI: then it saves nothing, and tracees without a filter can be let go.
func everythingTraced(s *tracer.FilterSpec) bool {
	f := &s.ABIs[syscalls.Native()]
	traced := func(c tracer.FilterClause) bool { return c.Action == tracer.FilterTrace && len(c.Tests) == 0 }
	if !traced(f.Other) {
		return false
	}
	return !slices.ContainsFunc(f.Rows, func(r tracer.FilterRow) bool {
		if name := syscalls.Name(syscalls.Native(), r.NR); !returns(name) {
			return false // has no exit to stop at, and ends the program anyway
		}
		return len(r.Clauses) == 0 || !traced(r.Clauses[0])
	})
}

// String describes the plan in a few lines: for --plan.
func (p Plan) String() string {
	if p.Filter == nil {
		switch {
		case !p.Calls:
			return "no system call is hooked: nothing stops but signals and process events\n"
		case p.Why != "":
			return "every call stops, before and after it runs (" + p.Why + ")\n"
		}
		return "every call stops, before and after it runs\n"
	}
	b := []byte{}
	f := &p.Filter.ABIs[syscalls.Native()]
	groups := []struct {
		action tracer.FilterAction
		text   string
	}{
		{tracer.FilterErrno, "errno   fails in the kernel, nothing stops"},
		{tracer.FilterNotify, "notify  the hook is asked before the call"},
		{tracer.FilterTrace, "trace   stops before the call, and after it if a hook wants the result"},
	}
	b = append(b, "allow   runs at full speed: every call not named below\n"...)
	for _, g := range groups {
		var names []string
		for _, r := range f.Rows {
			if c := hookClause(r.Clauses); c != nil && c.Action == g.action {
				name := syscalls.Name(syscalls.Native(), r.NR)
				if len(c.Tests) > 0 {
					name += " (if its arguments match)"
				}
				names = append(names, name)
			}
		}
		if len(names) == 0 && f.Other.Action != g.action {
			continue
		}
		b = fmt.Appendf(b, "%s: ", g.text)
		switch {
		case f.Other.Action == g.action:
			b = fmt.Appendf(b, "all others, %d calls and unknown numbers\n", len(names))
		default:
			b = fmt.Appendf(b, "%d calls\n", len(names))
		}
		for i, n := range names {
			if i == 12 {
				b = fmt.Appendf(b, "        ... and %d more\n", len(names)-i)
				break
			}
			b = fmt.Appendf(b, "        %s\n", n)
		}
	}
	b = fmt.Appendf(b, "filter  %d instructions\n", p.Size)
	if own := ownCalls(f); len(own) > 0 {
		b = fmt.Appendf(b, "own     luatrace itself looks at these, no hook runs: %s\n", strings.Join(own, " "))
	}
	if p.Why != "" {
		b = fmt.Appendf(b, "not used: notifications (%s)\n", p.Why)
	}
	return string(b)
}
