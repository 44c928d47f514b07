package luart

import "testing"

func TestBit(t *testing.T) {
	t.Parallel()
	testOutputs(t, []outputTest{
		{`print(bit.band(0xff, 0x0f), bit.band(7, 6, 4), bit.bor(1, 2, 4), bit.bxor(5, 1), bit.bnot(0), bit.bnot(-1))`, "15\t4\t7\t4\t-1\t0"},
		{`print(bit.band(-1, 0xff), bit.bor(-2, 1), bit.band(5))`, "255\t-1\t5"},
		{`print(bit.lshift(1, 10), bit.lshift(1, 53), bit.lshift(1, 54), bit.lshift(1, 63), bit.lshift(1, 64), bit.lshift(-1, 1))`,
			"1024\t9007199254740992\t18014398509481984\t9223372036854775808\t0\t-2"},
		{`print(bit.rshift(256, 4), bit.rshift(-1, 60), bit.rshift(-1, 1), bit.arshift(-256, 4), bit.arshift(-1, 100), bit.rshift(5, 200))`,
			"16\t15\t9223372036854775807\t-16\t-1\t0"},
		{`print(bit.rol(0x81, 1, 8), bit.ror(1, 1, 8), bit.rol(1, 31, 32), bit.ror(1, 1), bit.rol(0x8000, 1, 16))`,
			"3\t128\t2147483648\t9223372036854775808\t1"},
		{`print(bit.bswap(0x1f90, 16), bit.bswap(0x01020304, 32), bit.tohex(bit.bswap(1)))`, "36895\t67305985\t100000000000000"},
		{`print(bit.tohex(255), bit.tohex(255, 4), bit.tohex(-1), bit.tohex(0x12345, 3), bit.tohex(u64"0xdeadbeefcafebabe"))`, "ff\t00ff\tffffffffffffffff\t345\tdeadbeefcafebabe"},
		{`print(bit.test(6, 2), bit.test(6, 3), bit.test(6, 0), bit.test(u64"0x8000000000000000", u64"0x8000000000000000"))`, "true\tfalse\ttrue\ttrue"},
		{`print(table.concat(bit.bits(5), ","), #bit.bits(-1), #bit.bits(0))`, "0,2\t64\t0"},
		{`local w = u64"0xffffffff00000001" print(bit.band(w, 0xff) == 1, bit.bnot(u64(0)), bit.bxor(w, w) == 0, bit.bor(w, 2))`,
			"true\t18446744073709551615\ttrue\t18446744069414584323"},
		{`print(bit.band(i64(-1), 0xff), bit.bnot(i64(-1)))`, "255\t0"},
	})
	testErrors(t, []outputTest{
		{`bit.band(1.5, 1)`, "bad argument #1 to band (whole number expected, got 1.5)"},
		{`bit.band(1, 0/0)`, "bad argument #2 to band (not a number (nan) has no 64-bit value)"},
		{`bit.bor()`, "number or 64-bit word expected, got nil"},
		{`bit.lshift(1, -1)`, "shift by a negative count; use the other shift"},
		{`bit.rol(1, 1, 12)`, "width 8, 16, 32 or 64 expected"},
		{`bit.bswap(1, 8)`, "width 16, 32 or 64 expected"},
		{`bit.tohex(1, 17)`, "1 to 16 digits expected"},
	})
}
