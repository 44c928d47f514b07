package decode

import "luatrace/tracer/syscalls"

var (
	structDirent     = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "linux_dirent64"}
	structOldDirent  = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "linux_dirent"}
	structLSMContext = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "lsm_ctx"}
)

// oldDirentType returns the type of the file in an entry of getdents: its last
// byte (linux_dirent has no field for it).
func (v *Value) oldDirentType() byte {
	if len(v.data) == 0 {
		return 0
	}
	return v.data[len(v.data)-1]
}

// records decodes structs of the type rec that stand behind each other, each of
// a length of its own that its field called length says: what getdents64 wrote.
func (s scope) records(v *Value, t, rec *syscalls.Type, length string, addr uint64) {
	c := s.c
	n, ok := s.length(&t.Len)
	lay := rec.Layout(c.ABI)
	if !ok || lay == nil {
		return
	}
	b := c.copyIn(addr, n)
	if uint64(len(b)) < n {
		v.setUnreadable(c, t, addr)
		return
	}
	f := &lay.Fields[lay.Field(length)]
	step := func(at int) int { // no length is longer than what is left
		return int(min(load(b[at+f.Offset:at+f.Offset+f.Size]), uint64(len(b)-at)))
	}
	count := 0
	for at := 0; at+f.Offset+f.Size <= len(b); count++ {
		n := step(at)
		if n == 0 {
			break
		}
		at += n
	}
	v.Kind, v.Addr, v.total = KindArray, addr, uint64(count)
	v.kids = c.arena.values(min(count, MaxElements))
	v.Truncated = len(v.kids) < count
	at := 0
	for i := range v.kids {
		n := step(at)
		s.bytes(&v.kids[i], rec, b[at:at+n], addr+uint64(at))
		at += n
	}
}
