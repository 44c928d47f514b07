package escape

// Script appends JSON so that it can stand in a script element of HTML, as
// data or as an expression of JavaScript: <, > and & (which could end the element
// or begin a comment) and U+2028 and U+2029 (which end lines of older JavaScript)
// become \u escapes. Such characters stand in strings only, if the JSON is
// valid; what is not valid stays so, and can't leave the element either.
func Script(dst, json []byte) []byte {
	start := 0
	for i := 0; i < len(json); {
		size, escaped := 1, ""
		switch c := json[i]; {
		case c == '<':
			escaped = `\u003c`
		case c == '>':
			escaped = `\u003e`
		case c == '&':
			escaped = `\u0026`
		case c == 0xe2 && i+2 < len(json) && json[i+1] == 0x80 && json[i+2]&^1 == 0xa8:
			size, escaped = 3, `\u202`+string("89"[json[i+2]&1])
		}
		if escaped != "" {
			dst = append(dst, json[start:i]...)
			dst = append(dst, escaped...)
			start = i + size
		}
		i += size
	}
	return append(dst, json[start:]...)
}
