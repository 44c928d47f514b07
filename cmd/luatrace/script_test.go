package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"luatrace/internal/fixture"
)

var update = flag.Bool("update", false, "write what the commands print into the cmp files of testdata/script, and docs/luatrace.1")

// TestScripts runs the transcripts in testdata/script. They have luatrace in
// PATH and two commands of their own: "fixture NAME..." builds fixtures and
// puts them into PATH, "json FILE FIELD..." checks that each line of a file is
// a JSON object and that some line has each of the fields.
func TestScripts(t *testing.T) {
	t.Parallel()
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	tool := filepath.Dir(fixture.Luatrace(t))
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(root, "testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", tool+":"+os.Getenv("PATH"))
			env.Setenv("LC_ALL", "C")
			env.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Condition: func(cond string) (bool, error) { return cond == "root" && isRoot(), nil },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fixture": func(ts *testscript.TestScript, _ bool, names []string) {
				for _, name := range names {
					path, err := fixture.Compile(name)
					ts.Check(err)
					ts.Setenv("PATH", filepath.Dir(path)+":"+ts.Getenv("PATH"))
				}
			},
			"json": checkJSON,
		},
	})
}

func checkJSON(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: json FILE FIELD...")
	}
	seen := map[string]bool{}
	in := bufio.NewScanner(strings.NewReader(ts.ReadFile(args[0])))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var object map[string]any
		if err := json.Unmarshal(in.Bytes(), &object); err != nil {
			ts.Fatalf("%s: %v: %s", args[0], err, in.Text())
		}
		for field := range object {
			seen[field] = true
		}
	}
	for _, field := range args[1:] {
		if !seen[field] {
			ts.Fatalf("%s: no object has the field %s", args[0], field)
		}
	}
}
