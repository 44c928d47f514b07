package decode

import (
	"encoding/binary"

	"luatrace/tracer/syscalls"
)

// nlContext is what the bytes of a netlink value are part of.
type nlContext struct {
	family *syscalls.NetlinkFamily
	attrs  *syscalls.AttrSet // the attributes among which a nlattribute stands
	depth  int
}

const (
	nlHeader     = 16 // sizeof(struct nlmsghdr)
	nlAttrHeader = 4
	nlTypes      = 16       // types below this one are the same in every family
	nlMaxDepth   = 8        // of nested attributes
	nlMaxData    = 64 << 10 // bytes of one buffer of messages that are looked at
	nlAttrFlags  = 0x8000 | 0x4000
	nlMaxMessage = 2 * nlMaxData // bytes of one message that is looked at
)

// Types of messages every family has.
const (
	nlmsgNoop  = 1
	nlmsgError = 2
	nlmsgDone  = 3
)

var (
	structNlmsg   = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "nlmsg"}
	structNlattr  = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "nlattribute"}
	structNlerror = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "nlerror"}
	nlMessages    = &syscalls.Type{Kind: syscalls.KindArray, Elem: structNlmsg}
	nlAttributes  = &syscalls.Type{Kind: syscalls.KindArray, Elem: structNlattr}
	nlIndexed     = &syscalls.Type{Kind: syscalls.KindArray}
	intType       = &syscalls.Type{Kind: syscalls.KindInt}
	uintType      = &syscalls.Type{Kind: syscalls.KindUint}
	ip4Type       = &syscalls.Type{Kind: syscalls.KindIPv4}
	ip6Type       = &syscalls.Type{Kind: syscalls.KindIPv6}
	rawType       = &syscalls.Type{Kind: syscalls.KindHexBytes}
)

func ipType(_ *syscalls.Type, n int) *syscalls.Type {
	switch n {
	case 4:
		return ip4Type
	case 16:
		return ip6Type
	}
	return rawType
}

// sockBuf decodes data of a socket. Messages of a netlink socket are kept
// whole, since a part of one says little.
func (s scope) sockBuf(v *Value, t *syscalls.Type, addr uint64) {
	n, ok := s.length(&t.Len)
	if !ok {
		return // stays an address
	}
	s.sockBufOf(v, t, addr, n, n)
}

func (s scope) sockBufOf(v *Value, t *syscalls.Type, addr, n, avail uint64) {
	s.bufferOf(v, t, addr, n, avail)
	if v.Kind != KindBytes || !mayBeMessage(v.data, n) {
		return
	}
	f := s.c.netlinkFamily()
	if f == nil {
		return
	}
	if s.c.bufferLimit() < nlMaxData {
		limit := s.c.BufferLimit
		s.c.BufferLimit = nlMaxData
		s.bufferOf(v, t, addr, n, avail)
		s.c.BufferLimit = limit
	}
	if v.Kind == KindBytes && len(v.data) >= nlHeader {
		v.ctx = &nlContext{family: f}
		v.out = s.out
	}
}

// mayBeMessage says whether data can begin with a netlink message, which it does
// with the length: what the socket is need not be asked for each text that goes
// over the network.
func mayBeMessage(data []byte, n uint64) bool {
	if len(data) < 4 {
		return n >= nlHeader // so little is read
	}
	return binary.NativeEndian.Uint32(data) <= nlMaxMessage
}

// netlinkFamily returns the netlink protocol of the socket that the call is
// made on, or nil.
func (c *Call) netlinkFamily() *syscalls.NetlinkFamily {
	if c.Netlink == nil || len(c.params) == 0 {
		return nil
	}
	fd := c.Entry(0)
	if fd.Kind != KindFD {
		return nil
	}
	protocol := c.Netlink(int(fd.Int()))
	if protocol < 0 {
		return nil
	}
	return syscalls.Netlink(protocol)
}

// Messages returns the netlink messages in data that was sent or received on a
// netlink socket: an array of structs nlmsg, after which bytes can stand that
// are no message. It is nil for other values.
func (v *Value) Messages() *Value {
	if v == nil || v.ctx == nil || v.Kind != KindBytes {
		return nil
	}
	if v.kids == nil {
		if v.kids = v.call.arena.values(1); len(v.kids) == 0 {
			v.kids = nil
			return nil
		}
		scope{c: v.call, parent: v, out: v.out}.messages(&v.kids[0], v.data, v.Addr, v.ctx)
	}
	return &v.kids[0]
}

// messages decodes netlink messages behind each other.
func (s scope) messages(list *Value, b []byte, addr uint64, ctx *nlContext) {
	step := func(at int) int { // to the message after the one at at, 0 if it is the last
		n := int(load(b[at : at+4]))
		if n < nlHeader || n > len(b)-at {
			return 0
		}
		return min((n+3)&^3, len(b)-at)
	}
	count := 0
	for at := 0; at+nlHeader <= len(b); {
		count++
		n := step(at)
		if n == 0 {
			break
		}
		at += n
	}
	list.call, list.typ, list.Kind, list.Addr, list.inline = s.c, nlMessages, KindArray, addr, true
	list.total = uint64(count)
	list.kids = s.c.arena.values(min(count, MaxElements))
	list.Truncated = len(list.kids) < count
	at := 0
	for i := range list.kids {
		m := &list.kids[i]
		n := int(load(b[at : at+4]))
		s.bytes(m, structNlmsg, b[at:at+min(max(n, nlHeader), len(b)-at)], addr+uint64(at))
		m.ctx, m.out = ctx, s.out
		at += step(at)
	}
}

