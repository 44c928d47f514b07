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

// TestSecurityTests: the tests that SECURITY.md names exist, and every promise there has one.
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
	promised := regexp.MustCompile(`(?m)^\d+\. `).Split(section, -1)[1:]
	if len(promised) < 8 {
		t.Errorf("%d promises", len(promised))
	}
	named := regexp.MustCompile("`([a-z0-9/]+\\.Test[A-Za-z0-9]+)`")
	for _, p := range promised {
		tests := named.FindAllStringSubmatch(p, -1)
		if len(tests) == 0 {
			t.Errorf("no test holds %q", p)
		}
		for _, m := range tests {
			if err := report.TestExists(m[1]); err != nil {
				t.Error(err)
			}
		}
	}
}
