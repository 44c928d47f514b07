package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// Calls that a 32-bit program makes by socketcall and ipc are selected by their own
// names, as strace does it, with a filter and without.
func TestCallsThatStandForOthersLikeStrace(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		return // runs no i386 programs
	}
	program := fixture.BuildStatic32(t, "socketcalls")
	shown := func(argv ...string) []string {
		t.Helper()
		out := filepath.Join(openDir(t), "lines")
		if r := fixture.Run(t, argv[0], append(argv[1:], "-o", out, program)...); r.Code != 0 {
			t.Fatalf("%v: %+v", argv, r)
		}
		// The C library's own calls, and messages, are left out; and the call that can't be
		// read, of which strace knows now and then that it is a connect.
		return slices.DeleteFunc(lines(readFile(t, out)), func(l string) bool {
			return !calls.MatchString(l) || strings.HasPrefix(l, "socketcall(SYS_CONNECT, NULL)")
		})
	}
	for _, spec := range []string{"connect", "socket,connect", "semget", "shutdown", "%network", "%ipc", "set_thread_area", "!connect"} {
		want := shown("strace", "-e", "trace="+spec)
		for _, how := range [][]string{{}, {"--attachable"}} {
			got := shown(append(append([]string{fixture.Luatrace(t)}, how...), "-t", spec)...)
			if !slices.Equal(masked(got), masked(want)) {
				t.Errorf("-t %s %v:\n%s\nstrace:\n%s", spec, how, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
		if spec == "connect" && len(want) != 2 {
			t.Errorf("strace shows %d lines", len(want))
		}
	}
}

var calls = regexp.MustCompile(`^(socket|connect|semget|set_thread_area)`)

var stackAddress = regexp.MustCompile(`0x[0-9a-fA-F]+|ADDR`)

// masked leaves addresses out, which differ from run to run.
func masked(lines []string) []string {
	var out []string
	for _, l := range lines {
		out = append(out, stackAddress.ReplaceAllString(l, "X"))
	}
	return out
}

// Hooks and faults on such a call get it by whichever number it is made, with its own
// name and arguments, and their conditions hold for it.
func TestHooksOnCallsThatStandForOthers(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		return
	}
	program := fixture.BuildStatic32(t, "socketcalls")
	script := filepath.Join(openDir(t), "s.lua")
	writeFile(t, script, `
on("connect", function(ev) print("connect", ev.name, ev.fd, ev.addr.sin_port, ev.err) end)
on("connect", {when = {fd = 3}}, function(ev) print("three", ev.name, ev.ret) end)
on("connect", {when = {fd = 4}}, function(ev) print("four", ev.name) end)
on("connect:enter", {when = {failed = nil}}, function(ev) print("enter", ev.name) end)
on("semget", function(ev) print("semget", ev.name, ev.key, ev.err) end)
on("socketcall", function(ev) agg.numbers:count(ev.name) end)
on("socket", {when = {type = "SOCK_DGRAM"}}, function(ev) print("never") end)
`)
	for _, how := range [][]string{{}, {"--attachable"}} {
		cmd := exec.Command(fixture.Luatrace(t), append(how, "-s", script, program)...)
		r := fixture.RunCmd(t, cmd)
		want := strings.Repeat("enter\tconnect\nconnect\tconnect\t3\t9\tECONNREFUSED\nthree\tconnect\t-1\n", 2) +
			"semget\tsemget\t30583\tENOENT\nnumbers\ncount\n    3  socketcall\n"
		if got := strings.ReplaceAll(r.Stderr, "luatrace: ", ""); r.Code != 0 || got != want {
			t.Errorf("%v: exit %d\n%s\nwant\n%s", how, r.Code, r.Stderr, want)
		}
	}
	// The fixture expects that socket succeeds.
	if r := fixture.Run(t, fixture.Luatrace(t), "-q", "-e", `fault("socket", "EMFILE")`, program); r.Code != 1 {
		t.Errorf("%+v", r)
	}
	r := fixture.Run(t, fixture.Luatrace(t), "-s", "tcpconnect", program)
	if r.Code != 0 || strings.Count(r.Stderr, "ECONNREFUSED 127.0.0.1:9") != 2 {
		t.Errorf("%+v", r)
	}
}
