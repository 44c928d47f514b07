package seccomp

import (
	"fmt"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

// Prepare compiles the filter, which is not to be changed afterwards, and keeps the
// program for the next Compile. It returns the number of its instructions, and fails as Compile does.
func (s *Filter) Prepare() (size int, err error) {
	s.prepared, err = s.Compile()
	return len(s.prepared), err
}

// MaxLength is BPF_MAXINSNS.
const MaxLength = 4096

// Compile translates the filter to the program that seccomp(2) takes. It fails
// if the program would be longer than the kernel allows.
func (s *Filter) Compile() ([]bpf.RawInstruction, error) {
	if s.prepared != nil {
		return s.prepared, nil
	}
	a := &assembler{items: make([]item, 0, 128)}
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
	a.ret(Clause{Action: s.UnknownArch})
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

// SockFilters is a program in the kernel's own struct (linux/filter.h).
func SockFilters(raw []bpf.RawInstruction) []unix.SockFilter {
	prog := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		prog[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return prog
}

// retValue is the SECCOMP_RET_* word of a clause. The data of a TRACE return
// marks it as ours: a tracee's own filter may return TRACE too.
func retValue(c *Clause) uint32 {
	switch c.Action {
	case Errno:
		return unix.SECCOMP_RET_ERRNO | uint32(c.Errno)
	case Notify:
		return unix.SECCOMP_RET_USER_NOTIF
	case Trace:
		return unix.SECCOMP_RET_TRACE | TraceMark
	default: // Allow
	}
	return unix.SECCOMP_RET_ALLOW
}

// TraceMark is the SECCOMP_RET_DATA of the stops that a compiled filter asks for: "LT".
const TraceMark = 0x4c54

// tree emits a binary search over the rows. Rows between others that do the
// same unconditionally are one range, so that "all calls but one" stays short.
func (a *assembler) tree(f *Calls) {
	// ranges cover all 32-bit numbers in order; each starts at from.
	type span struct {
		from    uint32
		clauses []Clause
	}
	other := []Clause{f.Other}
	spans := []span{{0, other}}
	add := func(from uint32, clauses []Clause) {
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

func sameClauses(a, b []Clause) bool {
	return len(a) == 1 && len(b) == 1 && len(a[0].Tests) == 0 && len(b[0].Tests) == 0 &&
		a[0].Action == b[0].Action && a[0].Errno == b[0].Errno
}

// clauses emits the clauses of one call; the program ends in each of them.
func (a *assembler) clauses(clauses []Clause) {
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
	a.ret(Clause{})
}

// test emits one test; it falls through if the test holds.
func (a *assembler) test(t *ArgTest, fail label) {
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

func (a *assembler) loadBiased(off, bias uint32) {
	a.load(off)
	if bias != 0 {
		a.emit(bpf.ALUOpConstant{Op: bpf.ALUOpXor, Val: bias})
	}
}

// bounds tests lo <= A <= hi.
func (a *assembler) bounds(lo, hi uint32, ok, fail label) {
	above := a.newLabel()
	a.jump(bpf.JumpGreaterOrEqual, lo, above, fail)
	a.place(above)
	a.jump(bpf.JumpGreaterThan, hi, fail, ok)
}

// wideBound tests one bound of a 64-bit range by halves.
func (a *assembler) wideBound(t *ArgTest, hi, lo uint32, lower bool, fail label) {
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

func (a *assembler) ret(c Clause) { a.emit(bpf.RetConstant{Val: retValue(&c)}) }

// errTooLong says that a program is longer than the kernel takes.
func errTooLong(n int) error {
	return fmt.Errorf("the filter would have %d instructions, the kernel takes %d", n, MaxLength)
}
