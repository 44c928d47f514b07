package decode

import (
	"strconv"

	"luatrace/tracer/syscalls"
)

var (
	optInt   = &syscalls.Type{Kind: syscalls.KindInt}
	optBytes = &syscalls.Type{Kind: syscalls.KindBytes}
	optHex   = &syscalls.Type{Kind: syscalls.KindHexBytes}
)

// sockopt decodes the value of a socket option. A value of the size of an int
// is one unless the table says what it is; a value that is too short for what
// the table says is one that the kernel refuses, and stays an address.
func (s scope) sockopt(v *Value, t *syscalls.Type, addr uint64) {
	n, ok := s.length(&t.Len)
	if !ok || int32(n) < 0 || n == 0 && s.out {
		return
	}
	n = uint64(uint32(n))
	elem := t.Elem
	if elem == nil {
		if n == 4 {
			s.refTo(v, optInt, addr, 4)
			return
		}
		s.bufferOf(v, optBytes, addr, n, n)
		return
	}
	switch elem.Kind {
	case syscalls.KindBytes:
		s.bufferOf(v, elem, addr, n, n)
	case syscalls.KindArray:
		if size := uint64(elem.Elem.MemSize(s.c.ABI)); size > 0 && n/size > 0 {
			s.arrayOf(v, elem, elem.Elem, addr, n/size)
		}
	case syscalls.KindStruct:
		lay := elem.Layout(s.c.ABI)
		if lay == nil || n < uint64(lay.Size) && !s.out {
			return
		}
		b := s.c.copyIn(addr, min(n, uint64(lay.Size)))
		if uint64(len(b)) < min(n, uint64(lay.Size)) {
			v.setUnreadable(s.c, t, addr)
			return
		}
		s.bytes(v, elem, b, addr)
		v.inline, v.out = false, s.out
	default:
		size := elem.MemSize(s.c.ABI)
		if n >= uint64(size) {
			s.refTo(v, elem, addr, size)
		} else if s.out {
			s.bufferOf(v, optHex, addr, n, n)
		} else if n == 4 { // the kernel takes a shorter one too: SO_MAX_PACING_RATE
			s.refTo(v, optInt, addr, 4)
		}
	}
}

// ifindex prints the number of a network interface by its name, if there
// is one.
func (o *Text) ifindex(dst []byte, v *Value) []byte {
	n := uint32(v.num)
	if n != 0 && v.call != nil && v.call.IfName != nil {
		if name := v.call.IfName(int(int32(n))); name != "" {
			return append(o.quoted(append(dst, "if_nametoindex("...), []byte(name)), ')')
		}
	}
	return strconv.AppendUint(dst, uint64(n), 10)
}

// appendMAC prints bytes as a hardware address: 02:fc:00:00:00:01.
func appendMAC(dst, b []byte) []byte {
	for i, ch := range b {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, hexDigits[ch>>4], hexDigits[ch&15])
	}
	return dst
}

// MAC returns a hardware address as text, "" for other values.
func (v *Value) MAC() string {
	if v.typ == nil || v.typ.Kind != syscalls.KindMAC {
		return ""
	}
	return string(appendMAC(nil, v.data))
}
