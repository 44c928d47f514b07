package decode

import (
	"strconv"

	"luatrace/tracer/syscalls"
)

var elemWordMask = &syscalls.Type{Kind: syscalls.KindWordMask}

// nodeMask decodes a mask of memory nodes, given as one more than the bits it
// has.
func (s scope) nodeMask(v *Value, t *syscalls.Type, addr uint64) {
	n, ok := s.length(&t.Len)
	if !ok || n == 1 {
		return // stays an address: no mask
	}
	if n > 0 {
		bits := uint64(8 * s.c.ABI.WordSize())
		n = (n-2)/bits + 1
	}
	s.arrayOf(v, t, elemWordMask, addr, n)
}

// appendWordMask is C's %#0*lx in the full width of the word.
func appendWordMask(dst []byte, v *Value) []byte {
	digits := 2 * int(v.size)
	if v.num != 0 {
		dst = append(dst, "0x"...)
		digits -= 2
	}
	return appendPadded(dst, v.num, digits)
}

// appendHex08 is C's %#08x.
func appendHex08(dst []byte, n uint64) []byte {
	if n == 0 {
		return append(dst, "00000000"...)
	}
	return appendPadded(append(dst, "0x"...), n, 6)
}

// appendPadded appends n in at least digits hexadecimal digits.
func appendPadded(dst []byte, n uint64, digits int) []byte {
	for width := 1; digits > width; digits-- {
		if n>>(4*uint(digits-1)) != 0 {
			break
		}
		dst = append(dst, '0')
	}
	return strconv.AppendUint(dst, n, 16)
}

// keyCapSets are the families of the bytes of KEYCTL_CAPABILITIES.
var keyCapTypes = [...]string{"keycaps0", "keycaps1"}

// keyCaps decodes the bytes that tell what keyctl(2) can do.
func (s scope) keyCaps(v *Value, t *syscalls.Type, addr uint64) {
	n, ok := s.length(&t.Len)
	if !ok {
		return
	}
	s.arrayOf(v, t, elemByte, addr, n)
	if v.Kind != KindArray {
		return
	}
	for i := range v.kids {
		if i < len(keyCapTypes) {
			flags := &syscalls.Type{Kind: syscalls.KindFlags, Set: syscalls.SetByName(keyCapTypes[i])}
			s.c.number(&v.kids[i], flags, v.kids[i].num, 1)
		}
	}
}

var elemByte = &syscalls.Type{Kind: syscalls.KindU8}
