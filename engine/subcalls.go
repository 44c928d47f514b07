package engine

import (
	"slices"
	"strings"

	"luatrace/tracer/syscalls"
)

// Some numbers of i386 stand for several calls: socketcall(3, ...) is connect(2), and
// its arguments lie in memory. Specifications select them by the name of the call that
// is made: a program of the time before Linux 4.3 makes no other connects.

// selectsSub says whether a specification selects a call that a number stands for.
func (s *Spec) selectsSub(abi syscalls.ABI, nr int) bool {
	return s.Kind == SpecSyscall && slices.ContainsFunc(syscalls.SubNames(abi, nr), s.selects)
}

// selects says whether a call is selected by its name, also one that this ABI knows only
// as a part of another.
func (s *Spec) selects(name string) bool {
	for _, abi := range [...]syscalls.ABI{syscalls.I386, syscalls.Native()} {
		if nr, ok := syscalls.Number(abi, name); ok {
			return s.Match(abi, nr)
		}
	}
	return false
}

// leavesOut says whether a call is not selected, though there is such a name.
func (s *Spec) leavesOut(name string) bool {
	for _, abi := range [...]syscalls.ABI{syscalls.I386, syscalls.Native()} {
		if _, ok := syscalls.Number(abi, name); ok {
			return !s.selects(name)
		}
	}
	return false
}

// negated says whether the text names what is not selected.
func (s *Spec) negated() bool { return strings.HasPrefix(strings.TrimSpace(s.Text), "!") }

// subHooks returns the hook for each of the calls that a number stands for and that it
// is for, with a condition on the argument that says which call it is.
func (h *Hook) subHooks(abi syscalls.ABI, nr int) (bound []boundHook) {
	if !h.Spec.selectsSub(abi, nr) { // the plan asks for every number there is
		return nil
	}
	sig := syscalls.Lookup(abi, nr)
	if sig == nil {
		return nil
	}
	for _, sub := range sig.Subs() {
		if sub.Name == "" || !h.Spec.selects(sub.Name) {
			continue
		}
		of := sub.Signature()
		if of == nil {
			continue
		}
		if when, possible := h.When.forSub(abi, of); possible {
			if syscalls.Name(abi, nr) == "socketcall" { // a filter can check this
				when = append(When{isSub(sub, OpEqual)}, when...)
			}
			bound = append(bound, boundHook{h, when, sub})
		}
	}
	return bound
}

// withoutSubs adds to the conditions of a hook on socketcall that it is none of the
// calls that the specification leaves out by name: "!connect" is for no connect.
func (h *Hook) withoutSubs(abi syscalls.ABI, nr int, when When) When {
	if syscalls.SubNames(abi, nr) == nil || !h.Spec.negated() {
		return when
	}
	if sig := syscalls.Lookup(abi, nr); sig != nil {
		for _, sub := range sig.Subs() {
			if sub.Name != "" && syscalls.Name(abi, nr) == "socketcall" && h.Spec.leavesOut(sub.Name) {
				when = append(When{isSub(sub, OpNotEqual)}, when...)
			}
		}
	}
	return when
}

// isSub is the condition that a socketcall is this call, or is not.
func isSub(sub *syscalls.SubCall, op Op) Condition {
	return Condition{Field: "call", Op: op, Ints: []Operand{UintOperand(sub.Value())}, Arg: 1, Unsigned: true}
}

// forSub resolves the conditions for a call whose arguments are not in the registers: the
// Subject is asked for all of them.
func (w When) forSub(abi syscalls.ABI, sig *syscalls.Signature) (out When, ok bool) {
	for _, c := range w {
		switch name := c.argument(); {
		case c.Field == "abi" && c.Op != OpMatch:
			if isABI := slices.Contains(c.Strs, abi.String()); isABI != (c.Op == OpEqual) {
				return nil, false
			}
			continue
		case name != "":
			if !c.resolve(sig, name, abi) {
				return nil, false
			}
			c.Arg, c.Wide = 0, false
		}
		out = append(out, c)
	}
	return NewWhen(out...), true
}

// bind calls f with the hook as it is for a number, its conditions resolved: once, once
// for each call that the number stands for, or not at all.
func (h *Hook) bind(abi syscalls.ABI, nr int, f func(boundHook)) {
	if !h.Spec.Match(abi, nr) {
		for _, b := range h.subHooks(abi, nr) {
			f(b)
		}
		return
	}
	if when, possible := h.When.For(abi, nr); possible {
		f(boundHook{Hook: h, when: h.withoutSubs(abi, nr, when)})
	}
}

// matches says whether the hook is for a number, or for one of the calls that it
// stands for.
func (h *Hook) matches(abi syscalls.ABI, nr int) bool {
	return h.Spec.Match(abi, nr) || h.Spec.selectsSub(abi, nr)
}

// MatchCall says whether the specification selects the call of an event, by its own
// number or as the call that it stands for: then "connect" selects a socketcall that
// connects, and "!connect" does not.
func (s *Spec) MatchCall(ev *Event) bool {
	c := ev.Call()
	if s.Kind != SpecSyscall || c == nil {
		return false
	}
	sub := c.Sub()
	if sub != nil && sub.Name == "" {
		sub = nil
	}
	if s.Match(c.ABI, c.NR) {
		return sub == nil || !s.negated() || !s.leavesOut(sub.Name)
	}
	return sub != nil && s.selects(sub.Name)
}

// callName is the name of the event's call for the hook that runs: of one that stands
// for another that of the other, unless the hook names the number itself.
func (ev *Event) callName() string {
	c := &ev.Task.call
	if c.Sig == nil || !c.Sig.Multiplexes() {
		return c.Name
	}
	sub := c.Sub()
	if h := ev.eng.running; sub == nil || sub.Name == "" || h != nil && slices.Contains(h.Spec.names, c.Name) {
		return c.Name
	}
	return sub.Name
}
