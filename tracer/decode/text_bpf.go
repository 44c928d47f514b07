package decode

import (
	"strconv"
	"sync"

	"luatrace/tracer/syscalls"
)

// Parts of an eBPF operation code (linux/bpf.h, linux/bpf_common.h): the class
// in the low three bits says what the others are.
var bpfSets = sync.OnceValue(func() (s struct{ class, size, mode, src, alu, jmp *syscalls.Set }) {
	s.class, s.size, s.mode = syscalls.SetByName("bpfclass"), syscalls.SetByName("bpfsize"), syscalls.SetByName("bpfmode")
	s.src, s.alu, s.jmp = syscalls.SetByName("bpfsrc"), syscalls.SetByName("bpfalu"), syscalls.SetByName("bpfjmp")
	return s
})

// appendBPFCode prints the operation of an eBPF instruction.
func appendBPFCode(dst []byte, code uint64) []byte {
	s := bpfSets()
	part := func(set *syscalls.Set, bits uint64) {
		dst = appendEnum(dst, set.On(syscalls.AMD64), bits)
	}
	part(s.class, code&7)
	dst = append(dst, '|')
	switch code & 7 {
	case 4, 7: // BPF_ALU, BPF_ALU64
		part(s.src, code&8)
		dst = append(dst, '|')
		part(s.alu, code&0xf0)
	case 5, 6: // BPF_JMP, BPF_JMP32
		part(s.src, code&8)
		dst = append(dst, '|')
		part(s.jmp, code&0xf0)
	default:
		part(s.size, code&0x18)
		dst = append(dst, '|')
		part(s.mode, code&0xe0)
	}
	return dst
}

// appendVersion prints a version as the macro of linux/version.h.
func appendVersion(dst []byte, v uint64) []byte {
	dst = append(dst, "KERNEL_VERSION("...)
	dst = strconv.AppendUint(dst, v>>16, 10)
	dst = strconv.AppendUint(append(dst, ", "...), v>>8&0xff, 10)
	dst = strconv.AppendUint(append(dst, ", "...), v&0xff, 10)
	return append(dst, ')')
}

// perfSkid says what the values of precise_ip promise (linux/perf_event.h).
var perfSkid = [...]string{"arbitrary skid", "constant skid", "requested to have 0 skid", "must have 0 skid"}

// perfField prints a field of a struct perf_event_attr.
func (o *Text) perfField(dst []byte, v *Value, f *syscalls.Field, fv *Value) []byte {
	const typeCache = 3 // PERF_TYPE_HW_CACHE
	switch {
	case f.Name == "precise_ip":
		return appendMarked(o.AppendValue(dst, fv), perfSkid[fv.num&3])
	case f.Name == "config" && v.Field("type").num == typeCache:
		rest := fv.num >> 24
		if rest != 0 {
			dst = append(appendHex(dst, rest<<24), '|')
		}
		part := func(name string, n uint64) {
			dst = appendEnum(dst, syscalls.SetByName(name).On(v.call.ABI), n)
		}
		part("perfcacheresult", fv.num>>16&0xff)
		dst = append(dst, "<<16|"...)
		part("perfcacheop", fv.num>>8&0xff)
		dst = append(dst, "<<8|"...)
		part("perfcache", fv.num&0xff)
		return dst
	}
	return o.AppendValue(dst, fv)
}
