package luart

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Word is an unsigned 64-bit integer as a Lua value, for quantities a double
// can't hold. Equal words are equal table keys. Its Lua type is "userdata".
//
// gopher-lua compares such a value with == as Go does, and finds one shared
// metatable by the type number: all words share it, real userdata keep theirs.
type Word uint64

// SignedWord is the signed counterpart of [Word].
type SignedWord int64

var (
	_ lua.LValue = Word(0)
	_ lua.LValue = SignedWord(0)
)

// String returns the decimal digits, as tostring does.
func (w Word) String() string { return strconv.FormatUint(uint64(w), 10) }

// Type returns the type Lua code sees.
func (w Word) Type() lua.LValueType { return lua.LTUserData }

// String returns the decimal digits, as tostring does.
func (w SignedWord) String() string { return strconv.FormatInt(int64(w), 10) }

// Type returns the type Lua code sees.
func (w SignedWord) Type() lua.LValueType { return lua.LTUserData }

// Wordy are the Go values of userdata that stand for a number where one is wanted.
type Wordy interface{ Word() uint64 }

// maxExact is the largest integer up to which doubles hold every integer.
const maxExact = 1 << 53

// Exact returns two's complement v as a plain number if int64(v) is within
// ±2^53, and as a Word otherwise.
func Exact(v uint64) lua.LValue {
	if i := int64(v); i >= -maxExact && i <= maxExact {
		return lua.LNumber(i)
	}
	return Word(v)
}

func wordGlobals() Module {
	return Module{Functions: []Function{
		{
			Name: "u64", Params: "value: number|string|word", Returns: "word",
			Help: "Makes an unsigned 64-bit word from a whole number, a decimal or 0x string, or another word; negative values wrap around. Write large literals as u64\"0xffffffffffffffff\": a bare 0xffffffffffffffff can't be held by a number.",
			Fn: Bind(func(_ *Runtime, L *lua.LState) int {
				v := checkWord(L, 1)
				L.Push(Word(v))
				return 1
			}),
		},
		{
			Name: "i64", Params: "value: number|string|word", Returns: "word",
			Help: "Makes a signed 64-bit word from a whole number, a decimal or 0x string, or another word; values beyond 2^63 wrap around.",
			Fn: Bind(func(_ *Runtime, L *lua.LState) int {
				v := checkWord(L, 1)
				L.Push(SignedWord(v))
				return 1
			}),
		},
		{
			Name: "isword", Params: "value: any", Returns: "boolean",
			Help: "Says whether a value is a 64-bit word, as u64 and i64 make them. So is a pointer that leads nowhere where an event otherwise has a struct.",
			Example: `on("connect:enter", function(ev)
  if isword(ev.addr) then print "a bad pointer" end
end)`,
			Fn: Bind(func(_ *Runtime, L *lua.LState) int {
				word := false
				switch L.CheckAny(1).(type) {
				case Word, SignedWord:
					word = true
				}
				L.Push(lua.LBool(word))
				return 1
			}),
		},
	}}
}

func wordObject() Object {
	method := func(name, returns, help string, fn func(L *lua.LState, v uint64, signed bool) lua.LValue) Function {
		return Function{Name: name, Returns: returns, Help: help, Fn: Bind(func(_ *Runtime, L *lua.LState) int {
			v, signed, ok := wordBits(L.Get(1))
			if !ok {
				L.RaiseError("64-bit word expected as receiver, got %s: call methods with a colon, w:%s()", TypeName(L.Get(1)), name)
			}
			L.Push(fn(L, v, signed))
			return 1
		})}
	}
	return Object{
		Name: "word",
		Help: "A 64-bit integer that a Lua number can't hold. Words add, subtract, multiply, divide (whole quotient), compare with each other, serve as table keys, print in decimal and format with %d, %u and %x. Arithmetic wraps around and is unsigned if either side is. By the rules of Lua 5.1 a word never equals a plain number, and comparing their order is an error: write w == u64(5).",
		Methods: []Function{
			method("hex", "string", "The value in hexadecimal with 0x; negative values in two's complement.",
				func(_ *lua.LState, v uint64, _ bool) lua.LValue { return lua.LString("0x" + strconv.FormatUint(v, 16)) }),
			method("number", "number", "The value as a plain number, rounded if it is beyond 2^53.",
				func(_ *lua.LState, v uint64, signed bool) lua.LValue {
					if signed {
						return lua.LNumber(int64(v))
					}
					return lua.LNumber(v)
				}),
			method("signed", "word", "The same 64 bits as a signed word.",
				func(_ *lua.LState, v uint64, _ bool) lua.LValue { return SignedWord(v) }),
			method("unsigned", "word", "The same 64 bits as an unsigned word.",
				func(_ *lua.LState, v uint64, _ bool) lua.LValue { return Word(v) }),
		},
	}
}

