package seccomp

import (
	"slices"

	"golang.org/x/net/bpf"

	"luatrace/tracer/syscalls"
)

// Action is what the kernel does with a call that reaches a seccomp
// filter (seccomp(2)).
type Action uint8

// The actions, from the cheapest on.
const (
	Allow  Action = iota // run it; nobody is told
	Errno                // fail it, in the kernel; nobody is told
	Notify               // ask the listener before it runs (user notification)
	Trace                // stop for the tracer (PTRACE_EVENT_SECCOMP)
)

var actionNames = [...]string{"allow", "errno", "notify", "trace"}

// String returns "allow", "errno", "notify" or "trace".
func (a Action) String() string { return actionNames[a] }

// TestOp is a test of an argument word that a filter can make.
type TestOp uint8

// The tests.
const (
	TestOneOf    TestOp = iota // equal to one of Words
	TestNotOneOf               // equal to none of Words
	TestRange                  // Lo <= word XOR Bias <= Hi, unsigned
	TestAllBits                // has all bits of Lo
	TestNoBits                 // has none of the bits of Lo
)

// ArgTest tests one argument word, or its low half. Ordered tests are ranges
// of the unsigned word; for signed ones Bias is the sign bit, which makes the
// order that of unsigned numbers.
type ArgTest struct {
	Arg   int
	Wide  bool // all 64 bits count
	Op    TestOp
	Words []uint64
	Lo    uint64
	Hi    uint64
	Bias  uint64
}

// Equal says whether two tests are the same.
func (t ArgTest) Equal(o ArgTest) bool {
	return t.Arg == o.Arg && t.Wide == o.Wide && t.Op == o.Op && slices.Equal(t.Words, o.Words) && t.Lo == o.Lo && t.Hi == o.Hi && t.Bias == o.Bias
}

// Holds is the test in Go: what the compiled filter must compute.
func (t *ArgTest) Holds(word uint64) bool {
	if !t.Wide {
		word = uint64(uint32(word))
	}
	switch t.Op {
	case TestOneOf:
		return slices.Contains(t.Words, word)
	case TestNotOneOf:
		return !slices.Contains(t.Words, word)
	case TestRange:
		word ^= t.Bias
		return t.Lo <= word && word <= t.Hi
	case TestAllBits:
		return word&t.Lo == t.Lo
	}
	return word&t.Lo == 0
}

// Clause is an action under conditions, all of which must hold.
type Clause struct {
	Tests  []ArgTest
	Action Action
	Errno  uint16 // for Errno
	Own    bool   // for the tracer itself, not for a hook
}

// Row says what is done with one call: the first clause that holds
// decides, and Allow if none does.
type Row struct {
	NR      int
	Clauses []Clause
}

// Calls are the rows of one ABI, by number, and the clause for every other
// number.
type Calls struct {
	Rows  []Row
	Other Clause
}

// Filter is a whole filter. Calls of an architecture that it does not know
// get UnknownArch.
type Filter struct {
	ABIs        [syscalls.NumABI]Calls
	UnknownArch Action

	prepared []bpf.RawInstruction
}

// Decide is the filter in Go: what the kernel will do with a call.
func (s *Filter) Decide(arch uint32, nr uint32, args *[6]uint64) (Action, uint16) {
	var abi syscalls.ABI
	switch {
	case arch == syscalls.AuditX8664 && nr&syscalls.X32Bit != 0 && int32(nr) >= 0:
		abi = syscalls.X32
	case arch == syscalls.AuditX8664:
		abi = syscalls.AMD64
	case arch == syscalls.AuditI386:
		abi = syscalls.I386
	case arch == syscalls.AuditAArch64:
		abi = syscalls.ARM64
	default:
		return s.UnknownArch, 0
	}
	f := &s.ABIs[abi]
	i, ok := slices.BinarySearchFunc(f.Rows, nr, func(r Row, n uint32) int {
		return int(int64(uint32(r.NR)) - int64(n))
	})
	clauses := []Clause{f.Other}
	if ok {
		clauses = f.Rows[i].Clauses
	}
next:
	for i := range clauses {
		c := &clauses[i]
		for j := range c.Tests {
			if !c.Tests[j].Holds(args[c.Tests[j].Arg]) {
				continue next
			}
		}
		return c.Action, c.Errno
	}
	return Allow, 0
}

// Has says whether some call gets the action.
func (s *Filter) Has(action Action) bool {
	if action == s.UnknownArch {
		return true
	}
	for abi := range s.ABIs {
		f := &s.ABIs[abi]
		if f.Other.Action == action {
			return true
		}
		for i := range f.Rows {
			for j := range f.Rows[i].Clauses {
				if f.Rows[i].Clauses[j].Action == action {
					return true
				}
			}
		}
	}
	return false
}

// Notifies says whether the filter needs a listener.
func (s *Filter) Notifies() bool { return s.Has(Notify) }
