package decode

import (
	"encoding/binary"

	"luatrace/tracer/syscalls"
)

// All supported ABIs are little-endian.
var order = binary.LittleEndian

// number makes v the scalar of type t with the given bits, of size bytes.
func (c *Call) number(v *Value, t *syscalls.Type, w uint64, size int) {
	v.call, v.typ, v.size = c, t, uint8(size)
	shift := uint(64 - 8*min(max(size, 1), 8))
	v.num = w << shift >> shift
	signed := uint64(int64(w<<shift) >> shift)
	switch t.Kind {
	case syscalls.KindNone:
		v.Kind = KindNone
	case syscalls.KindTime, syscalls.KindInt, syscalls.KindErrno, syscalls.KindLong, syscalls.KindTicks, syscalls.KindOff, syscalls.KindS64, syscalls.KindPid, syscalls.KindLow64, syscalls.KindHigh64:
		v.Kind, v.num = KindInt, signed
	case syscalls.KindHex, syscalls.KindHex32:
		v.Kind = KindHex
	case syscalls.KindPages:
		v.Kind, v.num = KindHex, uint64(uint32(w))<<12
	case syscalls.KindCookie:
		v.Kind, v.Wide = KindHex, true
	case syscalls.KindAddr, syscalls.KindHandler:
		v.Kind = KindAddr
		if v.num == 0 {
			v.Kind = KindNull
		}
	case syscalls.KindFD, syscalls.KindDirFD:
		v.Kind, v.num = KindFD, uint64(int64(int32(w)))
	case syscalls.KindUID, syscalls.KindGID:
		v.Kind = KindUint
		if size == 2 && v.num == 0xffff || uint32(v.num) == 0xffffffff {
			v.Kind, v.num = KindInt, ^uint64(0) // "no change", which chown(2) calls -1
		}
	case syscalls.KindFlags:
		v.Kind, v.Wide = KindFlags, size == 8
		if syscalls.RegisterSize(t.Kind, c.ABI) == 4 && !v.inline && !v.Ref {
			v.Wide = false
		}
	case syscalls.KindSigset:
		v.Kind, v.Wide = KindFlags, true
	case syscalls.KindSigmask:
		v.Kind = KindFlags
	case syscalls.KindCaps:
		v.Kind, v.Wide = KindFlags, true
	case syscalls.KindNegErrno:
		v.Kind, v.num = KindInt, signed
	case syscalls.KindIoprio, syscalls.KindFutexOp, syscalls.KindQuotaCmd, syscalls.KindHex08, syscalls.KindWordMask, syscalls.KindUserArea:
		v.Kind = KindHex
	case syscalls.KindResidency:
		v.Kind, v.num = KindUint, v.num&1
	case syscalls.KindSignal:
		v.Kind, v.num = KindEnum, signed
	case syscalls.KindEnum, syscalls.KindClock, syscalls.KindIoctl:
		v.Kind = KindEnum
	case syscalls.KindWait:
		v.Kind, v.num = KindInt, signed
	case syscalls.KindNetPort, syscalls.KindLE16:
		v.Kind, v.num = KindUint, uint64(uint16(w))
		if t.Kind == syscalls.KindNetPort {
			v.num = uint64(uint16(w)>>8 | uint16(w)<<8)
		}
		if t.Set != nil {
			v.Kind = KindEnum
		}
	case syscalls.KindXByte, syscalls.KindHex8:
		v.Kind = KindHex
	case syscalls.KindNetLong:
		v.Kind = KindUint
		v.num = uint64(binary.BigEndian.Uint32(order.AppendUint32(nil, uint32(w))))
	case syscalls.KindRlim:
		v.Kind = KindUint
	default:
		v.Kind = KindUint
	}
}

// isScalar reports whether a value of this kind is a number of up to 8 bytes.
func isScalar(k syscalls.TypeKind) bool {
	switch k {
	case syscalls.KindIPv4, syscalls.KindIPv6, syscalls.KindIPAddr, syscalls.KindMAC, syscalls.KindDyn:
		return false
	}
	return k < syscalls.KindPath
}

// load reads a little-endian number of up to 8 bytes.
func load(b []byte) uint64 {
	if len(b) >= 8 {
		return order.Uint64(b)
	}
	var w uint64
	for i := len(b) - 1; i >= 0; i-- {
		w = w<<8 | uint64(b[i])
	}
	return w
}
