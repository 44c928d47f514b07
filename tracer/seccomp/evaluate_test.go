package seccomp

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

// randomProgram draws a program of all instructions that seccomp(2) takes,
// which ends in every case.
func randomProgram(r *rand.Rand) []bpf.Instruction {
	regs := []bpf.Register{bpf.RegA, bpf.RegX}
	ops := []bpf.ALUOp{bpf.ALUOpAdd, bpf.ALUOpSub, bpf.ALUOpMul, bpf.ALUOpAnd, bpf.ALUOpOr, bpf.ALUOpXor}
	jumps := []bpf.JumpTest{bpf.JumpEqual, bpf.JumpGreaterThan, bpf.JumpGreaterOrEqual, bpf.JumpBitsSet}
	k := func() uint32 { return uint32(randomWord(r)) }
	var prog []bpf.Instruction
	const length = 40
	for len(prog) < length {
		room := length - len(prog) - 1
		switch r.IntN(13) {
		case 0, 1, 2:
			prog = append(prog, bpf.LoadAbsolute{Off: 4 * uint32(r.IntN(16)), Size: 4})
		case 3:
			prog = append(prog, bpf.LoadConstant{Dst: regs[r.IntN(2)], Val: k()})
		case 4:
			prog = append(prog, bpf.StoreScratch{Src: regs[r.IntN(2)], N: r.IntN(16)})
		case 5:
			prog = append(prog, bpf.LoadScratch{Dst: regs[r.IntN(2)], N: r.IntN(16)})
		case 6:
			prog = append(prog, bpf.ALUOpConstant{Op: ops[r.IntN(len(ops))], Val: k()})
		case 7:
			prog = append(prog, bpf.ALUOpX{Op: ops[r.IntN(len(ops))]})
		case 8:
			prog = append(prog, bpf.ALUOpConstant{Op: bpf.ALUOpShiftLeft, Val: uint32(r.IntN(32))}, bpf.ALUOpConstant{Op: bpf.ALUOpDiv, Val: 1 + uint32(r.IntN(9))})
		case 9:
			prog = append(prog, bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: uint32(r.IntN(32))}, bpf.ALUOpConstant{Op: bpf.ALUOpXor, Val: k()})
		case 10:
			prog = append(prog, []bpf.Instruction{bpf.TAX{}, bpf.TXA{}, bpf.LoadExtension{Num: bpf.ExtLen}, bpf.Jump{Skip: uint32(r.IntN(max(room, 1)))}}[r.IntN(4)])
		case 11:
			prog = append(prog, bpf.JumpIf{Cond: jumps[r.IntN(4)], Val: k(), SkipTrue: uint8(r.IntN(max(room, 1))), SkipFalse: uint8(r.IntN(max(room, 1)))})
		case 12:
			prog = append(prog, bpf.JumpIfX{Cond: jumps[r.IntN(4)], SkipTrue: uint8(r.IntN(max(room, 1))), SkipFalse: uint8(r.IntN(max(room, 1)))})
		}
	}
	for range 3 {
		prog = append(prog, bpf.RetA{})
	}
	return prog
}

// TestFilterRunAgainstVM runs random programs in two interpreters.
func TestFilterRunAgainstVM(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 3))
		prog := randomProgram(r)
		raw, err := bpf.Assemble(prog)
		if err != nil {
			t.Fatal(err)
		}
		vm, err := bpf.NewVM(prog)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for range 5 {
			var args [6]uint64
			for i := range args {
				args[i] = randomWord(r)
			}
			data := NewData(r.Uint32(), r.Uint32(), r.Uint64(), &args)
			var packet []byte
			for _, w := range data {
				packet = binary.BigEndian.AppendUint32(packet, w)
			}
			want, err := vm.Run(packet)
			if err != nil {
				t.Fatal(err)
			}
			if got := Evaluate(SockFilters(raw), &data); got != uint32(want) {
				t.Fatalf("seed %d: %#x, want %#x\n%v", seed, got, want, prog)
			}
		}
	}
}

// TestEvaluationIsBounded gives up a program with too many ways through it.
func TestEvaluationIsBounded(t *testing.T) {
	t.Parallel()
	endless := make([]unix.SockFilter, 0, MaxLength)
	for range MaxLength - 1 {
		endless = append(endless, unix.SockFilter{Code: unix.BPF_LD | unix.BPF_ABS, K: 16}, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ, K: 7, Jf: 1})
	}
	left := 2*maxSteps + 100
	for range 5 {
		if Answers(endless, 1, 1, &left, func(uint32) {}) {
			t.Error("there are too many ways to follow")
		}
	}
	if left != 0 {
		t.Errorf("%d steps left", left)
	}
}

// FuzzOwnFilter runs whatever a program may give to seccomp(2), also what the
// kernel would refuse.
func FuzzOwnFilter(f *testing.F) {
	f.Add([]byte{0x20, 0, 0, 0, 4, 0, 0, 0, 0x15, 0, 0, 1, 0x3e, 0, 0, 0xc0, 6, 0, 0, 0, 0, 0, 0xff, 0x7f}, uint64(1))
	f.Add([]byte{5, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x16, 0, 0, 0, 0, 0, 0, 0}, uint64(2))
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		prog := ParseFilter(b)
		r := rand.New(rand.NewPCG(seed, 4))
		args := [6]uint64{randomWord(r), randomWord(r), randomWord(r)}
		data := NewData(r.Uint32N(400), syscalls.AuditOf(syscalls.Native()), 0, &args)
		got, left, may := Evaluate(prog, &data), StepsOfAll, false
		if Answers(prog, data[0], data[1], &left, func(ret uint32) { may = may || ret == got }) && !may && got != unix.SECCOMP_RET_KILL_PROCESS {
			t.Errorf("filterMay leaves out %#x", got)
		}
	})
}
