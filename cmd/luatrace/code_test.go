package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// TestCodeIsChecked: mistakes in -e are told before the command starts, as
// luatrace check tells them, and so is what does not belong in a hook's body.
func TestCodeIsChecked(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		args []string
		want []string // lines behind "luatrace: "; nil if nothing is wrong
	}{
		{[]string{"-t", "openat", "-e", "print(ev.pth)"}, []string{`-e:1: no event of "openat" has a field 'pth'; did you mean 'path'?`}},
		{[]string{"-t", "openat:enter", "-e", "print(ev.path)\nprint(ev.ret)"}, []string{`-e:2: ev.ret exists only after the call; this hook runs before it (":enter")`}},
		{[]string{"-t", "openat:enter", "-e", `ev:fail "ENOENTT"`}, []string{`-e:1: unknown errno "ENOENTT"; did you mean "ENOENT"?`}},
		{[]string{"-e", `on("openat", function(ev) print(ev.pth) end)` + "\n" + `on("read", function(ev) print(ev.fdd) end)`},
			[]string{`-e:1: no event of "openat" has a field 'pth'; did you mean 'path'?`, `-e:2: no event of "read" has a field 'fdd'; did you mean 'fd'?`}},
		{[]string{"-t", "write", "-e", `fault("write", "EIO")`},
			[]string{`-e:1: fault() in the body of a hook (-t) adds a fault for each event, after it; write -t write:enter -e 'ev:fail("EIO")', or without -t -e 'fault("write", "EIO")'`}},
		{[]string{"-t", "write", "-e", `if ev.ret == 1 then on("read", print) end`}, []string{`-e:1: on() in the body of a hook (-t) adds a hook for each event; without -t the code is a script: -e 'on(...)'`}},
		{[]string{"-t", "write", "-e", `every("1s", print)`}, []string{`-e:1: every() in the body of a hook (-t) adds a timer for each event; without -t the code is a script: -e 'every(...)'`}},
		{[]string{"-t", "write", "-e", `agg("x", {top = 1})`},
			[]string{`-e:1: agg() in the body of a hook (-t) names the columns again for each event; without -t the code is a script: -e 'agg(...) on("write", function(ev) ... end)'`}},
		{[]string{"-t", "write", "-e", `agg("bytes of writes", {top = 1}):sum(ev.ret)`}, nil},
		{[]string{"-t", "write", "-e", `local function f(ev) return ev.any end for _, ev in ipairs {{x = 1}} do print(ev.x, f(ev)) end`}, nil},
		{[]string{"-e", `on("write", function(ev) local list = {} for _, ev in ipairs(list) do print(ev.x) end end)`}, nil},
	} {
		t.Run(strings.Join(row.args, " "), func(t *testing.T) {
			t.Parallel()
			r := fixture.RunCmd(t, exec.Command(fixture.Luatrace(t), append(row.args, "echo", "started")...))
			if row.want == nil {
				if r.Code != 0 || r.Stdout != "started\n" {
					t.Errorf("exit %d, %q, %q", r.Code, r.Stdout, r.Stderr)
				}
				return
			}
			if got := lines(strings.TrimPrefix(r.Stderr, "luatrace: ")); r.Code != exitUsage || r.Stdout != "" || strings.Join(got, "\n") != strings.Join(row.want, "\n") {
				t.Errorf("exit %d, %q, stderr\n%s\nwant\n%s", r.Code, r.Stdout, r.Stderr, strings.Join(row.want, "\n"))
			}
		})
	}
}

// TestCheckGoesOn: an undefined global does not hide what else is wrong.
func TestCheckGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "bad.lua"), `prnt("x")
on("openat", function(ev)
  print(ev.pth, prnt)
  ev:fail("EOI")
  if ev.flags == O_CREAT or ev.whence == SEEK_SET then counter = 1 end
end)
on("lseek", function(ev) if ev.whence == SEEK_SET then print(1) end end)
`)
	cmd := exec.Command(fixture.Luatrace(t), "check", "bad.lua")
	cmd.Dir = dir
	r := fixture.RunCmd(t, cmd)
	var where []string
	for _, l := range lines(r.Stdout) {
		file, rest, _ := strings.Cut(l, ": ")
		where = append(where, file+" "+strings.Join(strings.Fields(rest)[:2], " "))
	}
	want := []string{"bad.lua:1 undefined global", "bad.lua:3 no event", "bad.lua:4 unknown errno", "bad.lua:5 assignment to", "bad.lua:5 ev.flags is",
		"bad.lua:5 ev.whence is", "bad.lua:5 no event", "bad.lua:7 ev.whence is"}
	if r.Code != exitFailure || strings.Join(where, "\n") != strings.Join(want, "\n") {
		t.Errorf("exit %d, %s\nwant\n%s", r.Code, r.Stdout, strings.Join(want, "\n"))
	}
}
