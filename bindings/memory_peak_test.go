package bindings

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// within runs luatrace with so many MiB for all its data (RLIMIT_DATA): where it
// takes more, the Go runtime ends it with a fatal error.
func within(t *testing.T, mebibytes int, args ...string) fixture.Result {
	t.Helper()
	limit := fmt.Sprintf(`ulimit -d %d; exec "$@"`, mebibytes<<10)
	if fixture.Race {
		limit = `exec "$@"` // the detector takes many times that
	}
	return fixture.RunCmd(t, exec.Command("sh", append([]string{"-c", limit, "sh", fixture.Luatrace(t)}, args...)...))
}

// greedy are hooks that take far more memory than they may, each by a way of
// its own, and how it ends.
var greedy = []struct{ code, message string }{
	// One instruction.
	{`local s = ("x"):rep(20e6) s = s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s`, "made"},
	{`local s = ("x"):rep(1e6) while true do s = s .. s .. s .. s .. s .. s .. s .. s end`, "made"},
	{`local t, s = {}, ("x"):rep(2e6) for i = 1, 1e5 do t[i] = s .. i end`, "made"},
	{`local t, s = {}, ("x"):rep(9e5) for i = 1, 1e5 do t[i] = s .. i end`, "kept"},
	{`T = {} local s = ("x"):rep(9e5) while true do pcall(function() while true do T[#T + 1] = s .. #T end end) end`, "kept"},
	{`local t = {} t[16000000] = 1`, "kept"},
	{`local t, k = setmetatable({}, {__newindex = {}}), 16000000 t[k] = 1`, "kept"},
	{`local t = {} while true do pcall(function() t[16000000] = 1 end) end`, "kept"},
	{`rawset({}, 16000000, 1)`, "kept"},
	{`table.insert({}, 16000000, 1)`, "kept"},
	{`local t = {} for i = 1, 1e8 do t[i] = i end`, "kept"},
	// Output.
	{`local s = ("x"):rep(20e6) print(s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s)`, "made"},
	{`print(("\1"):rep(20e6))`, "made"},
	{`local s = ("\1"):rep(9e5) print(s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s)`, "made"},
	{`printf("%s%s", ("\1"):rep(20e6), 1)`, "made"},
	{`printf(("\1"):rep(20e6))`, "made"},
	{`print {("\1"):rep(20e6)}`, "made"},
	{`print {[("\1"):rep(20e6)] = 1}`, "made"},
	{`local s, t = ("\1"):rep(10e6), {} for i = 1, 60 do t[i] = s end emit(t)`, "(emit: )?made"},
	{`emit {[("\255"):rep(20e6)] = 1}`, "(emit: )?made"},
	{`output.frame(function() local s = ("x"):rep(5e6) for i = 1, 1e4 do print(s) end end)`, "made"},
	// Strings.
	{`string.format("%q%q", ("\1"):rep(20e6), "")`, "made"},
	{`inspect(("\1"):rep(20e6))`, "made"},
	{`local s, t = ("\255"):rep(10e6), {} for i = 1, 60 do t[i] = s end json.encode(t)`, `(json\.encode: )?made`},
	{`local s, t = ("x"):rep(20e6), {} for i = 1, 100 do t[i] = s:lower() end`, "made"},
	{`local s, t = ("x"):rep(20e6), {} for i = 1, 100 do t[i] = s:reverse() end`, "made"},
	{`local g, t = rng(1), {} for i = 1, 100 do t[i] = g:bytes(20e6) end`, "made"},
	{`(("x"):rep(30e6)):gsub("", "yyy")`, "made"},
	{`local s = ("x"):rep(1e6) re("x"):gsub(s, s)`, "made"},
	{`local s = ("x"):rep(1e6) re("x"):gsub(s, function() return s end)`, "made"},
	{`re(("()"):rep(300) .. "x"):gmatch(("x"):rep(200000))`, "made"},
	{`re(("[a-z]"):rep(200000))`, "made"},
	{`string.find("x", ("[a]"):rep(10e6))`, `bad argument #2 to find \(a pattern of 30000000 bytes; the longest has 1048576\)`},
	// Errors.
	{`error(("\1"):rep(30e6))`, "made"},
	{`assert(false, ("\1"):rep(30e6))`, "made"},
	{`local s, n = ("x"):rep(30e6) print(n[s])`, `attempt to index nil with key 'x*\.\.\. \(\d+ bytes\)`},
	{`print(bit[("x"):rep(30e6)])`, `module bit has no member 'x*\.\.\. \(\d+ bytes\)'; it has .*`},
	// What is many.
	{`local t = {} for i = 1, 1e8 do t[i] = {} end`, "kept"},
	{`local t = {} for i = 1, 1e8 do t[i] = function() return i end end`, "kept"},
	{`local t = {} for i = 1, 1e8 do t[i] = coroutine.create(function() end) end`, "kept"},
	{`local u, t = {}, {} for i = 1, 6e4 do u[i] = i end for i = 1, 1e5 do t[i] = coroutine.create(function(...) coroutine.yield() end) coroutine.resume(t[i], unpack(u)) end`, "kept"},
	{`local u = {} for i = 1, 3e5 do u[i] = i end coroutine.wrap(function() end)(unpack(u))`, "stack overflow: too many values for a coroutine"},
	{`local u = {} for i = 1, 3e5 do u[i] = i end coroutine.wrap(function() print(unpack(u)) end)()`, "stack overflow: too many values"},
	{`for i = 1, 1e8 do on("openat", function() end) end`, "kept"},
	{`local s = ("x"):rep(1e6) for i = 1, 1e8 do agg.x:count(s .. i) end`, "late"},
	{`local s = ("a"):rep(16000) for i = 1, 1e8 do string.match("x", s .. i) end`, "late"},
	{`for i = 1, 1e8 do re(("[a-z]"):rep(50) .. i) end`, "late"},
}

