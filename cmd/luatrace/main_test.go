package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// mode is a way to trace a command without a trace on its standard streams.
type mode struct {
	name string
	args []string
}

// countScript looks at every kind of event and changes nothing.
const countScript = `
on("*", function(ev) agg.calls:count(ev.name) end)
on("*:enter", function(ev) agg.entered:count(ev.name) end)
on("signal", function(ev) agg.signals:count(ev.sig) end)
on("proc:fork,exec,exit", function(ev) agg.process:count(ev.name) end)
`

// modes returns the ways to trace: lines in a file, a script, a table.
func modes(t *testing.T) []mode {
	t.Helper()
	dir := openDir(t)
	script := filepath.Join(dir, "count.lua")
	writeFile(t, script, countScript)
	return []mode{
		{"lines", []string{"-o", filepath.Join(dir, "lines")}},
		{"script", []string{"-o", filepath.Join(dir, "counts"), "-s", script}},
		{"table", []string{"-o", filepath.Join(dir, "table"), "-c"}},
	}
}

// openDir is a temporary directory that other users can look into. Traces of
// commands that close everything go there too, so each test has its own.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// traced is a command line that traces argv.
func (m mode) traced(t *testing.T, argv ...string) []string {
	t.Helper()
	out := append([]string{fixture.Luatrace(t)}, m.args...)
	return append(append(out, "--"), argv...)
}

// nobody is an ordinary user and its group, which every system has.
const nobody = 65534

// asNobody makes a command run as an ordinary user; only for a test that runs
// as root.
func asNobody(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// isRoot says whether the tests run as root.
func isRoot() bool { return os.Geteuid() == 0 }

// lines splits a text into its lines.
func lines(s string) []string {
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// chown gives a directory and what is in it to another user.
func chown(t *testing.T, dir string, c *syscall.Credential) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(c.Uid), int(c.Gid))
	})
	if err != nil {
		t.Fatal(err)
	}
}
