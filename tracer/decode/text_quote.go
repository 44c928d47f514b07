package decode

import (
	"bytes"

	"luatrace/tracer/syscalls"
)

// text prints a string or buffer in quotes, cut at the limit.
func (o *Text) text(dst []byte, v *Value) []byte {
	if v.typ != nil {
		switch v.typ.Kind {
		case syscalls.KindIPv4:
			if o.Consts != ConstAbbrev {
				return o.address(dst, v)
			}
			return o.ipv4(dst, v.data)
		case syscalls.KindIPv6:
			return o.ipv6(dst, v.data)
		case syscalls.KindMAC:
			return appendMAC(dst, v.data)
		}
	}
	if m := v.Messages(); m != nil {
		return o.netlinkMessages(dst, m)
	}
	b, cut := v.data, v.Truncated
	limit := o.StringLimit
	if limit <= 0 {
		limit = len(b)
	}
	if v.typ != nil && (v.typ.Kind == syscalls.KindPath || v.typ.Whole) {
		limit = MaxPath - 1
	}
	if v.parent != nil && v.inline && v.wholeInStruct() {
		limit = len(b)
		if v.cut && len(b) > 0 {
			b, cut = b[:len(b)-1], true // no NUL ends it
		}
	}
	if v.cut && uint64(len(b)) < min(v.total, uint64(limit)+1) && v.Kind == KindBytes {
		return appendAddr(dst, v.Addr) // not even what is to be shown could be read
	}
	if len(b) > limit {
		b, cut = b[:limit], true
	}
	hex := o.HexStrings == HexAll || v.typ != nil && v.typ.Kind == syscalls.KindHexBytes
	if o.HexStrings == HexNonASCII {
		for _, ch := range b {
			if (ch < ' ' || ch > '~') && !(ch >= '\t' && ch <= '\r') {
				hex = true
			}
		}
	}
	if v.StructParent() == "sockaddr_un" && len(b) > 0 && b[0] == 0 {
		dst, b = append(dst, '@'), b[1:]
	}
	dst = append(dst, '"')
	if !hex && o.HexStrings == HexNonASCIIChars {
		dst = appendHexChars(dst, b)
	} else {
		dst = appendEscaped(dst, b, hex)
	}
	dst = append(dst, '"')
	if cut {
		dst = append(dst, "..."...)
	}
	return dst
}

// wholeInStruct reports whether a field of a struct is not cut at the limit:
// char arrays are short.
func (v *Value) wholeInStruct() bool {
	switch v.StructParent() {
	case "sockaddr_any":
		return true
	case "nlattribute", "nlmsg", "nlerror", "cmsghdr":
		return false
	}
	return v.Kind == KindString || v.typ != nil && v.typ.Kind == syscalls.KindHexBytes
}

// StructParent returns the name of the struct the value is a field of, or "".
func (v *Value) StructParent() string {
	if v.parent == nil {
		return ""
	}
	return v.parent.StructName()
}

const hexDigits = "0123456789abcdef"

// appendEscaped escapes as in a C string: the named escapes, and octal as short
// as the next character allows; or \x with two digits for every byte.
func appendEscaped(dst, b []byte, hex bool) []byte {
	for i, ch := range b {
		if hex {
			dst = append(dst, '\\', 'x', hexDigits[ch>>4], hexDigits[ch&15])
			continue
		}
		switch ch {
		case '"', '\\':
			dst = append(dst, '\\', ch)
		case '\t':
			dst = append(dst, `\t`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\v':
			dst = append(dst, `\v`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			if ch >= ' ' && ch <= '~' {
				dst = append(dst, ch)
				continue
			}
			dst = appendOctal(dst, b, i)
		}
	}
	return dst
}

// appendOctal escapes b[i].
func appendOctal(dst, b []byte, i int) []byte {
	ch := b[i]
	dst = append(dst, '\\')
	long := i+1 < len(b) && b[i+1] >= '0' && b[i+1] <= '7'
	if long || ch >= 0o100 {
		dst = append(dst, '0'+ch>>6)
	}
	if long || ch >= 0o10 {
		dst = append(dst, '0'+ch>>3&7)
	}
	return append(dst, '0'+ch&7)
}

// appendHexChars is appendEscaped with \x escapes where those are octal.
func appendHexChars(dst, b []byte) []byte {
	for i, ch := range b {
		if (ch < ' ' || ch > '~') && !(ch >= '\t' && ch <= '\r') {
			dst = append(dst, '\\', 'x', hexDigits[ch>>4], hexDigits[ch&15])
			continue
		}
		dst = appendEscaped(dst, b[i:i+1], false)
	}
	return dst
}

// AppendEscaped appends a name with the bytes escaped that do not print, and
// with octal escapes for those in special, which end the name.
func AppendEscaped(dst []byte, s, special string) []byte {
	b := []byte(s)
	for len(b) > 0 {
		j := bytes.IndexAny(b, special)
		if j < 0 {
			return appendEscaped(dst, b, false)
		}
		dst = appendOctal(appendEscaped(dst, b[:j], false), b, j)
		b = b[j+1:]
	}
	return dst
}
