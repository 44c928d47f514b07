package bindings

import (
	"sort"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// poll raises the error of an interrupt. Built-in functions that may take long
// call it; Lua code is interrupted by the interpreter itself.
func (r *Runtime) poll(L *lua.LState) {
	select {
	case <-r.intr.done:
		L.RaiseError("%s", r.intr.Err().Error())
	default:
	}
}

// work counts the steps of a built-in function that returns its errors. It
// returns why the function is to end, if it is; size is how long its result is
// so far.
func (r *Runtime) work(size int) error {
	if r.steps++; r.steps&1023 != 0 {
		return nil
	}
	select {
	case <-r.intr.done:
		return r.intr.Err()
	default:
	}
	if size >= largeResult {
		return r.memory.allows(uint64(2 * size)) // it may have to move
	}
	return nil
}

// largeResult is from which size on the result of a built-in function is
// checked against the memory limit before it is made.
const largeResult = 1 << 20

// room raises an error if n more bytes would go beyond the memory limit.
func (r *Runtime) room(L *lua.LState, n int) {
	if n < largeResult {
		return
	}
	r.poll(L)
	if err := r.memory.allows(uint64(n)); err != nil {
		L.RaiseError("%s", err.Error())
	}
}

// roomFor is room for a result that n bytes will be appended to. It looks only
// when the result must move.
func (r *Runtime) roomFor(L *lua.LState, out []byte, n int) {
	if len(out)+n > cap(out) {
		r.room(L, 2*(len(out)+n))
	}
}

// luaConcat is table.concat; gopher-lua's puts the elements on its stack first,
// and joins them whatever their size.
func (r *Runtime) luaConcat(L *lua.LState) int {
	tb, sep := L.CheckTable(1), L.OptString(2, "")
	n := tb.Len()
	from, to := L.OptInt(3, 1), min(L.OptInt(4, n), n)
	if L.GetTop() != 3 || from >= 1 && from <= n {
		from = max(min(from, n), 1)
	}
	if from < 1 || from > to {
		L.Push(lua.LString(""))
		return 1
	}
	size := 0
	for i := from; i <= to; i++ {
		switch v := tb.RawGetInt(i).(type) {
		case lua.LString:
			size += len(v)
		case lua.LNumber:
			size += len(v.String())
		default:
			L.RaiseError("invalid value (%s) at index %d in table for concat", typeName(v), i)
		}
		if i < to {
			size += len(sep)
		}
		if i&0xffff == 0 {
			r.room(L, max(size, largeResult))
		}
	}
	r.room(L, size)
	var b strings.Builder
	b.Grow(size)
	for i := from; i <= to; i++ {
		b.WriteString(tb.RawGetInt(i).String())
		if i < to {
			b.WriteString(sep)
		}
	}
	L.Push(lua.LString(b.String()))
	return 1
}

// luaSort is table.sort. A comparison by a Lua function is interrupted by the
// interpreter, the others here.
func (r *Runtime) luaSort(original lua.LGFunction) func(*Runtime, *lua.LState) int {
	return func(r *Runtime, L *lua.LState) int {
		tb := L.CheckTable(1)
		if L.Get(2) != lua.LNil {
			return original(L)
		}
		L.SetTop(1)
		values := make([]lua.LValue, tb.Len())
		for i := range values {
			values[i] = tb.RawGetInt(i + 1)
		}
		n := 0
		sort.Slice(values, func(i, j int) bool {
			if n++; n&0xfff == 0 {
				r.poll(L)
			}
			return L.LessThan(values[i], values[j])
		})
		for i, v := range values {
			tb.RawSetInt(i+1, v)
		}
		return 0
	}
}
