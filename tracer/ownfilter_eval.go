package tracer

import "golang.org/x/sys/unix"

// seccompWords is struct seccomp_data of linux/seccomp.h as the 32-bit words
// that a filter can load: number, architecture, instruction pointer, arguments.
type seccompWords [16]uint32

func makeSeccompWords(nr, arch uint32, ip uint64, args *[6]uint64) (w seccompWords) {
	w[0], w[1], w[2], w[3] = nr, arch, uint32(ip), uint32(ip>>32)
	for i, a := range args {
		w[4+2*i], w[5+2*i] = uint32(a), uint32(a>>32)
	}
	return w
}

// filterWord is a word that may be unknown. The registers are zero at first.
type filterWord struct {
	v       uint32
	unknown bool
}

// filterState is a place in a run of a filter.
type filterState struct {
	pc   int
	a, x filterWord
	mem  [16]filterWord
}

// filterRun runs a classic BPF program of the kind that seccomp(2) takes. The
// first known words of the data are known; where a jump depends on others, both
// ways are gone.
type filterRun struct {
	prog  []unix.SockFilter
	data  seccompWords
	known int
	steps int // those left
	found func(ret uint32)
}

// filterSteps bounds the work for a filter with many unknown jumps.
const filterSteps = 1 << 16

// hidesSteps bounds it for all calls together: a program must not be able to
// keep the tracer busy by installing filters.
const hidesSteps = 1 << 20

// decideFilter is what a filter answers.
func decideFilter(prog []unix.SockFilter, data *seccompWords) uint32 {
	ret := uint32(unix.SECCOMP_RET_KILL_PROCESS)
	r := filterRun{prog: prog, data: *data, known: len(data), steps: len(prog) + 1, found: func(v uint32) { ret = v }}
	r.run(filterState{})
	return ret
}

// filterMay calls found with each answer that a filter may give to calls of one
// number and architecture; it returns false if there were too many ways to
// follow. What it does is taken off the steps left.
func filterMay(prog []unix.SockFilter, nr, arch uint32, left *int, found func(ret uint32)) bool {
	steps := min(filterSteps, *left)
	r := filterRun{prog: prog, data: seccompWords{nr, arch}, known: 2, steps: steps, found: found}
	r.run(filterState{})
	*left -= steps - r.steps
	return r.steps > 0
}

func (r *filterRun) run(s filterState) {
	for s.pc >= 0 && s.pc < len(r.prog) && r.steps > 0 {
		r.steps--
		i := &r.prog[s.pc]
		s.pc++
		k := filterWord{v: i.K}
		operand := k
		if i.Code&unix.BPF_X != 0 {
			operand = s.x
		}
		switch i.Code & 7 {
		case unix.BPF_LD:
			s.a = r.load(i, &s)
		case unix.BPF_LDX:
			s.x = r.load(i, &s)
		case unix.BPF_ST:
			s.mem[i.K&15] = s.a
		case unix.BPF_STX:
			s.mem[i.K&15] = s.x
		case unix.BPF_ALU:
			s.a = filterALU(i.Code&0xf0, s.a, operand)
		case unix.BPF_MISC:
			if i.Code&0xf8 == unix.BPF_TXA {
				s.a = s.x
			} else {
				s.x = s.a
			}
		case unix.BPF_RET:
			if i.Code&0x18 == unix.BPF_A {
				k = s.a
			}
			if k.unknown { // nobody computes the answer from arguments
				r.steps = 0
				return
			}
			r.found(k.v)
			return
		case unix.BPF_JMP:
			if i.Code&0xf0 == unix.BPF_JA {
				s.pc += int(i.K)
				continue
			}
			if s.a.unknown || operand.unknown {
				other := s
				other.pc += int(i.Jt)
				r.run(other)
				s.pc += int(i.Jf)
				continue
			}
			if filterJump(i.Code&0xf0, s.a.v, operand.v) {
				s.pc += int(i.Jt)
			} else {
				s.pc += int(i.Jf)
			}
		}
	}
}

func (r *filterRun) load(i *unix.SockFilter, s *filterState) filterWord {
	switch i.Code & 0xe0 {
	case unix.BPF_ABS:
		if w := int(i.K / 4); w < len(r.data) {
			return filterWord{r.data[w], w >= r.known}
		}
		return filterWord{unknown: true}
	case unix.BPF_MEM:
		return s.mem[i.K&15]
	case unix.BPF_LEN:
		return filterWord{v: 4 * uint32(len(r.data))}
	}
	return filterWord{v: i.K} // BPF_IMM
}

func filterALU(op uint16, a, b filterWord) filterWord {
	if op == unix.BPF_NEG {
		return filterWord{-a.v, a.unknown}
	}
	w := filterWord{unknown: a.unknown || b.unknown}
	switch op {
	case unix.BPF_ADD:
		w.v = a.v + b.v
	case unix.BPF_SUB:
		w.v = a.v - b.v
	case unix.BPF_MUL:
		w.v = a.v * b.v
	case unix.BPF_DIV:
		if b.v != 0 {
			w.v = a.v / b.v
		}
	case unix.BPF_AND:
		w.v = a.v & b.v
	case unix.BPF_OR:
		w.v = a.v | b.v
	case unix.BPF_XOR:
		w.v = a.v ^ b.v
	case unix.BPF_LSH:
		w.v = a.v << (b.v & 31)
	case unix.BPF_RSH:
		w.v = a.v >> (b.v & 31)
	default:
		w.unknown = true
	}
	return w
}

func filterJump(op uint16, a, b uint32) bool {
	switch op {
	case unix.BPF_JEQ:
		return a == b
	case unix.BPF_JGT:
		return a > b
	case unix.BPF_JGE:
		return a >= b
	}
	return a&b != 0 // BPF_JSET
}
