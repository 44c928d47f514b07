package decode

import "luatrace/tracer/syscalls"

var structCmsg = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "cmsghdr"}

// control decodes the control messages of a msghdr: an array of cmsghdr
// structs whose last field is the data.
func (s scope) control(v *Value, t *syscalls.Type, addr uint64) {
	c := s.c
	n, ok := s.length(&t.Len)
	lay := structCmsg.Layout(c.ABI)
	if !ok || n == 0 || lay == nil {
		return
	}
	b := c.copyIn(addr, min(n, 64<<10))
	if len(b) == 0 {
		v.setUnreadable(c, t, addr)
		return
	}
	word := c.ABI.WordSize()
	var starts [64]int
	count, at := 0, 0
	for count < len(starts) && at+lay.Size <= len(b) {
		starts[count] = at
		count++
		length := load(b[at : at+word])
		if length < uint64(lay.Size) || length > uint64(len(b)-at) {
			break
		}
		at += (int(length) + word - 1) / word * word
	}
	if count == 0 {
		return
	}
	v.Kind, v.Addr, v.total = KindArray, addr, uint64(count)
	v.kids = c.arena.values(count)
	for i := range v.kids {
		at := starts[i]
		length := min(load(b[at:at+word]), uint64(len(b)-at))
		s.bytes(&v.kids[i], structCmsg, b[at:at+max(int(length), lay.Size)], addr+uint64(at))
		v.kids[i].out = s.out
	}
}

// cmsgField decodes the fields of a control message that its level decides.
func (s scope) cmsgField(v *Value, name string, f *Value) {
	set := syscalls.ControlMessages(v.Field("cmsg_level").num & 0xffffffff)
	typ := load(v.data[v.lay.Size-4 : v.lay.Size]) // the last of the header
	if name == "cmsg_type" {
		t := uintType
		if set != nil {
			t = &syscalls.Type{Kind: syscalls.KindEnum, Set: set.Set}
		}
		s.c.number(f, t, typ, 4)
		f.inline = true
		return
	}
	b := v.data[min(v.lay.Size, len(v.data)):]
	if len(b) == 0 {
		f.Kind = KindNone
		return
	}
	s.attribute(f, set.Attr(typ), b, v.Addr+uint64(v.lay.Size))
	if f.typ != nil && isScalar(f.typ.Kind) {
		f.Ref = true
	}
}
