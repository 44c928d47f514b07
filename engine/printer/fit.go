package printer

import (
	"bytes"
	"regexp"
	"sync"
)

// Bounds of shortening: a line is not made shorter than leastWidth, a string
// keeps leastString characters.
const (
	leastWidth  = 40
	leastString = 12
)

const dots = "..."

// fit shortens a line of a terminal so that it does not wrap, in the order of
// what is missed least: the blanks before the result, the words for the error
// behind its name, the ends of long strings (of a path the beginning), and at
// last what stands in front of the tail, the result. It works in line's memory.
func fit(line []byte, tail, width int) []byte {
	if width < leastWidth || tail <= 0 || tail > len(line) || len(line) <= width {
		return line
	}
	if blanks := len(line[tail:]) - len(bytes.TrimLeft(line[tail:], ") ")); blanks > len(") ") && line[tail] == ')' {
		line = append(line[:tail+len(") ")], line[tail+blanks:]...)
	}
	if words := errorWords().FindSubmatchIndex(line[tail:]); words != nil && len(line) > width {
		line = append(line[:tail+words[2]], line[tail+words[3]:]...)
	}
	line, tail = fitStrings(line, tail, width)
	if len(line) <= width {
		return line
	}
	at := width - (len(line) - tail) - len(dots)
	if start, end := stringAround(line[:tail], at); end > 0 {
		at = start - 1
	}
	if at < leastWidth/4 {
		return line
	}
	return append(line[:at], append([]byte(dots), line[tail:]...)...)
}

// errorWords are the words for an error.
var errorWords = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`= -1 E[A-Z0-9]+( \([A-Z][^()]*\))`)
})

// fitStrings shortens strings, the longest first, as far as it takes.
func fitStrings(line []byte, tail, width int) ([]byte, int) {
	for len(line) > width {
		start, end := longestString(line[:tail])
		if end-start <= leastString {
			break
		}
		after := end + 1
		whole := !bytes.HasPrefix(line[after:], []byte(dots))
		keep := end - start - (len(line) - width)
		if !whole {
			after += len(dots)
		}
		cutPath := bytes.HasSuffix(line[:start-1], []byte(dots)) // it has dots before it
		if (whole || line[start] == '/') && !cutPath {
			keep -= len(dots)
		}
		short := shortString(line[start:end], whole, cutPath, max(leastString, keep))
		cut := after - (start - 1) - len(short)
		if cut <= 0 {
			break
		}
		line = append(line[:start-1], append(short, line[after:]...)...)
		tail -= cut
	}
	return line, tail
}

// quoted calls f for the text between each pair of quotes; a backslash escapes
// one.
func quoted(line []byte, f func(start, end int)) {
	for i := 0; i < len(line); i++ {
		if line[i] != '"' {
			continue
		}
		start := i + 1
		for i = start; i < len(line) && line[i] != '"'; i++ {
			if line[i] == '\\' {
				i++
			}
		}
		if i < len(line) {
			f(start, i)
		}
	}
}

// longestString finds the longest text between quotes.
func longestString(line []byte) (start, end int) {
	quoted(line, func(s, e int) {
		if e-s > end-start {
			start, end = s, e
		}
	})
	return start, end
}

// stringAround finds the text between quotes, these included, in which a place
// lies.
func stringAround(line []byte, at int) (start, end int) {
	quoted(line, func(s, e int) {
		if at >= s && at <= e {
			start, end = s, e
		}
	})
	return start, end
}

// shortString is a string of at most keep characters with quotes and dots. These
// stand before a path, unless it was cut there already, and behind other strings
// and what was not whole before.
func shortString(text []byte, whole, cutPath bool, keep int) []byte {
	path := text[0] == '/' || cutPath
	i := 0
	for i < len(text) {
		n := escapeLen(text[i:])
		if path && len(text)-i <= keep || !path && i+n > keep {
			break
		}
		i += n
	}
	out := make([]byte, 0, keep+8)
	if !path {
		return append(append(append(out, '"'), text[:i]...), `"...`...)
	}
	if !cutPath {
		out = append(out, dots...)
	}
	out = append(append(append(out, '"'), text[i:]...), '"')
	if !whole {
		out = append(out, dots...)
	}
	return out
}

// escapeLen is how long the character is that stands first: one byte, or an
// escape sequence.
func escapeLen(b []byte) int {
	if b[0] != '\\' || len(b) < 2 {
		return 1
	}
	if b[1] == 'x' {
		return min(4, len(b))
	}
	n := 1
	for n < 4 && n < len(b) && b[n] >= '0' && b[n] <= '7' {
		n++
	}
	return max(n, 2)
}
