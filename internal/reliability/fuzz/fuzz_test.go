package fuzz

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
	"luatrace/internal/reliability/report"
)

func TestMain(m *testing.M) { leak.Main(m) }

// TestTargets: each has a comment that can stand in the report; what has found something is a
// target, and what stands in testdata is one's input.
func TestTargets(t *testing.T) {
	t.Parallel()
	targets, err := Targets()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, target := range targets {
		known[target.Name] = true
		if target.Says == "" || !strings.HasSuffix(target.Says, ".") || strings.Contains(target.Says, "|") {
			t.Errorf("%s: its comment must be a sentence: %q", target.Name, target.Says)
		}
	}
	if !known["tracer.FuzzStatus"] || !known["internal/reliability/fuzz.FuzzParse"] {
		t.Errorf("targets are missing in %v", known)
	}
	for name, list := range Findings {
		if !known[name] || len(list) == 0 {
			t.Errorf("%q has found %d things, and is no target", name, len(list))
		}
	}
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	var seeds []string
	for _, depth := range []string{"*", "*/*", "*/*/*"} {
		found, err := filepath.Glob(filepath.Join(root, depth, "testdata", "fuzz", "Fuzz*"))
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, found...)
	}
	if len(seeds) < 4 {
		t.Errorf("inputs of %v only", seeds)
	}
	for _, dir := range seeds {
		pkg, _ := filepath.Rel(root, filepath.Join(dir, "..", "..", ".."))
		name := pkg + "." + filepath.Base(dir)
		if !known[name] || Findings[name] == nil {
			t.Errorf("%s has inputs that failed, and nothing stands in findings.go", name)
		}
	}
}

// TestRun fuzzes a target for as long as it takes to build it.
func TestRun(t *testing.T) {
	t.Parallel()
	binaries, err := NewBinaries()
	if err != nil {
		t.Fatal(err)
	}
	defer binaries.Close()
	if o, err := binaries.Run("internal/reliability/fuzz.FuzzParse", 10*time.Millisecond); err != nil || o.Failure != "" {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := binaries.Run("internal/reliability/fuzz.FuzzNothing", time.Millisecond); err == nil {
		t.Error("a target that is not there was run")
	}
}

// TestDocumentIsCurrent compares docs/reliability.md with the targets of the tree.
func TestDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	text, err := report.Current("fuzz")
	if err != nil {
		t.Fatal(err)
	}
	targets, err := Targets()
	if err != nil {
		t.Fatal(err)
	}
	results := parse(text)
	for _, target := range targets {
		if r := results[target.Name]; r.inputs == 0 || r.failed {
			t.Errorf("%s failed or was not run: go run ./internal/reliability -only fuzz -run '^%s$'", target.Name, target.Name)
		}
	}
	if text != render(targets, results) {
		t.Error("docs/reliability.md is not of these targets: go run ./internal/reliability -only fuzz")
	}
	if _, err := os.Stat("testdata"); err == nil {
		t.Error("FuzzParse has failed: see testdata")
	}
}

// FuzzParse reads any text as the table of this section: what was read is written the same
// again.
func FuzzParse(f *testing.F) {
	f.Add("| `a.FuzzB` | it holds | 1m0s | 17 | none |")
	f.Add("| `a.FuzzB` | it | holds | 3s | 99999999999999999999 | **FAIL** |\n| `` | | 1s | 1 | x |")
	f.Fuzz(func(t *testing.T, text string) {
		read := parse(text)
		var targets []Target
		for name := range read {
			targets = append(targets, Target{Name: name, Says: "."})
		}
		again := parse(render(targets, read))
		for name, r := range read {
			if !strings.ContainsAny(name, "\n\r") && again[name] != r {
				t.Errorf("%q: %v, then %v", name, r, again[name])
			}
		}
	})
}

func TestOnlyTimeOver(t *testing.T) {
	t.Parallel()
	const head = "fuzz: elapsed: 3s, execs: 13371 (0/sec), new interesting: 1 (total: 806)\n"
	for out, want := range map[string]bool{
		head + "--- FAIL: FuzzJSON (3.37s)\n    context deadline exceeded\nFAIL\n": true,
		head + "PASS\n": false,
		head + "--- FAIL: FuzzJSON (0.37s)\n    --- FAIL: FuzzJSON (0.00s)\n        text_test.go:1: wrong\n    \n    Failing input written to testdata/fuzz/FuzzJSON/1\nFAIL\n": false,
		head + "--- FAIL: FuzzJSON (3.37s)\n    context deadline exceeded\n    Failing input written to testdata/fuzz/FuzzJSON/1\nFAIL\n":                                       false,
		head + "--- FAIL: FuzzJSON/seed#1 (3.37s)\n    context deadline exceeded\nFAIL\n":                                                                                       false,
		head + "--- FAIL: FuzzJSON (3.37s)\n    fuzzing process hung or terminated unexpectedly: exit status 2\nFAIL\n":                                                         false,
	} {
		if onlyTimeOver(out) != want {
			t.Errorf("%v for %q", !want, out)
		}
	}
}
