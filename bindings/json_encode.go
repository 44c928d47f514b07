package bindings

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luatrace/tracer/decode"
)

// jsonAppender is implemented by the Go values of userdata, and by own Lua
// value types, that have a JSON form. The text must be valid JSON.
type jsonAppender interface {
	appendJSON(r *Runtime, dst []byte) ([]byte, error)
}

// jsonEncoder is one encoding: the path to the value in hand, for errors.
type jsonEncoder struct {
	r    *Runtime
	path []string
	open []*lua.LTable
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
		where = escape(strings.TrimPrefix(strings.Join(e.path, ""), "."))
	}
	return fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...))
}

func (e *jsonEncoder) value(dst []byte, v lua.LValue) ([]byte, error) {
	if err := e.r.work(len(dst)); err != nil {
		return dst, err
	}
	switch v := v.(type) {
	case *lua.LNilType:
		return append(dst, "null"...), nil
	case lua.LBool:
		return strconv.AppendBool(dst, bool(v)), nil
	case lua.LString:
		return decode.AppendJSONString(dst, string(v)), nil
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
		if a, ok := v.Value.(jsonAppender); ok {
			return a.appendJSON(e.r, dst)
		}
	case jsonAppender:
		return v.appendJSON(e.r, dst)
	}
	return dst, e.fail("a %s has no JSON form", typeName(v))
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
	keys := sortedKeys(tb, n)
	marked := tb.Metatable == e.r.arrays
	if marked && len(keys) > 0 {
		return dst, e.fail("the array has the key %s besides 1 to %d", e.r.appendValue(nil, e.r.L, keys[0], showNested), n)
	}
	var err error
	if len(keys) == 0 && (n > 0 || marked) {
		dst = append(dst, '[')
		for i := 1; i <= n; i++ {
			if i > 1 {
				dst = append(dst, ',')
			}
			e.path = append(e.path, "["+strconv.Itoa(i)+"]")
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
			return dst, e.fail("a key of type %s; strings, numbers and words can be keys", typeName(k))
		}
		members = append(members, member{name, tb.RawGet(k)})
	}
	slices.SortStableFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	var err error
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			if members[i-1].name == m.name {
				return dst, e.fail("the key %s occurs both as a number and as a string", appendQuoted(nil, m.name))
			}
			dst = append(dst, ',')
		}
		dst = append(decode.AppendJSONString(dst, m.name), ':')
		e.path = append(e.path, "."+m.name)
		if dst, err = e.value(dst, m.value); err != nil {
			return dst, err
		}
		e.path = e.path[:len(e.path)-1]
	}
	return append(dst, '}'), nil
}
