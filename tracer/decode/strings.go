package decode

import "luatrace/tracer/syscalls"

// cstring decodes a NUL-terminated string of at most limit bytes.
func (s scope) cstring(v *Value, t *syscalls.Type, addr uint64, limit int) {
	b, ended, ok := s.c.copyString(addr, limit)
	if !ok {
		v.setUnreadable(s.c, t, addr)
		if limit == 0 {
			v.Kind, v.Addr = KindString, addr
		}
		return
	}
	v.Kind, v.Addr, v.data, v.Truncated = KindString, addr, b, !ended
	v.total = uint64(len(b))
	if !ended && len(b) < limit && t.Kind == syscalls.KindPath {
		// The string runs into unreadable memory, so the kernel fails too.
		v.setUnreadable(s.c, t, addr)
	}
}

// buffer decodes bytes of known length.
func (s scope) buffer(v *Value, t *syscalls.Type, addr uint64) {
	n, ok := s.length(&t.Len)
	if !ok {
		return // stays an address
	}
	s.bufferOf(v, t, addr, n, n)
}

// bufferOf decodes a buffer of n bytes of which only avail hold data.
func (s scope) bufferOf(v *Value, t *syscalls.Type, addr, n, avail uint64) {
	avail = min(n, avail)
	want := min(avail, uint64(s.c.bufferLimit()))
	b := s.c.copyIn(addr, want)
	if len(b) == 0 && want > 0 {
		v.setUnreadable(s.c, t, addr)
		return
	}
	v.Kind, v.call, v.typ, v.Addr = KindBytes, s.c, t, addr
	v.data, v.total = b, avail
	v.Truncated = uint64(len(b)) < avail
	v.cut = uint64(len(b)) < want
}

// strings decodes a NULL-terminated array of pointers to strings.
func (s scope) strings(v *Value, t *syscalls.Type, addr uint64) {
	c, word := s.c, s.c.ABI.WordSize()
	ptrs := c.pointerList(addr, MaxElements)
	if ptrs == nil {
		v.setUnreadable(c, t, addr)
		return
	}
	n := len(ptrs)/word - 1
	ended := n >= 0 && load(ptrs[n*word:]) == 0
	if !ended {
		n++
	}
	v.Kind, v.Addr, v.total = KindArray, addr, uint64(n)
	v.kids = c.arena.values(n)
	v.Truncated = len(v.kids) < n || !ended && n >= MaxElements
	v.cut, v.moreAt = !ended && n < MaxElements, addr+uint64(n*word)
	for i := range v.kids {
		p := load(ptrs[i*word : (i+1)*word])
		v.kids[i].setAddr(c, elemString, p)
		s.cstring(&v.kids[i], elemString, p, maxArg)
	}
}

const maxArg = 64 << 10 // bytes kept of one argv or envp string

var elemString = &syscalls.Type{Kind: syscalls.KindString}

// pointerList reads words at addr up to and including the first that is zero,
// at most limit of them. It is nil when not one could be read.
func (c *Call) pointerList(addr uint64, limit int) []byte {
	word := c.ABI.WordSize()
	var list []byte
	for len(list) < limit*word {
		at := addr + uint64(len(list))
		step := min(limit*word-len(list), 32*word)
		b := c.copyIn(at, uint64(step))
		b = b[:len(b)/word*word]
		for i := 0; i < len(b); i += word {
			if load(b[i:i+word]) == 0 {
				if list == nil {
					return b[:i+word]
				}
				return append(list, b[:i+word]...)
			}
		}
		list = append(list, b...)
		if len(b) < step {
			break
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list
}
