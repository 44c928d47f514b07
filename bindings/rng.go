package bindings

import (
	"hash/fnv"
	"math/bits"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"
)

// rngStream is the second half of the PCG state; a seed gives the first.
const rngStream = 0x6c75617472616365

// generator draws from math/rand/v2's PCG, whose sequence is specified. The
// methods are its own, not those of rand.Rand, so that a seed means the same
// sequence in every release.
type generator struct{ src rand.PCG }

func newGenerator(seed uint64) *generator {
	g := &generator{}
	g.src.Seed(seed, rngStream)
	return g
}

// below returns a uniform number under n; n 0 means 2^64.
func (g *generator) below(n uint64) uint64 {
	if n == 0 {
		return g.src.Uint64()
	}
	// Multiply and reject: unbiased, one draw almost always.
	hi, lo := bits.Mul64(g.src.Uint64(), n)
	if lo < n {
		for least := -n % n; lo < least; {
			hi, lo = bits.Mul64(g.src.Uint64(), n)
		}
	}
	return hi
}

// float returns a uniform number in [0, 1) with 53 random bits.
func (g *generator) float() float64 { return float64(g.src.Uint64()>>11) / (1 << 53) }

func rngGlobals() module {
	return module{functions: []function{{
		name: "rng", params: "seed?: number|string|word", returns: "rng",
		help: "Makes a random number generator. The same seed gives the same sequence in every run and release (PCG-DXSM); without one it is the seed of the run (--seed, else 0). A string is hashed.",
		fn: bind(func(r *vm, L *lua.LState) int {
			seed := r.opts.Seed
			switch v := L.Get(1).(type) {
			case *lua.LNilType:
			case lua.LString:
				h := fnv.New64a()
				_, _ = h.Write([]byte(v)) // never fails
				seed = h.Sum64()
			default:
				seed, _ = checkBits(L, 1)
			}
			L.Push(r.newObject("rng", newGenerator(seed)))
			return 1
		}),
	}}}
}

func rngObject() object {
	gen := func(L *lua.LState) *generator { return receiver[*generator](L, 1, "rng") }
	return object{
		name: "rng",
		help: "A repeatable random number generator, made by rng(seed).",
		methods: []function{
			{
				name: "int", params: "a: integer, b?: integer", returns: "integer",
				help: "A whole number from a to b inclusive, or from 1 to a.",
				fn: bind(func(_ *vm, L *lua.LState) int {
					g := gen(L)
					low, high := int64(1), checkExact(L, 2)
					if L.Get(3) != lua.LNil {
						low, high = high, checkExact(L, 3)
					}
					if low > high {
						L.ArgError(L.GetTop(), "empty range")
					}
					L.Push(lua.LNumber(low + int64(g.below(uint64(high-low)+1))))
					return 1
				}),
			},
			{
				name: "float", params: "a?: number, b?: number", returns: "number",
				help: "A number from 0 up to but not including 1, or from a up to b.",
				fn: bind(func(_ *vm, L *lua.LState) int {
					g := gen(L)
					f := g.float()
					if L.GetTop() > 1 {
						a, b := float64(L.CheckNumber(2)), float64(L.CheckNumber(3))
						f = a + (b-a)*f
					}
					L.Push(lua.LNumber(f))
					return 1
				}),
			},
			{
				name: "chance", params: "p: number", returns: "boolean",
				help: "True with probability p, from 0 (never) to 1 (always).",
				fn: bind(func(_ *vm, L *lua.LState) int {
					g, p := gen(L), float64(L.CheckNumber(2))
					if !(p >= 0 && p <= 1) {
						L.ArgError(2, "probability from 0 to 1 expected")
					}
					L.Push(lua.LBool(g.float() < p))
					return 1
				}),
			},
			{
				name: "pick", params: "list: table", returns: "any",
				help: "One element of a list, nil if it is empty.",
				fn: bind(func(_ *vm, L *lua.LState) int {
					g, list := gen(L), L.CheckTable(2)
					if list.Len() == 0 {
						L.Push(lua.LNil)
						return 1
					}
					L.Push(list.RawGetInt(1 + int(g.below(uint64(list.Len())))))
					return 1
				}),
			},
			{
				name: "bytes", params: "n: integer", returns: "string",
				help: "A string of n random bytes.",
				fn: bind(func(r *vm, L *lua.LState) int {
					g, n := gen(L), L.CheckInt(2)
					if n < 0 || n > maxRep {
						L.ArgError(2, "length out of range")
					}
					r.roomForText(L, n)
					b := make([]byte, 0, n+8)
					for len(b) < n {
						v := g.src.Uint64()
						for range 8 {
							b, v = append(b, byte(v)), v>>8
						}
					}
					L.Push(lua.LString(textOf(b[:n])))
					return 1
				}),
			},
			{
				name: "shuffle", params: "list: table", returns: "table",
				help: "Reorders a list in place and returns it.",
				fn: bind(func(_ *vm, L *lua.LState) int {
					g, list := gen(L), L.CheckTable(2)
					for i := list.Len(); i > 1; i-- {
						j := 1 + int(g.below(uint64(i)))
						a, b := list.RawGetInt(i), list.RawGetInt(j)
						list.RawSetInt(i, b)
						list.RawSetInt(j, a)
					}
					L.Push(list)
					return 1
				}),
			},
		},
	}
}

// checkExact returns argument n, which must be a whole number within ±2^53.
func checkExact(L *lua.LState, n int) int64 {
	v, plain := checkBits(L, n)
	if i := int64(v); plain && i >= -maxExact && i <= maxExact {
		return i
	}
	L.ArgError(n, "whole number within 2^53 expected")
	panic("unreachable")
}
