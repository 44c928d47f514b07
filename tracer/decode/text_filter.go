package decode

import "luatrace/tracer/syscalls"

// The parts of the code of a classic BPF instruction (linux/bpf_common.h).
var (
	bpfClasses = [8]string{"BPF_LD", "BPF_LDX", "BPF_ST", "BPF_STX", "BPF_ALU", "BPF_JMP", "BPF_RET", "BPF_MISC"}
	bpfSizes   = [4]string{"BPF_W", "BPF_H", "BPF_B", "BPF_DW"}
	bpfModes   = [8]string{"BPF_IMM", "BPF_ABS", "BPF_IND", "BPF_MEM", "BPF_LEN", "BPF_MSH"}
	bpfALU     = [16]string{"BPF_ADD", "BPF_SUB", "BPF_MUL", "BPF_DIV", "BPF_OR", "BPF_AND", "BPF_LSH", "BPF_RSH",
		"BPF_NEG", "BPF_MOD", "BPF_XOR", "BPF_MOV", "BPF_ARSH", "BPF_END"}
	bpfJumps  = [16]string{"BPF_JA", "BPF_JEQ", "BPF_JGT", "BPF_JGE", "BPF_JSET"}
	bpfValues = [4]string{"BPF_K", "BPF_X", "BPF_A"}
)

// filterStep prints an instruction of classic BPF as the macros that make it.
// Returns of a seccomp filter are actions.
func (o *Text) filterStep(dst []byte, v *Value) []byte {
	code, jt, jf, k := uint16(v.Field("code").num), v.Field("jt").num, v.Field("jf").num, v.Field("k").num
	jump := jt|jf != 0
	if jump {
		dst = append(dst, "BPF_JUMP("...)
	} else {
		dst = append(dst, "BPF_STMT("...)
	}
	dst = append(appendFilterCode(dst, code), ", "...)
	if code&7 == 6 && v.lay.Name == "seccomp_filter" && !jump {
		dst = appendSeccompAction(dst, v.call.ABI, k)
	} else {
		dst = appendHex0(dst, k)
	}
	if jump {
		dst = appendHex0(append(dst, ", "...), jt)
		dst = appendHex0(append(dst, ", "...), jf)
	}
	return append(dst, ')')
}

func appendFilterCode(dst []byte, code uint16) []byte {
	part := func(name string, bits uint16) {
		dst = append(dst, '|')
		if name != "" {
			dst = append(dst, name...)
		} else {
			dst = appendMarked(appendHex(dst, uint64(bits)), "BPF_???")
		}
		code &^= bits
	}
	class := code & 7
	dst = append(dst, bpfClasses[class]...)
	code &^= 7
	switch class {
	case 0, 1: // loads
		part(bpfSizes[code>>3&3], code&0x18)
		part(bpfModes[code>>5&7], code&0xe0)
	case 4, 5: // arithmetic, jumps
		ops := &bpfALU
		if class == 5 {
			ops = &bpfJumps
		}
		part(bpfValues[code>>3&1], code&8)
		part(ops[code>>4&15], code&0xf0)
	case 6: // return
		part(bpfValues[code>>3&3], code&0x18)
	case 7:
		switch code & 0xf8 {
		case 0:
			part("BPF_TAX", 0)
		case 0x80:
			part("BPF_TXA", 0x80)
		default:
			part("", code&0xf8)
		}
	}
	if code != 0 {
		part("", code)
	}
	return dst
}

// appendSeccompAction prints the value a seccomp filter returns.
func appendSeccompAction(dst []byte, abi syscalls.ABI, k uint64) []byte {
	dst = appendEnum(dst, syscalls.SetByName("seccompret").On(abi), k&0xffff0000)
	if data := k & 0xffff; data != 0 {
		dst = appendHex(append(dst, '|'), data)
	}
	return dst
}
