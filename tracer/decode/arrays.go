package decode

import "luatrace/tracer/syscalls"

// array decodes elements behind each other in memory.
func (s scope) array(v *Value, t *syscalls.Type, addr uint64) {
	n, ok := s.length(&t.Len)
	if !ok {
		return // stays an address
	}
	s.arrayOf(v, t, t.Elem, addr, n)
}

// arrayOf decodes n elements at addr.
func (s scope) arrayOf(v *Value, t, elem *syscalls.Type, addr, n uint64) {
	c := s.c
	size := uint64(elem.MemSize(c.ABI))
	if size == 0 {
		return
	}
	if n > (^uint64(0)-addr)/size {
		v.setUnreadable(c, t, addr) // would run past the end of all memory
		return
	}
	held := min(n, MaxElements)
	b := c.copyIn(addr, held*size)
	if len(b) == 0 && held > 0 || len(b) > 0 && uint64(len(b)) < size {
		v.setUnreadable(c, t, addr)
		return
	}
	s.elements(v, elem, b, addr, n)
}

// elements makes v an array of n elements of which b holds the first.
func (s scope) elements(v *Value, elem *syscalls.Type, b []byte, addr, n uint64) {
	c := s.c
	size := elem.MemSize(c.ABI)
	if size == 0 {
		v.Kind = KindNone
		return
	}
	if v.inline && n > 0 { // an inline array knows its element size better
		if per := len(b) / int(min(n, MaxElements)); per > 0 {
			size = per
		}
	}
	count := min(n, uint64(len(b)/size), MaxElements)
	v.Kind, v.Addr, v.total = KindArray, addr, n
	v.kids = c.arena.values(int(count))
	v.Truncated = uint64(len(v.kids)) < n
	if count < min(n, MaxElements) {
		v.cut, v.moreAt = true, addr+count*uint64(size)
	}
	for i := range v.kids {
		kid := &v.kids[i]
		s.bytes(kid, elem, b[i*size:(i+1)*size], addr+uint64(i*size))
		if kid.Kind == KindStruct {
			kid.out = s.out
		}
	}
}

// pointers decodes an array of pointers to elements.
func (s scope) pointers(v *Value, t *syscalls.Type, addr uint64) {
	c, word := s.c, s.c.ABI.WordSize()
	n, ok := s.length(&t.Len)
	if !ok {
		return
	}
	if n > (^uint64(0)-addr)/uint64(word) {
		v.setUnreadable(c, t, addr)
		return
	}
	held := min(n, MaxElements)
	b := c.copyIn(addr, held*uint64(word))
	if len(b) < word && n > 0 {
		v.setUnreadable(c, t, addr)
		return
	}
	v.Kind, v.Addr, v.total = KindArray, addr, n
	v.kids = c.arena.values(len(b) / word)
	v.Truncated = uint64(len(v.kids)) < n
	v.cut, v.moreAt = uint64(len(b)/word) < held, addr+uint64(len(b)/word*word)
	for i := range v.kids {
		p := load(b[i*word : (i+1)*word])
		kid := &v.kids[i]
		kid.setAddr(c, t.Elem, p)
		if p == 0 {
			continue
		}
		if t.Elem.Pointer() {
			s.follow(kid, t.Elem, p)
		} else {
			s.refTo(kid, t.Elem, p, t.Elem.MemSize(c.ABI))
		}
	}
}

// bits decodes a bit mask into the numbers of its set bits: descriptors of an
// fd_set, CPUs of an affinity mask.
func (s scope) bits(v *Value, t *syscalls.Type, addr uint64) {
	c := s.c
	n, ok := s.length(&t.Len)
	if !ok {
		return
	}
	nbits := n * 8
	elem := elemInt
	if t.Kind == syscalls.KindFDSet {
		nbits, elem = n, elemFD
		if int32(n) <= 0 {
			return // not looked at
		}
	}
	word := uint64(c.ABI.WordSize())
	nbits = min(nbits, 8*8192)
	need := (nbits + 8*word - 1) / (8 * word) * word
	b := c.copyIn(addr, need)
	if uint64(len(b)) < need {
		v.setUnreadable(c, t, addr)
		return
	}
	count := 0
	each := func(visit func(bit int)) {
		for i := 0; i < int(nbits) && i/8 < len(b); i++ {
			if b[i/8] == 0 {
				i |= 7
			} else if b[i/8]>>(i%8)&1 == 1 {
				visit(i)
			}
		}
	}
	each(func(int) { count++ })
	v.Kind, v.Addr, v.total = KindArray, addr, uint64(count)
	v.kids = c.arena.values(min(count, MaxElements))
	v.Truncated = len(v.kids) < count
	i := 0
	each(func(bit int) {
		if i < len(v.kids) {
			c.number(&v.kids[i], elem, uint64(bit), 4)
			i++
		}
	})
}

var (
	elemInt = &syscalls.Type{Kind: syscalls.KindInt}
	elemFD  = &syscalls.Type{Kind: syscalls.KindFD}
)
