package bindings

import (
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// TestLimits: a hook that takes too much of anything fails with one line that
// says where and which option; the program ends as untraced, and the report at
// the end is made.
func TestLimits(t *testing.T) {
	t.Parallel()
	uname := fixture.Build(t, "uname")
	want := fixture.Run(t, uname)
	const (
		kept = `the script keeps more than 64 MiB of memory \(--max-memory\)`
		made = `a string of \d+ MiB would be (more|more than half of the) memory (than|that) scripts may take, \d+ MiB \(--max-memory\)`
		time = `ran longer than 300ms`
	)
	for _, c := range []struct{ limit, code, message string }{
		{"--max-memory=64M", `local s = "x" while true do s = s .. s end`, made},
		{"--max-memory=64M", `local t = {} while true do t[#t + 1] = {} end`, kept},
		{"--max-memory=64M", `T = {} while true do T[#T + 1] = {1} end`, kept},
		{"--max-memory=64M", `while true do pcall(function() T = {} while true do T[#T + 1] = {1} end end) end`, kept},
		{"--max-memory=64M", `local t = {} while true do t[#t + 1] = coroutine.create(print) end`, kept},
		{"--max-memory=64M", `local s = ("x"):rep(2 ^ 25) local t = {} for i = 1, 20 do t[i] = s:upper() end`, made},
		{"--max-memory=32M", `string.rep("x", 67100000)`, made},
		{"--max-memory=64M", `local t = {} for i = 1, 1000 do t[i] = ("x"):rep(1000000) end table.concat(t)`, "(" + kept + "|" + made + ")"},
		{"--max-memory=64M", `local s, t = ("x"):rep(1000000), {} for i = 1, 1000 do t[i] = s end table.concat(t)`, made},
		{"--max-memory=64M", `local s = ("x"):rep(1000000) s:gsub("x", s)`, made},
		{"--max-memory=64M", `local s = ("x"):rep(1000000) s:gsub("x", function() return s end)`, made},
		{"--max-memory=64M", `local s = ("x"):rep(20000000) string.format("%s%s%s%s", s, s, s, s)`, made},
		{"--max-memory=64M", `local t = {} for i = 1, 60 do t = {t, t} end json.encode(t)`, `json\.encode: ` + made},
		{"--max-memory=64M", `json.decode("[" .. ("[],"):rep(4000000) .. "1]")`, kept},
		{"--max-memory=64M", `local function f() return 1 + f() end f()`, `stack overflow`},
		{"--max-memory=0", `string.rep("x", 1.5e9)`, `string\.rep: the result would be longer than 64 MiB`},
		{"--hook-timeout=300ms", `string.find(("a"):rep(2000), ("a*"):rep(12) .. "b")`, time},
		{"--hook-timeout=300ms", `while true do print() end`, time},
		{"--hook-timeout=300ms", `re("(x+x+)+y"):gsub(("x"):rep(60000000), "")`, time},
		{"--max-read=10", `ev.mem:read(1, 11)`, `bad argument #2 to read \(n must be from 0 to 10 \(--max-read\)\)`},
		{"--max-read=10", `ev.mem:string(1, 11)`, `bad argument #2 to string \(max must be from 0 to 10 \(--max-read\)\)`},
		{"--hook-timeout=300ms", `re("(x+x+)+y"):test(("x"):rep(60000000))`, time},
		{"--max-memory=64M", `re(""):gmatch(("x"):rep(10000000))`, made},
		{"--max-memory=64M", `re("x"):gsub(("x"):rep(1000000), ("x"):rep(1000))`, made},
	} {
		// the hooks of each are of two rows of the plan
		for i, row := range []string{"uname:enter", "uname:exit"} {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				if i == 1 && !strings.HasPrefix(c.code, "local s") {
					return // the interpreter is the same
				}
				r := trace(t, "--hook-timeout=1m", c.limit, "-e", "calls = 0 on('"+row+"', function(ev) calls = calls + 1\n"+c.code+" end) on('end', function() print('end', calls) end)", uname)
				message := regexp.MustCompile(`^luatrace: -e:2: ` + c.message + ` \(in the hook of -e:1, on uname of task \d+\)\n$`)
				if r.Code != 3 || r.Stdout != want.Stdout || !message.MatchString(r.Stderr) || !strings.HasSuffix(r.Out, "end\t1\n") {
					t.Errorf("%s %s: exit %d, %q, %q, trace ends in %q", c.limit, c.code, r.Code, r.Stdout, r.Stderr, r.Out[max(0, len(r.Out)-20):])
				}
			})
		}
	}
}

// TestMemoryIsGivenBack: what a hook drops again counts no more, and a script
// that keeps too much is ended at its load.
func TestMemoryIsGivenBack(t *testing.T) {
	t.Parallel()
	counts := fixture.Build(t, "counts")
	r := trace(t, "--max-memory=64M", "-e", `n = 0 on("getppid", function(ev) n = n + 1 local s = ("x"):rep(500000) s = s .. n end) on("end", function() print(n) end)`, counts)
	if r.Code != 0 || r.Out != "800\n" || r.Stderr != "" {
		t.Errorf("exit %d, %q, %q", r.Code, r.Out, r.Stderr)
	}
	r = trace(t, "--hook-timeout=1m", "--max-memory=64M", "-e", `T = {} while true do T[#T + 1] = {} end`, counts)
	if r.Code != 2 || r.Stdout != "" || r.Stderr != "luatrace: -e:1: the script keeps more than 64 MiB of memory (--max-memory)\n" {
		t.Errorf("exit %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
}

// TestAggregationKeys: --max-keys is for aggregations without max_keys.
func TestAggregationKeys(t *testing.T) {
	t.Parallel()
	r := trace(t, "--max-keys=2", "-e", `agg("own", {max_keys = 3})
		on("begin", function() for i = 1, 4 do agg.some:count(i) agg.own:count(i) end end)`, "true")
	if r.Code != 0 || strings.Count(r.Out, "(other)\nnote: ") != 2 || !strings.Contains(r.Out, "    2  (other)\nnote: 2 keys are kept") || !strings.Contains(r.Out, "    1  (other)\nnote: 3 keys") {
		t.Errorf("exit %d, %s%s", r.Code, r.Out, r.Stderr)
	}
}
