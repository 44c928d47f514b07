package decode

import (
	"strconv"
	"strings"

	"luatrace/tracer/syscalls"
)

// appendUserArea prints an offset in the area of a process that
// PTRACE_PEEKUSER reads: registers as words, the rest as members of struct user.
func appendUserArea(dst []byte, v *Value) []byte {
	abi := v.call.ABI
	regs, user := syscalls.StructByName(abi, "user_regs_struct"), syscalls.StructByName(abi, "user")
	if regs == nil || user == nil || v.num >= uint64(user.Size) {
		return appendHex0(dst, v.num)
	}
	at := int(v.num)
	if at < regs.Size {
		word := abi.WordSize()
		dst = append(strconv.AppendInt(dst, int64(word), 10), '*')
		for i := range regs.Fields {
			if f := &regs.Fields[i]; at >= f.Offset && at < f.Offset+f.Size {
				dst = append(dst, strings.ToUpper(f.Name)...)
				return appendRest(dst, at-f.Offset)
			}
		}
	}
	for i := len(user.Fields) - 1; i >= 0; i-- {
		if f := &user.Fields[i]; at >= f.Offset {
			dst = append(append(dst, "offsetof(struct user, "...), f.Name...)
			return appendRest(append(dst, ')'), at-f.Offset)
		}
	}
	return appendHex0(dst, v.num)
}

func appendRest(dst []byte, n int) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, '+'), int64(n), 10)
}

// appendIoprio prints an I/O priority: the class in the upper bits, the level in
// the lower 13.
func appendIoprio(dst []byte, v *Value) []byte {
	dst = append(dst, "IOPRIO_PRIO_VALUE("...)
	dst = appendEnum(dst, syscalls.SetByName("ioprioclass").On(v.call.ABI), v.num>>13)
	dst = strconv.AppendUint(append(dst, ", "...), v.num&0x1fff, 10)
	return append(dst, ')')
}

// appendNegErrno prints a status: a number, or -ENOENT.
func appendNegErrno(dst []byte, n int64) []byte {
	if e := syscalls.ResultErrno(n); e != 0 {
		if name := syscalls.ErrnoName(e); name != "" {
			return append(append(dst, '-'), name...)
		}
	}
	return strconv.AppendInt(dst, n, 10)
}

// appendFutexOp prints what FUTEX_WAKE_OP does to the second futex and how it
// compares it, as the parts of FUTEX_OP() (linux/futex.h).
func appendFutexOp(dst []byte, v *Value) []byte {
	const opargShift = 8
	part := func(set string, n uint64, shift string) {
		view := syscalls.SetByName(set).On(v.call.ABI)
		name := view.Enum(n)
		if name == "" {
			dst = appendMarked(append(appendHex(dst, n), shift...), view.Marker)
			return
		}
		dst = append(append(dst, name...), shift...)
	}
	op := v.num >> 28 & 15
	if op&opargShift != 0 {
		dst = append(dst, "FUTEX_OP_OPARG_SHIFT<<28|"...)
	}
	part("futexopset", op&^opargShift, "<<28")
	dst = append(appendHex0(append(dst, '|'), v.num>>12&0xfff), "<<12|"...)
	part("futexopcmp", v.num>>24&15, "<<24")
	return appendHex0(append(dst, '|'), v.num&0xfff)
}
