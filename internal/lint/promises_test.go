package lint

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// namedTest is a test in a document: the directory of its package and the function.
var namedTest = regexp.MustCompile("`([a-z0-9/]+\\.Test[A-Za-z0-9]+)`")

// document returns what stands in a file of the tree from one heading to the next of its level.
func document(t *testing.T, heading string, path ...string) string {
	t.Helper()
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", filepath.Join(path...), heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// mustExist checks the tests that a text names, and that it names some.
func mustExist(t *testing.T, text string) {
	t.Helper()
	tests := namedTest.FindAllStringSubmatch(text, -1)
	if len(tests) == 0 {
		t.Errorf("no test holds %q", text)
	}
	for _, m := range tests {
		if err := fixture.TestExists(m[1]); err != nil {
			t.Error(err)
		}
	}
}

// TestPromises: each promise of docs/limits.md names tests that hold it, and they exist.
func TestPromises(t *testing.T) {
	t.Parallel()
	promises := regexp.MustCompile(`(?m)^\d+\. `).Split(document(t, "What is promised", "docs", "limits.md"), -1)[1:]
	if len(promises) < 9 {
		t.Errorf("%d promises", len(promises))
	}
	for _, p := range promises {
		mustExist(t, p)
	}
}

// TestSecurityTests: each promise of SECURITY.md has rows in the table of what holds it, each
// row is of a promise, and the tests that it names exist.
func TestSecurityTests(t *testing.T) {
	t.Parallel()
	promised, table, _ := strings.Cut(document(t, "What is promised", "SECURITY.md"), "\n### What holds the promises\n")
	held := map[string]int{} // rows by the number of the promise
	for _, m := range regexp.MustCompile(`(?m)^(\d+)\. `).FindAllStringSubmatch(promised, -1) {
		held[m[1]] = 0
	}
	if len(held) < 8 {
		t.Errorf("%d promises", len(held))
	}
	if m := namedTest.FindStringSubmatch(promised); m != nil {
		t.Errorf("%s stands with a promise, not in the table", m[1])
	}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \|.*$`).FindAllStringSubmatch(table, -1) {
		if _, ok := held[row[1]]; !ok {
			t.Errorf("there is no promise %s: %s", row[1], row[0])
		}
		held[row[1]]++
		mustExist(t, row[0])
	}
	for number, rows := range held {
		if rows == 0 {
			t.Errorf("no row says what holds promise %s", number)
		}
	}
}
