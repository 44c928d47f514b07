package suites

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
	"luatrace/internal/reliability/trial"
)

func TestMain(m *testing.M) { leak.Main(m) }

var chosen = flag.String("suites", "", "run the suites whose names match this regular expression, whole, in every row, and as root as nobody too: half an hour and more for all")

// Two suites that take seconds, in the row where the most happens; with -suites those that it
// chooses, in every row.
func TestSuites(t *testing.T) {
	t.Parallel()
	luatrace := fixture.Luatrace(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	suites, rows, users := quick(t, dir), []trial.Row{traced()}, []trial.User{trial.Current()}
	if *chosen != "" {
		suites, rows, users = whole(t, dir), trial.Rows, trial.Users()
	}
	for _, s := range suites {
		for _, user := range users {
			t.Run(s.Name+"/"+user.Name, func(t *testing.T) {
				if !s.alone {
					t.Parallel()
				}
				n, err := s.Native(user)
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range rows {
					t.Run(row.Name, func(t *testing.T) {
						c, err := n.Compare(row.Front(luatrace))
						if err != nil {
							t.Fatal(err)
						}
						if !c.Good() || c.Tests < 8 || c.Equal+len(c.Noise) < c.Tests {
							t.Error(c)
						}
						t.Log(c)
					})
				}
			})
		}
	}
}

// quick are two suites that take seconds.
func quick(t *testing.T, dir string) []*Suite {
	t.Helper()
	exec, err := Go(dir, "os/exec")
	if err != nil {
		t.Fatal(err)
	}
	return []*Suite{exec, Python("test_signal", "-m", "WakeupFDTests", "-m", "PosixTests")}
}

// whole are the suites that -suites chooses.
func whole(t *testing.T, dir string) []*Suite {
	t.Helper()
	wanted, err := regexp.Compile(*chosen)
	if err != nil {
		t.Fatalf("-suites: %v", err)
	}
	var list []*Suite
	for _, pkg := range goPackages {
		s, err := Go(dir, pkg)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	list = append(list, pythonSuites()...)
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	list = slices.DeleteFunc(list, func(s *Suite) bool { return !wanted.MatchString(s.Name) })
	if len(list) == 0 {
		t.Fatalf("-suites %s: there is no such suite; there are %s", *chosen, strings.Join(names, ", "))
	}
	return list
}

func traced() trial.Row {
	return trial.Rows[slices.IndexFunc(trial.Rows, func(r trial.Row) bool { return r.Name == "traced" })]
}

func TestCompare(t *testing.T) {
	t.Parallel()
	untraced := []Verdicts{{"": "exit 0", "a": "pass", "b": "pass", "c": "fail", "d": "pass", "e": "pass"}, {"": "exit 0", "a": "pass", "b": "fail", "c": "fail", "d": "pass", "e": "pass"}}
	traced := []Verdicts{{"": "exit 1", "a": "pass", "b": "fail", "c": "fail", "d": "fail"}, {"": "exit 1", "a": "pass", "b": "pass", "c": "fail", "d": "pass"}}
	c := compare(untraced, traced)
	if c.Tests != 5 || c.Equal != 2 || !slices.Equal(c.Noise, []string{"b"}) || !slices.Equal(c.Unsteady, []string{"d: fail, pass"}) ||
		!slices.Equal(c.Different, []string{"the whole: exit 1, untraced exit 0", "e: missing, untraced pass"}) || c.Good() {
		t.Error(c)
	}
	if c := compare(untraced[:1], untraced[:1]); !c.Good() || c.Equal != 5 {
		t.Error(c)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	v := goVerdicts("=== RUN   TestA\nnoise--- PASS: TestA (0.01s)\n    --- SKIP: TestB/x (1.00s)\n--- FAIL: TestC (0.00s)\n    c_test.go:1: --- PASS: x\nFAIL\n")
	if len(v) != 3 || v["TestA"] != "pass" || v["TestB/x"] != "skip" || v["TestC"] != "fail" {
		t.Error(v)
	}
	v = junitVerdicts([]byte(`<testsuites><testsuite><testcase name="a" time="1"/><testcase name="b"><skipped>why</skipped></testcase>
		<testcase name="c"><error type="E">x</error></testcase><testcase name="c"/></testsuite></testsuites>`))
	if len(v) != 3 || v["a"] != "pass" || v["b"] != "skip" || v["c"] != "fail" {
		t.Error(v)
	}
}
