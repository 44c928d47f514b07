package decode

import "luatrace/tracer/syscalls"

// The versions of capget(2)'s header (linux/capability.h).
const (
	capVersion1 = 0x19980330
	capVersion2 = 0x20071026
	capVersion3 = 0x20080522
)

var structCapData = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "cap_data"}

// capData decodes the sets of capget and capset. Version 1 has three words of
// 32 bits, the later ones a second three with the upper halves.
func (s scope) capData(v *Value, t *syscalls.Type, addr uint64) {
	version, ok := s.length(&t.Len)
	words := uint64(3)
	switch {
	case !ok:
		return
	case version == capVersion2 || version == capVersion3:
		words = 6
	case version != capVersion1:
		return
	}
	c := s.c
	b := c.copyIn(addr, 4*words)
	if uint64(len(b)) < 4*words {
		v.setUnreadable(c, t, addr)
		return
	}
	joined := c.arena.bytes(24)
	if len(joined) < 24 {
		return
	}
	clear(joined)
	for i := range int(words) {
		copy(joined[i%3*8+i/3*4:], b[4*i:4*i+4])
	}
	s.bytes(v, structCapData, joined, addr)
	v.inline, v.out = false, s.out
}

// capNames returns the capabilities in a mask.
func capNames(mask uint64) []string {
	var names []string
	set := syscalls.SetByName("cap").On(syscalls.Native())
	for i := range uint64(64) {
		if mask>>i&1 == 1 {
			if name := set.Enum(i); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// appendCaps prints capabilities as the kernel's macros make them, 32 bits at a
// time: what has no name is the number in those 32.
func appendCaps(dst []byte, mask uint64) []byte {
	set := syscalls.SetByName("cap").On(syscalls.Native())
	start := len(dst)
	for half := range uint64(2) {
		var unknown uint64
		any := len(dst) > start
		for i := range uint64(32) {
			bit := 32*half + i
			if mask>>bit&1 == 0 {
				continue
			}
			name := set.Enum(bit)
			if name == "" {
				unknown |= 1 << i
				continue
			}
			if len(dst) > start {
				dst = append(dst, '|')
			}
			dst, any = append(append(dst, "1<<"...), name...), true
		}
		if unknown != 0 {
			if len(dst) > start {
				dst = append(dst, '|')
			}
			dst = appendHex(dst, unknown)
			if !any {
				dst = appendMarked(dst, "CAP_???")
			}
		}
	}
	if len(dst) == start {
		dst = append(dst, '0')
	}
	return dst
}
