package suites

import (
	"os"
	"slices"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
	"luatrace/internal/reliability/trial"
)

func TestMain(m *testing.M) { leak.Main(m) }

// Two suites that take seconds, in the row where the most happens. The other rows, and the long
// suites, are run by the command.
func TestSuites(t *testing.T) {
	t.Parallel()
	luatrace := fixture.Luatrace(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	exec, err := Go(dir, "os/exec")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Suite{exec, Python("test_signal", "-m", "WakeupFDTests", "-m", "PosixTests")} {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			n, err := s.Native(trial.Current())
			if err != nil {
				t.Fatal(err)
			}
			c, err := n.Compare(traced().Front(luatrace))
			if err != nil {
				t.Fatal(err)
			}
			if !c.Good() || c.Tests < 8 || c.Equal+len(c.Noise) < c.Tests {
				t.Error(c)
			}
		})
	}
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

// What the document says about a suite is found in it again.
func TestOldLines(t *testing.T) {
	t.Parallel()
	suites := []*Suite{{Name: "Go os"}, Python("test_signal")}
	lines := map[string][]string{"Go os": {"| Go os | root | 10 | 0 | 10 | 10 | 9 | 10 |", "- Go os, traced, as root: **differs**: x"}, "python test_signal": {"| python test_signal | root | 5 | 0 | 5 | 5 | 5 | 5 |"}}
	again := oldLines(render(suites, lines))
	for name, want := range lines {
		if !slices.Equal(again[name], want) {
			t.Errorf("%s: %q", name, again[name])
		}
	}
}
