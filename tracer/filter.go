package tracer

import (
	"fmt"
	"slices"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

// FilterAction is what the kernel does with a call that reaches a seccomp
// filter (seccomp(2)).
type FilterAction uint8

// The actions, from the cheapest on.
const (
	FilterAllow  FilterAction = iota // run it; nobody is told
	FilterErrno                      // fail it, in the kernel; nobody is told
	FilterNotify                     // ask the listener before it runs (user notification)
	FilterTrace                      // stop for the tracer (PTRACE_EVENT_SECCOMP)
)

var filterActionNames = [...]string{"allow", "errno", "notify", "trace"}

// String returns "allow", "errno", "notify" or "trace".
func (a FilterAction) String() string { return filterActionNames[a] }

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

// FilterClause is an action under conditions, all of which must hold.
type FilterClause struct {
	Tests  []ArgTest
	Action FilterAction
	Errno  uint16 // for FilterErrno
	Own    bool   // for the tracer itself, not for a hook
}

// FilterRow says what is done with one call: the first clause that holds
// decides, and FilterAllow if none does.
type FilterRow struct {
	NR      int
	Clauses []FilterClause
}

// FilterABI are the rows of one ABI, by number, and the clause for every other
// number.
type FilterABI struct {
	Rows  []FilterRow
	Other FilterClause
}

// FilterSpec is a whole filter. Calls of an architecture that it does not know
// get UnknownArch.
type FilterSpec struct {
	ABIs        [syscalls.NumABI]FilterABI
	UnknownArch FilterAction

	prepared []bpf.RawInstruction
}

// Decide is the filter in Go: what the kernel will do with a call.
func (s *FilterSpec) Decide(arch uint32, nr uint32, args *[6]uint64) (FilterAction, uint16) {
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
	i, ok := slices.BinarySearchFunc(f.Rows, nr, func(r FilterRow, n uint32) int {
		return int(int64(uint32(r.NR)) - int64(n))
	})
	clauses := []FilterClause{f.Other}
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
	return FilterAllow, 0
}

// Has says whether some call gets the action.
func (s *FilterSpec) Has(action FilterAction) bool {
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
func (s *FilterSpec) Notifies() bool { return s.Has(FilterNotify) }

// Prepare compiles the filter, which is not to be changed afterwards, and keeps the
// program for [Command]. It returns the number of its instructions, and fails as Compile does.
func (s *FilterSpec) Prepare() (size int, err error) {
	s.prepared, err = s.Compile()
	return len(s.prepared), err
}

// maxFilter is BPF_MAXINSNS.
const maxFilter = 4096

// Compile translates the filter to the program that seccomp(2) takes. It fails
// if the program would be longer than the kernel allows.
func (s *FilterSpec) Compile() ([]bpf.RawInstruction, error) {
	if s.prepared != nil {
		return s.prepared, nil
	}
	a := &filterAsm{items: make([]asmItem, 0, 128)}
	const offNR, offArch = 0, 4
	arches := []struct {
		arch uint32
		abi  syscalls.ABI
	}{{syscalls.AuditX8664, syscalls.AMD64}, {syscalls.AuditI386, syscalls.I386}}
	if syscalls.Native() == syscalls.ARM64 {
		arches = arches[:0]
		arches = append(arches, struct {
			arch uint32
			abi  syscalls.ABI
		}{syscalls.AuditAArch64, syscalls.ARM64})
	}
	a.load(offArch)
	sections := make([]label, len(arches))
	for i, ar := range arches {
		next := a.newLabel()
		sections[i] = a.newLabel()
		a.jump(bpf.JumpEqual, ar.arch, sections[i], next)
		a.place(next)
	}
	a.ret(FilterClause{Action: s.UnknownArch})
	for i, ar := range arches {
		a.place(sections[i])
		a.load(offNR)
		if ar.abi == syscalls.AMD64 {
			// Numbers from bit 30 to the sign bit are x32's; negative ones are
			// nonsense under amd64.
			x32, amd64, high := a.newLabel(), a.newLabel(), a.newLabel()
			a.jump(bpf.JumpGreaterOrEqual, syscalls.X32Bit, high, amd64)
			a.place(high)
			a.jump(bpf.JumpGreaterOrEqual, 0x80000000, amd64, x32)
			a.place(x32)
			a.tree(&s.ABIs[syscalls.X32])
			a.place(amd64)
		}
		a.tree(&s.ABIs[ar.abi])
	}
	return a.assemble()
}

// kernelFilter is a program in the kernel's own struct (linux/filter.h).
func kernelFilter(raw []bpf.RawInstruction) []unix.SockFilter {
	prog := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		prog[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return prog
}

// retValue is the SECCOMP_RET_* word of a clause. The data of a TRACE return
// marks it as ours: a tracee's own filter may return TRACE too.
func retValue(c *FilterClause) uint32 {
	switch c.Action {
	case FilterErrno:
		return unix.SECCOMP_RET_ERRNO | uint32(c.Errno)
	case FilterNotify:
		return unix.SECCOMP_RET_USER_NOTIF
	case FilterTrace:
		return unix.SECCOMP_RET_TRACE | traceMark
	}
	return unix.SECCOMP_RET_ALLOW
}

const traceMark = 0x4c54 // "LT"

// tree emits a binary search over the rows. Rows between others that do the
// same unconditionally are one range, so that "all calls but one" stays short.
func (a *filterAsm) tree(f *FilterABI) {
	// ranges cover all 32-bit numbers in order; each starts at from.
	type span struct {
		from    uint32
		clauses []FilterClause
	}
	other := []FilterClause{f.Other}
	spans := []span{{0, other}}
	add := func(from uint32, clauses []FilterClause) {
		last := &spans[len(spans)-1]
		if last.from == from {
			*last = span{from, clauses}
			if len(spans) > 1 && sameClauses(spans[len(spans)-2].clauses, clauses) {
				spans = spans[:len(spans)-1]
			}
			return
		}
		if !sameClauses(last.clauses, clauses) {
			spans = append(spans, span{from, clauses})
		}
	}
	for _, r := range f.Rows {
		add(uint32(r.NR), r.Clauses)
		if uint32(r.NR) != ^uint32(0) {
			add(uint32(r.NR)+1, other)
		}
	}
	var emit func(spans []span)
	emit = func(spans []span) {
		if len(spans) == 1 {
			a.clauses(spans[0].clauses)
			return
		}
		mid := len(spans) / 2
		left, right := a.newLabel(), a.newLabel()
		a.jump(bpf.JumpGreaterOrEqual, spans[mid].from, right, left)
		a.place(left)
		emit(spans[:mid])
		a.place(right)
		emit(spans[mid:])
	}
	emit(spans)
}

func sameClauses(a, b []FilterClause) bool {
	return len(a) == 1 && len(b) == 1 && len(a[0].Tests) == 0 && len(b[0].Tests) == 0 &&
		a[0].Action == b[0].Action && a[0].Errno == b[0].Errno
}

// clauses emits the clauses of one call; the program ends in each of them.
func (a *filterAsm) clauses(clauses []FilterClause) {
	for i := range clauses {
		c := &clauses[i]
		if len(c.Tests) == 0 {
			a.ret(*c)
			return
		}
		next := a.newLabel()
		for j := range c.Tests {
			a.test(&c.Tests[j], next)
		}
		a.ret(*c)
		a.place(next)
	}
	a.ret(FilterClause{})
}

// test emits one test; it falls through if the test holds.
func (a *filterAsm) test(t *ArgTest, fail label) {
	lo := uint32(16 + 8*t.Arg) // struct seccomp_data: nr, arch, ip, args; little-endian
	hi := lo + 4
	ok := a.newLabel()
	switch t.Op {
	case TestOneOf, TestNotOneOf:
		hit, miss := ok, fail
		if t.Op == TestNotOneOf {
			hit, miss = fail, ok
		}
		for _, w := range t.Words {
			next := a.newLabel()
			if t.Wide {
				low := a.newLabel()
				a.load(hi)
				a.jump(bpf.JumpEqual, uint32(w>>32), low, next)
				a.place(low)
			} else if w>>32 != 0 {
				continue
			}
			a.load(lo)
			a.jump(bpf.JumpEqual, uint32(w), hit, next)
			a.place(next)
		}
		a.goTo(miss)
	case TestRange:
		if t.Lo > t.Hi {
			a.goTo(fail)
			break
		}
		if !t.Wide {
			a.loadBiased(lo, uint32(t.Bias))
			if t.Lo > 0xffffffff {
				a.goTo(fail)
				break
			}
			a.bounds(uint32(t.Lo), uint32(min(t.Hi, 0xffffffff)), ok, fail)
			break
		}
		a.wideBound(t, hi, lo, true, fail)
		a.wideBound(t, hi, lo, false, fail)
	case TestAllBits, TestNoBits:
		want := func(mask uint32) uint32 {
			if t.Op == TestAllBits {
				return mask
			}
			return 0
		}
		half := func(off, mask uint32) {
			if mask == 0 {
				return
			}
			next := a.newLabel()
			a.load(off)
			a.emit(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: mask})
			a.jump(bpf.JumpEqual, want(mask), next, fail)
			a.place(next)
		}
		if t.Wide {
			half(hi, uint32(t.Lo>>32))
		} else if t.Op == TestAllBits && t.Lo>>32 != 0 {
			a.goTo(fail)
			break
		}
		half(lo, uint32(t.Lo))
	}
	a.place(ok)
}

func (a *filterAsm) loadBiased(off, bias uint32) {
	a.load(off)
	if bias != 0 {
		a.emit(bpf.ALUOpConstant{Op: bpf.ALUOpXor, Val: bias})
	}
}

// bounds tests lo <= A <= hi.
func (a *filterAsm) bounds(lo, hi uint32, ok, fail label) {
	above := a.newLabel()
	a.jump(bpf.JumpGreaterOrEqual, lo, above, fail)
	a.place(above)
	a.jump(bpf.JumpGreaterThan, hi, fail, ok)
}

// wideBound tests one bound of a 64-bit range by halves.
func (a *filterAsm) wideBound(t *ArgTest, hi, lo uint32, lower bool, fail label) {
	ok, equal, notAbove := a.newLabel(), a.newLabel(), a.newLabel()
	a.loadBiased(hi, uint32(t.Bias>>32))
	if lower {
		a.jump(bpf.JumpGreaterThan, uint32(t.Lo>>32), ok, notAbove)
		a.place(notAbove)
		a.jump(bpf.JumpEqual, uint32(t.Lo>>32), equal, fail)
		a.place(equal)
		a.loadBiased(lo, uint32(t.Bias))
		a.jump(bpf.JumpGreaterOrEqual, uint32(t.Lo), ok, fail)
	} else {
		a.jump(bpf.JumpGreaterThan, uint32(t.Hi>>32), fail, notAbove)
		a.place(notAbove)
		a.jump(bpf.JumpEqual, uint32(t.Hi>>32), equal, ok)
		a.place(equal)
		a.loadBiased(lo, uint32(t.Bias))
		a.jump(bpf.JumpGreaterThan, uint32(t.Hi), fail, ok)
	}
	a.place(ok)
}

func (a *filterAsm) ret(c FilterClause) { a.emit(bpf.RetConstant{Val: retValue(&c)}) }

// errFilterSize says that a program is longer than the kernel takes.
func errFilterSize(n int) error {
	return fmt.Errorf("the filter would have %d instructions, the kernel takes %d", n, maxFilter)
}
