package escape

import (
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendJSON appends any bytes as a JSON string. A byte that is no UTF-8
// becomes the four characters \xNN, and what could steer a terminal, such as
// C1 controls and changes of the writing direction, an escape.
func AppendJSON[S string | []byte](dst []byte, s S) []byte {
	dst, _ = AppendJSONExact(dst, s)
	return dst
}

// AppendJSONText appends a part of a JSON string as AppendJSON does, without
// quotes: the string may be cut between characters.
func AppendJSONText[S string | []byte](dst []byte, s S) []byte {
	dst, _ = appendJSONPart(dst, s)
	return dst
}

// AppendJSONExact is AppendJSON that says whether the string is exactly
// the bytes: whether they are UTF-8.
func AppendJSONExact[S string | []byte](dst []byte, s S) (_ []byte, exact bool) {
	dst, exact = appendJSONPart(append(dst, '"'), s)
	return append(dst, '"'), exact
}

func appendJSONPart[S string | []byte](dst []byte, s S) (_ []byte, exact bool) {
	exact = true
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			dst = appendJSONByte(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, '\\', '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
			exact = false
		case unicode.IsGraphic(r) && r != '\u2028' && r != '\u2029':
			dst = utf8.AppendRune(dst, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			dst = appendJSONRune(appendJSONRune(dst, high), low)
		default:
			dst = appendJSONRune(dst, r)
		}
		i += n
	}
	return dst, exact
}

func appendJSONRune(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
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
