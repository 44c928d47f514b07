package luart

import "testing"

// TestRngSequence pins the sequences: a seed means the same in every release.
func TestRngSequence(t *testing.T) {
	t.Parallel()
	testOutputs(t, []outputTest{
		{`local r = rng(1) print(r:int(100), r:int(100), r:int(100), r:int(-5, 5), r:chance(0.5), r:pick{"a", "b", "c"})`, "80\t43\t24\t-1\ttrue\tb"},
		{`local r = rng("seed") print(r:float() < 1, r:int(1, 1), (json.encode(r:bytes(3))), table.concat(r:shuffle{1, 2, 3, 4, 5}, ""))`, `true	1	"\\xd5=\\xfd"	31425`},
	})
}

func TestRng(t *testing.T) {
	t.Parallel()
	testOutputs(t, []outputTest{
		{`local a, b = rng(7), rng(7) for i = 1, 100 do assert(a:float() == b:float()) end print(rng(7):int(1e9) ~= rng(8):int(1e9))`, "true"},
		{`print(rng("a"):int(2^50) ~= rng("b"):int(2^50), rng(u64"0xffffffffffffffff"):int(2^53) == rng(-1):int(2^53))`, "true\ttrue"},
		{`local r, seen = rng(1), {} for i = 1, 2000 do local n = r:int(3) seen[n] = (seen[n] or 0) + 1 end
		assert(#seen == 3 and seen[1] > 500 and seen[2] > 500 and seen[3] > 500) print(r:int(-2^53, 2^53) ~= nil)`, "true"},
		{`local r, n = rng(3), 0 for i = 1, 10000 do if r:chance(0.25) then n = n + 1 end end print(n > 2200 and n < 2800, r:chance(0), r:chance(1))`, "true\tfalse\ttrue"},
		{`local r = rng(4) for i = 1, 1000 do local f = r:float(2, 3) assert(f >= 2 and f < 3) end print(#r:bytes(13), r:bytes(0), r:pick{})`, "13\t\tnil"},
		{`local t = {1, 2, 3} print(rng(5):shuffle(t) == t, #t, t[1] + t[2] + t[3])`, "true\t3\t6"},
		{`print(rng():int(100) == rng(0):int(100))`, "true"},
	})
	testErrors(t, []outputTest{
		{`rng(1.5)`, "whole number expected"},
		{`rng(1):int(5, 4)`, "empty range"},
		{`rng(1):int(0)`, "empty range"},
		{`rng(1):int(1.5)`, "whole number expected"},
		{`rng(1):chance(2)`, "probability from 0 to 1 expected"},
		{`rng(1).int(5)`, "rng expected as receiver, got number: call methods with a colon, x:method()"},
		{`rng(1):bytes(-1)`, "length out of range"},
	})
}

func BenchmarkRngFloat(b *testing.B) {
	g := NewGenerator(1)
	for b.Loop() {
		g.Float()
	}
}
