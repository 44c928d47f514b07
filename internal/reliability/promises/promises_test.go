package promises

import (
	"testing"

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
