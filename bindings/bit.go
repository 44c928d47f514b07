package bindings

import (
	"math/bits"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func bitModule() module {
	return module{
		name: "bit",
		help: "Operations on 64 bits. Arguments are whole numbers, taken in two's complement, or words. A result is a plain number if it is within ±2^53, else a word; no result is ever rounded. If an argument is a word the result counts as unsigned.",
		functions: []function{
			{
				name: "band", params: "x: number|word, ...: number|word", returns: "number|word",
				help: "The bits set in all arguments.",
				fn:   bind(bitFold(func(a, b uint64) uint64 { return a & b })),
			},
			{
				name: "bor", params: "x: number|word, ...: number|word", returns: "number|word",
				help: "The bits set in any argument.",
				fn:   bind(bitFold(func(a, b uint64) uint64 { return a | b })),
			},
			{
				name: "bxor", params: "x: number|word, ...: number|word", returns: "number|word",
				help: "The bits set in an odd number of arguments.",
				fn:   bind(bitFold(func(a, b uint64) uint64 { return a ^ b })),
			},
			{
				name: "bnot", params: "x: number|word", returns: "number|word",
				help: "All 64 bits inverted: bit.bnot(0) is -1.",
				fn:   bind(bitFold(nil)),
			},
			{
				name: "lshift", params: "x: number|word, n: integer", returns: "number|word",
				help: "Shifts left; bits beyond the 64th are lost.",
				fn:   bind(bitShift(func(x uint64, n uint) uint64 { return x << n })),
			},
			{
				name: "rshift", params: "x: number|word, n: integer", returns: "number|word",
				help: "Shifts right and fills with zeros, also for negative numbers.",
				fn:   bind(bitShift(func(x uint64, n uint) uint64 { return x >> n })),
			},
			{
				name: "arshift", params: "x: number|word, n: integer", returns: "number|word",
				help: "Shifts right and fills with the sign bit.",
				fn:   bind(bitShift(func(x uint64, n uint) uint64 { return uint64(int64(x) >> n) })),
			},
			{
				name: "rol", params: "x: number|word, n: integer, width?: integer", returns: "number|word",
				help: "Rotates the low 8, 16, 32 or 64 (default) bits left; the result is zero above them.",
				fn:   bind(bitRotate(1)),
			},
			{
				name: "ror", params: "x: number|word, n: integer, width?: integer", returns: "number|word",
				help: "Rotates the low 8, 16, 32 or 64 (default) bits right; the result is zero above them.",
				fn:   bind(bitRotate(-1)),
			},
			{
				name: "bswap", params: "x: number|word, width?: integer", returns: "number|word",
				help: "Reverses the bytes of the low 16, 32 or 64 (default) bits; the result is zero above them. bit.bswap(port, 16) converts network order.",
				fn: bind(func(_ *vm, L *lua.LState) int {
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
				name: "test", params: "x: number|word, mask: number|word", returns: "boolean",
				help: "Whether all bits of the mask are set in x.",
				fn: bind(func(_ *vm, L *lua.LState) int {
					x, _ := checkBits(L, 1)
					mask, _ := checkBits(L, 2)
					L.Push(lua.LBool(x&mask == mask))
					return 1
				}),
			},
			{
				name: "bits", params: "x: number|word", returns: "table",
				help: "A list of the numbers of the set bits, from 0, in order.",
				fn: bind(func(_ *vm, L *lua.LState) int {
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
				name: "tohex", params: "x: number|word, digits?: integer", returns: "string",
				help: "Hexadecimal digits without 0x, negative numbers in two's complement; with digits, exactly that many of the low ones.",
				fn: bind(func(_ *vm, L *lua.LState) int {
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
		L.Push(exact(x))
	case x <= maxExact:
		L.Push(lua.LNumber(x))
	default:
		L.Push(Word(x))
	}
	return 1
}

// bitFold applies op from left to right; without op it inverts its argument.
func bitFold(op func(a, b uint64) uint64) func(*vm, *lua.LState) int {
	return func(_ *vm, L *lua.LState) int {
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

func bitShift(op func(x uint64, n uint) uint64) func(*vm, *lua.LState) int {
	return func(_ *vm, L *lua.LState) int {
		x, plain := checkBits(L, 1)
		n := L.CheckInt(2)
		if n < 0 {
			L.ArgError(2, "shift by a negative count; use the other shift")
		}
		return pushBits(L, op(x, uint(n)), plain) // Go shifts by 64 and more yield 0 or the sign
	}
}

func bitRotate(direction int) func(*vm, *lua.LState) int {
	return func(_ *vm, L *lua.LState) int {
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
