package luart

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	visible "luatrace/internal/escape"
)

// appendEscaped appends text with everything that could steer a terminal or
// fake a line made visible (escape.Visible). %q is for taking back.
func appendEscaped(dst []byte, s string) []byte { return visible.Visible(dst, s) }

// How much of a name, and of a whole text, stands in messages.
const (
	maxName    = 1 << 10
	maxMessage = 16 << 10
)

// shortened is a text that is to stand in a message: of a longer one the beginning.
func shortened(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return fmt.Sprintf("%s... (%d bytes)", s[:wholeRunes(s, most)], len(s))
}

// EscapeName is appendEscaped for names in messages, which it shortens.
func EscapeName(s string) string { return string(appendEscaped(nil, shortened(s, maxName))) }

// Escape makes text of scripts and of what they trace safe to print within a
// line: as print does. What is longer than 16 KiB is cut.
func Escape(s string) string { return string(appendEscaped(nil, shortened(s, maxMessage))) }

// EscapeLines is Escape for text of several lines: newlines and tabs stay.
func EscapeLines(s string) string { return string(appendText(nil, s)) }

// appendQuoted appends text in quotes as Lua source for the same bytes: control
// characters and invalid UTF-8 as \n, \t or three decimal digits.
func appendQuoted(dst []byte, s string) []byte {
	return append(appendInQuotes(append(dst, '"'), s), '"')
}

// appendInQuotes is appendQuoted without the quotes.
func appendInQuotes(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= 0x20 && c < 0x7f:
			dst = append(dst, c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		default:
			size, shown := visible.Shown(s[i:])
			if shown {
				dst = append(dst, s[i:i+size]...)
				i += size
				continue
			}
			for _, b := range []byte(s[i : i+size]) {
				dst = append(dst, '\\', '0'+b/100, '0'+b/10%10, '0'+b%10)
			}
			i += size
			continue
		}
		i++
	}
	return dst
}

// How many bytes the functions above may make of one: \xNN and \NNN.
const growthEscaped = 4

// escaped is appendEscaped that looks at the limits.
func (r *Runtime) escaped(L *lua.LState, dst []byte, s string) []byte {
	if atOnce(dst, s, growthEscaped) {
		return appendEscaped(dst, s)
	}
	return r.inPieces(L, dst, s, growthEscaped, appendEscaped)
}

// escapedLines is appendText that looks at the limits.
func (r *Runtime) escapedLines(L *lua.LState, dst []byte, s string) []byte {
	if atOnce(dst, s, growthEscaped) {
		return appendText(dst, s)
	}
	return r.inPieces(L, dst, s, growthEscaped, appendText)
}

// quoted is appendQuoted that looks at the limits.
func (r *Runtime) quoted(L *lua.LState, dst []byte, s string) []byte {
	return append(r.inPieces(L, append(dst, '"'), s, growthEscaped, appendInQuotes), '"')
}

// plain appends a text as it is.
func (r *Runtime) plain(L *lua.LState, dst []byte, s string) []byte {
	r.RoomFor(L, dst, len(s))
	return append(dst, s...)
}

// text is what a built-in function has made in the scratch buffer, as a value. A long
// one is not copied: the buffer is given up.
func (r *Runtime) text(out []byte) lua.LString {
	if cap(out) > maxScratch {
		return lua.LString(TextOf(out))
	}
	r.line = out
	return lua.LString(out)
}
