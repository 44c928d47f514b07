package spec

import (
	"slices"
	"strings"

	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// Some numbers of i386 stand for several calls: socketcall(3, ...) is connect(2), and
// its arguments lie in memory. Specifications select them by the name of the call that
// is made: a program of the time before Linux 4.3 makes no other connects.

// MatchNumber reports whether a number is selected, or one of the calls that it stands
// for.
func (s *Spec) MatchNumber(abi syscalls.ABI, nr int) bool {
	return s.Match(abi, nr) || s.matchSub(abi, nr)
}

// MatchCall reports whether a call is selected, by its own number or as the call that it
// stands for: then "connect" selects a socketcall that connects, and "!connect" does not.
// No specification selects nil.
func (s *Spec) MatchCall(c *decode.Call) bool {
	if s.Kind != Syscall || c == nil {
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

// Mentions reports whether the specification names a call itself, not only by a class,
// a pattern or a number.
func (s *Spec) Mentions(name string) bool { return slices.Contains(s.names, name) }

// Bind calls f with the conditions of a hook as they are for a number: once, once for each
// call that the number stands for, which is sub then, or not at all if they never hold.
func (s *Spec) Bind(w When, abi syscalls.ABI, nr int, f func(when When, sub *syscalls.SubCall)) {
	if !s.Match(abi, nr) {
		s.bindSubs(w, abi, nr, f)
		return
	}
	if when, possible := w.For(abi, nr); possible {
		f(s.withoutSubs(abi, nr, when), nil)
	}
}

// matchSub reports whether a call is selected that a number stands for.
func (s *Spec) matchSub(abi syscalls.ABI, nr int) bool {
	return s.Kind == Syscall && slices.ContainsFunc(syscalls.SubNames(abi, nr), s.selects)
}

// selects reports whether a call is selected by its name, also one that this ABI knows only
// as a part of another.
func (s *Spec) selects(name string) bool {
	for _, abi := range [...]syscalls.ABI{syscalls.I386, syscalls.Native()} {
		if nr, ok := syscalls.Number(abi, name); ok {
			return s.Match(abi, nr)
		}
	}
	return false
}

// leavesOut reports whether a call is not selected, though there is such a name.
func (s *Spec) leavesOut(name string) bool {
	for _, abi := range [...]syscalls.ABI{syscalls.I386, syscalls.Native()} {
		if _, ok := syscalls.Number(abi, name); ok {
			return !s.selects(name)
		}
	}
	return false
}

// negated reports whether the text names what is not selected.
func (s *Spec) negated() bool { return strings.HasPrefix(strings.TrimSpace(s.Text), "!") }

// bindSubs does Bind's work for the calls that a number stands for, with a condition on
// the argument that says which call it is.
func (s *Spec) bindSubs(w When, abi syscalls.ABI, nr int, f func(When, *syscalls.SubCall)) {
	if !s.matchSub(abi, nr) { // the plan asks for every number there is
		return
	}
	sig := syscalls.Lookup(abi, nr)
	if sig == nil {
		return
	}
	for _, sub := range sig.Subs() {
		if sub.Name == "" || !s.selects(sub.Name) {
			continue
		}
		of := sub.Signature()
		if of == nil {
			continue
		}
		if when, possible := w.forSub(abi, of); possible {
			if syscalls.Name(abi, nr) == "socketcall" { // a filter can check this
				when = append(When{isSub(sub, OpEqual)}, when...)
			}
			f(when, sub)
		}
	}
}

// withoutSubs adds to the conditions of a hook on socketcall that it is none of the
// calls that the specification leaves out by name: "!connect" is for no connect.
func (s *Spec) withoutSubs(abi syscalls.ABI, nr int, when When) When {
	if syscalls.SubNames(abi, nr) == nil || !s.negated() {
		return when
	}
	if sig := syscalls.Lookup(abi, nr); sig != nil {
		for _, sub := range sig.Subs() {
			if sub.Name != "" && syscalls.Name(abi, nr) == "socketcall" && s.leavesOut(sub.Name) {
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
// fields of the event are asked for all of them.
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
