package seccomp

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Data is struct seccomp_data of linux/seccomp.h as the 32-bit words
// that a filter can load: number, architecture, instruction pointer, arguments.
type Data [16]uint32

// NewData is the data of a call.
func NewData(nr, arch uint32, ip uint64, args *[6]uint64) (w Data) {
	w[0], w[1], w[2], w[3] = nr, arch, uint32(ip), uint32(ip>>32)
	for i, a := range args {
		w[4+2*i], w[5+2*i] = uint32(a), uint32(a>>32)
	}
	return w
}

// word is a word that may be unknown. The registers are zero at first.
type word struct {
	v       uint32
	unknown bool
}

// machine is a place in a run of a filter.
type machine struct {
	pc   int
	a, x word
	mem  [16]word
}

// evaluation runs a classic BPF program of the kind that seccomp(2) takes. The
// first known words of the data are known; where a jump depends on others, both
// ways are gone.
type evaluation struct {
	prog  []unix.SockFilter
	data  Data
	known int
	steps int // those left
	found func(ret uint32)
}

// maxSteps bounds the work for a filter with many unknown jumps.
const maxSteps = 1 << 16

// StepsOfAll bounds the work of several Answers about one filter together: a program must not be
// able to keep its tracer busy by installing filters.
const StepsOfAll = 1 << 20

// Evaluate is what a filter answers.
func Evaluate(prog []unix.SockFilter, data *Data) uint32 {
	ret := uint32(unix.SECCOMP_RET_KILL_PROCESS)
	r := evaluation{prog: prog, data: *data, known: len(data), steps: len(prog) + 1, found: func(v uint32) { ret = v }}
	r.run(machine{})
	return ret
}

// Answers calls found with each answer that a filter may give to calls of one
// number and architecture; it returns false if there were too many ways to
// follow. What it does is taken off the steps left.
func Answers(prog []unix.SockFilter, nr, arch uint32, left *int, found func(ret uint32)) bool {
	steps := min(maxSteps, *left)
	r := evaluation{prog: prog, data: Data{nr, arch}, known: 2, steps: steps, found: found}
	r.run(machine{})
	*left -= steps - r.steps
	return r.steps > 0
}

func (r *evaluation) run(s machine) {
	for s.pc >= 0 && s.pc < len(r.prog) && r.steps > 0 {
		r.steps--
		i := &r.prog[s.pc]
		s.pc++
		k := word{v: i.K}
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
			s.a = alu(i.Code&0xf0, s.a, operand)
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
			if jumps(i.Code&0xf0, s.a.v, operand.v) {
				s.pc += int(i.Jt)
			} else {
				s.pc += int(i.Jf)
			}
		}
	}
}

func (r *evaluation) load(i *unix.SockFilter, s *machine) word {
	switch i.Code & 0xe0 {
	case unix.BPF_ABS:
		if w := int(i.K / 4); w < len(r.data) {
			return word{r.data[w], w >= r.known}
		}
		return word{unknown: true}
	case unix.BPF_MEM:
		return s.mem[i.K&15]
	case unix.BPF_LEN:
		return word{v: 4 * uint32(len(r.data))}
	}
	return word{v: i.K} // BPF_IMM
}

func alu(op uint16, a, b word) word {
	if op == unix.BPF_NEG {
		return word{-a.v, a.unknown}
	}
	w := word{unknown: a.unknown || b.unknown}
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

func jumps(op uint16, a, b uint32) bool {
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

// InsSize is the size of an instruction in memory (struct sock_filter).
const InsSize = 8

// ParseFilter reads instructions as they lie in memory (struct sock_filter).
func ParseFilter(b []byte) []unix.SockFilter {
	prog := make([]unix.SockFilter, len(b)/InsSize)
	for i := range prog {
		p := b[i*InsSize:]
		prog[i] = unix.SockFilter{Code: binary.LittleEndian.Uint16(p), Jt: p[2], Jf: p[3], K: binary.LittleEndian.Uint32(p[4:])}
	}
	return prog
}
