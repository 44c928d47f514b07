package bindings

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// traced is what a run of luatrace did. Stderr has the command's and luatrace's
// messages.
type traced struct {
	fixture.Result
	Out string // what scripts and printers wrote
}

// lines are the lines of the trace output.
func (r traced) lines() []string {
	return strings.Split(strings.TrimSuffix(r.Out, "\n"), "\n")
}

// trace runs luatrace with these options and command in a directory of its
// own.
func trace(t *testing.T, args ...string) traced {
	t.Helper()
	return traceIn(t, t.TempDir(), args...)
}

func traceIn(t *testing.T, dir string, args ...string) traced {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command(fixture.Luatrace(t), append([]string{"-o", out}, args...)...)
	cmd.Dir = dir
	r := fixture.RunCmd(t, cmd)
	b, err := os.ReadFile(out)
	if err != nil && !os.IsNotExist(err) { // none if it never got so far
		t.Fatal(err)
	}
	return traced{r, string(b)}
}

// traceScript runs a script file over a command.
func traceScript(t *testing.T, script string, command ...string) traced {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "test.lua"), script)
	return traceIn(t, dir, append([]string{"-s", "./test.lua", "--"}, command...)...)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// want fails the test unless the program printed and ended so, the trace output
// is out, and nothing went to the standard error.
func (r traced) want(t *testing.T, stdout string, code int, out string) {
	t.Helper()
	r.wantErr(t, stdout, code, out, "")
}

// wantErr is want with an expected standard error.
func (r traced) wantErr(t *testing.T, stdout string, code int, out, stderr string) {
	t.Helper()
	if r.Stdout != stdout || r.Code != code || r.Out != out || r.Stderr != stderr {
		t.Errorf("the program printed %q, exit %d, signal %d\nwant %q, exit %d\ntrace output %q\nwant %q\nstderr %q\nwant %q",
			r.Stdout, r.Code, r.Signal, stdout, code, r.Out, out, r.Stderr, stderr)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}
