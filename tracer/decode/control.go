package decode

import "luatrace/tracer/syscalls"

// Control message types of level SOL_SOCKET.
const (
	solSocket      = 1
	scmRights      = 1
	scmCredentials = 2
)

var (
	structCmsg   = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "cmsghdr"}
	structUcred  = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "ucred"}
	cmsgFDs      = &syscalls.Type{Kind: syscalls.KindArray, Elem: elemFD}
	cmsgRawBytes = &syscalls.Type{Kind: syscalls.KindBytes}
)

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

// CmsgData returns the data of one control message (a value of struct
// cmsghdr): an array of descriptors, a struct ucred, or bytes. It is nil for
// other values and for messages without data.
func (v *Value) CmsgData() *Value {
	if v.StructName() != "cmsghdr" || len(v.data) <= v.lay.Size {
		return nil
	}
	vs := v.call.arena.values(1)
	if len(vs) == 0 {
		return nil
	}
	d, b, addr := &vs[0], v.data[v.lay.Size:], v.Addr+uint64(v.lay.Size)
	sc := scope{c: v.call, parent: v, out: v.out}
	if v.Field("cmsg_level").Uint() == solSocket {
		switch v.Field("cmsg_type").Uint() {
		case scmRights:
			sc.bytes(d, elemFD, nil, addr)
			sc.elements(d, elemFD, b, addr, uint64(len(b)/4))
			d.typ = cmsgFDs
			return d
		case scmCredentials:
			if lay := structUcred.Layout(v.call.ABI); lay != nil && len(b) >= lay.Size {
				sc.bytes(d, structUcred, b, addr)
				return d
			}
		}
	}
	sc.bytes(d, cmsgRawBytes, b, addr)
	return d
}
