package promises

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
	"luatrace/internal/reliability/report"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestTestsExist(t *testing.T) {
	t.Parallel()
	for _, p := range Sheet {
		if len(p.Tests) == 0 {
			t.Errorf("no test holds the promise %q", p.Says)
		}
		for _, name := range p.Tests {
			if err := report.TestExists(name); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	got, err := report.Current("promises")
	if err != nil {
		t.Fatal(err)
	}
	if got != text() {
		t.Error("docs/reliability.md has other promises: go run ./internal/reliability -only promises")
	}
}

// TestSecurityTests: each promise of SECURITY.md has rows in the table of what holds it, each
// row is of a promise, and the tests that it names exist.
func TestSecurityTests(t *testing.T) {
	t.Parallel()
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## What is promised\n")
	section, _, _ = strings.Cut(section, "\n## ")
	promised, table, _ := strings.Cut(section, "\n### What holds the promises\n")
	held := map[string]int{} // rows by the number of the promise
	for _, m := range regexp.MustCompile(`(?m)^(\d+)\. `).FindAllStringSubmatch(promised, -1) {
		held[m[1]] = 0
	}
	if len(held) < 8 {
		t.Errorf("%d promises", len(held))
	}
	named := regexp.MustCompile("`([a-z0-9/]+\\.Test[A-Za-z0-9]+)`")
	if m := named.FindStringSubmatch(promised); m != nil {
		t.Errorf("%s stands with a promise, not in the table", m[1])
	}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \|.*$`).FindAllStringSubmatch(table, -1) {
		if _, ok := held[row[1]]; !ok {
			t.Errorf("there is no promise %s: %s", row[1], row[0])
		}
		held[row[1]]++
		tests := named.FindAllStringSubmatch(row[0], -1)
		if len(tests) == 0 {
			t.Errorf("no test holds %q", row[0])
		}
		for _, m := range tests {
			if err := report.TestExists(m[1]); err != nil {
				t.Error(err)
			}
		}
	}
	for number, rows := range held {
		if rows == 0 {
			t.Errorf("no row says what holds promise %s", number)
		}
	}
}
