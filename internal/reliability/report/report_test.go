package report

import (
	"strings"
	"testing"

	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestPut(t *testing.T) {
	t.Parallel()
	d := Put(Put("# Title\n", "a", "first"), "b", "second\n")
	d = Put(d, "a", "third\n")
	if got, ok := Find(d, "a"); !ok || got != "third\n" {
		t.Errorf("a is %q, %t", got, ok)
	}
	if got, ok := Find(d, "b"); !ok || got != "second\n" {
		t.Errorf("b is %q, %t", got, ok)
	}
	if _, ok := Find(d, "c"); ok {
		t.Error("there is a section c")
	}
	if !strings.HasPrefix(d, "# Title\n") || strings.Index(d, "third") > strings.Index(d, "second") {
		t.Errorf("the order has changed:\n%s", d)
	}
}

func TestAnchor(t *testing.T) {
	t.Parallel()
	for heading, want := range map[string]string{"What is not seen": "what-is-not-seen", "It's `x`, or y-z": "its-x-or-y-z", "a_b 2^53": "a_b-253"} {
		if got := Anchor(heading); got != want {
			t.Errorf("%q: %q, want %q", heading, got, want)
		}
	}
}

func TestTestExists(t *testing.T) {
	t.Parallel()
	if err := TestExists("internal/reliability/report.TestTestExists"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"internal/reliability/report.TestTest", "TestTestExists", "nowhere.TestX", ""} {
		if TestExists(name) == nil {
			t.Errorf("there is a test %s", name)
		}
	}
}
