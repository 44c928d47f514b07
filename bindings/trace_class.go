package bindings

import (
	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
)

// concat is ".." for objects that have a text.
func (r *Runtime) concat(L *lua.LState) int {
	L.Push(lua.LString(luart.ToString(L, L.Get(1)) + luart.ToString(L, L.Get(2))))
	return 1
}

func flagsEqual(L *lua.LState) int {
	a, ok1 := L.Get(1).(*lua.LUserData).Value.(*flags)
	b, ok2 := L.Get(2).(*lua.LUserData).Value.(*flags)
	L.Push(lua.LBool(ok1 && ok2 && a.Bits == b.Bits))
	return 1
}
