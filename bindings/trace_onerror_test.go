package bindings

import (
	"fmt"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// rowsOfPlan are the options for the ways in which the kernel can tell of a call.
var rowsOfPlan = map[string][]string{
	"notified": nil, "traced": {"--no-notify"}, "unfiltered": {"--attachable"},
}

// TestHookIsSwitchedOffForOneProgram: a program that makes a hook fail loses it for
// itself and what it forks, not for others; a new program begins anew.
func TestHookIsSwitchedOffForOneProgram(t *testing.T) {
	t.Parallel()
	answers := fixture.Build(t, "answers")
	const script = `
local seen = {}
local function look(ev)
  if ev.path == "bad" then error "boom" end
  if ev.path:find "^good" then seen[#seen + 1] = ev.path end
end
on("access:enter", look)
on("end", function() print(table.concat(seen, " ")) end)`
	for row, options := range rowsOfPlan {
		for _, phase := range []string{":enter", ""} {
			t.Run(row+phase, func(t *testing.T) {
				t.Parallel()
				r := traceScriptWith(t, options, strings.Replace(script, ":enter", phase, 1), "sh", "-c",
					`"$0" good1x1 badx12 good2x1 fork good3x1 exec good4x1; "$0" good5x1 badx9 good6x1 fork badx1 good7x1; exec "$0" good8x1`, answers)
				if r.Code != 3 || r.Out != "good1 good4 good5 good6 good8\n" {
					t.Errorf("exit %d, %q, %s", r.Code, r.Out, r.Stderr)
				}
				lines := strings.Split(strings.TrimSuffix(r.Stderr, "\n"), "\n")
				if len(lines) != 3 || strings.Count(r.Stderr, "has failed 10 times in process ") != 2 || strings.Count(r.Stderr, "boom") != 1 {
					t.Errorf("stderr %s", r.Stderr)
				}
			})
		}
	}
}

// TestManyProgramsMakeAHookFail: the lines do not grow with their number, nor with
// that of the errors.
func TestManyProgramsMakeAHookFail(t *testing.T) {
	t.Parallel()
	answers := fixture.Build(t, "answers")
	r := traceScript(t, `
local n = 0
on("access:enter", function(ev) if ev.path:find "^bad" then n = n + 1 error("new " .. n) end end)`,
		"sh", "-c", `for i in 1 2 3 4 5 6 7 8 9; do "$0" badx12; done`, answers)
	for _, want := range []string{
		"luatrace: ./test.lua:3: new 10 (in the hook of ./test.lua:3, on access of task ",
		"luatrace: the hook of ./test.lua:3 fails in ever new ways; its other errors are counted, not shown\n",
		"luatrace: the hook of ./test.lua:3 is switched off for more processes, which are not named\n",
		"luatrace: 80 times: other errors (in the hook of ./test.lua:3)\n",
		"luatrace: the hook of ./test.lua:3 was switched off for 9 processes\n",
	} {
		if !strings.Contains(r.Stderr, want) {
			t.Errorf("no line %q", want)
		}
	}
	if r.Code != 3 || strings.Count(r.Stderr, "\n") != 10+1+5+1+2 || strings.Contains(r.Stderr, "new 11") {
		t.Errorf("exit %d, %s", r.Code, r.Stderr)
	}
}

// TestOnErrorErrno: the call fails with it each time that the hook fails, however
// often, in whatever way the kernel tells of the call; other calls are as they were.
func TestOnErrorErrno(t *testing.T) {
	t.Parallel()
	answers := fixture.Build(t, "answers")
	for name, script := range map[string]string{
		"enter":                `on("access:enter", {on_error = "EBUSY"}, function(ev) if ev.path == "bad" then error "boom" end end)`,
		"after an act":         `on("access:enter", {on_error = "EBUSY"}, function(ev) if ev.path == "bad" then ev.path = "/" error "boom" end end)`,
		"number":               `on("access:enter", {on_error = EBUSY}, function(ev) if ev.path == "bad" then error "boom" end end)`,
		"exit":                 `on("access", {on_error = "EBUSY"}, function(ev) if ev.path == "bad" then error "boom" end end)`,
		"exit that looks only": `on("access", {on_error = "EBUSY", when = {path = "bad"}}, function(ev) local x = ev.path + 1 end)`,
		"onexit":               `on("access:enter", {on_error = "EBUSY"}, function(ev) if ev.path == "bad" then ev:onexit(function() error "boom" end) end end)`,
		"late":                 `on("begin", function() on("access:enter", {on_error = "EBUSY"}, function(ev) if ev.path == "bad" then error "boom" end end) end)`,
		"beside others": `on("access:enter", function(ev) end)
on("access:enter", {on_error = "EBUSY"}, function(ev) if ev.path == "bad" then error "boom" end end)
on("access", function(ev) if ev.path == "bad" and ev.err ~= "EBUSY" then print(ev) end end)`,
	} {
		for row, options := range rowsOfPlan {
			t.Run(name+", "+row, func(t *testing.T) {
				t.Parallel()
				r := traceScriptWith(t, options, script, answers, "goodx1", "badx30", "goodx2", "fork", "badx11", "exec", "badx1", "/x1")
				if want := "goodx1: 1*2\nbadx30: 30*16\ngoodx2: 2*2\nbadx11: 11*16\nbadx1: 1*16\n/x1: 1*0\n"; r.Code != 3 || r.Stdout != want || r.Out != "" {
					t.Errorf("exit %d, %q\nwant %q\n%s%s", r.Code, r.Stdout, want, r.Out, r.Stderr)
				}
				if strings.Count(r.Stderr, "\n") != 2 || !strings.Contains(r.Stderr, "luatrace: 42 times: ") {
					t.Errorf("stderr %s", r.Stderr)
				}
			})
		}
	}
}

// TestOnErrorKill: the process ends, its call is not made, and others go on.
func TestOnErrorKill(t *testing.T) {
	t.Parallel()
	answers := fixture.Build(t, "answers")
	for name, script := range map[string]string{
		"enter":   `on("access:enter", {on_error = "kill"}, function(ev) if ev.path == "bad" then error "boom" end end)`,
		"exit":    `on("access", {on_error = "kill"}, function(ev) if ev.path == "bad" then error "boom" end end)`,
		"process": `on("proc:fork", {on_error = "kill"}, function(ev) if ev.comm == "answers" then error "boom" end end)`,
	} {
		for row, options := range rowsOfPlan {
			t.Run(name+", "+row, func(t *testing.T) {
				t.Parallel()
				r := traceScriptWith(t, options, script, "sh", "-c", `"$0" goodx1 badx1 fork goodx2; echo $?; "$0" goodx3`, answers)
				want := "goodx1: 1*2\n137\ngoodx3: 3*2\n"
				if name == "process" {
					want = "goodx1: 1*2\nbadx1: 1*2\n137\ngoodx3: 3*2\n"
				}
				if got := strings.ReplaceAll(r.Stdout, "Killed\n", ""); r.Code != 3 || got != want {
					t.Errorf("exit %d, %q\nwant %q\n%s", r.Code, got, want, r.Stderr)
				}
			})
		}
	}
	r := traceScript(t, `on("signal:SIGUSR1", {on_error = "kill"}, function(ev) error "boom" end)`, "sh", "-c", "sh -c 'trap : USR1; kill -USR1 $$; echo alive'; echo $?")
	if r.Code != 3 || !strings.HasSuffix(r.Stdout, "137\n") || strings.Contains(r.Stdout, "alive") {
		t.Errorf("exit %d, %q, %s", r.Code, r.Stdout, r.Stderr)
	}
}

// TestOnErrorOfAHangingHook: a call whose hook runs too long fails too, and
// after ten times all those of the program do, without another wait.
func TestOnErrorOfAHangingHook(t *testing.T) {
	t.Parallel()
	answers := fixture.Build(t, "answers")
	r := traceScriptWith(t, []string{"--hook-timeout=20ms"}, `
local n = 0
on("access:enter", {on_error = "EBUSY"}, function(ev) if ev.path == "bad" then n = n + 1 while true do end end end)
on("end", function() print(n) end)`, "sh", "-c", `"$0" goodx1 badx12 goodx2 fork goodx3 exec goodx1`, answers)
	if want := "goodx1: 1*2\nbadx12: 12*16\ngoodx2: 2*16\ngoodx3: 3*16\ngoodx1: 1*2\n"; r.Code != 3 || r.Stdout != want || r.Out != "10\n" {
		t.Errorf("exit %d, %q\nwant %q, %s%s", r.Code, r.Stdout, want, r.Out, r.Stderr)
	}
	if !strings.Contains(r.Stderr, "has run too long 10 times in process ") || !strings.Contains(r.Stderr, "and is not called for it any more: its calls fail with EBUSY\n") {
		t.Errorf("stderr %s", r.Stderr)
	}
}

// TestOnErrorOfExit: a call that does not come back can't fail.
func TestOnErrorOfExit(t *testing.T) {
	t.Parallel()
	for row, options := range rowsOfPlan {
		r := traceScriptWith(t, options, `on("exit_group:enter", {on_error = "EBUSY"}, function(ev) error "boom" end)
on("exit_group", {on_error = "EBUSY"}, function(ev) error "boom" end)`, "sh", "-c", "exit 7")
		if r.Code != 7 && r.Code != 3 || strings.Count(r.Stderr, "boom") != 2 {
			t.Errorf("%s: exit %d, %s", row, r.Code, r.Stderr)
		}
	}
}

// TestOnErrorRefused: what can't be is an error of loading, which check finds too.
func TestOnErrorRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ option, spec, want string }{
		{`"EACESS"`, "openat:enter", `on_error: unknown errno "EACESS"; did you mean "EACCES"?; an errno is wanted, "kill" or "continue"`},
		{`"die"`, "openat:enter", `on_error: unknown errno "die"; an errno is wanted, "kill" or "continue"`},
		{`514`, "openat:enter", `on_error: 514 is no errno`},
		{`true`, "openat:enter", `on_error must be an errno such as "EACCES", "kill" or "continue", not a boolean`},
		{`"EACCES"`, "signal", `on_error: an errno is for hooks on system calls; elsewhere there are "kill" and "continue"`},
		{`"EACCES"`, "proc:exec", `on_error: an errno is for hooks on system calls; elsewhere there are "kill" and "continue"`},
		{`"kill"`, "begin", `on_error: no process belongs to this hook: only "continue" is possible`},
		{`"EPERM"`, "end", `on_error: no process belongs to this hook: only "continue" is possible`},
	} {
		script := fmt.Sprintf("on(%q, {on_error = %s}, function(ev) end)", c.spec, c.option)
		r := traceScript(t, script, "echo", "started")
		if r.Code != 2 || r.Stdout != "" || !strings.HasPrefix(r.Stderr, "luatrace: ./test.lua:1: ") || !strings.Contains(r.Stderr, c.want) || strings.Count(r.Stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q, %q\nwant %q", script, r.Code, r.Stdout, r.Stderr, c.want)
		}
		if found := findings(t, script); len(found) != 1 || !strings.Contains(found[0], c.want) {
			t.Errorf("check of %s finds %q\nwant %q", script, found, c.want)
		}
	}
	r := traceScript(t, `on("openat", {onerror = "EIO"}, print)`, "true")
	if !strings.Contains(r.Stderr, `unknown option "onerror"; did you mean "on_error"?`) {
		t.Errorf("%q", r.Stderr)
	}
	r = traceScriptWith(t, []string{"--read-only"}, `on("openat:enter", {on_error = "EIO"}, function(ev) end)`, "echo", "started")
	if r.Code != 2 || r.Stdout != "" || r.Stderr != "luatrace: ./test.lua:1: on_error = \"EIO\" is not allowed with --read-only\n" {
		t.Errorf("with --read-only: exit %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
	r = traceScriptWith(t, []string{"--read-only"}, `on("openat:enter", {on_error = "continue"}, function(ev) end)`, "echo", "started")
	if r.Code != 0 || r.Stdout != "started\n" || r.Stderr != "" {
		t.Errorf("\"continue\" with --read-only: exit %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
	const unsaid = `meta {name = "x", summary = "y"} on("openat:enter", {on_error = "EIO"}, function(ev) end)`
	if found := findings(t, unsaid); len(found) != 1 || !strings.Contains(found[0], "this changes what is traced, which meta does not say: acts = true") {
		t.Errorf("check finds %q", found)
	}
}

// TestFieldsOfTheEvent are those of the event where an argument has the same name, in
// each row: nanosleep has a duration.
func TestFieldsOfTheEvent(t *testing.T) {
	t.Parallel()
	for row, options := range rowsOfPlan {
		r := traceScriptWith(t, options, `on("nanosleep,clock_nanosleep", function(ev) print(ev.duration > 0, ev.ok) end)
on("nanosleep", function(ev) print(ev.duration > 0) end)`, fixture.Build(t, "clocked"))
		if r.Code != 0 || !strings.HasPrefix(r.Out, "true\t") || strings.Contains(r.Out, "false") || r.Stderr != "" {
			t.Errorf("%s: exit %d, %q, %s", row, r.Code, r.Out, r.Stderr)
		}
	}
	r := trace(t, "-e", `on("nanosleep", function(ev) print(ev.duration > 0) end)`, fixture.Build(t, "clocked"))
	if r.Code != 0 || r.Stderr != "" {
		t.Errorf("exit %d, %q, %s", r.Code, r.Out, r.Stderr)
	}
}
