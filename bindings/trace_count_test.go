package bindings

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// The calls whose numbers the fixtures and the C library fix. Others depend on
// timing: futex, or munmap of the stacks of threads.
var countedCalls = []string{"getppid", "getuid", "getpid", "gettid", "openat", "close", "execve", "set_robust_list",
	"rseq", "read", "write", "brk", "pread64", "newfstatat", "getrandom"}

// Of these a signal may interrupt any number, which are then made again; those
// that succeed are fixed. (strace does not count exit and exit_group at all.)
var restartedCalls = []string{"clone", "clone3", "wait4"}

// countRow is a line of strace -c and of our -c: share, seconds, mean, calls,
// perhaps errors, name.
var countRow = regexp.MustCompile(`^ *[\d.]+ +[\d.]+ +\d+ +(\d+)(?: +(\d+))? +(\w+)$`)

// summaryCounts reads a table of -c: calls and errors by name.
func summaryCounts(text string) map[string][2]int {
	counts := map[string][2]int{}
	for l := range strings.Lines(text) {
		if m := countRow.FindStringSubmatch(strings.TrimSuffix(l, "\n")); m != nil {
			calls, _ := strconv.Atoi(m[1])
			errors, _ := strconv.Atoi(m[2])
			counts[m[3]] = [2]int{calls, errors}
		}
	}
	return counts
}

func straceCounts(t *testing.T, argv ...string) map[string][2]int {
	t.Helper()
	out := filepath.Join(t.TempDir(), "strace")
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Fatalf("the numbers are compared with those of strace: %v", err)
	}
	r := fixture.Run(t, path, append([]string{"-f", "-c", "-o", out, "--"}, argv...)...)
	if r.Signal != 0 || r.Stderr != "" {
		t.Fatalf("strace %v: exit %d\n%s", argv, r.Code, r.Stderr)
	}
	return summaryCounts(readFile(t, out))
}

const countingScript = `
on("*", function(ev)
	agg.calls:count(ev.name)
	if ev.err then agg.errors:count(ev.name) end
end)
on("end", function()
	for _, row in ipairs(agg.calls:rows()) do
		print(row.key[1], row.count, agg.errors:get(row.key[1]) or 0)
	end
	agg.calls:clear()
	agg.errors:clear()
end)
`

func scriptCounts(t *testing.T, r traced) map[string][2]int {
	t.Helper()
	counts := map[string][2]int{}
	for _, l := range r.lines() {
		var name string
		var calls, errors int
		if n, err := fmt.Sscan(l, &name, &calls, &errors); n != 3 {
			t.Fatalf("unexpected output %q: %v", l, err)
		}
		counts[name] = [2]int{calls, errors}
	}
	return counts
}

// TestCountsAreExact compares, for fixtures with many threads and processes, a
// counting script, -c and a counting -e with strace.
func TestCountsAreExact(t *testing.T) {
	for _, argv := range [][]string{{"counts"}, {"forktree"}, {"manythr", "40"}, {"forkstorm", "60"}} {
		t.Run(argv[0], func(t *testing.T) {
			t.Parallel()
			argv := append([]string{fixture.Build(t, argv[0])}, argv[1:]...)
			want := straceCounts(t, argv...)
			if want["execve"][0] != 1 || want["openat"][0] < 2 {
				t.Fatalf("strace's table was not understood: %v", want)
			}
			check := func(how string, got map[string][2]int) {
				t.Helper()
				for _, name := range countedCalls {
					// manythr ends while some of its threads have not begun.
					if filepath.Base(argv[0]) == "manythr" && (name == "rseq" || name == "set_robust_list") {
						continue
					}
					if got[name] != want[name] {
						t.Errorf("%s: %s: calls and errors %v, strace has %v", how, name, got[name], want[name])
					}
				}
				for _, name := range restartedCalls {
					if g, w := got[name][0]-got[name][1], want[name][0]-want[name][1]; g != w {
						t.Errorf("%s: %s: %d succeeded, strace has %d", how, name, g, w)
					}
				}
			}
			check("script", scriptCounts(t, traceScript(t, countingScript, argv...)))
			check("-c", summaryCounts(trace(t, append([]string{"-c", "--"}, argv...)...).Out))
			r := trace(t, append([]string{"-t", "*", "-e", "agg.calls:count(ev.name, ev.err ~= nil)", "--"}, argv...)...)
			got := map[string][2]int{}
			for _, l := range r.lines()[2:] { // behind the title and the columns
				var n int
				var name string
				var failed bool
				if k, err := fmt.Sscan(l, &n, &name, &failed); k != 3 {
					t.Fatalf("unexpected line %q: %v", l, err)
				}
				c := got[name]
				c[0] += n
				if failed {
					c[1] += n
				}
				got[name] = c
			}
			check("-t -e", got)
		})
	}
}

// TestCountsTenTimes counts the same known numbers ten times in a row.
func TestCountsTenTimes(t *testing.T) {
	t.Parallel()
	path := fixture.Build(t, "counts")
	untraced := fixture.Run(t, path)
	for i := range 10 {
		r := traceScript(t, `
local missing, null = 0, 0
on("openat", function(ev)
	if ev.path == "/nonexistent/counts" and ev.err == "ENOENT" then missing = missing + 1 end
	if ev.path == "/dev/null" and ev.ok then null = null + 1 end
end)
local n = {getppid = 0, getuid = 0}
on("getppid,getuid", function(ev) n[ev.name] = n[ev.name] + 1 end)
on("end", function()
	print("getppid", n.getppid)
	print("openat /dev/null", null)
	print("getuid", n.getuid)
	print("openat ENOENT", missing)
end)
`, path)
		r.want(t, untraced.Stdout, 0, "getppid\t800\nopenat /dev/null\t400\ngetuid\t600\nopenat ENOENT\t200\n")
		if t.Failed() {
			t.Fatalf("run %d", i+1)
		}
	}
}
