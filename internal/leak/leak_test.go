package leak

import (
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// victimVariable makes TestVictim, in a run of this test binary started by TestMainFinds,
// leave something behind on purpose.
const victimVariable = "LUATRACE_LEAK_VICTIM"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "orphan-parent" {
		// leaves its child to the subreaper
		if err := exec.Command("sleep", os.Getenv("ORPHAN_SECONDS")).Start(); err != nil {
			os.Exit(2)
		}
		os.Exit(0)
	}
	Main(m)
}

// kept holds on to what TestVictim leaves, so that no finalizer tidies it up.
var kept []any

func TestVictim(t *testing.T) {
	start := func(cmd *exec.Cmd) {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, cmd)
	}
	orphan := func(seconds string) {
		cmd := exec.Command(os.Args[0], "orphan-parent")
		cmd.Env = append(os.Environ(), "ORPHAN_SECONDS="+seconds)
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
	}
	switch os.Getenv(victimVariable) {
	case "":
		return // an ordinary run: nothing is left
	case "fd":
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, f)
	case "child":
		start(exec.Command("sleep", "300"))
	case "zombie":
		start(exec.Command("true"))
	case "orphan":
		orphan("300")
	case "short orphan":
		orphan("0.3")
	case "slow close":
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(200*time.Millisecond, func() { f.Close() })
	case "failure":
		t.Error("a failure of the test's own")
	case "crash":
		os.Exit(5)
	}
}

func TestMainFinds(t *testing.T) {
	t.Parallel()
	if os.Getenv(victimVariable) != "" {
		t.Fatal("this test must not run in a victim")
	}
	for _, c := range []struct {
		victim string
		code   int
		output string // pattern
	}{
		{"fd", 1, `leak: the tests left open file descriptor \d+: /dev/null\n`},
		{"child", 1, `leak: the tests left process \d+ \(sleep\), state S: \["sleep" "300"\]\n`},
		{"zombie", 1, `leak: the tests left process \d+ \(true\), state Z, a zombie nobody waited for\n`},
		{"orphan", 1, `leak: the tests left process \d+ \(sleep\), state S: \["sleep" "300"\]\n`},
		{"short orphan", 0, `^PASS\n$`},
		{"slow close", 0, `^PASS\n$`},
		{"failure", 1, `a failure of the test's own`},
		{"crash", 5, `^$`},
		{"nothing", 0, `^PASS\n$`},
	} {
		t.Run(c.victim, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$")
			cmd.Env = append(os.Environ(), victimVariable+"="+c.victim)
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState == nil {
				t.Fatal(err)
			}
			if code := cmd.ProcessState.ExitCode(); code != c.code {
				t.Errorf("exit status %d, want %d\n%s", code, c.code, out)
			}
			if text := withoutCoverage(string(out)); !regexp.MustCompile(c.output).MatchString(text) {
				t.Errorf("output %q does not match %q", text, c.output)
			}
			if m := regexp.MustCompile(`process (\d+)`).FindSubmatch(out); m != nil {
				if _, err := os.Stat("/proc/" + string(m[1])); err == nil {
					t.Errorf("process %s is still there", m[1])
				}
			}
		})
	}
}

// withoutCoverage drops what a test binary built with -cover prints by itself.
func withoutCoverage(s string) string {
	return regexp.MustCompile(`(?m)^coverage: .*\n`).ReplaceAllString(s, "")
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line string
		want process
		ok   bool
	}{
		{"12 (sleep) S 7 12 7 0", process{12, 7, "sleep", 'S'}, true},
		{"12 (a) b (c)) Z 1 12", process{12, 1, "a) b (c)", 'Z'}, true},
		{"12 () t 3", process{12, 3, "", 't'}, true},
		{"", process{}, false},
		{"12 sleep S 7", process{}, false},
		{"x (sleep) S 7", process{}, false},
		{"12 (sleep) S", process{}, false},
		{"12 (sleep) S x", process{}, false},
		{"12 )sleep( S 7", process{}, false},
	} {
		got, ok := parseStat(c.line)
		if got != c.want || ok != c.ok {
			t.Errorf("parseStat(%q) = %+v, %t; want %+v, %t", c.line, got, ok, c.want, c.ok)
		}
	}
}

func TestDescendants(t *testing.T) {
	t.Parallel()
	table := []process{
		{pid: 1}, {pid: 10, ppid: 1}, {pid: 13, ppid: 12}, {pid: 12, ppid: 10}, {pid: 11, ppid: 10},
		{pid: 20, ppid: 1}, {pid: 30, ppid: 31}, {pid: 31, ppid: 30},
	}
	pids := func(root int) (list []int) {
		for _, p := range descendants(root, table) {
			list = append(list, p.pid)
		}
		return list
	}
	for root, want := range map[int][]int{1: {10, 11, 12, 13, 20}, 10: {11, 12, 13}, 13: nil, 30: {31}} {
		if got := pids(root); !reflect.DeepEqual(got, want) {
			t.Errorf("descendants(%d) = %v, want %v", root, got, want)
		}
	}
}

func TestNewFDs(t *testing.T) {
	t.Parallel()
	before := map[int]string{0: "/dev/null", 3: "pipe:[1]", 4: "socket:[2]"}
	after := map[int]string{0: "/dev/null", 3: "pipe:[9]", 10: "/etc/passwd", 4: "socket:[2]"}
	want := []string{"open file descriptor 3: pipe:[9]", "open file descriptor 10: /etc/passwd"}
	if got := newFDs(before, after); !reflect.DeepEqual(got, want) {
		t.Errorf("newFDs = %q, want %q", got, want)
	}
	if got := newFDs(before, before); len(got) != 0 {
		t.Errorf("newFDs of no change = %q", got)
	}
	if got := openFDs(); !strings.Contains(got[0]+got[1]+got[2], "/") {
		t.Errorf("openFDs() = %v has no standard descriptors", got)
	}
}

func TestFuzzing(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]bool{
		"-test.v":                             false,
		"-test.run=X -test.fuzztime=10s":      false,
		"-test.fuzz=FuzzX":                    true,
		"--test.fuzz FuzzX":                   true,
		"-test.fuzz=":                         false,
		"-test.fuzzworker -test.run=^FuzzX$":  true,
		"-test.fuzzcachedir=/x -test.short=1": false,
	} {
		if got := fuzzing(strings.Fields(args)); got != want {
			t.Errorf("fuzzing(%s) = %t, want %t", args, got, want)
		}
	}
}
