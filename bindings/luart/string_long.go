package luart

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// What gopher-lua's functions make of long strings is checked before, and made once:
// its string.reverse makes three copies.

func (r *Runtime) luaUpper(L *lua.LState) int { return r.mapText(L, strings.ToUpper) }
func (r *Runtime) luaLower(L *lua.LState) int { return r.mapText(L, strings.ToLower) }

// mapText pushes what a function of the strings package makes of the argument. A
// long text is done by pieces.
func (r *Runtime) mapText(L *lua.LState, convert func(string) string) int {
	s := L.CheckString(1)
	if len(s) <= piece {
		L.Push(lua.LString(convert(s)))
		return 1
	}
	r.RoomForText(L, len(s))
	out := make([]byte, 0, len(s))
	L.Push(lua.LString(TextOf(r.inPieces(L, out, s, 1, func(out []byte, s string) []byte {
		return append(out, convert(s)...)
	}))))
	return 1
}

func (r *Runtime) luaReverse(L *lua.LState) int {
	s := L.CheckString(1)
	r.RoomForText(L, len(s))
	out := make([]byte, len(s))
	for i := range len(s) {
		if i%piece == piece-1 {
			r.Poll(L)
		}
		out[len(s)-1-i] = s[i]
	}
	L.Push(lua.LString(TextOf(out)))
	return 1
}

// luaError and luaAssert are error and assert: the position before a message makes
// copies of it.
func (r *Runtime) luaError(original lua.LGFunction) func(*Runtime, *lua.LState) int {
	return func(r *Runtime, L *lua.LState) int {
		r.roomForMessage(L, L.Get(1))
		return original(L)
	}
}

func (r *Runtime) luaAssert(original lua.LGFunction) func(*Runtime, *lua.LState) int {
	return func(r *Runtime, L *lua.LState) int {
		if !L.ToBool(1) {
			r.roomForMessage(L, L.Get(2))
		}
		return original(L)
	}
}

func (r *Runtime) roomForMessage(L *lua.LState, message lua.LValue) {
	if s, ok := message.(lua.LString); ok {
		r.Room(L, 3*len(s))
	}
}

// luaUnpack is unpack; gopher-lua's makes room on the stack for one value after
// the other.
func (r *Runtime) luaUnpack(L *lua.LState) int {
	tb := L.CheckTable(1)
	from := L.OptInt(2, 1)
	to := L.OptInt(3, tb.Len())
	if to < from {
		return 0
	}
	n := to - from + 1
	if n <= 0 || n > registryMax {
		L.RaiseError("stack overflow: too many values to unpack")
	}
	return r.pushAll(L, n, func(i int) lua.LValue { return tb.RawGetInt(from + i) })
}

// pushAll pushes n values, for which it makes room at once.
func (r *Runtime) pushAll(L *lua.LState, n int, value func(i int) lua.LValue) int {
	r.roomForValues(L, n)
	top := L.GetTop()
	L.SetTop(top + n)
	for i := range n {
		L.Replace(top+i+1, value(i))
	}
	return n
}

// luaRawSet and luaInsert are rawset and table.insert, which fill a list up to any
// index in one step.
func (r *Runtime) luaRawSet(original lua.LGFunction) func(*Runtime, *lua.LState) int {
	return func(r *Runtime, L *lua.LState) int {
		if tb, ok := L.Get(1).(*lua.LTable); ok {
			r.roomForKey(L, tb, L.Get(2))
		}
		return original(L)
	}
}

func (r *Runtime) luaInsert(original lua.LGFunction) func(*Runtime, *lua.LState) int {
	return func(r *Runtime, L *lua.LState) int {
		if tb, ok := L.Get(1).(*lua.LTable); ok {
			if L.GetTop() >= 3 {
				r.roomForKey(L, tb, L.Get(2))
			}
			r.roomForKey(L, tb, lua.LNumber(len(listPart(tb))+1)) // all behind it move up
		}
		return original(L)
	}
}

// roomForKey is roomForIndex for a table that is set as it is.
func (r *Runtime) roomForKey(L *lua.LState, tb *lua.LTable, key lua.LValue) {
	n, ok := key.(lua.LNumber)
	if list := listPart(tb); ok && n >= largeIndex && n < maxListLength && int(n) > cap(list) {
		r.roomForValues(L, max(int(n), cap(list)+cap(list)/4))
	}
}
