package decode

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"luatrace/internal/escape"
)

// MaxLine is how many bytes the line of one event has at most, as text and as JSON:
// with -v, or a large --string-limit, a program could make megabytes of one call. What
// is cut is said in the line.
const MaxLine = 1 << 20

// CutLine shortens the line that begins at dst[start], if it is longer than MaxLine, and
// says how many bytes are missing: "... <1234 bytes cut>". What stands from tail on, the result of a call,
// stays; a tail of 0 is none.
func CutLine(dst []byte, start, tail int) []byte {
	if len(dst)-start <= MaxLine {
		return dst
	}
	if tail <= start || len(dst)-tail > MaxLine/2 {
		tail = len(dst)
	}
	const words = len("... <18446744073709551615 bytes cut>")
	keep := start + MaxLine - words - (len(dst) - tail)
	for range utf8.UTFMax - 1 {
		if utf8.RuneStart(dst[keep]) {
			break
		}
		keep--
	}
	rest := append([]byte(nil), dst[tail:]...)
	missing := tail - keep
	dst = strconv.AppendInt(append(dst[:keep], "... <"...), int64(missing), 10)
	return append(append(dst, " bytes cut>"...), rest...)
}

// jsonRoom is how much of an object the values may take, so that with the rest it is no
// longer than MaxLine.
const jsonRoom = MaxLine - 16<<10

// full says whether there is no room for another element.
func (j *JSON) full() bool { return j.Bounded && j.used >= jsonRoom }

// fitting returns how much of a string's bytes there is room for, all of them if
// possible.
func (j *JSON) fitting(data []byte) []byte {
	if !j.Bounded {
		return data
	}
	cost := func(b []byte) int {
		var exact bool
		j.scratch, exact = escape.AppendJSONExact(j.scratch[:0], b)
		if exact {
			return len(j.scratch)
		}
		return len(j.scratch) + base64.StdEncoding.EncodedLen(len(b)) + len(j.path) + len(`"":"",`)
	}
	const worst = 8 // bytes of a byte: \u001b, or \\xff and its base64
	room := max(0, jsonRoom-j.used)
	if len(data)*worst+len(j.path)+worst <= room {
		return data
	}
	for b := data; ; {
		c := cost(b)
		if c <= room || len(b) == 0 {
			return b
		}
		n := min(len(b)-1, len(b)*room/c)
		for i := 0; i < utf8.UTFMax-1 && n > 0 && !utf8.RuneStart(data[n]); i++ {
			n--
		}
		b = b[:n]
	}
}