// TestMemoryIsBounded: whatever a hook in the sandbox does, luatrace keeps within three times
// --max-memory and 64 MiB more, as docs/limits.md says; the hook fails with one line, and the
// program ends as untraced.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	uname := fixture.Build(t, "uname")
	want := fixture.Run(t, uname)
	messages := strings.NewReplacer(
		"made", `(a string of \d+ MiB would be (more|more than half of the) memory (than|that) scripts may take, 64 MiB \(--max-memory\)|the script keeps more than 64 MiB of memory \(--max-memory\))`,
		"kept", `(the script keeps more than 64 MiB of memory \(--max-memory\)|ran longer than 4s)`,
		"late", `(the script keeps more than 64 MiB of memory \(--max-memory\)|ran longer than 4s)`,
	)
	for i, c := range greedy {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			timeout := "4s"
			if strings.Contains(c.message, "made") {
				timeout = "1h" // it ends by memory alone, however busy the machine is
			}
			r := within(t, 3*64+64, "-q", "--max-memory=64M", "--hook-timeout="+timeout, "--sandbox", "--read-only", "-o", filepath.Join(t.TempDir(), "out"),
				"-e", "on('uname:enter', function(ev)\n"+c.code+" end)", uname)
			message := regexp.MustCompile(`^luatrace: -e:2: ` + messages.Replace(c.message) + ` \(in the hook of -e:1, on uname of task \d+\)\n$`)
			if r.Code != 3 || r.Stdout != want.Stdout || !message.MatchString(r.Stderr) {
				t.Errorf("%s: exit %d, %q, %.3000q", c.code, r.Code, r.Stdout, r.Stderr)
			}
		})
	}
}

// TestMemoryByDefault: the same without an option. Not beside other tests: it takes some
// hundred megabytes.
func TestMemoryByDefault(t *testing.T) {
	uname := fixture.Build(t, "uname")
	want := fixture.Run(t, uname)
	const made = `(a string of \d+ MiB (is longer than strings can be, 256 MiB|would be (more|more than half of the) memory (than|that) scripts may take, \d+ MiB \(--max-memory\)))`
	for _, code := range []string{
		`local s = ("x"):rep(60e6) s = s .. s .. s .. s local t = s` + strings.Repeat(" .. s", 60),
		`local s = ("x"):rep(20e6) print(s` + strings.Repeat(", s", 27) + `)`,
		`local s = ("x"):rep(20e6) local t = string.format(("%q"):rep(20), s` + strings.Repeat(", s", 19) + `)`,
		`local s, t = ("x"):rep(10e6), {} for i = 1, 60 do t[i] = s end emit(t)`,
	} {
		r := within(t, 1500, "--sandbox", "--read-only", "--hook-timeout=1m", "-o", "/dev/null", "-e", "on('uname:enter', function(ev)\n"+code+" end)", uname)
		message := regexp.MustCompile(`^luatrace: -e:2: (emit: )?` + made + ` \(in the hook of -e:1, on uname of task \d+\)\n$`)
		if r.Code != 3 || r.Stdout != want.Stdout || !message.MatchString(r.Stderr) {
			t.Errorf("%s: exit %d, %q, %.3000q", code, r.Code, r.Stdout, r.Stderr)
		}
	}
}
