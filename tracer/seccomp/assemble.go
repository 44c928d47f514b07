package seccomp

import "golang.org/x/net/bpf"

// label is a place in a program that is not known yet.
type label int

// assembler collects a BPF program whose jumps go to labels, always forward.
// A conditional jump reaches 255 instructions; one that would have to reach
// farther goes through unconditional ones.
type assembler struct {
	items  []item
	labels []int // item before which a label stands
}

type item struct {
	ins    bpf.Instruction // or, if nil, a jump:
	cond   bpf.JumpTest
	val    uint32
	yes    label
	no     label
	always bool // to yes
	long   bool
}

func (a *assembler) newLabel() label {
	a.labels = append(a.labels, -1)
	return label(len(a.labels) - 1)
}

func (a *assembler) place(l label)          { a.labels[l] = len(a.items) }
func (a *assembler) emit(i bpf.Instruction) { a.items = append(a.items, item{ins: i}) }
func (a *assembler) goTo(l label)           { a.items = append(a.items, item{yes: l, always: true}) }

// load emits the load of a 32-bit word of struct seccomp_data.
func (a *assembler) load(off uint32) { a.emit(bpf.LoadAbsolute{Off: off, Size: 4}) }

func (a *assembler) jump(cond bpf.JumpTest, val uint32, yes, no label) {
	a.items = append(a.items, item{cond: cond, val: val, yes: yes, no: no})
}

// assemble places everything, making jumps long until all reach their target.
func (a *assembler) assemble() ([]bpf.RawInstruction, error) {
	pos := make([]int, len(a.items)+1)
	for {
		n := 0
		for i := range a.items {
			pos[i] = n
			n += a.items[i].size()
		}
		pos[len(a.items)] = n
		if n > MaxLength {
			return nil, errTooLong(n)
		}
		stable := true
		for i := range a.items {
			it := &a.items[i]
			if it.ins != nil || it.always || it.long {
				continue
			}
			if pos[a.labels[it.yes]]-pos[i]-1 > 255 || pos[a.labels[it.no]]-pos[i]-1 > 255 {
				it.long, stable = true, false
			}
		}
		if stable {
			break
		}
	}
	prog := make([]bpf.Instruction, 0, pos[len(a.items)])
	for i := range a.items {
		it := &a.items[i]
		at := len(prog)
		switch {
		case it.ins != nil:
			prog = append(prog, it.ins)
		case it.always:
			prog = append(prog, bpf.Jump{Skip: uint32(pos[a.labels[it.yes]] - at - 1)})
		case it.long:
			prog = append(prog,
				bpf.JumpIf{Cond: it.cond, Val: it.val, SkipTrue: 0, SkipFalse: 1},
				bpf.Jump{Skip: uint32(pos[a.labels[it.yes]] - at - 2)},
				bpf.Jump{Skip: uint32(pos[a.labels[it.no]] - at - 3)})
		default:
			prog = append(prog, bpf.JumpIf{Cond: it.cond, Val: it.val,
				SkipTrue:  uint8(pos[a.labels[it.yes]] - at - 1),
				SkipFalse: uint8(pos[a.labels[it.no]] - at - 1)})
		}
	}
	return bpf.Assemble(prog)
}

func (it *item) size() int {
	if it.long {
		return 3
	}
	return 1
}
