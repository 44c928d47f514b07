package luart

import (
	"math/bits"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func bitModule() Module {
	return Module{
		Name: "bit",
		Help: "Operations on 64 bits. Arguments are whole numbers, taken in two's complement, or words. A result is a plain number if it is within ±2^53, else a word; no result is ever rounded. If an argument is a word the result counts as unsigned.",
		Functions: []Function{
			{
				Name: "band", Params: "x: number|word, ...: number|word", Returns: "number|word",
				Help: "The bits set in all arguments.",
				Fn:   Bind(bitFold(func(a, b uint64) uint64 { return a & b })),
			},
			{
				Name: "bor", Params: "x: number|word, ...: number|word", Returns: "number|word",
				Help: "The bits set in any argument.",
				Fn:   Bind(bitFold(func(a, b uint64) uint64 { return a | b })),
			},
			{
				Name: "bxor", Params: "x: number|word, ...: number|word", Returns: "number|word",
				Help: "The bits set in an odd number of arguments.",
				Fn:   Bind(bitFold(func(a, b uint64) uint64 { return a ^ b })),
			},
			{
				Name: "bnot", Params: "x: number|word", Returns: "number|word",
				Help: "All 64 bits inverted: bit.bnot(0) is -1.",
				Fn:   Bind(bitFold(nil)),
			},
			{
				Name: "lshift", Params: "x: number|word, n: integer", Returns: "number|word",
				Help: "Shifts left; bits beyond the 64th are lost.",
				Fn:   Bind(bitShift(func(x uint64, n uint) uint64 { return x << n })),
			},
			{
				Name: "rshift", Params: "x: number|word, n: integer", Returns: "number|word",
				Help: "Shifts right and fills with zeros, also for negative numbers.",
				Fn:   Bind(bitShift(func(x uint64, n uint) uint64 { return x >> n })),
			},
			{
				Name: "arshift", Params: "x: number|word, n: integer", Returns: "number|word",
				Help: "Shifts right and fills with the sign bit.",
				Fn:   Bind(bitShift(func(x uint64, n uint) uint64 { return uint64(int64(x) >> n) })),
			},
			{
				Name: "rol", Params: "x: number|word, n: integer, width?: integer", Returns: "number|word",
				Help: "Rotates the low 8, 16, 32 or 64 (default) bits left; the result is zero above them.",
				Fn:   Bind(bitRotate(1)),
			},
			{
				Name: "ror", Params: "x: number|word, n: integer, width?: integer", Returns: "number|word",
				Help: "Rotates the low 8, 16, 32 or 64 (default) bits right; the result is zero above them.",
				Fn:   Bind(bitRotate(-1)),
			},
			{
				Name: "bswap", Params: "x: number|word, width?: integer", Returns: "number|word",
				Help: "Reverses the bytes of the low 16, 32 or 64 (default) bits; the result is zero above them. bit.bswap(port, 16) converts network order.",
				Fn: Bind(func(_ *Runtime, L *lua.LState) int {
					x, plain := checkBits(L, 1)
					switch w := checkWidth(L, 2); w {
					case 8:
						L.ArgError(2, "width 16, 32 or 64 expected")
					default:
						x = bits.ReverseBytes64(x) >> (64 - w)
					}
					return pushBits(L, x, plain)
				}),
			},
			{
				Name: "test", Params: "x: number|word, mask: number|word", Returns: "boolean",
				Help: "Whether all bits of the mask are set in x.",
				Fn: Bind(func(_ *Runtime, L *lua.LState) int {
					x, _ := checkBits(L, 1)
					mask, _ := checkBits(L, 2)
					L.Push(lua.LBool(x&mask == mask))
					return 1
				}),
			},
			{
				Name: "bits", Params: "x: number|word", Returns: "table",
				Help: "A list of the numbers of the set bits, from 0, in order.",
				Fn: Bind(func(_ *Runtime, L *lua.LState) int {
					x, _ := checkBits(L, 1)
					list := L.CreateTable(bits.OnesCount64(x), 0)
					for ; x != 0; x &= x - 1 {
						list.Append(lua.LNumber(bits.TrailingZeros64(x)))
					}
					L.Push(list)
					return 1
				}),
			},
			{
				Name: "tohex", Params: "x: number|word, digits?: integer", Returns: "string",
				Help: "Hexadecimal digits without 0x, negative numbers in two's complement; with digits, exactly that many of the low ones.",
				Fn: Bind(func(_ *Runtime, L *lua.LState) int {
					x, _ := checkBits(L, 1)
					text := strconv.FormatUint(x, 16)
					if L.Get(2) != lua.LNil {
						n := L.CheckInt(2)
						if n < 1 || n > 16 {
							L.ArgError(2, "1 to 16 digits expected")
						}
						text = strings.Repeat("0", max(n-len(text), 0)) + text
						text = text[len(text)-n:]
					}
					L.Push(lua.LString(text))
					return 1
				}),
			},
		},
	}
}

// pushBits pushes a result: of plain numbers in two's complement, of words
// unsigned.
func pushBits(L *lua.LState, x uint64, plain bool) int {
	switch {
	case plain:
		L.Push(Exact(x))
	case x <= maxExact:
		L.Push(lua.LNumber(x))
	default:
		L.Push(Word(x))
	}
	return 1
}

// bitFold applies op from left to right; without op it inverts its argument.
func bitFold(op func(a, b uint64) uint64) func(*Runtime, *lua.LState) int {
	return func(_ *Runtime, L *lua.LState) int {
		x, plain := checkBits(L, 1)
		if op == nil {
			return pushBits(L, ^x, plain)
		}
		for i, n := 2, L.GetTop(); i <= n; i++ {
			y, p := checkBits(L, i)
			x, plain = op(x, y), plain && p
		}
		return pushBits(L, x, plain)
	}
}

func bitShift(op func(x uint64, n uint) uint64) func(*Runtime, *lua.LState) int {
	return func(_ *Runtime, L *lua.LState) int {
		x, plain := checkBits(L, 1)
		n := L.CheckInt(2)
		if n < 0 {
			L.ArgError(2, "shift by a negative count; use the other shift")
		}
		return pushBits(L, op(x, uint(n)), plain) // Go shifts by 64 and more yield 0 or the sign
	}
}

func bitRotate(direction int) func(*Runtime, *lua.LState) int {
	return func(_ *Runtime, L *lua.LState) int {
		x, plain := checkBits(L, 1)
		n := L.CheckInt(2) % 64 * direction
		switch checkWidth(L, 3) {
		case 8:
			x = uint64(bits.RotateLeft8(uint8(x), n))
		case 16:
			x = uint64(bits.RotateLeft16(uint16(x), n))
		case 32:
			x = uint64(bits.RotateLeft32(uint32(x), n))
		default:
			x = bits.RotateLeft64(x, n)
		}
		return pushBits(L, x, plain)
	}
}

func checkWidth(L *lua.LState, n int) int {
	switch w := L.OptInt(n, 64); w {
	case 8, 16, 32, 64:
		return w
	}
	L.ArgError(n, "width 8, 16, 32 or 64 expected")
	panic("unreachable")
}
