package luart

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
)

// jsonDecoder reads one JSON text by the grammar of RFC 8259. encoding/json
// would round integers and take invalid UTF-8 and repeated keys.
type jsonDecoder struct {
	r     *Runtime
	s     string
	i     int
	asked int // where it was asked whether to go on
	depth int
}

var errJSONEnd = errors.New("the text ends too early")

// DecodeJSON makes a value of a JSON text, as json.decode does. The error says what is
// wrong and where.
func (r *Runtime) DecodeJSON(s string) (lua.LValue, error) {
	d := jsonDecoder{r: r, s: s}
	v, err := d.value()
	if err == nil {
		if d.space(); d.i < len(s) {
			err = fmt.Errorf("unexpected %s after the value", d.token())
		}
	}
	if err != nil {
		at := min(d.i, len(s))
		line := 1 + strings.Count(s[:at], "\n")
		column := at - strings.LastIndexByte(s[:at], '\n')
		return nil, fmt.Errorf("line %d, column %d: %w", line, column, err)
	}
	return v, nil
}

// token is the next character, for messages.
func (d *jsonDecoder) token() string {
	_, size := utf8.DecodeRuneInString(d.s[d.i:])
	return "'" + EscapeName(d.s[d.i:d.i+size]) + "'"
}

func (d *jsonDecoder) space() {
	for d.i < len(d.s) && strings.IndexByte(" \t\n\r", d.s[d.i]) >= 0 {
		d.i++
	}
}

// next skips white space and returns the byte that follows, 0 at the end.
func (d *jsonDecoder) next() byte {
	d.space()
	if d.i >= len(d.s) {
		return 0
	}
	return d.s[d.i]
}

func (d *jsonDecoder) unexpected(want string) error {
	if d.i >= len(d.s) {
		return errJSONEnd
	}
	return fmt.Errorf("%s expected, found %s", want, d.token())
}

func (d *jsonDecoder) value() (lua.LValue, error) {
	if err := d.r.work(); err != nil {
		return nil, err
	}
	switch c := d.next(); {
	case c == '{':
		return d.object()
	case c == '[':
		return d.array()
	case c == '"':
		s, err := d.str()
		return lua.LString(s), err
	case c == '-' || c >= '0' && c <= '9':
		return d.number()
	}
	for word, v := range map[string]lua.LValue{"true": lua.LTrue, "false": lua.LFalse, "null": d.r.null} {
		if strings.HasPrefix(d.s[d.i:], word) {
			d.i += len(word)
			return v, nil
		}
	}
	return nil, d.unexpected("a value")
}

// enter goes one level deeper, past the opening bracket.
func (d *jsonDecoder) enter() error {
	if d.depth++; d.depth > maxJSONDepth {
		return fmt.Errorf("nested more than %d levels deep", maxJSONDepth)
	}
	d.i++
	return nil
}

func (d *jsonDecoder) array() (lua.LValue, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	tb := d.r.L.NewTable()
	tb.Metatable = d.r.arrays
	if d.next() != ']' {
		for {
			v, err := d.value()
			if err != nil {
				return nil, err
			}
			tb.Append(v)
			c := d.next()
			if c == ']' {
				break
			}
			if c != ',' {
				return nil, d.unexpected("',' or ']'")
			}
			d.i++
		}
	}
	d.i++
	d.depth--
	return tb, nil
}

func (d *jsonDecoder) object() (lua.LValue, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	tb := d.r.L.NewTable()
	if d.next() != '}' {
		for {
			if d.next() != '"' {
				return nil, d.unexpected("a key in quotes")
			}
			start := d.i
			key, err := d.str()
			if err != nil {
				return nil, err
			}
			if tb.RawGetString(key) != lua.LNil {
				d.i = start
				return nil, fmt.Errorf("the key %s occurs twice", appendQuoted(nil, shortened(key, maxName)))
			}
			if d.next() != ':' {
				return nil, d.unexpected("':'")
			}
			d.i++
			v, err := d.value()
			if err != nil {
				return nil, err
			}
			tb.RawSetString(key, v)
			c := d.next()
			if c == '}' {
				break
			}
			if c != ',' {
				return nil, d.unexpected("',' or '}'")
			}
			d.i++
		}
	}
	d.i++
	d.depth--
	return tb, nil
}

