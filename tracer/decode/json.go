package decode

import (
	"encoding/base64"
	"strconv"
	"unicode"
	"unicode/utf8"

	"luatrace/tracer/syscalls"
)

// AppendJSON appends a value as JSON. The form depends on the type of the
// value, never on how large a number happens to be:
//
//   - numbers and descriptors are numbers; quantities that may exceed 2^53
//     (Wide) and addresses are strings "0x...", a null pointer is null
//   - flags are {"value": n, "names": [...]}, enums the name, or the number when
//     it has none
//   - strings and buffers are strings; what is not valid UTF-8 or was cut is
//     {"text": ..., "base64": ..., "truncated": true, "length": n}, where text
//     has U+FFFD for what is no UTF-8
//   - structs are objects without padding, arrays are arrays
//   - a pointer that cannot be read is {"unreadable": "0x..."}
func AppendJSON(dst []byte, v *Value) []byte {
	if v == nil {
		return append(dst, "null"...)
	}
	switch v.Kind {
	case KindNone, KindNull:
		return append(dst, "null"...)
	case KindUnreadable:
		return append(jsonHex(append(dst, `{"unreadable":`...), v.num), '}')
	case KindAddr:
		return jsonHex(dst, v.num)
	case KindFlags:
		return jsonFlags(dst, v)
	case KindEnum:
		if name := v.Name(); name != "" {
			return AppendJSONString(dst, name)
		}
		return jsonNumber(dst, v)
	case KindString, KindBytes:
		return jsonText(dst, v)
	case KindStruct:
		return jsonStruct(dst, v)
	case KindArray:
		dst = append(dst, '[')
		for i := range v.kids {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, &v.kids[i])
		}
		return append(dst, ']')
	}
	return jsonNumber(dst, v)
}

// AppendJSONArgs appends an object of all arguments by their names.
func (c *Call) AppendJSONArgs(dst []byte) []byte {
	dst = append(dst, '{')
	first := true
	for i := range c.NumArgs() {
		if !c.Shown(i) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(AppendJSONString(dst, c.params[i].Name), ':')
		dst = AppendJSON(dst, c.Arg(i))
	}
	return append(dst, '}')
}

func jsonHex(dst []byte, n uint64) []byte { return append(appendHex(append(dst, '"'), n), '"') }

func jsonNumber(dst []byte, v *Value) []byte {
	if v.Wide {
		return jsonHex(dst, v.num)
	}
	if v.Kind == KindInt || v.Kind == KindFD {
		return strconv.AppendInt(dst, v.Int(), 10)
	}
	return strconv.AppendUint(dst, v.num, 10)
}

func jsonFlags(dst []byte, v *Value) []byte {
	dst = append(jsonNumber(append(dst, `{"value":`...), v), `,"names":[`...)
	for i, name := range v.Names() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSONString(dst, name)
	}
	return append(dst, "]}"...)
}

func jsonText(dst []byte, v *Value) []byte {
	if v.typ != nil && (v.typ.Kind == syscalls.KindIPv4 && len(v.data) >= 4 || v.typ.Kind == syscalls.KindIPv6 && len(v.data) >= 16) {
		return AppendJSONString(dst, v.IP().String())
	}
	valid := utf8.Valid(v.data)
	if valid && !v.Truncated {
		return AppendJSONString(dst, v.data)
	}
	dst = AppendJSONString(append(dst, `{"text":`...), v.data)
	if !valid {
		dst = append(dst, `,"base64":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, v.data)
		dst = append(dst, '"')
	}
	if v.Truncated {
		dst = append(dst, `,"truncated":true`...)
		if v.Kind == KindBytes {
			dst = strconv.AppendUint(append(dst, `,"length":`...), v.total, 10)
		}
	}
	return append(dst, '}')
}

func jsonStruct(dst []byte, v *Value) []byte {
	dst = append(dst, '{')
	first := true
	for i := range v.lay.Fields {
		f := &v.lay.Fields[i]
		if f.Hidden || !v.fieldShown(f) {
			continue
		}
		fv := v.FieldAt(i)
		if fv.Kind == KindNone {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(AppendJSONString(dst, f.Name), ':')
		dst = AppendJSON(dst, fv)
	}
	if d := v.CmsgData(); d != nil {
		dst = AppendJSON(append(dst, `,"cmsg_data":`...), d)
	}
	return append(dst, '}')
}

// AppendJSONString appends any bytes as a JSON string; what is no UTF-8 becomes
// U+FFFD, and what could steer a terminal, such as C1 controls and changes of
// the writing direction, an escape.
func AppendJSONString[S string | []byte](dst []byte, s S) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			dst = appendJSONByte(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		if unicode.IsGraphic(r) && r != '\u2028' && r != '\u2029' || r > 0xffff {
			dst = utf8.AppendRune(dst, r) // RuneError is U+FFFD
		} else {
			dst = append(dst, '\\', 'u', hexDigits[r>>12], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
		}
		i += n
	}
	return append(dst, '"')
}

func appendJSONByte(dst []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c == '\n':
		return append(dst, `\n`...)
	case c == '\t':
		return append(dst, `\t`...)
	case c == '\r':
		return append(dst, `\r`...)
	case c < ' ' || c == 0x7f:
		return append(append(dst, `\u00`...), hexDigits[c>>4], hexDigits[c&15])
	}
	return append(dst, c)
}
