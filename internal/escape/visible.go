// Package escape makes text that a traced program, a file or a script has
// chosen safe where it is shown: on a terminal and in a line (Visible), in HTML
// (Text, Attribute), in a string of JSON (AppendJSON), in JSON within a page's script
// (Script).
//
// What is shown keeps its meaning for a reader, and can't have one for the
// place: it moves no cursor, ends no element, starts no script, fakes no line.
// There is no function for URLs: nothing that was traced becomes a link.
package escape

import (
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// Visible appends text with everything that could steer a terminal or fake a
// line made visible: newline and tab as \n and \t; other control characters,
// DEL, C1, invisible and direction-changing characters, and bytes that are not
// UTF-8 as \xNN for each byte. A backslash stays one: the text is for reading.
func Visible(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; c >= 0x20 && c < 0x7f {
			i++
			continue
		}
		size, ok := Shown(s[i:])
		if !ok {
			dst = append(dst, s[start:i]...)
			dst = appendBytes(dst, s[i:i+size])
			start = i + size
		}
		i += size
	}
	return append(dst, s[start:]...)
}

// Shown says of how many bytes the first character of text is, and whether it
// may be shown as it is. Bytes that are not UTF-8 are a character each, and may not.
func Shown(s string) (size int, ok bool) {
	c := s[0]
	if c < utf8.RuneSelf {
		return 1, c >= 0x20 && c < 0x7f
	}
	r, size := utf8.DecodeRuneInString(s)
	return size, (r != utf8.RuneError || size > 1) && harmless(r)
}

// harmless reports whether a character beyond ASCII may be shown: what Unicode
// calls graphic, and the joiners that emoji and some scripts need.
func harmless(c rune) bool {
	return unicode.IsGraphic(c) && c != '\u2028' && c != '\u2029' || c == '\u200c' || c == '\u200d'
}

// appendBytes appends the bytes of a character that is not shown.
func appendBytes(dst []byte, char string) []byte {
	for i := range len(char) {
		switch b := char[i]; b {
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'x', hexDigits[b>>4], hexDigits[b&15])
		}
	}
	return dst
}
