package tracer

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"luatrace/internal/fixture"
)

func TestTracesOthers(t *testing.T) {
	t.Parallel()
	lookPath := func(name string) string {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	sh := lookPath("sh")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(lookPath("strace"), link); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		argv []string
		want bool
	}{
		{lookPath("gdb"), []string{"gdb"}, true},
		{link, []string{"link"}, true},
		{fixture.Build(t, "tracer"), []string{"tracer"}, true}, // by its symbols
		{fixture.Build(t, "counts"), []string{"counts"}, false},
		{self, []string{"any"}, true}, // luatrace itself, whatever its name
		{sh, []string{"sh", "-c", "exit 3"}, false},
		{sh, []string{"sh", "-c", "cd /; strace -f ls"}, true},
		{sh, []string{"sh", "-c", "x=`/usr/bin/gdb --version`"}, true},
		{sh, []string{"sh", "-c", "echo stracer"}, false},
		{sh, []string{"strace"}, false}, // only its name for itself
		{lookPath("env"), []string{"env", "A=B", "strace", "ls"}, true},
		{lookPath("env"), []string{"env", "A=B", "ls", "strace.c"}, false},
		{"/nonexistent", []string{"x"}, false},
	} {
		if got := (&Command{Path: c.path, Argv: c.argv}).TracesOthers(); got != c.want {
			t.Errorf("%s %q: %v", c.path, c.argv, got)
		}
	}
}
