package decode

import (
	"strconv"

	"luatrace/tracer/syscalls"
)

// AppendValue appends a value as strace prints it. A nil value and hidden ones
// print nothing.
func (o *Text) AppendValue(dst []byte, v *Value) []byte {
	if v == nil {
		return dst
	}
	switch v.Kind {
	case KindNone:
		return dst
	case KindUnreadable:
		return appendAddr(dst, v.num)
	case KindNull, KindAddr:
		if !v.Ref && (v.typ == nil || v.typ.Kind != syscalls.KindHandler) {
			return appendAddr(dst, v.num)
		}
	case KindString, KindBytes:
		return o.text(dst, v)
	case KindStruct:
		return o.structure(dst, v)
	case KindArray:
		return o.array(dst, v)
	}
	if v.Ref && !v.isMask() {
		return append(o.scalar(append(dst, '['), v), ']')
	}
	return o.scalar(dst, v)
}

func appendAddr(dst []byte, addr uint64) []byte {
	if addr == 0 {
		return append(dst, "NULL"...)
	}
	return appendHex(dst, addr)
}

func appendHex(dst []byte, n uint64) []byte {
	return strconv.AppendUint(append(dst, "0x"...), n, 16)
}

// appendHex0 is C's %#lx: zero has no prefix.
func appendHex0(dst []byte, n uint64) []byte {
	if n == 0 {
		return append(dst, '0')
	}
	return appendHex(dst, n)
}

// appendOct is C's %#03lo.
func appendOct(dst []byte, n uint64) []byte {
	if n < 0o100 {
		dst = append(dst, '0')
	}
	if n < 0o10 {
		dst = append(dst, '0')
	}
	if n >= 0o100 {
		dst = append(dst, '0')
	}
	return strconv.AppendUint(dst, n, 8)
}

// scalar prints a number, without the brackets of a pointer.
func (o *Text) scalar(dst []byte, v *Value) []byte {
	if v.typ == nil {
		return strconv.AppendInt(dst, int64(v.num), 10)
	}
	if o.Consts != ConstAbbrev && hasName(v.typ.Kind) {
		return o.styled(dst, v)
	}
	switch v.typ.Kind {
	case syscalls.KindHex, syscalls.KindHex32, syscalls.KindHex8, syscalls.KindPages:
		return appendHex0(dst, v.num)
	case syscalls.KindPid:
		return o.pid(dst, v)
	case syscalls.KindCookie:
		return appendHex0(dst, v.num)
	case syscalls.KindOct, syscalls.KindMode:
		return appendOct(dst, v.num)
	case syscalls.KindIoprio:
		return appendIoprio(dst, v)
	case syscalls.KindTime:
		return appendTimeComment(strconv.AppendInt(dst, v.Int(), 10), v.Int(), 0, "")
	case syscalls.KindFutexOp:
		return appendFutexOp(dst, v)
	case syscalls.KindQuotaCmd:
		dst = appendEnum(append(dst, "QCMD("...), syscalls.SetByName("quotacmd").On(v.call.ABI), v.num>>8)
		return append(appendEnum(append(dst, ", "...), syscalls.SetByName("quotatype").On(v.call.ABI), v.num&0xff), ')')
	case syscalls.KindCaps:
		return appendCaps(dst, v.num)
	case syscalls.KindNegErrno:
		return appendNegErrno(dst, v.Int())
	case syscalls.KindHex08:
		return appendHex08(dst, v.num)
	case syscalls.KindWordMask:
		return appendWordMask(dst, v)
	case syscalls.KindUserArea:
		return appendUserArea(dst, v)
	case syscalls.KindIPCCall:
		if version := v.num >> 16; version != 0 {
			dst = append(strconv.AppendUint(dst, version, 10), "<<16|"...)
		}
		return strconv.AppendUint(dst, v.num&0xffff, 10)
	case syscalls.KindFmode:
		return appendFmode(dst, v.num)
	case syscalls.KindDev:
		return appendDev(dst, v.num)
	case syscalls.KindFD:
		return o.fd(dst, v, false)
	case syscalls.KindDirFD:
		return o.fd(dst, v, true)
	case syscalls.KindSignal:
		return appendSignal(dst, int64(v.num))
	case syscalls.KindSigset, syscalls.KindSigmask:
		return appendSigset(dst, v.num, int(v.size))
	case syscalls.KindFlags:
		return o.flags(dst, v)
	case syscalls.KindEnum, syscalls.KindClock:
		return appendEnum(dst, v.set(), v.num)
	case syscalls.KindIoctl:
		return appendIoctl(dst, v.call.ABI, uint32(v.num))
	case syscalls.KindBPFCode:
		return appendBPFCode(dst, v.num)
	case syscalls.KindVersion:
		return appendVersion(dst, v.num)
	case syscalls.KindKey:
		if v.num == 0 {
			return append(dst, "IPC_PRIVATE"...)
		}
		return appendHex(dst, v.num)
	case syscalls.KindHandler:
		return appendHandler(dst, v)
	case syscalls.KindTicks:
		return appendTicks(dst, int64(v.num))
	case syscalls.KindRlim:
		return appendRlim(dst, v)
	case syscalls.KindNetPort, syscalls.KindLE16:
		if dst = append(dst, "htons("...); v.typ.Kind == syscalls.KindLE16 {
			dst = append(dst[:len(dst)-6], "htobs("...)
		}
		if v.typ.Set != nil {
			return append(appendEnum(dst, v.set(), v.num), ')')
		}
		return append(strconv.AppendUint(dst, v.num, 10), ')')
	case syscalls.KindIfindex:
		return o.ifindex(dst, v)
	case syscalls.KindErrno:
		if name := syscalls.ErrnoName(int(-int64(v.num))); int64(v.num) < 0 && name != "" {
			return append(append(dst, '-'), name...)
		}
		return strconv.AppendInt(dst, int64(v.num), 10)
	case syscalls.KindXByte:
		if v.num == 0 {
			return append(dst, "00"...) // C's %#02x
		}
		return appendHex(dst, v.num)
	case syscalls.KindNetLong:
		dst = append(dst, "htonl("...)
		return append(strconv.AppendUint(dst, v.num, 10), ')')
	case syscalls.KindWait:
		return appendWait(dst, int(int32(v.num)))
	}
	switch v.Kind {
	case KindNull:
		return append(dst, "NULL"...)
	case KindAddr, KindUnreadable:
		return appendHex(dst, v.num)
	case KindInt:
		return strconv.AppendInt(dst, int64(v.num), 10)
	}
	return strconv.AppendUint(dst, v.num, 10)
}

