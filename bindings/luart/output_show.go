package luart

import (
	"math"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// showMode says how a value is shown.
type showMode uint8

const (
	ShowTop    showMode = iota // an argument of print: strings bare but escaped
	showNested                 // inside a table: strings quoted
)

// How much of a table print shows.
const (
	showDepth   = 4
	showEntries = 40
	showBytes   = 4096
)

// AppendValue appends a value for people to read. It never writes a control
// character.
func (r *Runtime) AppendValue(dst []byte, L *lua.LState, v lua.LValue, mode showMode) []byte {
	return r.show(dst, L, v, mode, nil, len(dst)+showBytes)
}

func (r *Runtime) show(dst []byte, L *lua.LState, v lua.LValue, mode showMode, above []*lua.LTable, limit int) []byte {
	switch v := v.(type) {
	case lua.LString:
		if mode == ShowTop {
			return r.escaped(L, dst, string(v))
		}
		return r.quoted(L, dst, string(v))
	case lua.LNumber:
		return appendNumber(dst, v)
	case lua.LBool:
		return strconv.AppendBool(dst, bool(v))
	case *lua.LNilType:
		return append(dst, "nil"...)
	case Word:
		return strconv.AppendUint(dst, uint64(v), 10)
	case SignedWord:
		return strconv.AppendInt(dst, int64(v), 10)
	case *lua.LTable:
		if L.GetMetaField(v, "__tostring") == lua.LNil {
			return r.showTable(dst, L, v, above, limit)
		}
	}
	return r.escaped(L, dst, ToString(L, v))
}

func (r *Runtime) showTable(dst []byte, L *lua.LState, tb *lua.LTable, above []*lua.LTable, limit int) []byte {
	if slices.Contains(above, tb) {
		return append(dst, "{<cycle>}"...)
	}
	if len(above) >= showDepth {
		return append(dst, "{...}"...)
	}
	above = append(above, tb)
	dst = append(dst, '{')
	count := 0
	// more reports whether another entry may be shown, and separates it.
	more := func() bool {
		if count > 0 {
			dst = append(dst, ", "...)
		}
		count++
		if count > showEntries || len(dst) > limit {
			dst = append(dst, "..."...)
			return false
		}
		return true
	}
	n := sequence(tb)
	for i := 1; i <= n; i++ {
		if !more() {
			return append(dst, '}')
		}
		dst = r.show(dst, L, tb.RawGetInt(i), showNested, above, limit)
	}
	keys, err := r.sortedKeys(tb, n)
	if err != nil {
		L.RaiseError("%s", err.Error())
	}
	for _, k := range keys {
		if !more() {
			break
		}
		if s, ok := k.(lua.LString); ok && IsName(string(s)) {
			dst = r.plain(L, dst, string(s))
		} else {
			dst = append(dst, '[')
			dst = r.show(dst, L, k, showNested, above, limit)
			dst = append(dst, ']')
		}
		dst = append(dst, '=')
		dst = r.show(dst, L, tb.RawGet(k), showNested, above, limit)
	}
	return append(dst, '}')
}

// sequence returns how many elements a table has from 1 up without a gap. Len
// would count the gaps too.
func sequence(tb *lua.LTable) int {
	n := 0
	for tb.RawGetInt(n+1) != lua.LNil {
		n++
	}
	return n
}

// sortedKeys returns the keys of a table but 1..n: numbers, then strings, each
// in order, then the rest. The error is that of a limit.
func (r *Runtime) sortedKeys(tb *lua.LTable, n int) ([]lua.LValue, error) {
	var keys []lua.LValue
	var err error
	tb.ForEach(func(k, _ lua.LValue) {
		if i, ok := k.(lua.LNumber); ok && i >= 1 && i <= lua.LNumber(n) && i == lua.LNumber(math.Trunc(float64(i))) {
			return
		}
		if len(keys) == cap(keys) && err == nil {
			err = r.listGrowth(valueSize * (len(keys) + 1))
		}
		if err == nil {
			keys = append(keys, k)
		}
	})
	rank := func(k lua.LValue) int {
		switch k.(type) {
		case lua.LNumber:
			return 0
		case lua.LString:
			return 1
		}
		return 2
	}
	if err != nil {
		return nil, err
	}
	return keys, sortWithin(r, keys, func(a, b lua.LValue) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		switch a := a.(type) {
		case lua.LNumber:
			return compare(float64(a), float64(b.(lua.LNumber)))
		case lua.LString:
			return strings.Compare(string(a), string(b.(lua.LString)))
		}
		return 0
	})
}

// sortWithin sorts a list, equal elements as they stand, until it has to end: then it
// returns why.
func sortWithin[T any](r *Runtime, list []T, order func(a, b T) int) (err error) {
	slices.SortStableFunc(list, func(a, b T) int {
		if err == nil {
			err = r.work()
		}
		if err != nil {
			return 0 // the order does not matter any more
		}
		return order(a, b)
	})
	return err
}

func compare[T float64 | uint64 | int64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// IsName reports whether a table key can be written without brackets.
func IsName(s string) bool {
	if s == "" || luaKeywords[s] {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case c >= '0' && c <= '9':
			if i == 0 {
				return false
			}
		default:
			return false
		}
	}
	return true
}

var luaKeywords = map[string]bool{
	"and": true, "break": true, "do": true, "else": true, "elseif": true, "end": true, "false": true, "for": true,
	"function": true, "goto": true, "if": true, "in": true, "local": true, "nil": true, "not": true, "or": true,
	"repeat": true, "return": true, "then": true, "true": true, "until": true, "while": true,
}

// appendNumber appends a number as tostring gives it.
func appendNumber(dst []byte, n lua.LNumber) []byte {
	switch f := float64(n); {
	case f == math.Trunc(f) && math.Abs(f) < 1<<63:
		return strconv.AppendInt(dst, int64(f), 10)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case f != f:
		return append(dst, "nan"...)
	default:
		return append(dst, n.String()...)
	}
}

// ToString is tostring(v).
func ToString(L *lua.LState, v lua.LValue) string {
	s := L.ToStringMeta(v)
	if str, ok := s.(lua.LString); ok {
		return string(str)
	}
	return s.String()
}
