package luart

import (
	"hash/fnv"
	"math/bits"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"
)

// rngStream is the second half of the PCG state; a seed gives the first.
const rngStream = 0x6c75617472616365

// Generator draws from math/rand/v2's PCG, whose sequence is specified. The
// methods are its own, not those of rand.Rand, so that a seed means the same
// sequence in every release.
type Generator struct{ src rand.PCG }

// NewGenerator returns the generator of a seed.
func NewGenerator(seed uint64) *Generator {
	g := &Generator{}
	g.src.Seed(seed, rngStream)
	return g
}

// below returns a uniform number under n; n 0 means 2^64.
func (g *Generator) below(n uint64) uint64 {
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

// Float returns a uniform number in [0, 1) with 53 random bits.
func (g *Generator) Float() float64 { return float64(g.src.Uint64()>>11) / (1 << 53) }

func rngGlobals() Module {
	return Module{Functions: []Function{{
		Name: "rng", Params: "seed?: number|string|word", Returns: "rng",
		Help: "Makes a random number generator. The same seed gives the same sequence in every run and release (PCG-DXSM); without one it is the seed of the run (--seed, else 0). A string is hashed.",
		Fn: Bind(func(r *Runtime, L *lua.LState) int {
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
			L.Push(r.NewObject("rng", NewGenerator(seed)))
			return 1
		}),
	}}}
}

func rngObject() Object {
	gen := func(L *lua.LState) *Generator { return Receiver[*Generator](L, 1, "rng") }
	return Object{
		Name: "rng",
		Help: "A repeatable random number generator, made by rng(seed).",
		Methods: []Function{
			{
				Name: "int", Params: "a: integer, b?: integer", Returns: "integer",
				Help: "A whole number from a to b inclusive, or from 1 to a.",
				Fn: Bind(func(_ *Runtime, L *lua.LState) int {
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
				Name: "float", Params: "a?: number, b?: number", Returns: "number",
				Help: "A number from 0 up to but not including 1, or from a up to b.",
				Fn: Bind(func(_ *Runtime, L *lua.LState) int {
					g := gen(L)
					f := g.Float()
					if L.GetTop() > 1 {
						a, b := float64(L.CheckNumber(2)), float64(L.CheckNumber(3))
						f = a + (b-a)*f
					}
					L.Push(lua.LNumber(f))
					return 1
				}),
			},
			{
				Name: "chance", Params: "p: number", Returns: "boolean",
				Help: "True with probability p, from 0 (never) to 1 (always).",
				Fn: Bind(func(_ *Runtime, L *lua.LState) int {
					g, p := gen(L), float64(L.CheckNumber(2))
					if !(p >= 0 && p <= 1) {
						L.ArgError(2, "probability from 0 to 1 expected")
					}
					L.Push(lua.LBool(g.Float() < p))
					return 1
				}),
			},
			{
				Name: "pick", Params: "list: table", Returns: "any",
				Help: "One element of a list, nil if it is empty.",
				Fn: Bind(func(_ *Runtime, L *lua.LState) int {
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
				Name: "bytes", Params: "n: integer", Returns: "string",
				Help: "A string of n random bytes.",
				Fn: Bind(func(r *Runtime, L *lua.LState) int {
					g, n := gen(L), L.CheckInt(2)
					if n < 0 || n > maxRep {
						L.ArgError(2, "length out of range")
					}
					r.RoomForText(L, n)
					b := make([]byte, 0, n+8)
					for len(b) < n {
						v := g.src.Uint64()
						for range 8 {
							b, v = append(b, byte(v)), v>>8
						}
					}
					L.Push(lua.LString(TextOf(b[:n])))
					return 1
				}),
			},
			{
				Name: "shuffle", Params: "list: table", Returns: "table",
				Help: "Reorders a list in place and returns it.",
				Fn: Bind(func(_ *Runtime, L *lua.LState) int {
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
