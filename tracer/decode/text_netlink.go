package decode

import (
	"strconv"

	"luatrace/tracer/syscalls"
)

// netlinkMessages prints messages: one alone as it is, more in brackets.
func (o *Text) netlinkMessages(dst []byte, list *Value) []byte {
	if len(list.kids) == 1 && !list.Truncated {
		return o.AppendValue(dst, &list.kids[0])
	}
	return o.netlinkList(dst, list)
}

func (o *Text) netlinkList(dst []byte, list *Value) []byte {
	dst = append(dst, '[')
	for i := range list.kids {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if o.Abbrev && o.StringLimit > 0 && i >= o.StringLimit {
			return append(dst, "...]"...)
		}
		dst = o.AppendValue(dst, &list.kids[i])
	}
	return append(dst, ']')
}

// netlinkMessage prints a header, in brackets with what follows it.
func (o *Text) netlinkMessage(dst []byte, v *Value) []byte {
	payload, attrs := v.Field("payload"), v.Field("attrs")
	if payload.Kind != KindNone {
		dst = append(dst, '[')
	}
	dst = append(dst, '{')
	for i := range 5 {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(append(dst, v.lay.Fields[i].Name...), '=')
		dst = o.AppendValue(dst, v.FieldAt(i))
	}
	dst = append(dst, '}')
	if payload.Kind == KindNone {
		return dst
	}
	dst = o.AppendValue(append(dst, ", "...), payload)
	if attrs.Kind != KindNone {
		dst = o.netlinkAttributes(append(dst, ", "...), attrs)
	}
	return append(dst, ']')
}

func (o *Text) netlinkAttributes(dst []byte, v *Value) []byte {
	if v.Kind == KindArray && len(v.kids) == 1 {
		return o.AppendValue(dst, &v.kids[0])
	}
	if v.Kind == KindArray {
		return o.netlinkList(dst, v)
	}
	return o.AppendValue(dst, v)
}

// netlinkAttribute prints one attribute, in brackets with its data.
func (o *Text) netlinkAttribute(dst []byte, v *Value) []byte {
	data := v.Field("data")
	if data.Kind != KindNone {
		dst = append(dst, '[')
	}
	dst = o.AppendValue(append(dst, "{nla_len="...), v.Field("nla_len"))
	dst = append(dst, ", nla_type="...)
	flags := load(v.data[2:4]) & nlAttrFlags
	if flags&0x8000 != 0 {
		dst = append(dst, "NLA_F_NESTED|"...)
	}
	if flags&0x4000 != 0 {
		dst = append(dst, "NLA_F_NET_BYTEORDER|"...)
	}
	typ := v.Field("nla_type")
	if typ.typ.Set == nil {
		dst = appendHex0(dst, typ.num)
	} else {
		dst = o.AppendValue(dst, typ)
	}
	dst = append(dst, '}')
	if data.Kind == KindNone {
		return dst
	}
	dst = append(dst, ", "...)
	switch {
	case data.typ == nlAttributes:
		dst = o.netlinkAttributes(dst, data)
	case data.typ == nlIndexed:
		dst = o.netlinkIndexed(dst, data)
	case data.typ != nil && data.typ.Kind == syscalls.KindIPv6:
		dst = append(o.AppendValue(append(dst, "inet_pton(AF_INET6, "...), data), ')')
	default:
		dst = o.AppendValue(dst, data)
	}
	return append(dst, ']')
}

// netlinkIndexed prints an array whose places have names: [[NAME]=5].
func (o *Text) netlinkIndexed(dst []byte, v *Value) []byte {
	names := v.ctx.attrs.Set.On(v.call.ABI)
	dst = append(dst, '[')
	for i := range v.kids {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if o.Abbrev && o.StringLimit > 0 && i >= o.StringLimit {
			return append(dst, "...]"...)
		}
		dst = append(dst, '[')
		place := uint64(i + v.ctx.depth)
		if name := names.Enum(place); name == "" {
			dst = appendMarked(strconv.AppendUint(dst, uint64(i), 10), names.Marker)
		} else if dst = append(dst, name...); v.ctx.depth > 0 {
			dst = append(dst, "-1"...)
		}
		dst = o.AppendValue(append(dst, "]="...), &v.kids[i])
	}
	return append(dst, ']')
}
