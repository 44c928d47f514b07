package decode

import "luatrace/tracer/syscalls"

var (
	structMsgbuf = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "msgbuf"}
	elemLong     = &syscalls.Type{Kind: syscalls.KindLong}
	elemBytes    = &syscalls.Type{Kind: syscalls.KindBytes}
)

// msgbuf decodes a message of msgsnd(2): its type, a long, and behind it text of
// the length the call says.
func (s scope) msgbuf(v *Value, t *syscalls.Type, addr uint64) {
	c, word := s.c, s.c.ABI.WordSize()
	n, ok := s.length(&t.Len)
	lay := structMsgbuf.Layout(c.ABI)
	if !ok || lay == nil || lay.Field("mtype") != 0 || lay.Field("mtext") != 1 {
		return
	}
	b := c.copyIn(addr, uint64(word))
	if len(b) < word {
		v.setUnreadable(c, t, addr)
		return
	}
	kids := c.arena.values(len(lay.Fields))
	if len(kids) < 2 {
		return
	}
	v.Kind, v.Addr, v.lay, v.data, v.given, v.out, v.kids = KindStruct, addr, lay, b, uint64(lay.Size), s.out, kids
	c.number(&kids[0], elemLong, load(b), word)
	kids[1].setAddr(c, elemBytes, addr+uint64(word))
	s.bufferOf(&kids[1], elemBytes, addr+uint64(word), n, n)
	if kids[1].cut && kids[1].Kind == KindBytes {
		kids[1].setUnreadable(c, elemBytes, addr+uint64(word))
	}
}
