package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// onTerminal runs luatrace on a terminal of 80 columns and returns the lines.
func onTerminal(t *testing.T, env string, args ...string) []string {
	t.Helper()
	argv := append([]string{"sh", "-c", `stty cols 80 -opost; TERM=xterm exec "$@"`, "sh", "env", env, fixture.Luatrace(t)}, args...)
	term := openTerminal(t, openDir(t), argv...)
	term.expect(`\+\+\+ exited with \d+ \+\+\+(?:\x1b\[m)?\n`)
	term.mu.Lock()
	defer term.mu.Unlock()
	return lines(string(term.text))
}

// longLines is a program whose calls make lines of more than 80 columns, one of
// which fails.
var longLines = []string{"/usr/bin/python3", "-S", "-c",
	`import os
os.write(os.open('/dev/null', os.O_WRONLY), b'x' * 100)
try: os.mkdir('/nonexistent/' + 'directory/' * 10)
except OSError: pass
os.readlink('/proc/self/exe')`}

// On a terminal lines fit its columns, and what failed is red; in files they are
// whole and plain, as they have always been.
func TestLinesOnATerminal(t *testing.T) {
	t.Parallel()
	args := append([]string{"-t", "write,mkdir,readlink"}, longLines...)
	escape := regexp.MustCompile("\x1b\\[[0-9]*m")
	widest := func(list []string) int {
		widths := []int{0}
		for _, l := range list {
			widths = append(widths, len(escape.ReplaceAllString(l, "")))
		}
		return slices.Max(widths)
	}
	got := onTerminal(t, "NOTHING=", args...)
	if widest(got) > 80 {
		t.Errorf("wider than the terminal: %q", got)
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{
		`write(3, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"..., 100) = 100` + "\n",
		"\x1b[31mmkdir(...\"directory/directory/directory/directory/directory/\", 0777) = -1 ENOENT\x1b[m\n",
		"\n\x1b[2m+++ exited with 0 +++\x1b[m",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%q lacks %q", all, want)
		}
	}
	for _, tt := range []struct {
		env            string
		args           []string
		colour, narrow bool
	}{
		{"NO_COLOR=1", nil, false, true},
		{"TERM=dumb", nil, false, true},
		{"NO_COLOR=1", []string{"--color=always"}, true, true},
		{"NOTHING=", []string{"--color=never"}, false, true},
		{"NOTHING=", []string{"--width=0"}, true, false},
		{"NOTHING=", []string{"--string-limit=100"}, true, false},
		{"NOTHING=", []string{"-v"}, true, false},
		{"NOTHING=", []string{"--width=60"}, true, true},
	} {
		got := onTerminal(t, tt.env, append(slices.Clone(tt.args), args...)...)
		if colour, narrow := escape.MatchString(strings.Join(got, "")), widest(got) <= 80; colour != tt.colour || narrow != tt.narrow {
			t.Errorf("%s %s: colours %v, narrow %v: %q", tt.env, tt.args, colour, narrow, got)
		}
	}
	for _, tt := range []struct {
		args           []string
		colour, narrow bool
	}{{nil, false, false}, {[]string{"--color=always"}, true, false}, {[]string{"--width=80"}, false, true}} {
		file := filepath.Join(t.TempDir(), "trace")
		fixture.RunCmd(t, exec.Command(fixture.Luatrace(t), append(append([]string{"-o", file}, tt.args...), args...)...))
		got := lines(readFile(t, file))
		if colour, narrow := escape.MatchString(strings.Join(got, "")), widest(got) <= 80; colour != tt.colour || narrow != tt.narrow {
			t.Errorf("%s in a file: colours %v, narrow %v: %q", tt.args, colour, narrow, got)
		}
	}
}
