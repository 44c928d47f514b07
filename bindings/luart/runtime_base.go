package luart

import (
	"errors"
	"math"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// luaSetMetatable is setmetatable for tables only, as in C Lua: gopher-lua's
// would change the metatable of all numbers.
func (r *Runtime) luaSetMetatable(L *lua.LState) int {
	tb := L.CheckTable(1)
	switch L.Get(2).(type) {
	case *lua.LNilType, *lua.LTable:
	default:
		L.ArgError(2, "nil or table expected")
	}
	if mt, ok := tb.Metatable.(*lua.LTable); ok && mt.RawGetString("__metatable") != lua.LNil {
		L.RaiseError("cannot change a protected metatable")
	}
	tb.Metatable = L.Get(2)
	L.SetTop(1)
	return 1
}

// luaPCall is pcall, which leaves the variables of the functions outside shared
// with their closures.
func (r *Runtime) luaPCall(L *lua.LState) int {
	L.CheckAny(1)
	err := r.Protected(L, L.GetTop()-1, lua.MultRet)
	if err == nil {
		L.Insert(lua.LTrue, 1)
		return L.GetTop()
	}
	L.SetTop(0)
	L.Push(lua.LFalse)
	if e, ok := errors.AsType[*lua.ApiError](err); ok {
		L.Push(e.Object)
	} else {
		L.Push(lua.LString(err.Error()))
	}
	return 2
}

// luaXPCall is xpcall without gopher-lua's error handler (see [Runtime.Call]):
// the handler runs after the unwinding, and debug.traceback in it gives the
// traceback of the error.
func (r *Runtime) luaXPCall(L *lua.LState) int {
	handler := L.CheckFunction(2)
	n := L.GetTop() - 2
	L.Remove(2)
	err := r.Protected(L, n, lua.MultRet)
	if err == nil {
		L.Insert(lua.LTrue, 1)
		return L.GetTop()
	}
	object := lua.LValue(lua.LString(err.Error()))
	outer := r.errTrace
	if e, ok := errors.AsType[*lua.ApiError](err); ok {
		object, r.errTrace = e.Object, cleanTrace(e.StackTrace)
	}
	L.SetTop(0)
	L.Push(lua.LFalse)
	L.Push(handler)
	L.Push(object)
	herr := r.Protected(L, 1, lua.MultRet)
	r.errTrace = outer
	if herr != nil {
		L.SetTop(1)
		if e, ok := errors.AsType[*lua.ApiError](herr); ok {
			L.Push(e.Object)
		} else {
			L.Push(lua.LString(herr.Error()))
		}
	}
	return L.GetTop()
}

func (r *Runtime) luaTraceback(original lua.LValue) func(*Runtime, *lua.LState) int {
	return func(r *Runtime, L *lua.LState) int {
		if r.errTrace != "" {
			msg := r.errTrace
			if s, ok := L.Get(1).(lua.LString); ok && s != "" {
				msg = string(s) + "\n" + msg
			}
			L.Push(lua.LString(msg))
			return 1
		}
		n := L.GetTop()
		L.Insert(original, 1)
		L.Call(n, 1)
		return 1
	}
}

// luaCollectGarbage keeps collectgarbage harmless: "count" doesn't stop the
// world, and the tuning options do nothing.
func (r *Runtime) luaCollectGarbage(L *lua.LState) int {
	switch opt := L.OptString(1, "collect"); opt {
	case "count":
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		L.Push(lua.LNumber(float64(s[0].Value.Uint64()) / 1024))
	case "collect":
		runtime.GC()
		L.Push(lua.LNumber(0))
	case "stop", "restart", "step", "setpause", "setstepmul":
		L.Push(lua.LNumber(0))
	default:
		L.ArgError(1, "invalid option '"+EscapeName(opt)+"'")
	}
	return 1
}

func (r *Runtime) luaRep(L *lua.LState) int {
	s, n := L.CheckString(1), L.CheckInt(2)
	if n <= 0 || s == "" {
		L.Push(lua.LString(""))
		return 1
	}
	if n > maxRep/len(s) {
		L.RaiseError("string.rep: the result would be longer than %d MiB", maxRep>>20)
	}
	r.RoomForText(L, n*len(s))
	L.Push(lua.LString(strings.Repeat(s, n)))
	return 1
}

// luaToNumber is tonumber of the manual; gopher-lua's doesn't know "1e5".
func (r *Runtime) luaToNumber(L *lua.LState) int {
	v := L.CheckAny(1)
	if L.Get(2) != lua.LNil {
		base := L.CheckInt(2)
		if base < 2 || base > 36 {
			L.ArgError(2, "base out of range")
		}
		if base != 10 {
			L.Push(parseBase(strings.TrimSpace(L.CheckString(1)), base))
			return 1
		}
	}
	switch v := v.(type) {
	case lua.LNumber:
		L.Push(v)
	case Word:
		L.Push(lua.LNumber(v))
	case SignedWord:
		L.Push(lua.LNumber(v))
	case lua.LString:
		if n, ok := parseNumber(string(v)); ok {
			L.Push(lua.LNumber(n))
		} else {
			L.Push(lua.LNil)
		}
	default:
		L.Push(lua.LNil)
	}
	return 1
}

// parseNumber reads a Lua number: decimal with fraction and exponent, or 0x
// with hexadecimal digits.
func parseNumber(s string) (float64, bool) {
	s = strings.Trim(s, " \t\n\v\f\r")
	body := strings.TrimLeft(s, "+-")
	if len(s)-len(body) > 1 || body == "" {
		return 0, false
	}
	if strings.HasPrefix(body, "0x") || strings.HasPrefix(body, "0X") {
		n, err := strconv.ParseUint(body[2:], 16, 64)
		if err != nil {
			return 0, false
		}
		if s[0] == '-' {
			return -float64(n), true
		}
		return float64(n), true
	}
	if strings.Trim(body, "0123456789.eE+-") != "" { // Go's inf, nan, 1_000, 0x1p3
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(n, 0) {
		return 0, false
	}
	return n, true
}

func parseBase(s string, base int) lua.LValue {
	sign := 1.0
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		sign, s = -1, rest
	}
	if base == 16 {
		s = strings.TrimPrefix(strings.TrimPrefix(s, "0x"), "0X")
	}
	n, err := strconv.ParseUint(s, base, 64)
	if err != nil {
		return lua.LNil
	}
	return lua.LNumber(sign * float64(n))
}

func (r *Runtime) luaLoadString(L *lua.LState) int {
	text := L.CheckString(1)
	if len(text) > maxGenerated {
		L.RaiseError("loadstring: more than %d MiB of source", maxGenerated>>20)
	}
	return r.loadResult(L, []byte(text), L.OptString(2, "<string>"))
}

func (r *Runtime) luaLoad(L *lua.LState) int {
	fn := L.CheckFunction(1)
	name := L.OptString(2, "<string>")
	var text []byte
	for {
		L.Push(fn)
		L.Call(0, 1)
		v := L.Get(-1)
		L.Pop(1)
		s, ok := v.(lua.LString)
		if v == lua.LNil || ok && s == "" {
			return r.loadResult(L, text, name)
		}
		if !ok {
			L.RaiseError("reader function must return a string")
		}
		if text = append(text, s...); len(text) > maxGenerated {
			L.RaiseError("load: more than %d MiB of source", maxGenerated>>20)
		}
	}
}

func (r *Runtime) luaLoadFile(L *lua.LState) int {
	path := L.CheckString(1)
	text, err := r.readScript(path)
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	return r.loadResult(L, text, path)
}

func (r *Runtime) luaDoFile(L *lua.LState) int {
	fn, err := r.LoadFile(L.CheckString(1))
	if err != nil {
		L.RaiseError("%s", err.Error())
	}
	L.SetTop(0)
	L.Push(fn)
	L.Call(0, lua.MultRet)
	return L.GetTop()
}

func (r *Runtime) loadResult(L *lua.LState, text []byte, name string) int {
	fn, err := r.compile(text, &source{name: EscapeName(name), kind: FromScript})
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	L.Push(fn)
	return 1
}
