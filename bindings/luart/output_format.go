package luart

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// luaFormat is string.format. gopher-lua's hands the format to fmt.Sprintf,
// which takes other verbs and answers mistakes with %!d(...) in the text.
func (r *Runtime) luaFormat(L *lua.LState) int {
	L.Push(r.text(r.appendFormat(r.takeLine(), L, false)))
	return 1
}

// verb is one conversion of a format: %[flags][width][.precision]letter.
type verb struct {
	minus, plus, space, sharp, zero bool
	width, prec                     int // prec -1: none given
	letter                          byte
	text                            string // as written
}

// formatVerbs are the letters a format may use.
const formatVerbs = "d, i, u, c, x, X, o, e, E, f, g, G, q, s and %%"

// parseVerb reads a conversion from s, which begins with the %.
func parseVerb(s string) (v verb, rest string, err error) {
	v.prec = -1
	i := 1
flags:
	for ; i < len(s); i++ {
		switch s[i] {
		case '-':
			v.minus = true
		case '+':
			v.plus = true
		case ' ':
			v.space = true
		case '#':
			v.sharp = true
		case '0':
			v.zero = true
		default:
			break flags
		}
	}
	number := func() (n int) {
		for start := i; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			if i-start >= 2 {
				err = fmt.Errorf("width or precision of more than two digits in '%s'", EscapeName(s[:i+1]))
			}
			n = n*10 + int(s[i]-'0')
			if n > 1000 {
				n = 1000
			}
		}
		return n
	}
	v.width = number()
	if i < len(s) && s[i] == '.' {
		i++
		v.prec = number()
	}
	if err != nil {
		return v, "", err
	}
	if i >= len(s) {
		return v, "", fmt.Errorf("format ends inside '%s'; write %%%% for a percent sign", EscapeName(s))
	}
	v.letter, v.text = s[i], s[:i+1]
	if strings.IndexByte("diucxXoeEfgGqs", v.letter) < 0 {
		return v, "", fmt.Errorf("unknown conversion '%s'; formats know %s", EscapeName(v.text), formatVerbs)
	}
	return v, s[i+1:], nil
}

// appendFormat formats the arguments of the running function, the first of
// which is the format. With safe set control characters are escaped, but for newlines
// and tabs of the format itself.
func (r *Runtime) appendFormat(dst []byte, L *lua.LState, safe bool) []byte {
	format := L.CheckString(1)
	arg := 1
	for {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			return r.appendFixed(dst, L, format, safe)
		}
		dst = r.appendFixed(dst, L, format[:i], safe)
		format = format[i:]
		if strings.HasPrefix(format, "%%") {
			dst, format = append(dst, '%'), format[2:]
			continue
		}
		v, rest, err := parseVerb(format)
		if err != nil {
			L.ArgError(1, err.Error())
		}
		format = rest
		arg++
		if arg > L.GetTop() {
			L.ArgError(arg, "no value for '"+v.text+"'")
		}
		dst = r.appendVerb(dst, L, v, arg, safe)
	}
}

// appendFixed appends what stands in a format itself. It may come from a tracee
// too, where a script should have used "%s".
func (r *Runtime) appendFixed(dst []byte, L *lua.LState, s string, safe bool) []byte {
	if safe {
		return r.escapedLines(L, dst, s)
	}
	return r.plain(L, dst, s)
}

func (r *Runtime) appendVerb(dst []byte, L *lua.LState, v verb, n int, safe bool) []byte {
	start := len(dst)
	switch v.letter {
	case 's':
		s := ""
		switch a := L.Get(n).(type) {
		case lua.LString:
			s = string(a)
		default:
			s = ToString(L, a)
		}
		if v.prec >= 0 && v.prec < len(s) {
			s = s[:v.prec]
		}
		if safe {
			dst = r.escaped(L, dst, s)
		} else {
			dst = r.plain(L, dst, s)
		}
		return pad(dst, start, v, false)
	case 'q':
		if s, ok := L.Get(n).(lua.LString); ok {
			return r.quoted(L, dst, string(s))
		}
		return r.AppendValue(dst, L, L.Get(n), showNested)
	case 'c':
		c := checkInteger(L, n, v)
		if safe {
			dst = appendEscaped(dst, string([]byte{byte(c.bits)}))
		} else {
			dst = append(dst, byte(c.bits))
		}
		return pad(dst, start, v, false)
	case 'e', 'E', 'f', 'g', 'G':
		return appendFloat(dst, checkFloat(L, n, v), v)
	default:
		return appendInteger(dst, checkInteger(L, n, v), v)
	}
}

