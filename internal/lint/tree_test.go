package lint

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"luatrace/internal/fixture"
)

// goFile is one parsed Go file of the tree.
type goFile struct {
	path      string // slash-separated, from the top of the tree
	dir       string // of path, the package's name inside the module
	lines     int
	test      bool
	generated bool
	ignored   bool // //go:build ignore: a tool run by "go run file.go"
	ast       *ast.File
	fset      *token.FileSet
}

// pos is where a node is, as path:line.
func (f *goFile) pos(n ast.Node) string {
	return f.path + ":" + strconv.Itoa(f.fset.Position(n.Pos()).Line)
}

// imports maps the name of each imported package in this file to its path.
func (f *goFile) imports() map[string]string {
	m := make(map[string]string)
	for _, s := range f.ast.Imports {
		p, err := strconv.Unquote(s.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(p)
		if s.Name != nil {
			name = s.Name.Name
		}
		m[name] = p
	}
	return m
}

// parseFile makes a goFile; the rules' own tests use it for made-up sources.
func parseFile(name string, src []byte) (*goFile, error) {
	f := &goFile{path: name, dir: path.Dir(name), fset: token.NewFileSet(), test: strings.HasSuffix(name, "_test.go")}
	var err error
	if f.ast, err = parser.ParseFile(f.fset, name, src, parser.ParseComments|parser.SkipObjectResolution); err != nil {
		return nil, err
	}
	f.lines = bytes.Count(src, []byte("\n"))
	f.generated = ast.IsGenerated(f.ast)
	for _, line := range strings.Split(string(src), "\n") {
		if strings.HasPrefix(line, "package ") {
			break
		}
		f.ignored = f.ignored || line == "//go:build ignore"
	}
	return f, nil
}

// textFile is one file of the tree that is not binary.
type textFile struct {
	path string
	text []byte
}

var tree = sync.OnceValues(func() (t struct {
	goFiles []*goFile
	texts   []textFile
}, err error) {
	root, err := fixture.Root()
	if err != nil {
		return t, err
	}
	err = filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch {
		case e.IsDir() && (e.Name() == ".git" || rel == "dist"):
			return fs.SkipDir
		case !e.Type().IsRegular() || rel == ".git": // in a worktree it is a file, which names the repository
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0 {
			return nil
		}
		t.texts = append(t.texts, textFile{rel, text})
		if strings.HasSuffix(rel, ".go") && !strings.Contains("/"+rel, "/testdata/") {
			f, err := parseFile(rel, text)
			if err != nil {
				return err
			}
			t.goFiles = append(t.goFiles, f)
		}
		return nil
	})
	return t, err
})

// goFiles returns every Go file outside testdata.
func goFiles(t *testing.T) []*goFile {
	t.Helper()
	tr, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	if len(tr.goFiles) < 10 {
		t.Fatalf("found only %d Go files: is this the source tree?", len(tr.goFiles))
	}
	return tr.goFiles
}

// textFiles returns every file that is not binary.
func textFiles(t *testing.T) []textFile {
	t.Helper()
	tr, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	return tr.texts
}

// report fails the test with one line for each finding.
func report(t *testing.T, findings []string) {
	t.Helper()
	for _, f := range findings {
		t.Error(f)
	}
}
