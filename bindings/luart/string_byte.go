package luart

import lua "github.com/yuin/gopher-lua"

// luaByte is string.byte; gopher-lua's counts wrongly from positions before the
// string.
func (r *Runtime) luaByte(L *lua.LState) int {
	s := L.CheckString(1)
	from := L.OptInt(2, 1)
	to := L.OptInt(3, from)
	position := func(p int) int {
		if p < 0 {
			return max(p+len(s)+1, 0)
		}
		return p
	}
	from, to = max(position(from), 1), min(position(to), len(s))
	if to < from {
		return 0
	}
	return r.pushAll(L, to-from+1, func(i int) lua.LValue { return lua.LNumber(s[from+i-1]) })
}
