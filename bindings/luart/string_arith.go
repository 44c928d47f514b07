package luart

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// arithmetic are Lua's arithmetic operators by the name of their metamethod.
var arithmetic = map[string]func(a, b float64) float64{
	"__add": func(a, b float64) float64 { return a + b },
	"__sub": func(a, b float64) float64 { return a - b },
	"__mul": func(a, b float64) float64 { return a * b },
	"__div": func(a, b float64) float64 { return a / b },
	"__pow": math.Pow,
	"__unm": func(a, _ float64) float64 { return -a },
	"__mod": func(a, b float64) float64 {
		m := math.Mod(a, b)
		if m != 0 && (m < 0) != (b < 0) {
			m += b
		}
		return m
	},
}

// installStringArithmetic makes strings numbers in arithmetic as tonumber does:
// gopher-lua takes "010" for an octal number, and knows no "1e5" there.
func (r *Runtime) installStringArithmetic() {
	mt := r.L.NewTable()
	mt.RawSetString("__index", r.globals.RawGetString("string"))
	for event, op := range arithmetic {
		mt.RawSetString(event, r.L.NewFunction(func(L *lua.LState) int {
			a, okA := arithmeticOperand(L.Get(1))
			b, okB := arithmeticOperand(L.Get(2))
			if okA && (okB || event == "__unm") {
				L.Push(lua.LNumber(op(a, b)))
				return 1
			}
			return r.otherArithmetic(L, event)
		}))
	}
	r.L.SetMetatable(lua.LString(""), mt)
}

func arithmeticOperand(v lua.LValue) (float64, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v), true
	case lua.LString:
		return parseNumber(string(v))
	}
	return 0, false
}

// otherArithmetic calls the metamethod of an operand that is an object, or
// raises the error of Lua.
func (r *Runtime) otherArithmetic(L *lua.LState, event string) int {
	for i := 1; i <= 2; i++ {
		switch v := L.Get(i); v.Type() {
		case lua.LTTable, lua.LTUserData:
			if fn := L.GetMetaField(v, event); fn != lua.LNil {
				L.Insert(fn, 1)
				L.SetTop(3)
				L.Call(2, 1)
				return 1
			}
		}
	}
	bad := 2
	if _, ok := arithmeticOperand(L.Get(1)); !ok || event == "__unm" {
		bad = 1
	}
	L.RaiseError("attempt to perform arithmetic on a %s value%s", TypeName(L.Get(bad)), operandName(L, bad))
	return 0
}
