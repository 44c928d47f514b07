package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// traceCalls32 traces the i386 fixture and returns the lines of the calls it is
// about, without addresses.
func traceCalls32(t *testing.T, tracer ...string) []string {
	t.Helper()
	out := filepath.Join(openDir(t), "lines")
	cmd := exec.Command(tracer[0], append(tracer[1:], "-o", out, fixture.BuildStatic32(t, "calls32"))...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	if r := fixture.RunCmd(t, cmd); r.Code != 32 {
		t.Fatalf("%s: %+v", tracer, r)
	}
	_, rest, begun := strings.Cut(readFile(t, out), "chdir(\"/begin\")")
	rest, _, ended := strings.Cut(rest, "chdir(\"/end\")")
	if !begun || !ended {
		t.Fatalf("%s: no calls between the marks: %s", tracer, rest)
	}
	lines := strings.Split(strings.TrimSpace(rest), "\n")[1:]
	for i, l := range lines {
		lines[i] = address.ReplaceAllString(l, "0xADDR")
	}
	return lines
}

var address = regexp.MustCompile(`0x[0-9a-f]{6,}`)

// A 32-bit program's calls are decoded with its own layouts, and print as
// strace prints them.
func TestCalls32LikeStrace(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		return // runs no i386 programs
	}
	want, got := traceCalls32(t, "strace"), traceCalls32(t, fixture.Luatrace(t))
	if len(got) != len(want) || len(got) < 80 {
		t.Errorf("%d lines, strace has %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("line %d:\n  %s\nstrace:\n  %s", i+1, got[i], want[i])
		}
	}
}

// refused are the calls whose error depends on who makes them.
var refused = regexp.MustCompile(`(?m)^((?:settimeofday|kexec_load|clock_settime|clock_settime64|setgroups)\(.*?) *= -1 E.*$`)

// mounted is what depends on how /proc is mounted.
var mounted = regexp.MustCompile(`f_fsid=\{.*?\}, (.*?), f_flags=[^}]*\}`)

// The same lines, by themselves: whatever version of strace there is.
func TestCalls32(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		return
	}
	got := refused.ReplaceAllString(strings.Join(traceCalls32(t, fixture.Luatrace(t)), "\n")+"\n", "$1 = -1")
	got = mounted.ReplaceAllString(got, "f_fsid={...}, $1, f_flags=...}")
	want := readFile(t, filepath.Join("testdata", "calls32.txt"))
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		var g, w string
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if g != w {
			t.Errorf("line %d:\n  %s\nwant:\n  %s", i+1, g, w)
		}
	}
}
