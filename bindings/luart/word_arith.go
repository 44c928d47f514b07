package luart

import (
	lua "github.com/yuin/gopher-lua"
)

// installWords gives words their metatable.
func (r *Runtime) installWords() {
	mt := r.Class("word")
	arith := func(event, verb string, signed func(a, b int64) int64, unsigned func(a, b uint64) uint64) {
		mt.RawSetString(event, r.L.NewFunction(func(L *lua.LState) int {
			a, b, isSigned := wordOperands(L, verb)
			if isSigned {
				L.Push(SignedWord(signed(int64(a), int64(b))))
			} else {
				L.Push(Word(unsigned(a, b)))
			}
			return 1
		}))
	}
	arith("__add", "add", func(a, b int64) int64 { return a + b }, func(a, b uint64) uint64 { return a + b })
	arith("__sub", "subtract", func(a, b int64) int64 { return a - b }, func(a, b uint64) uint64 { return a - b })
	arith("__mul", "multiply", func(a, b int64) int64 { return a * b }, func(a, b uint64) uint64 { return a * b })
	arith("__pow", "raise", func(a, b int64) int64 { return int64(wordPower(uint64(a), uint64(max(b, 0)))) }, wordPower)
	division := func(event, verb string, signed func(a, b int64) int64, unsigned func(a, b uint64) uint64) {
		arith(event, verb, signed, unsigned)
		raw := mt.RawGetString(event).(*lua.LFunction).GFunction
		mt.RawSetString(event, r.L.NewFunction(func(L *lua.LState) int {
			if v, _, err := toBits(L.Get(2)); err == nil && v == 0 {
				L.RaiseError("division of a 64-bit word by zero")
			}
			return raw(L)
		}))
	}
	division("__div", "divide", func(a, b int64) int64 { return a / b }, func(a, b uint64) uint64 { return a / b })
	// As Lua's %, the remainder has the sign of the divisor.
	division("__mod", "divide", func(a, b int64) int64 {
		m := a % b
		if m != 0 && (m < 0) != (b < 0) {
			m += b
		}
		return m
	}, func(a, b uint64) uint64 { return a % b })

	mt.RawSetString("__unm", r.L.NewFunction(func(L *lua.LState) int {
		switch w := L.Get(1).(type) {
		case Word:
			L.Push(-w)
		case SignedWord:
			L.Push(-w)
		}
		return 1
	}))
	order := func(event string, holds func(c int) bool) {
		mt.RawSetString(event, r.L.NewFunction(func(L *lua.LState) int {
			L.Push(lua.LBool(holds(compareWords(L))))
			return 1
		}))
	}
	order("__lt", func(c int) bool { return c < 0 })
	order("__le", func(c int) bool { return c <= 0 })
	order("__eq", func(c int) bool { return c == 0 })
	mt.RawSetString("__concat", r.L.NewFunction(func(L *lua.LState) int {
		for i := 1; i <= 2; i++ {
			switch L.Get(i).(type) {
			case lua.LString, lua.LNumber, Word, SignedWord:
			default:
				L.RaiseError("attempt to concatenate a %s", TypeName(L.Get(i)))
			}
		}
		L.Push(lua.LString(L.Get(1).String() + L.Get(2).String()))
		return 1
	}))
	// The metatable of the type number: it serves every value of type userdata
	// that is no *LUserData, which are the words.
	r.L.SetMetatable(Word(0), mt)
}

// wordOperands returns both operands of an arithmetic metamethod. The result is
// signed if no operand is an unsigned word.
func wordOperands(L *lua.LState, verb string) (a, b uint64, signed bool) {
	signed = true
	var bits [2]uint64
	for i := range bits {
		v := L.Get(i + 1)
		var err error
		if bits[i], _, err = toBits(v); err != nil {
			L.RaiseError("can't %s a 64-bit word: %s", verb, err.Error())
		}
		if _, ok := v.(Word); ok {
			signed = false
		}
	}
	return bits[0], bits[1], signed
}

// compareWords compares the two words of a comparison by value.
func compareWords(L *lua.LState) int {
	a, aSigned, ok1 := wordBits(L.Get(1))
	b, bSigned, ok2 := wordBits(L.Get(2))
	if !ok1 || !ok2 {
		L.RaiseError("attempt to compare %s with %s", TypeName(L.Get(1)), TypeName(L.Get(2)))
	}
	aNegative, bNegative := aSigned && int64(a) < 0, bSigned && int64(b) < 0
	switch {
	case aNegative != bNegative && aNegative:
		return -1
	case aNegative != bNegative:
		return 1
	}
	return compare(a, b) // both negative: two's complement keeps the order
}

func wordPower(base, exp uint64) uint64 {
	result := uint64(1)
	for ; exp > 0; exp >>= 1 {
		if exp&1 != 0 {
			result *= base
		}
		base *= base
	}
	return result
}