// fd prints a descriptor.
func (o *Text) fd(dst []byte, v *Value, dir bool) []byte {
	if n := int64(v.num); dir && n == -100 {
		start := len(dst)
		dst = append(dst, "AT_FDCWD"...)
		if o.Consts != ConstAbbrev {
			dst = o.restyled(dst, start, []byte("-100"))
		}
	} else {
		dst = strconv.AppendInt(dst, n, 10)
	}
	if o.FDs != 0 && v.call != nil && v.call.FDText != nil {
		dst = append(dst, v.call.FDText(int(int64(v.num)), o.FDs)...)
	}
	return dst
}

// pid prints a process id.
func (o *Text) pid(dst []byte, v *Value) []byte {
	dst = strconv.AppendInt(dst, int64(v.num), 10)
	if o.PIDNames && int64(v.num) > 0 && v.call != nil && v.call.PIDName != nil {
		dst = AppendPIDName(dst, v.call.PIDName(int(int64(v.num))))
	}
	return dst
}

// AppendPIDName appends a process's name as it stands behind its id: <sh>.
func AppendPIDName(dst []byte, name string) []byte {
	if name == "" {
		return dst
	}
	dst = AppendEscaped(append(dst, '<'), name, "<>")
	return append(dst, '>')
}

// array prints elements in brackets, at most StringLimit of them.
func (o *Text) array(dst []byte, v *Value) []byte {
	if v.typ != nil {
		switch v.typ.Kind {
		case syscalls.KindEnv:
			if o.Abbrev {
				return o.envCount(dst, v)
			}
		case syscalls.KindArray:
			if e := v.typ.Elem; o.Abbrev && v.parent != nil && (e.Struct == "sock_filter" || e.Struct == "seccomp_filter") {
				return appendAddr(dst, v.Addr)
			}
		case syscalls.KindDirents:
			if o.Abbrev {
				dst = appendAddr(dst, v.Addr)
				dst = append(dst, " /* "...)
				dst = strconv.AppendUint(dst, v.total, 10)
				return append(dst, " entries */"...)
			}
		case syscalls.KindFDSet, syscalls.KindBits:
			return o.list(dst, v)
		}
	}
	dst = append(dst, '[')
	for i := range v.kids {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if o.StringLimit > 0 && o.Abbrev && i >= o.StringLimit {
			return append(dst, "...]"...)
		}
		if v.typ != nil && v.typ.Index != nil {
			dst = append(appendIndex(append(dst, '['), v.typ.Index.On(v.call.ABI), i), "]="...)
		}
		dst = o.AppendValue(dst, &v.kids[i])
	}
	switch {
	case v.cut:
		if len(v.kids) > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, "... /* "...)
		dst = append(appendHex(dst, v.moreAt), " */"...)
	case v.Truncated:
		if len(v.kids) > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, "..."...)
	}
	return append(dst, ']')
}

// appendIndex prints the name of an array index.
func appendIndex(dst []byte, names *syscalls.SetView, i int) []byte {
	if name := names.Enum(uint64(i)); name != "" {
		return append(dst, name...)
	}
	dst = strconv.AppendInt(dst, int64(i), 10)
	if names.Marker == "-" {
		return dst
	}
	return appendMarked(dst, names.Marker)
}

// list prints numbers separated by spaces, as sets are.
func (o *Text) list(dst []byte, v *Value) []byte {
	dst = append(dst, '[')
	for i := range v.kids {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = o.AppendValue(dst, &v.kids[i])
	}
	return append(dst, ']')
}

func (o *Text) envCount(dst []byte, v *Value) []byte {
	dst = append(appendAddr(dst, v.Addr), " /* "...)
	dst = strconv.AppendUint(dst, v.total, 10)
	dst = append(dst, " var"...)
	if v.total != 1 {
		dst = append(dst, 's')
	}
	if v.cut || v.Truncated {
		dst = append(dst, ", unterminated"...)
	}
	return append(dst, " */"...)
}
