package luart

import (
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// These pin what words rely on in gopher-lua as much as words themselves.
func TestWords(t *testing.T) {
	t.Parallel()
	testOutputs(t, []outputTest{
		{`print(u64"0xffffffffffffffff", i64"-9223372036854775808", u64(5), i64(-5))`, "18446744073709551615\t-9223372036854775808\t5\t-5"},
		{`print(u64(-1), i64"0xffffffffffffffff", u64"-1", u64("18446744073709551615"):hex())`, "18446744073709551615\t-1\t18446744073709551615\t0xffffffffffffffff"},
		{`print(u64(5) == u64(5), u64(5) == u64(6), u64(5) ~= u64(5), u64(5) == i64(5), u64"0xffffffffffffffff" == i64(-1))`, "true\tfalse\tfalse\ttrue\tfalse"},
		{`print(u64(5) == 5, 5 == u64(5), u64(5) == "5")`, "false\tfalse\tfalse"},
		{`print(u64(5) < u64(6), u64(6) <= u64(6), u64"0xffffffffffffffff" > u64(1), i64(-1) < u64(0), i64(-2) < i64(-1), u64(3) > i64(-3))`, "true\ttrue\ttrue\ttrue\ttrue\ttrue"},
		{`local t = {} t[u64"9007199254740993"] = "a" t[u64"9007199254740992"] = "b" print(t[u64"9007199254740993"], t[u64"0x20000000000000"], t[9007199254740992])`, "a\tb\tnil"},
		{`print(u64"9007199254740993" + 1, 1 + u64(2), u64(5) - 7, i64(5) - 7, u64(6) * 7, u64(7) / 2, u64(7) % 4, i64(-7) % 4, i64(-7) / 2, u64(2) ^ 63, -u64(1), -i64(1))`,
			"9007199254740994\t3\t18446744073709551614\t-2\t42\t3\t3\t1\t-3\t9223372036854775808\t18446744073709551615\t-1"},
		{`print(u64"0xffffffffffffffff" + 1, i64"9223372036854775807" + 1, i64(1) + u64(1) == u64(2))`, "0\t-9223372036854775808\ttrue"},
		{`print("v=" .. u64(5) .. "!", u64(1) .. 2, 3 .. i64(-4))`, "v=5!\t12\t3-4"},
		{`print(tostring(u64(5)), type(u64(5)), tonumber(u64(5)) + 1, u64(5):number() == 5)`, "5\tuserdata\t6\ttrue"},
		{`print(string.format("%d %x %X %o %s %u %5d|%g", u64"0xffffffffffffffff", u64"0xffffffffffffffff", u64(255), u64(8), u64(9), i64(-1), u64(7), u64(3)))`,
			"18446744073709551615 ffffffffffffffff FF 10 9 18446744073709551615     7|3"},
		{`print(string.format("%d %x", i64(-1), i64(-1)))`, "-1 ffffffffffffffff"},
		{`print(u64(5):signed(), i64(-1):unsigned(), i64(-1):hex(), getmetatable(u64(1)))`, "5\t18446744073709551615\t0xffffffffffffffff\tfalse"},
		{`print({u64(5), n = i64(-1)}, {1, ..., n = select('#', ...)})`, "{5, n=-1}\t{1, n=0}"},
		{`print(rawequal(u64(5), u64(5)), next({[u64(1)] = 2}))`, "true\t1\t2"},
	})
	testErrors(t, []outputTest{
		{`return u64(5) < 6`, "a 64-bit word compares with 64-bit words only: write u64(n)"},
		{`return 6 >= u64(5)`, "write u64(n)"},
		{`return u64(5) + 1.5`, "can't add a 64-bit word: whole number expected, got 1.5"},
		{`return u64(5) + "x"`, "number or 64-bit word expected, got string"},
		{`return u64(5) / 0`, "division of a 64-bit word by zero"},
		{`return i64(5) % u64(0)`, "division of a 64-bit word by zero"},
		{`return u64(1.5)`, "whole number expected, got 1.5"},
		{`return u64(0/0)`, "not a number (nan) has no 64-bit value"},
		{`return u64(2^64)`, "1.8446744073709552e+19 does not fit in 64 bits"},
		{`return u64"0x1ffffffffffffffff"`, "'0x1ffffffffffffffff' does not fit in 64 bits"},
		{`return u64"-9223372036854775809"`, "does not fit in 64 bits"},
		{`return u64"12x"`, "'12x' is not a decimal or 0x integer"},
		{`return u64({})`, "number or 64-bit word expected, got table"},
		{`return u64(5):hexx()`, "word has no member 'hexx'; did you mean 'hex'?"},
		{`return u64(5) .. {}`, "attempt to concatenate a table"},
		{`local x = 0xffffffffffffffff`, `-e:1: the number 0xffffffffffffffff can't be held exactly; write u64"0xffffffffffffffff"`},
		{"local x\nx = 9007199254740993", `-e:2: the number 9007199254740993 can't be held exactly; write u64"9007199254740993"`},
	})
	testOutputs(t, []outputTest{
		{`print(9007199254740992, 0x20000000000000, 1e300 > 0, 18446744073709551616 > 0, "9007199254740993" --[[9007199254740993]])`, "9007199254740992\t9007199254740992\ttrue\ttrue\t9007199254740993"},
	})
}

// TestUserdataKeepTheirMetatables holds that the words' metatable, set for the
// type number of userdata, doesn't reach real userdata.
func TestUserdataKeepTheirMetatables(t *testing.T) {
	t.Parallel()
	r, _ := newTest(t, Options{})
	if mt := r.L.GetMetatable(&lua.LUserData{Metatable: lua.LNil}); mt != lua.LNil {
		t.Errorf("plain userdata has a metatable: %v", mt)
	}
	if got := r.NewObject("rng", nil).Metatable; got != r.Class("rng") {
		t.Error("rng userdata lost its metatable")
	}
}

func TestExact(t *testing.T) {
	t.Parallel()
	for v, want := range map[uint64]lua.LValue{
		0: lua.LNumber(0), 5: lua.LNumber(5), ^uint64(0): lua.LNumber(-1), 0xffffffffffffff9c: lua.LNumber(-100),
		1 << 53: lua.LNumber(1 << 53), 1<<53 + 1: Word(1<<53 + 1), 1 << 63: Word(1 << 63),
	} {
		if got := Exact(v); got != want {
			t.Errorf("exact(%#x) = %#v, want %#v", v, got, want)
		}
	}
}
