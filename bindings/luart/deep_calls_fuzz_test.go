package luart

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strings"
	"testing"
)

// deepProgram puts random ways of calling inside one another, with coroutines that are
// kept and resumed at any time, also by those they wait for, yields from anywhere, and
// errors that are held or not.
const deepProgram = `
local pattern, acts, most = {%s}, {%s}, %d
local steps, kept, bad = 0, {}, {}
local function note(e)
  if type(e) == "string" and e ~= "enough" then bad[#bad + 1] = e end
end
local function go(n)
  steps = steps + 1
  if steps > most then error("enough", 0) end
  local way = ways[names[pattern[n %% #pattern + 1]]]
  local act = acts[steps %% #acts + 1]
  local function inner() go(n + 1) return steps %% 2 == 0 end
  if act == "yield" then note(select(2, pcall(coroutine.yield, n)))
  elseif act == "tail" then return coroutine.yield(n)
  elseif act == "keep" then kept[steps %% 7] = coroutine.create(inner)
  elseif act == "resume" then
    for i = 0, 6 do
      if kept[i] then note(select(2, coroutine.resume(kept[i], n))) end
    end
  elseif act == "hold" then note(select(2, pcall(way, inner)))
  elseif act == "error" then error({}) end
  return way(inner)
end
for i = 1, 5 do note(select(2, pcall(go, i))) end
note(select(2, pcall(coroutine.wrap(go), 1)))
assert(coroutine.running() == nil and pcall(error) == false and coroutine.wrap(function() return pcall(tostring, 1) end)())
return table.concat(bad, "\n")
`

// fuzzStack is the stack that the fuzz target allows: a fraction of what Go does.
const fuzzStack = 64 << 20

// FuzzDeepCalls: calls put inside one another in all ways, through coroutines that are
// resumed at any time, end with a result or one of Lua's errors, and leave the
// interpreter as it was; the stack stays small.
func FuzzDeepCalls(f *testing.F) {
	ways, err := os.ReadFile("testdata/deep_ways.lua")
	if err != nil {
		f.Fatal(err)
	}
	count := bytes.Count(ways, []byte(" = function(f)"))
	for seed := range uint64(12) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		defer debug.SetMaxStack(debug.SetMaxStack(fuzzStack))
		rng := rand.New(rand.NewPCG(seed, 11))
		var pattern, acts strings.Builder
		for range 1 + rng.IntN(8) {
			fmt.Fprintf(&pattern, "%d,", 1+rng.IntN(count))
		}
		for range 1 + rng.IntN(20) {
			fmt.Fprintf(&acts, "%q,", pick(rng, []string{"", "", "", "", "yield", "tail", "keep", "resume", "hold", "error"}))
		}
		code := string(ways) + fmt.Sprintf(deepProgram, pattern.String(), acts.String(), pick(rng, []int{30, 100, 500}))
		var out bytes.Buffer
		r := newLua(Options{Out: &out, Timeout: 5e8, MaxMemory: 512 << 20})
		defer r.Close()
		fn, err := loadCode(r, code)
		if err != nil {
			t.Fatal(err)
		}
		bad, err := r.Call1(fn)
		if err != nil {
			if msg := err.Error(); wrongMessage(msg) != "" || !strings.Contains(msg, "ran longer") && !strings.Contains(msg, "of memory") {
				t.Errorf("%d: %.300v\n%s", seed, err, code[len(ways):])
			}
		} else {
			for line := range strings.Lines(bad.String()) {
				if wrong := wrongMessage(line); wrong != "" {
					t.Errorf("%d: %s: %.300s\n%s", seed, wrong, line, code[len(ways):])
					break
				}
			}
		}
		if r.nesting != (nesting{}) || len(r.open) != 0 || r.depth != 0 {
			t.Errorf("%d: %v, %d open variables, depth %d", seed, r.nesting, len(r.open), r.depth)
		}
	})
}
