package report

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"luatrace/internal/fixture"
)

// Document is the path of the document in the tree.
var Document = filepath.Join("docs", "reliability.md")

// Current returns the section's text in the document of the tree, without its heading and the
// line that says when it was made.
func Current(section string) (string, error) {
	root, err := fixture.Root()
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(filepath.Join(root, Document))
	if err != nil {
		return "", err
	}
	text, ok := Find(string(b), section)
	parts := strings.SplitN(text, "\n\n", 3)
	if !ok || len(parts) < 3 {
		return "", fmt.Errorf("%s has no section %s: go run ./internal/reliability -only %s", Document, section, section)
	}
	return parts[2], nil
}

// SplitTest splits "engine.TestX" into the directory of the package and the function.
func SplitTest(name string) (dir, function string) {
	i := strings.LastIndexByte(name, '.')
	return name[:max(i, 0)], name[i+1:]
}

// TestExists says whether the tree has the Go test "engine.TestX": package and function.
func TestExists(name string) error {
	root, err := fixture.Root()
	if err != nil {
		return err
	}
	dir, function := SplitTest(name)
	files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	if err != nil {
		return err
	}
	wanted := regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(function) + `\(t \*testing\.T\)`)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if wanted.Match(text) {
			return nil
		}
	}
	return fmt.Errorf("there is no test %s", name)
}
