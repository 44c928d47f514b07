package luart

import (
	"sort"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
)

// Poll raises the error of an interrupt. Built-in functions that may take long
// call it; Lua code is interrupted by the interpreter itself.
func (r *Runtime) Poll(L *lua.LState) {
	select {
	case <-r.intr.done:
		L.RaiseError("%s", r.intr.Err().Error())
	default:
	}
}

// work counts the steps of a built-in function that returns its errors. It
// returns why the function is to end, if it is.
func (r *Runtime) work() error {
	if r.steps++; r.steps&1023 != 0 {
		return nil
	}
	return r.Interrupted()
}

// Interrupted returns why the running call is to end, if it is.
func (r *Runtime) Interrupted() error {
	select {
	case <-r.intr.done:
		return r.intr.Err()
	default:
		return nil
	}
}

// largeResult is from which size on what a built-in function makes is
// checked against the memory limit before it is made.
const largeResult = 1 << 20

// Room raises an error if n more bytes would go beyond the memory limit.
func (r *Runtime) Room(L *lua.LState, n int) {
	if n < largeResult {
		return
	}
	r.Poll(L)
	if err := r.memory.allows(uint64(n)); err != nil {
		L.RaiseError("%s", err.Error())
	}
}

// RoomForText is room for a string of n bytes.
func (r *Runtime) RoomForText(L *lua.LState, n int) {
	if n < largeResult {
		return
	}
	if err := r.memory.allowsText(uint64(n)); err != nil {
		L.RaiseError("%s", err.Error())
	}
	r.Room(L, n)
}

// RoomFor is room for n bytes that will be appended to a text. It looks only
// when the text must move.
func (r *Runtime) RoomFor(L *lua.LState, out []byte, n int) {
	if len(out)+n > cap(out) {
		if err := r.growth(len(out) + n); err != nil {
			r.Poll(L)
			L.RaiseError("%s", err.Error())
		}
	}
}

// growth returns an error if a text can't grow to n bytes.
func (r *Runtime) growth(n int) error {
	if n < largeResult {
		return nil
	}
	if err := r.Interrupted(); err != nil {
		return err
	}
	if err := r.memory.allowsText(uint64(n)); err != nil {
		return err
	}
	return r.memory.allows(uint64(n + n/4)) // append takes so much more
}

// piece is how much of a long text is worked on between two looks at the limits.
const piece = 1 << 20

// inPieces appends a text by add, which makes at most grow bytes of one, and looks
// at the limits meanwhile.
func (r *Runtime) inPieces(L *lua.LState, dst []byte, s string, grow int, add func([]byte, string) []byte) []byte {
	for len(s) > piece {
		n := wholeRunes(s, piece)
		r.Poll(L)
		r.RoomFor(L, dst, grow*n)
		dst, s = add(dst, s[:n]), s[n:]
	}
	r.RoomFor(L, dst, grow*len(s))
	return add(dst, s)
}

// atOnce says whether a text can be appended without a look at the limits: most can, and
// need no inPieces.
func atOnce(dst []byte, s string, grow int) bool {
	return len(s) <= piece && len(dst)+grow*len(s) <= cap(dst)
}

// wholeRunes is where to cut a text of more than n bytes, at n or a little
// before: not inside of a character.
func wholeRunes(s string, n int) int {
	for i := n; i > n-utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			return i
		}
	}
	return n // no UTF-8
}

// largeIndex is from which index on a table may grow by much.
const largeIndex = 1 << 16

// roomForIndex raises an error if assigning to an index of a table would make its
// list part larger than scripts may have it.
func (r *Runtime) roomForIndex(L *lua.LState, v lua.LValue, index int) {
	for range lua.MaxTableGetLoop {
		tb, ok := v.(*lua.LTable)
		if !ok {
			return
		}
		list := listPart(tb)
		if mt, ok := tb.Metatable.(*lua.LTable); ok && (index > len(list) || list[index-1] == lua.LNil) {
			if to := mt.RawGetString("__newindex"); to != lua.LNil {
				v = to
				continue
			}
		}
		if index > cap(list) {
			r.roomForValues(L, max(index, cap(list)+cap(list)/4))
		}
		return
	}
}

// listGrowth returns an error if a list of n bytes would be too much. The call is
// interrupted then, as it is when a list has grown by many small steps: pcall can't
// hold it.
func (r *Runtime) listGrowth(n int) error {
	if n < largeResult {
		return nil
	}
	if err := r.Interrupted(); err != nil {
		return err
	}
	if !r.memory.fits(uint64(n)) {
		r.memory.exceed()
		return r.memory.exceeded()
	}
	return nil
}

// valueSize is what a value takes in a list.
const valueSize = 16

// roomForValues raises an error if n more values would be too much.
func (r *Runtime) roomForValues(L *lua.LState, n int) {
	if n < largeResult/valueSize {
		return
	}
	if err := r.listGrowth(valueSize * n); err != nil {
		L.RaiseError("%s", err.Error())
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
			L.RaiseError("invalid value (%s) at index %d in table for concat", TypeName(v), i)
		}
		if i < to {
			size += len(sep)
		}
		if i&0xffff == 0 {
			r.Room(L, max(size, largeResult))
		}
	}
	r.RoomForText(L, size)
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
		r.roomForValues(L, tb.Len())
		values := make([]lua.LValue, tb.Len())
		for i := range values {
			values[i] = tb.RawGetInt(i + 1)
		}
		n := 0
		sort.Slice(values, func(i, j int) bool {
			if n++; n&0xfff == 0 {
				r.Poll(L)
			}
			return L.LessThan(values[i], values[j])
		})
		for i, v := range values {
			tb.RawSetInt(i+1, v)
		}
		return 0
	}
}
