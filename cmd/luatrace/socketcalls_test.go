package main

import (
	"cmp"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
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

// Such a call has one name in lines, in JSON, in the table of -c (where strace has a
// row for each way to make it) and for a call in progress.
func TestNamesOfCallsThatStandForOthers(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		return
	}
	program := fixture.BuildStatic32(t, "socketcalls")
	// The call that can't be read stays what it is.
	counts := map[string]string{"socket": "1 0", "connect": "2 2", "semget": "1 1", "socketcall": "1 1"}
	want := map[string]string{}
	row := regexp.MustCompile(`(?m)^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(\d*) +(socket|connect|semget|socketcall|ipc)$`)
	for _, m := range row.FindAllStringSubmatch(fixture.Run(t, "strace", "-c", program).Stderr, -1) {
		n, _ := strconv.Atoi(m[1])
		failed, _ := strconv.Atoi(m[2])
		var before, errors int
		fmt.Sscan(want[m[3]], &before, &errors)
		want[m[3]] = fmt.Sprint(n+before, failed+errors)
	}
	if !maps.Equal(want, counts) {
		t.Errorf("strace -c counts %v", want)
	}
	table := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(fixture.Run(t, fixture.Luatrace(t), "-c", program).Stderr, -1) {
		table[m[3]] = m[1] + " " + cmp.Or(m[2], "0")
	}
	if !maps.Equal(table, counts) {
		t.Errorf("-c counts %v, want %v", table, counts)
	}
	out := filepath.Join(openDir(t), "lines")
	names := regexp.MustCompile(`"name":"(socket\w*|connect|semget|ipc)","nr":(\d+)`)
	var got []string
	fixture.Run(t, fixture.Luatrace(t), "-j", "-o", out, program)
	for _, m := range names.FindAllStringSubmatch(readFile(t, out), -1) {
		got = append(got, m[1]+" "+m[2])
	}
	if want := []string{"socket 102", "connect 102", "connect 362", "semget 117", "socketcall 102"}; !slices.Equal(got, want) {
		t.Errorf("JSON: %q, want %q", got, want)
	}
	script := filepath.Join(openDir(t), "s.lua")
	writeFile(t, script, `
on("%network,%ipc:enter", function(ev)
  local call, specs = ev.task.call, {}
  for _, spec in ipairs {"connect", "!connect", "socket,semget", "%network", "socketcall", "!socketcall", "signal"} do
    if call:matches(spec) then specs[#specs + 1] = spec end
  end
  print(call.name, table.concat(specs, " "))
end)`)
	wanted := `socket	!connect socket,semget %network socketcall !socketcall
connect	connect %network socketcall !socketcall
connect	connect %network !socketcall
semget	!connect socket,semget !socketcall
socketcall	!connect %network socketcall
`
	if r := fixture.Run(t, fixture.Luatrace(t), "-s", script, program); r.Code != 0 || r.Stderr != wanted {
		t.Errorf("exit %d\n%s\nwant\n%s", r.Code, r.Stderr, wanted)
	}
}
