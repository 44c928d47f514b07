package decode

import "luatrace/tracer/syscalls"

// attributes decodes attributes behind each other.
func (s scope) attributes(list *Value, b []byte, addr uint64, ctx *nlContext) {
	count := 0
	for at := 0; at+nlAttrHeader <= len(b); count++ {
		n := int(load(b[at : at+2]))
		if n < nlAttrHeader {
			count++
			break
		}
		at += (n + 3) &^ 3
	}
	if count == 0 || ctx.depth > nlMaxDepth {
		s.bytes(list, rawType, b, addr)
		return
	}
	list.call, list.typ, list.Kind, list.Addr, list.inline = s.c, nlAttributes, KindArray, addr, true
	list.kids = s.c.arena.values(min(count, MaxElements))
	list.total = uint64(count)
	list.Truncated = len(list.kids) < count
	at := 0
	for i := range list.kids {
		n := int(load(b[at : at+2]))
		a := &list.kids[i]
		s.bytes(a, structNlattr, b[at:at+max(nlAttrHeader, min(n, len(b)-at))], addr+uint64(at))
		a.ctx, a.out, a.parent = ctx, s.out, list
		at += (n + 3) &^ 3
	}
}

// attributeField decodes type and data of an attribute.
func (s scope) attributeField(v *Value, name string, f *Value) {
	f.Kind = KindNone
	if len(v.data) < nlAttrHeader || v.ctx == nil {
		return
	}
	typ := load(v.data[2:4])
	if name == "nla_type" {
		t := uintType
		if v.ctx.attrs != nil && v.ctx.attrs.Set != nil {
			t = &syscalls.Type{Kind: syscalls.KindEnum, Set: v.ctx.attrs.Set}
		}
		s.c.number(f, t, typ&^nlAttrFlags, 2)
		f.inline = true
		return
	}
	b := v.data[nlAttrHeader:]
	if len(b) == 0 {
		return
	}
	addr := v.Addr + nlAttrHeader
	a := v.ctx.attrs.Attr(typ &^ nlAttrFlags)
	ctx := &nlContext{family: v.ctx.family, depth: v.ctx.depth + 1}
	switch {
	case v.ctx.attrs != nil && v.ctx.attrs.Set == nil && v.ctx.attrs.Attr(0) != nil: // a list, whose types are indices
		a = v.ctx.attrs.Attr(0)
	case a != nil && a.By != "":
		ctx.attrs = syscalls.Attrs(a.Nest + v.parent.attrText(a.By))
		if ctx.attrs == nil {
			a = nil
		}
	}
	if a != nil && a.Nest != "" {
		if ctx.attrs == nil {
			ctx.attrs = syscalls.Attrs(a.Nest)
		}
		s.attributes(f, b, addr, ctx)
		return
	}
	s.attribute(f, a, b, addr)
}

// attrText returns the text of an attribute of a list by its name.
func (v *Value) attrText(name string) string {
	if v == nil {
		return ""
	}
	for i := range v.kids {
		a := &v.kids[i]
		if a.Field("nla_type").Name() == name {
			return string(a.Field("data").Str())
		}
	}
	return ""
}

// attribute decodes the data of an attribute or a control message.
func (s scope) attribute(f *Value, a *syscalls.Attr, b []byte, addr uint64) {
	if a == nil || a.Type == nil {
		s.bytes(f, rawType, b, addr)
		return
	}
	t := a.Type
	size := t.MemSize(s.c.ABI)
	switch {
	case a.Index != nil:
		s.bytes(f, t, nil, addr)
		s.elements(f, t, b, addr, uint64(len(b)/max(size, 1)))
		f.typ = nlIndexed
		f.ctx = &nlContext{attrs: &syscalls.AttrSet{Set: a.Index}, depth: a.Origin}
		return
	case t.Kind == syscalls.KindArray:
		per := t.Elem.MemSize(s.c.ABI)
		if per == 0 || len(b) < per {
			s.bytes(f, rawType, b, addr)
			return
		}
		s.bytes(f, t.Elem, nil, addr)
		s.elements(f, t.Elem, b, addr, uint64(len(b)/per))
		f.typ = t
		return
	case t.Kind == syscalls.KindStruct:
		if size == 0 || len(b) < size && !growing(t) {
			s.bytes(f, rawType, b, addr)
			return
		}
		lay := t.Layout(s.c.ABI)
		if lay.Fields[len(lay.Fields)-1].Type.Kind != syscalls.KindDyn {
			b = b[:min(size, len(b))]
		}
		s.bytes(f, t, b, addr)
		f.out = s.out
		return
	case t.Kind == syscalls.KindSockaddr:
		if len(b) >= 2 {
			s.sockaddrBytes(f, b[:min(len(b), maxSockaddr)], addr)
			return
		}
	case isScalar(t.Kind):
		if len(b) >= size || t.Kind == syscalls.KindFlags || t.Kind == syscalls.KindEnum {
			if t.Kind == syscalls.KindFlags || t.Kind == syscalls.KindEnum || t.Kind == syscalls.KindU64 && len(b) < 8 {
				size = min(len(b), 4) // as wide as the data
			}
			s.bytes(f, t, b[:size], addr)
			return
		}
		s.bytes(f, rawType, b, addr)
		return
	}
	s.bytes(f, t, b, addr)
	if f.Kind == KindString && len(f.data) == len(b) {
		f.Truncated = true // no NUL ends it
	}
}

// growing reports whether older kernels have a shorter version of a struct.
func growing(t *syscalls.Type) bool {
	switch t.Struct {
	case "rtnl_link_stats64", "rtnl_link_stats", "tcp_info", "ifla_cacheinfo", "sock_ee_offender":
		return true
	}
	return false
}
