package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// TestDiagramIsCurrent: the page has the states that the code has.
func TestDiagramIsCurrent(t *testing.T) {
	t.Parallel()
	name, want, err := drawn()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the states in %s are not those of %s: go run ./internal/states", page, source)
	}
}

func TestDiagramOf(t *testing.T) {
	t.Parallel()
	const code = `package p

const (
	lifeNew  life = iota
	lifeHere      // it is here
	lifeGone      // it is not
)

var lifeSteps = []lifeStep{
	{lifeNew, lifeHere, "it came"},
	{lifeHere, lifeGone, "it went"},
}
`
	const want = "```mermaid\nstateDiagram-v2\n    [*] --> here: it came\n    here --> gone: it went\n    gone --> [*]\n```\n\n- **here**: it is here\n- **gone**: it is not\n"
	got, err := diagramOf([]byte(code))
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	for _, bad := range []string{
		"", "package p", "package p\nconst lifeNew = 0\nvar lifeSteps = f()", "package p\nconst lifeNew = 0\nvar lifeSteps = []s{{lifeNew}}",
	} {
		if got, err := diagramOf([]byte(bad)); err == nil {
			t.Errorf("%q: %s", bad, got)
		}
	}
}

func TestInsert(t *testing.T) {
	t.Parallel()
	got, err := insert([]byte("a\n"+begin+"old\n"+end+"b\n"), "new\n")
	if want := "a\n" + begin + "new\n" + end + "b\n"; err != nil || string(got) != want {
		t.Errorf("%v %q", err, got)
	}
	for _, bad := range []string{"", begin, end + begin, strings.TrimSpace(begin + end)} {
		if got, err := insert([]byte(bad), "new\n"); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}
