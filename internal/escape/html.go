package escape

import "unicode/utf8"

// Text appends text as the content of an HTML element, never of script or
// style: Visible, with the characters that mean something in HTML as references.
func Text(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		size, ok := Shown(s[i:])
		switch {
		case !ok:
			dst = append(dst, s[start:i]...)
			dst = appendBytes(dst, s[i:i+size])
			start = i + size
		case size == 1 && references[s[i]] != "":
			dst = append(dst, s[start:i]...)
			dst = append(dst, references[s[i]]...)
			start = i + 1
		}
		i += size
	}
	return append(dst, s[start:]...)
}

// Attribute appends text as the value of an HTML attribute, with its double
// quotes. The attribute's name is the caller's: none that begins with "on", nor
// href, src, style and their like, whose values are code or addresses.
func Attribute(dst []byte, s string) []byte {
	return append(Text(append(dst, '"'), s), '"')
}

// references are the characters that HTML gives a meaning, in text or in an
// attribute, also in one that lost its quotes.
var references = [utf8.RuneSelf]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&#34;", '\'': "&#39;", '`': "&#96;", '=': "&#61;"}
