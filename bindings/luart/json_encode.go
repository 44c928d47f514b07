package luart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	visible "luatrace/internal/escape"
)

// JSONAppender is implemented by the Go values of userdata, and by own Lua
// value types, that have a JSON form. The text must be valid JSON.
type JSONAppender interface {
	EncodeJSON(r *Runtime, dst []byte) ([]byte, error)
}

// jsonEncoder is one encoding: the path to the value in hand, for errors.
type jsonEncoder struct {
	r       *Runtime
	path    []jsonStep
	open    []*lua.LTable
	checked int // how long the text was when the limits were looked at
}

// jsonStep is a step of a path: a member, or an element of an array.
type jsonStep struct {
	name  string
	index int // 0 for a member
}

// appendJSON appends a value as JSON. On error the appended text is to be
// dropped.
func (r *Runtime) appendJSON(dst []byte, v lua.LValue) ([]byte, error) {
	e := jsonEncoder{r: r}
	return e.value(dst, v)
}

func (e *jsonEncoder) fail(format string, args ...any) error {
	where := "the value"
	if len(e.path) > 0 {
		where = ""
		for _, s := range e.path {
			if s.index > 0 {
				where += "[" + strconv.Itoa(s.index) + "]"
			} else {
				where += "." + shortened(s.name, maxName)
			}
		}
		where = EscapeName(strings.TrimPrefix(where, "."))
	}
	return fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...))
}

func (e *jsonEncoder) value(dst []byte, v lua.LValue) ([]byte, error) {
	err := e.r.work()
	if err == nil && len(dst) >= e.checked+largeResult {
		e.checked = len(dst)
		err = e.r.growth(len(dst) + largeResult)
	}
	if err != nil {
		return dst, err
	}
	switch v := v.(type) {
	case *lua.LNilType:
		return append(dst, "null"...), nil
	case lua.LBool:
		return strconv.AppendBool(dst, bool(v)), nil
	case lua.LString:
		return e.text(dst, string(v))
	case lua.LNumber:
		return e.number(dst, float64(v))
	case Word, SignedWord:
		return append(dst, v.String()...), nil
	case *lua.LTable:
		return e.table(dst, v)
	case *lua.LUserData:
		if v == e.r.null {
			return append(dst, "null"...), nil
		}
		if a, ok := v.Value.(JSONAppender); ok {
			return a.EncodeJSON(e.r, dst)
		}
	case JSONAppender:
		return v.EncodeJSON(e.r, dst)
	}
	return dst, e.fail("a %s has no JSON form", TypeName(v))
}

// growthJSON is how many bytes JSON may need for one.
const growthJSON = 6

// text appends a string, by pieces if it is long.
func (e *jsonEncoder) text(dst []byte, s string) ([]byte, error) {
	dst = append(dst, '"')
	for len(s) > 0 {
		n := len(s)
		if n > piece {
			n = wholeRunes(s, piece)
			if err := e.r.Interrupted(); err != nil {
				return dst, err
			}
		}
		if need := len(dst) + growthJSON*n; need > cap(dst) {
			if err := e.r.growth(need); err != nil {
				return dst, err
			}
		}
		dst, s = visible.AppendJSONText(dst, s[:n]), s[n:]
	}
	return append(dst, '"'), nil
}

func (e *jsonEncoder) number(dst []byte, f float64) ([]byte, error) {
	switch {
	case math.IsInf(f, 0) || f != f:
		return dst, e.fail("the number is %s, which JSON can't express", appendNumber(nil, lua.LNumber(f)))
	case f == math.Trunc(f) && math.Abs(f) < 1<<63:
		return strconv.AppendInt(dst, int64(f), 10), nil
	case math.Abs(f) >= 1e-6 && math.Abs(f) < 1e21: // without an exponent where JavaScript writes none
		return strconv.AppendFloat(dst, f, 'f', -1, 64), nil
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64), nil
}

func (e *jsonEncoder) table(dst []byte, tb *lua.LTable) ([]byte, error) {
	if slices.Contains(e.open, tb) {
		return dst, e.fail("the table contains itself")
	}
	if len(e.open) >= maxJSONDepth {
		return dst, e.fail("nested more than %d levels deep", maxJSONDepth)
	}
	e.open = append(e.open, tb)
	defer func() { e.open = e.open[:len(e.open)-1] }()

	n := sequence(tb)
	keys, err := e.r.sortedKeys(tb, n)
	if err != nil {
		return dst, err
	}
	marked := tb.Metatable == e.r.arrays
	if marked && len(keys) > 0 {
		return dst, e.fail("the array has the key %s besides 1 to %d", e.r.AppendValue(nil, e.r.L, keys[0], showNested), n)
	}
	if len(keys) == 0 && (n > 0 || marked) {
		dst = append(dst, '[')
		for i := 1; i <= n; i++ {
			if i > 1 {
				dst = append(dst, ',')
			}
			e.path = append(e.path, jsonStep{index: i})
			if dst, err = e.value(dst, tb.RawGetInt(i)); err != nil {
				return dst, err
			}
			e.path = e.path[:len(e.path)-1]
		}
		return append(dst, ']'), nil
	}
	return e.object(dst, tb, n, keys)
}

func (e *jsonEncoder) object(dst []byte, tb *lua.LTable, n int, keys []lua.LValue) ([]byte, error) {
	type member struct {
		name  string
		value lua.LValue
	}
	const size = 40 // of a member
	if err := e.r.listGrowth(size * (n + len(keys))); err != nil {
		return dst, err
	}
	members := make([]member, 0, n+len(keys))
	for i := 1; i <= n; i++ {
		members = append(members, member{strconv.Itoa(i), tb.RawGetInt(i)})
	}
	for _, k := range keys {
		var name string
		switch k := k.(type) {
		case lua.LString:
			name = string(k)
		case lua.LNumber:
			name = string(appendNumber(nil, k))
		case Word, SignedWord:
			name = k.String()
		default:
			return dst, e.fail("a key of type %s; strings, numbers and words can be keys", TypeName(k))
		}
		members = append(members, member{name, tb.RawGet(k)})
	}
	err := sortWithin(e.r, members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	if err != nil {
		return dst, err
	}
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			if members[i-1].name == m.name {
				return dst, e.fail("the key %s occurs both as a number and as a string", appendQuoted(nil, shortened(m.name, maxName)))
			}
			dst = append(dst, ',')
		}
		if dst, err = e.text(dst, m.name); err != nil {
			return dst, err
		}
		dst = append(dst, ':')
		e.path = append(e.path, jsonStep{name: m.name})
		if dst, err = e.value(dst, m.value); err != nil {
			return dst, err
		}
		e.path = e.path[:len(e.path)-1]
	}
	return append(dst, '}'), nil
}
