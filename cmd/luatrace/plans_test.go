package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"luatrace/engine"
	"luatrace/engine/plan"
	"luatrace/internal/fixture"
	"luatrace/scripts"
	"luatrace/tracer"
)

// planArgs are the arguments with which a script's plan is made, where those of its
// first example need a file.
var planArgs = map[string][]string{"policy": {"-a", "learn"}}

// TestPlansOfScripts: how the kernel tells of calls to each script of the collection
// stands in testdata/plans.txt (-update writes it), so that one that loses its filter is
// seen in review.
func TestPlansOfScripts(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("the plans are those of amd64")
	}
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	argument := regexp.MustCompile(`-a \S+`)
	var b strings.Builder
	for _, name := range scripts.Names() {
		text, err := scripts.FS.ReadFile(name + ".lua")
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"-s", name}
		if own, ok := planArgs[name]; ok {
			args = append(args, own...)
		} else {
			example := regexp.MustCompile(`"luatrace -s ` + name + ` .*"`).FindString(string(text))
			for _, a := range argument.FindAllString(example, -1) {
				args = append(args, strings.Fields(a)...)
			}
		}
		fmt.Fprintf(&b, "$ luatrace --plan %s COMMAND\n%s\n", strings.Join(args, " "), planOf(t, args))
	}
	file := filepath.Join(root, "cmd", "luatrace", "testdata", "plans.txt")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := strings.Split(readFile(t, file), "\n$ ")
	for i, plan := range strings.Split(b.String(), "\n$ ") {
		if i >= len(want) || plan != want[i] {
			t.Errorf("testdata/plans.txt is stale: go test ./cmd/luatrace -run TestPlans -update\n%s", plan)
		}
	}
}

// planOf is the plan of a command that these options trace, without asking the kernel
// whether it takes it.
func planOf(t *testing.T, args []string) plan.Plan {
	t.Helper()
	o, err := parseFlags(append(args, "true"))
	if err != nil {
		t.Fatal(err)
	}
	say := func(format string, a ...any) { t.Errorf("%v: %s", args, fmt.Sprintf(format, a...)) }
	out, err := openOutput(o, newPatient(nullFile(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer out.close()
	s, err := newSession(o, []string{"PATH=/bin"}, out, say)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	defer s.close()
	return s.eng.Plan(engine.Target{Command: &tracer.Command{Path: "/bin/true", Argv: []string{"true"}}})
}

func nullFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
