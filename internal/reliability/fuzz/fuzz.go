// Package fuzz runs the tree's fuzz targets and reports them: how long, how many inputs, what
// they have found so far.
package fuzz

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"luatrace/internal/fixture"
	"luatrace/internal/reliability/report"
	"luatrace/internal/reliability/trial"
)

// Target is a fuzz target.
type Target struct {
	// Name is the directory of its package and its function: "tracer.FuzzStatus".
	Name string
	// Says is its comment without its own name.
	Says string
}

// Targets finds all of the tree, in the order of their names.
func Targets() ([]Target, error) {
	root, err := fixture.Root()
	if err != nil {
		return nil, err
	}
	var list []Target
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") {
				list = append(list, Target{dir + "." + f.Name.Name, says(f)})
			}
		}
		return err
	})
	slices.SortFunc(list, func(a, b Target) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// says is a function's comment on one line: "FuzzX: it holds." and "FuzzX does it." without the
// name.
func says(f *ast.FuncDecl) string {
	text := strings.Join(strings.Fields(f.Doc.Text()), " ")
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(text, f.Name.Name), ":"))
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// Outcome is what a run came to.
type Outcome struct {
	Inputs int
	// Failure is what the run printed if an input failed, "" if none did.
	Failure string
}

var inputs = regexp.MustCompile(`execs: (\d+) `)

// Binaries are the test programs of packages, with what a fuzzer needs built in, each made
// once.
type Binaries struct {
	dir string
	mu  sync.Mutex // one go command at a time: what two would compile, each compiles
}

// NewBinaries makes a place for them; Close removes it.
func NewBinaries() (*Binaries, error) {
	dir, err := trial.Scratch("luatrace-fuzz-")
	return &Binaries{dir: dir}, err
}

// Close removes the programs.
func (b *Binaries) Close() { trial.RemoveScratch(b.dir) }

// of builds the program of a package.
func (b *Binaries) of(root, pkg string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	path := filepath.Join(b.dir, strings.ReplaceAll(pkg, "/", "-")+".test")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	cmd := exec.Command("go", "test", "-c", "-fuzz=.", "-o", path, "./"+pkg)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the tests of %s: %w\n%s", pkg, err, out)
	}
	return path, nil
}

// Run fuzzes a target for a time, with one worker. A failing input is kept in the package's
// testdata, where it is a test from then on.
func (b *Binaries) Run(name string, d time.Duration) (Outcome, error) {
	root, err := fixture.Root()
	if err != nil {
		return Outcome{}, err
	}
	pkg, function := report.SplitTest(name)
	binary, err := b.of(root, pkg)
	if err != nil {
		return Outcome{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), d+5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-test.run=^$", "-test.fuzz=^"+function+"$", "-test.fuzztime="+d.String(),
		// by default a minute may go into making an input that is new a few bytes shorter
		"-test.fuzzminimizetime=20x", "-test.parallel=1", "-test.fuzzcachedir="+filepath.Join(b.dir, "cache-"+function))
	cmd.Dir = filepath.Join(root, pkg)
	out, err := cmd.CombinedOutput()
	if !strings.Contains(string(out), "fuzz: elapsed") {
		return Outcome{}, fmt.Errorf("%s did not run: %v\n%s", name, err, out)
	}
	var o Outcome
	for _, m := range inputs.FindAllSubmatch(out, -1) {
		o.Inputs, _ = strconv.Atoi(string(m[1])) // the last is the total
	}
	if err != nil && !onlyTimeOver(string(out)) {
		o.Failure = string(out)
	}
	return o, nil
}

// onlyTimeOver says whether a run has failed for no other reason than that its time was over:
// now and then the fuzzer of Go before 1.27 takes that for a failure (https://go.dev/issue/75804).
// What fails for an input says which.
func onlyTimeOver(out string) bool {
	_, after, found := strings.Cut(out, "\n--- FAIL: ")
	first, rest, _ := strings.Cut(after, "\n")
	return found && !strings.Contains(first, "/") && strings.HasPrefix(rest, "    context deadline exceeded\nFAIL\n") && !strings.Contains(out, "Failing input")
}
