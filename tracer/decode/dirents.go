package decode

import "luatrace/tracer/syscalls"

var structDirent = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "linux_dirent64"}

// dirents decodes the entries getdents64 wrote. Each is a struct of its own
// length.
func (s scope) dirents(v *Value, t *syscalls.Type, addr uint64) {
	c := s.c
	n, ok := s.length(&t.Len)
	lay := structDirent.Layout(c.ABI)
	if !ok || lay == nil {
		return
	}
	b := c.copyIn(addr, n)
	if uint64(len(b)) < n {
		v.setUnreadable(c, t, addr)
		return
	}
	reclen := lay.Fields[lay.Field("d_reclen")].Offset
	count := 0
	for at := 0; at+reclen+2 <= len(b); count++ {
		step := int(load(b[at+reclen : at+reclen+2]))
		if step == 0 {
			break
		}
		at += step
	}
	v.Kind, v.Addr, v.total = KindArray, addr, uint64(count)
	v.kids = c.arena.values(min(count, MaxElements))
	v.Truncated = len(v.kids) < count
	at := 0
	for i := range v.kids {
		step := int(load(b[at+reclen : at+reclen+2]))
		s.bytes(&v.kids[i], structDirent, b[at:min(at+step, len(b))], addr+uint64(at))
		at += step
	}
}
