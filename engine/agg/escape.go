package agg

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendEscaped appends s as text that is safe on a terminal and stays on one
// line: everything that isn't a printable character is written as an escape,
// and so is the backslash, so that no key can look like another's escapes.
// Keys hold what traced programs chose: paths, process names, data.
func appendEscaped(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		r, w := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && w == 1:
			dst = appendByte(dst, s[i])
		case r == '\\':
			dst = append(dst, `\\`...)
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r < 0x80 && !strconv.IsPrint(r):
			dst = appendByte(dst, s[i])
		case strconv.IsPrint(r):
			dst = append(dst, s[i:i+w]...)
		case r < 0x10000:
			dst = appendUnicode(dst, r)
		default:
			dst = append(dst, `\U`...)
			for shift := 28; shift >= 0; shift -= 4 {
				dst = append(dst, hexDigits[r>>shift&15])
			}
		}
		i += w
	}
	return dst
}

// appendString appends s as a JSON string. Bytes that are not UTF-8 become the
// four characters \xNN: JSON can't hold them, and a replacement character would
// make different keys look the same. Characters that do not print, such as those
// that change the writing direction, become escapes of JSON.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		r, w := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && w == 1:
			dst = appendByte(append(dst, '\\'), s[i])
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case strconv.IsPrint(r):
			dst = append(dst, s[i:i+w]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			dst = appendUnicode(appendUnicode(dst, high), low)
		default:
			dst = appendUnicode(dst, r)
		}
		i += w
	}
	return append(dst, '"')
}

func appendByte(dst []byte, b byte) []byte {
	return append(dst, '\\', 'x', hexDigits[b>>4], hexDigits[b&15])
}

func appendUnicode(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