// wordBits returns the bits of a word.
func wordBits(v lua.LValue) (bits uint64, signed, ok bool) {
	switch v := v.(type) {
	case Word:
		return uint64(v), false, true
	case SignedWord:
		return uint64(v), true, true
	}
	return 0, false, false
}

// toBits returns the two's complement of a whole number or a word; plain says
// it was a number.
func toBits(v lua.LValue) (bits uint64, plain bool, err error) {
	switch v := v.(type) {
	case *lua.LUserData:
		if w, ok := v.Value.(Wordy); ok {
			bits = w.Word()
			return bits, bits < 1<<53, nil
		}
	case Word:
		return uint64(v), false, nil
	case SignedWord:
		return uint64(v), false, nil
	case lua.LNumber:
		f := float64(v)
		switch {
		case f != f:
			return 0, false, fmt.Errorf("not a number (nan) has no 64-bit value")
		case f != math.Trunc(f):
			return 0, false, fmt.Errorf("whole number expected, got %s", appendNumber(nil, v))
		case f >= -1<<63 && f < 1<<63:
			return uint64(int64(f)), true, nil
		case f >= 0 && f < 1<<64:
			return uint64(f), true, nil
		}
		return 0, false, fmt.Errorf("%s does not fit in 64 bits", appendNumber(nil, v))
	}
	return 0, false, fmt.Errorf("number or 64-bit word expected, got %s", TypeName(v))
}

// checkBits is toBits of argument n.
func checkBits(L *lua.LState, n int) (bits uint64, plain bool) {
	bits, plain, err := toBits(L.Get(n))
	if err != nil {
		L.ArgError(n, err.Error())
	}
	return bits, plain
}

// checkWord is checkBits for constructors, which read strings too.
func checkWord(L *lua.LState, n int) uint64 {
	s, ok := L.Get(n).(lua.LString)
	if !ok {
		bits, _ := checkBits(L, n)
		return bits
	}
	bits, err := parseWord(string(s))
	if err != nil {
		L.ArgError(n, err.Error())
	}
	return bits
}

// parseWord reads a decimal or 0x integer, with a minus sign if it is at least
// -2^63.
func parseWord(s string) (uint64, error) {
	text := strings.TrimSpace(s)
	if len(text) > maxName { // the error of strconv would hold it twice
		return 0, fmt.Errorf("'%s' is not a decimal or 0x integer", EscapeName(s))
	}
	body, negative := strings.CutPrefix(text, "-")
	var v uint64
	var err error
	if len(body) > 2 && body[0] == '0' && (body[1] == 'x' || body[1] == 'X') {
		v, err = strconv.ParseUint(body[2:], 16, 64)
	} else {
		v, err = strconv.ParseUint(body, 10, 64)
	}
	switch {
	case err != nil && strings.HasSuffix(err.Error(), strconv.ErrRange.Error()), negative && v > 1<<63:
		return 0, fmt.Errorf("'%s' does not fit in 64 bits", EscapeName(s))
	case err != nil:
		return 0, fmt.Errorf("'%s' is not a decimal or 0x integer", EscapeName(s))
	case negative:
		return -v, nil
	}
	return v, nil
}
