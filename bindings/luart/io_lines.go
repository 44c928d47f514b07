package luart

import lua "github.com/yuin/gopher-lua"

// wholeLines replaces io.lines and file:lines, which in gopher-lua cut a line
// into pieces of 4096 bytes; read("*l") doesn't. io.lines of a file that can't be
// opened is an error, as in Lua.
func (r *Runtime) wholeLines(io *lua.LTable) {
	class, ok := r.L.GetTypeMetatable("FILE*").(*lua.LTable)
	if !ok {
		return
	}
	class = methodTable(class)
	open, read := io.RawGetString("open"), class.RawGetString("read")
	readDefault, closeFile := io.RawGetString("read"), class.RawGetString("close")
	iterator := func(file lua.LValue, last bool) lua.LGFunction {
		return func(L *lua.LState) int {
			n := 1
			if file == lua.LNil {
				L.Push(readDefault)
			} else {
				L.Push(read)
				L.Push(file)
				n = 2
			}
			L.Push(lua.LString("*l"))
			L.Call(n, 1)
			if L.Get(-1) == lua.LNil && last {
				L.Push(closeFile)
				L.Push(file)
				L.Call(1, 0)
			}
			return 1
		}
	}
	class.RawSetString("lines", r.L.NewFunction(func(L *lua.LState) int {
		L.Push(L.NewFunction(iterator(L.CheckUserData(1), false)))
		return 1
	}))
	io.RawSetString("lines", r.L.NewFunction(func(L *lua.LState) int {
		if L.GetTop() == 0 || L.Get(1) == lua.LNil {
			L.Push(L.NewFunction(iterator(lua.LNil, false)))
			return 1
		}
		name := L.CheckString(1)
		L.Push(open)
		L.Push(lua.LString(name))
		L.Call(1, 2)
		if L.Get(-2) == lua.LNil {
			L.RaiseError("%s", L.Get(-1).String())
		}
		L.Push(L.NewFunction(iterator(L.Get(-2), true)))
		return 1
	}))
}

// methodTable is where a class keeps its methods.
func methodTable(class *lua.LTable) *lua.LTable {
	if methods, ok := class.RawGetString("__index").(*lua.LTable); ok {
		return methods
	}
	return class
}