func (d *jsonDecoder) number() (lua.LValue, error) {
	start := d.i
	digits := func() bool {
		from := d.i
		for d.i < len(d.s) && d.s[d.i] >= '0' && d.s[d.i] <= '9' {
			d.i++
		}
		return d.i > from
	}
	accept := func(set string) bool {
		if d.i < len(d.s) && strings.IndexByte(set, d.s[d.i]) >= 0 {
			d.i++
			return true
		}
		return false
	}
	accept("-")
	if !accept("0") && !digits() {
		return nil, d.unexpected("a digit")
	}
	if d.i < len(d.s) && d.s[d.i] >= '0' && d.s[d.i] <= '9' {
		return nil, errors.New("a number must not begin with a superfluous 0")
	}
	whole := true
	if accept(".") {
		whole = false
		if !digits() {
			return nil, d.unexpected("a digit")
		}
	}
	if accept("eE") {
		whole = false
		accept("+-")
		if !digits() {
			return nil, d.unexpected("a digit")
		}
	}
	text := d.s[start:d.i]
	if whole {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			if n >= -maxExact && n <= maxExact {
				return lua.LNumber(n), nil
			}
			if n < 0 {
				return SignedWord(n), nil
			}
			return Word(n), nil
		}
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			return Word(n), nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		d.i = start
		return nil, errors.New("the number is too large")
	}
	return lua.LNumber(f), nil
}

// str reads a string; d.i is at the opening quote.
func (d *jsonDecoder) str() (string, error) {
	d.i++
	start := d.i
	var out []byte // used from the first escape on
	for d.i < len(d.s) {
		if d.i-d.asked > piece {
			d.asked = d.i
			if err := d.r.Interrupted(); err != nil {
				return "", err
			}
		}
		c := d.s[d.i]
		switch {
		case c == '"':
			s := d.s[start:d.i]
			d.i++
			if out != nil {
				return string(append(out, s...)), nil
			}
			return s, nil
		case c < 0x20:
			return "", errors.New("control character in a string")
		case c == '\\':
			out = append(out, d.s[start:d.i]...)
			var err error
			if out, err = d.escape(out); err != nil {
				return "", err
			}
			start = d.i
		case c < utf8.RuneSelf:
			d.i++
		default:
			r, size := utf8.DecodeRuneInString(d.s[d.i:])
			if r == utf8.RuneError && size == 1 {
				return "", errors.New("invalid UTF-8 in a string")
			}
			d.i += size
		}
	}
	return "", errJSONEnd
}

// escape reads the escape sequence at d.i.
func (d *jsonDecoder) escape(out []byte) ([]byte, error) {
	if d.i+1 >= len(d.s) {
		d.i = len(d.s)
		return nil, errJSONEnd
	}
	c := d.s[d.i+1]
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		d.i += 2
		return append(out, "\"\\/\b\f\n\r\t"[i]), nil
	}
	if c != 'u' {
		return nil, errors.New("unknown escape sequence")
	}
	char, err := d.unit()
	if err != nil {
		return nil, err
	}
	if utf16.IsSurrogate(char) {
		low, err := d.unit()
		if err != nil {
			return nil, errors.New("half of a surrogate pair")
		}
		if char = utf16.DecodeRune(char, low); char == utf8.RuneError {
			return nil, errors.New("half of a surrogate pair")
		}
	}
	return utf8.AppendRune(out, char), nil
}

// unit reads \uNNNN.
func (d *jsonDecoder) unit() (rune, error) {
	if len(d.s)-d.i < 6 || d.s[d.i] != '\\' || d.s[d.i+1] != 'u' {
		return 0, errors.New("\\u must be followed by four hexadecimal digits")
	}
	text := d.s[d.i+2 : d.i+6]
	n, err := strconv.ParseUint(text, 16, 16)
	if err != nil || strings.ContainsAny(text, "+-_") {
		return 0, errors.New("\\u must be followed by four hexadecimal digits")
	}
	d.i += 6
	return rune(n), nil
}
