package seccomp

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

// runFilter runs a program in the BPF interpreter. That reads big-endian
// words, so each word of struct seccomp_data is put there that way round.
func runFilter(t testing.TB, raw []bpf.RawInstruction, arch, nr uint32, args *[6]uint64) (Action, uint16) {
	t.Helper()
	prog, ok := bpf.Disassemble(raw)
	if !ok {
		t.Fatal("the program does not disassemble")
	}
	vm, err := bpf.NewVM(prog)
	if err != nil {
		t.Fatal(err)
	}
	data := binary.BigEndian.AppendUint32(nil, nr)
	data = binary.BigEndian.AppendUint32(data, arch)
	data = append(data, make([]byte, 8)...)
	for _, a := range args {
		data = binary.BigEndian.AppendUint32(data, uint32(a))
		data = binary.BigEndian.AppendUint32(data, uint32(a>>32))
	}
	v, err := vm.Run(data)
	if err != nil {
		t.Fatal(err)
	}
	switch ret := uint32(v); ret & 0xffff0000 {
	case unix.SECCOMP_RET_ERRNO:
		return Errno, uint16(ret)
	case unix.SECCOMP_RET_USER_NOTIF:
		return Notify, 0
	case unix.SECCOMP_RET_TRACE:
		return Trace, 0
	case unix.SECCOMP_RET_ALLOW:
		return Allow, 0
	default:
		t.Fatalf("return %#x", ret)
	}
	return 0, 0
}

// randomFilter draws a filter with all kinds of rows and tests.
func randomFilter(r *rand.Rand) *Filter {
	s := &Filter{UnknownArch: Action(r.IntN(2) * int(Trace))}
	for abi := range s.ABIs {
		f := &s.ABIs[abi]
		f.Other = randomClause(r, 0)
		for nr := 0; nr < 60; nr++ {
			if r.IntN(3) == 0 {
				continue
			}
			row := Row{NR: nr}
			if syscalls.ABI(abi) == syscalls.X32 {
				row.NR |= syscalls.X32Bit
			}
			for range r.IntN(4) {
				row.Clauses = append(row.Clauses, randomClause(r, 3))
			}
			f.Rows = append(f.Rows, row)
		}
	}
	return s
}

func randomClause(r *rand.Rand, tests int) Clause {
	c := Clause{Action: Action(r.IntN(4))}
	if c.Action == Errno {
		c.Errno = uint16(1 + r.IntN(130))
	}
	if tests == 0 {
		return c
	}
	for range r.IntN(tests) {
		t := ArgTest{Arg: r.IntN(6), Wide: r.IntN(2) == 0, Op: TestOp(r.IntN(5)), Lo: randomWord(r), Hi: randomWord(r)}
		for range 1 + r.IntN(3) {
			t.Words = append(t.Words, randomWord(r))
		}
		if r.IntN(2) == 0 {
			t.Bias = 1 << 63
			if !t.Wide {
				t.Bias = 1 << 31
			}
		}
		c.Tests = append(c.Tests, t)
	}
	return c
}

// randomWord draws from few values, so that tests hold often enough.
func randomWord(r *rand.Rand) uint64 {
	words := []uint64{0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, 1<<32 + 1, 1<<63 - 1, 1 << 63, ^uint64(0), ^uint64(0) - 1, 0xffffff9c, 0xffffffffffffff9c}
	if r.IntN(4) == 0 {
		return r.Uint64()
	}
	return words[r.IntN(len(words))]
}

func compareFilter(t testing.TB, r *rand.Rand, s *Filter, calls int) {
	raw, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	arches := []uint32{syscalls.AuditX8664, syscalls.AuditI386, 0x1234}
	if syscalls.Native() == syscalls.ARM64 {
		arches = []uint32{syscalls.AuditAArch64, syscalls.AuditX8664, 0x1234}
	}
	prog := SockFilters(raw)
	for i := range calls {
		arch := arches[r.IntN(len(arches))]
		if syscalls.Native() == syscalls.ARM64 && arch == syscalls.AuditX8664 {
			continue
		}
		nr := uint32(r.IntN(70))
		switch r.IntN(6) {
		case 0:
			nr |= syscalls.X32Bit
		case 1:
			nr = r.Uint32()
		}
		var args [6]uint64
		for i := range args {
			args[i] = randomWord(r)
		}
		want, wantErrno := s.Decide(arch, nr, &args)
		got, gotErrno := runFilter(t, raw, arch, nr, &args)
		if got != want || gotErrno != wantErrno {
			t.Fatalf("arch %#x nr %#x args %#x: the program says %v %d, the model %v %d", arch, nr, args, got, gotErrno, want, wantErrno)
		}
		data, ret := NewData(nr, arch, 0, &args), retValue(&Clause{Action: want, Errno: wantErrno})
		if got := Evaluate(prog, &data); got != ret {
			t.Fatalf("arch %#x nr %#x args %#x: decideFilter says %#x, want %#x", arch, nr, args, got, ret)
		}
		if i%50 != 0 {
			continue
		}
		may := false
		left := maxSteps
		if whole := Answers(prog, nr, arch, &left, func(r uint32) { may = may || r == ret }); whole && !may {
			t.Fatalf("arch %#x nr %#x: filterMay leaves out %#x", arch, nr, ret)
		}
	}
}

func TestFilterAgainstModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		compareFilter(t, r, randomFilter(r), 1000)
	}
}

// FuzzFilter runs compiled filters in a BPF interpreter, with calls of every ABI, and compares with
// the model that says what each row and condition means.
func FuzzFilter(f *testing.F) {
	f.Add(uint64(1))
	f.Add(uint64(99))
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 2))
		compareFilter(t, r, randomFilter(r), 100)
	})
}

func TestFilterSize(t *testing.T) {
	t.Parallel()
	s := &Filter{}
	all := Clause{Action: Trace}
	for nr := range 400 {
		s.ABIs[syscalls.Native()].Rows = append(s.ABIs[syscalls.Native()].Rows, Row{NR: nr, Clauses: []Clause{all}})
	}
	raw, err := s.Compile()
	if err != nil || len(raw) > 20 {
		t.Errorf("400 alike rows make %d instructions, %v", len(raw), err)
	}
	big := Clause{Action: Trace, Tests: []ArgTest{{Wide: true, Op: TestOneOf}}}
	for i := range uint64(2000) {
		big.Tests[0].Words = append(big.Tests[0].Words, i<<32|i)
	}
	s.ABIs[syscalls.Native()].Rows[7].Clauses = []Clause{big}
	if raw, err := s.Compile(); err == nil {
		t.Errorf("a filter of %d instructions was accepted", len(raw))
	}
}