// pad widens dst[start:] to the width of v: with blanks, or with zeros after
// the sign or 0x if zeros is set.
func pad(dst []byte, start int, v verb, zeros bool) []byte {
	n := v.width - (len(dst) - start)
	if n <= 0 {
		return dst
	}
	at, fill := start, byte(' ')
	switch {
	case v.minus:
		at = len(dst)
	case zeros && v.zero:
		fill = '0'
		if at < len(dst) && (dst[at] == '-' || dst[at] == '+' || dst[at] == ' ') {
			at++
		}
		if at+1 < len(dst) && dst[at] == '0' && (dst[at+1] == 'x' || dst[at+1] == 'X') {
			at += 2
		}
	}
	for range n {
		dst = append(dst, fill)
	}
	copy(dst[at+n:], dst[at:len(dst)-n])
	for i := range n {
		dst[at+i] = fill
	}
	return dst
}

// integer is an integer argument: its two's complement, and how to read it.
type integer struct {
	bits     uint64
	unsigned bool // bits is the value; else int64(bits) is
}

func checkInteger(L *lua.LState, n int, v verb) integer {
	switch a := L.Get(n).(type) {
	case Word:
		return integer{uint64(a), true}
	case SignedWord:
		return integer{uint64(a), false}
	case lua.LNumber:
		return integerOf(L, n, float64(a), v)
	case lua.LString:
		if f, ok := parseNumber(string(a)); ok {
			return integerOf(L, n, f, v)
		}
	}
	L.ArgError(n, fmt.Sprintf("number expected for '%s', got %s", v.text, TypeName(L.Get(n))))
	panic("unreachable")
}

// integerOf drops the fraction, as C's and Lua's %d do.
func integerOf(L *lua.LState, n int, f float64, v verb) integer {
	switch f = math.Trunc(f); {
	case f >= -1<<63 && f < 1<<63:
		return integer{uint64(int64(f)), false}
	case f >= 0 && f < 1<<64:
		return integer{uint64(f), true}
	}
	L.ArgError(n, fmt.Sprintf("%s is not a 64-bit integer, as '%s' needs; use %%g or %%.0f", appendNumber(nil, lua.LNumber(f)), v.text))
	panic("unreachable")
}

func checkFloat(L *lua.LState, n int, v verb) float64 {
	switch a := L.Get(n).(type) {
	case lua.LNumber:
		return float64(a)
	case Word:
		return float64(a)
	case SignedWord:
		return float64(a)
	case lua.LString:
		if f, ok := parseNumber(string(a)); ok {
			return f
		}
	}
	L.ArgError(n, fmt.Sprintf("number expected for '%s', got %s", v.text, TypeName(L.Get(n))))
	panic("unreachable")
}

func appendInteger(dst []byte, n integer, v verb) []byte {
	start := len(dst)
	base, upper := 10, false
	switch v.letter {
	case 'x':
		base = 16
	case 'X':
		base, upper = 16, true
	case 'o':
		base = 8
	}
	mag := n.bits
	if v.letter == 'd' || v.letter == 'i' {
		negative := !n.unsigned && int64(n.bits) < 0
		switch {
		case negative:
			dst, mag = append(dst, '-'), -n.bits
		case v.plus:
			dst = append(dst, '+')
		case v.space:
			dst = append(dst, ' ')
		}
	}
	if v.sharp && base == 16 && mag != 0 {
		dst = append(dst, '0', v.letter)
	}
	var buf [32]byte
	digits := strconv.AppendUint(buf[:0], mag, base)
	if upper {
		for i, c := range digits {
			if c >= 'a' {
				digits[i] = c - 'a' + 'A'
			}
		}
	}
	if v.prec == 0 && mag == 0 {
		digits = digits[:0]
	}
	zeros := v.prec - len(digits)
	if v.sharp && base == 8 && zeros < 1 && (len(digits) == 0 || digits[0] != '0') {
		zeros = 1
	}
	for ; zeros > 0; zeros-- {
		dst = append(dst, '0')
	}
	return pad(append(dst, digits...), start, v, v.prec < 0)
}

func appendFloat(dst []byte, f float64, v verb) []byte {
	start := len(dst)
	switch {
	case math.Signbit(f) && f == f:
		dst = append(dst, '-')
	case v.plus:
		dst = append(dst, '+')
	case v.space:
		dst = append(dst, ' ')
	}
	f = math.Abs(f)
	if math.IsInf(f, 0) || f != f {
		text := "inf"
		if f != f {
			text = "nan"
		}
		if v.letter < 'a' {
			text = strings.ToUpper(text)
		}
		return pad(append(dst, text...), start, v, false)
	}
	prec := v.prec
	if prec < 0 {
		prec = 6
	}
	if prec == 0 && (v.letter == 'g' || v.letter == 'G') {
		prec = 1
	}
	if v.sharp { // keeps the point and trailing zeros; fmt knows how
		dst = fmt.Appendf(dst, "%#.*"+string(v.letter), prec, f)
	} else {
		dst = strconv.AppendFloat(dst, f, v.letter, prec, 64)
	}
	return pad(dst, start, v, true)
}