// dynamic decodes a field whose meaning the fields before it decide.
func (s scope) dynamic(v *Value, fl *syscalls.Field, f *Value) {
	switch v.lay.Name {
	case "cmsghdr":
		s.cmsgField(v, fl.Name, f)
	case "nlmsg":
		s.messageField(v, fl.Name, f)
	case "nlattribute":
		s.attributeField(v, fl.Name, f)
	case "sockaddr_ll":
		s.hardwareAddr(v, fl, f)
	case "sock_ee_offender":
		if b := v.data[fl.Offset:]; len(b) >= 2 {
			s.sockaddrBytes(f, b[:min(len(b), maxSockaddr)], v.Addr+uint64(fl.Offset))
			return
		}
		f.Kind = KindNone
	case "nlerror":
		s.errorField(v, f)
	default:
		f.Kind = KindNone
	}
}

// messageField decodes type, flags, header and attributes of a message.
func (s scope) messageField(v *Value, name string, f *Value) {
	f.Kind = KindNone
	if len(v.data) < nlHeader || v.ctx == nil {
		return
	}
	typ := load(v.data[4:6])
	switch name {
	case "nlmsg_type":
		t := &syscalls.Type{Kind: syscalls.KindEnum, Set: v.ctx.family.Types}
		if typ < nlTypes && v.ctx.family.Types.On(s.c.ABI).Enum(typ) == "" || t.Set == nil {
			t.Set = syscalls.SetByName("nlmsgtype")
		}
		s.c.number(f, t, typ, 2)
		f.inline = true
	case "nlmsg_flags":
		t := &syscalls.Type{Kind: syscalls.KindFlags, Set: syscalls.SetByName(flagsName(v.ctx.family, typ))}
		s.c.number(f, t, load(v.data[6:8]), 2)
		f.inline, f.Wide = true, false
	case "payload":
		s.payload(v, typ, f)
	case "attrs":
		m := v.message(typ)
		if m == nil || m.Attrs == "" || m.Header == nil {
			return
		}
		lay := m.Header.Layout(s.c.ABI)
		if lay == nil {
			return
		}
		at := nlHeader + (lay.Size+3)&^3
		if len(v.data) > at {
			s.attributes(f, v.data[at:], v.Addr+uint64(at), &nlContext{family: v.ctx.family, attrs: syscalls.Attrs(m.Attrs), depth: v.ctx.depth})
		}
	}
}

// flagsName names the set of a message's flags: those above 0xff mean
// different things for requests that get, create and delete.
func flagsName(f *syscalls.NetlinkFamily, typ uint64) string {
	switch {
	case typ == nlmsgError:
		return "nlmflags_ack"
	case typ == nlmsgDone || typ < nlTypes:
		return "nlmflags"
	case f.Flags == "rtm":
		return [...]string{"nlmflags_new", "nlmflags_delete", "nlmflags_get", "nlmflags"}[typ&3]
	case f.Flags != "":
		return "nlmflags_" + f.Flags
	}
	return "nlmflags"
}

// message looks the message's type up in the table.
func (v *Value) message(typ uint64) *syscalls.NetlinkMessage {
	if typ < nlTypes && v.ctx.family.Types != nil && v.ctx.family.Types.On(v.call.ABI).Enum(typ) == "" {
		return nil
	}
	return v.ctx.family.Message(typ, load(v.data[6:8])&1 == 0, func(m *syscalls.NetlinkMessage) uint64 {
		if m.Header == nil {
			return 0
		}
		lay := m.Header.Layout(v.call.ABI)
		if lay == nil {
			return ^uint64(0)
		}
		i := lay.Field(m.By)
		if i < 0 || nlHeader+lay.Fields[i].Offset+lay.Fields[i].Size > len(v.data) {
			return ^uint64(0)
		}
		fl := &lay.Fields[i]
		return load(v.data[nlHeader+fl.Offset:][:fl.Size])
	})
}

// payload decodes what follows the header of a message.
func (s scope) payload(v *Value, typ uint64, f *Value) {
	b, addr := v.data[nlHeader:], v.Addr+nlHeader
	if len(b) == 0 {
		return
	}
	switch typ {
	case nlmsgError:
		if len(b) >= 4 {
			s.bytes(f, structNlerror, b, addr)
			f.ctx, f.out = v.ctx, s.out
			return
		}
	case nlmsgDone:
		if len(b) >= 4 {
			s.c.number(f, intType, load(b[:4]), 4)
			f.inline = true
			return
		}
	}
	m := v.message(typ)
	if m == nil || m.Header == nil {
		s.bytes(f, rawType, b, addr)
		return
	}
	lay := m.Header.Layout(s.c.ABI)
	if lay == nil || len(b) < lay.Size {
		first := uint64(0)
		if lay != nil && len(lay.Fields) > 0 && lay.Fields[0].Size < len(b) {
			first = 1
		}
		if first == 0 {
			s.bytes(f, rawType, b, addr)
			return
		}
	}
	s.bytes(f, m.Header, b[:min(len(b), lay.Size)], addr)
	f.ctx, f.out = v.ctx, s.out
}

// errorField decodes the message that an error is about.
func (s scope) errorField(v *Value, f *Value) {
	f.Kind = KindNone
	if len(v.data) <= 4 || v.ctx == nil || v.ctx.depth >= 2 {
		return
	}
	b := v.data[4:]
	if len(b) < nlHeader {
		s.bytes(f, rawType, b, v.Addr+4)
		return
	}
	n := int(load(b[:4]))
	s.bytes(f, structNlmsg, b[:max(min(n, len(b)), nlHeader)], v.Addr+4)
	f.ctx, f.out = &nlContext{family: v.ctx.family, depth: v.ctx.depth + 1}, s.out
}
