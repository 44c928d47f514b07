package bindings

import (
	"fmt"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// TestConditions counts, for each kind of condition, the calls of a known
// program that meet it: at exit, before the call, and by a fault.
func TestConditions(t *testing.T) {
	t.Parallel()
	// detachme: three tasks, ten rounds of getppid, openat("/dev/null"), close.
	path := fixture.Build(t, "detachme")
	tests := []struct {
		spec, when string
		want       int
	}{
		{"openat", `path = "/dev/null"`, 30},
		{"openat", `path = "/dev/null", comm = "child1"`, 10},
		{"openat", `path = "/dev/null", comm = {"child1", "child2"}`, 20},
		{"openat", `path = "/dev/null", comm = ne "child1"`, 20},
		{"openat", `path = under "/dev"`, 30},
		{"openat", `path = under "/dev/nul"`, 0},
		{"openat", `path = glob "/dev/n*"`, 30},
		{"openat", `path = glob "/d*"`, 0},
		{"openat", `path = glob "/d**"`, 30},
		{"openat", `path = re "^/dev/.u"`, 30},
		{"openat", `path = re "null$", dirfd = AT_FDCWD`, 30},
		{"openat", `path = "/dev/null", dirfd = 3`, 0},
		{"openat", `path = "/dev/null", flags = O_RDONLY`, 30},
		{"openat", `path = "/dev/null", flags = nobits "O_CREAT|O_WRONLY"`, 30},
		{"openat", `path = "/dev/null", flags = bits "O_CREAT"`, 0},
		{"openat", `path = "/dev/null", abi = {"amd64", "arm64"}`, 30},
		{"openat", `path = "/dev/null", exe = under "/", cwd = under "/"`, 30},
		{"openat", `path = "/dev/null", ["args.flags"] = 0`, 30},
		{"close", `fd = 3, comm = "child2"`, 10},
		{"close", `fd = ge(3), comm = "child2"`, 10},
		{"close", `fd = gt(3), comm = "child2"`, 0},
		{"close", `fd = le(3), comm = "child2"`, 10},
		{"close", `fd = lt(3), comm = "child2"`, 0},
		{"close", `fd = {1, 3, 5}, comm = "child2"`, 10},
		{"close", `fd = ne(3), comm = "child2"`, 0},
		{"close", `fdpath = "/dev/null"`, 30},
		{"getppid", `pid = gt(1), tid = gt(1), ppid = gt(0)`, 33},
	}
	script, exits := "local n, m = {}, {}\n", "local x = {}\n"
	for i, c := range tests {
		script += fmt.Sprintf("n[%d], m[%d] = 0, 0\non(%q, {when = {%s}}, function(ev) n[%d] = n[%d] + 1 end)\n", i+1, i+1, c.spec, c.when, i+1, i+1)
		script += fmt.Sprintf("on(%q, {when = {%s}}, function(ev) m[%d] = m[%d] + 1 end)\n", c.spec+":enter", c.when, i+1, i+1)
	}
	script += "on(\"end\", function() for i = 1, #n do print(n[i], m[i]) end end)"
	r := traceScript(t, script, path, "10")
	if r.Code != 0 || len(r.lines()) != len(tests) {
		t.Fatalf("exit %d, %s%s", r.Code, r.Out, r.Stderr)
	}
	for i, l := range r.lines() {
		if want := fmt.Sprintf("%d\t%d", tests[i].want, tests[i].want); l != want {
			t.Errorf("%s when %s: at exit and before %q, want %d", tests[i].spec, tests[i].when, l, tests[i].want)
		}
	}

	// What is known after the call, of the fixture dumpable's opens.
	after := []struct {
		when string
		want int
	}{
		{`failed = true`, 2}, {`failed = false`, 0}, {`ok = true`, 0}, {`ok = false`, 2},
		{`err = "ENOENT"`, 2}, {`err = ENOENT`, 2}, {`err = {"EPERM", "ENOENT"}`, 2}, {`err = ne "ENOENT"`, 0}, {`err = "EPERM"`, 0},
		{`ret = lt(0)`, 2}, {`ret = ge(0)`, 0},
	}
	for i, c := range after {
		exits += fmt.Sprintf("x[%d] = 0\non(\"openat\", {when = {path = under \"/nonexistent\", %s}}, function(ev) x[%d] = x[%d] + 1 end)\n", i+1, c.when, i+1, i+1)
	}
	exits += "on(\"end\", function() print(unpack(x)) end)"
	var want []string
	for _, c := range after {
		want = append(want, fmt.Sprint(c.want))
	}
	r = traceScript(t, exits, fixture.Build(t, "dumpable"))
	if r.Code != 0 || r.Out != strings.Join(want, "\t")+"\n" {
		t.Errorf("%q, exit %d %s, want %v", r.Out, r.Code, r.Stderr, want)
	}

	// Signals and process events.
	r = traceScript(t, `
		on("signal", {when = {sig = "SIGUSR1", code = 0, comm = "sigterm_usr1"}}, function(ev) print("usr1", ev.sig) end)
		on("signal", {when = {sig = ne "SIGUSR1"}}, function(ev) print("other", ev.sig) end)
		on("proc:exit", {when = {code = 0}}, function(ev) print("exit", ev.status) end)
		on("proc:exit", {when = {code = ne(0)}}, function(ev) print("not reached") end)`, fixture.Build(t, "sigterm_usr1"), "USR1", "TERM")
	if r.Code != 0 || r.Out != "usr1\tSIGUSR1\nother\tSIGTERM\nexit\t0\n" {
		t.Errorf("%q, exit %d %s", r.Out, r.Code, r.Stderr)
	}
}
