package bindings

import (
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// TestHookErrors: an error in a hook is told with its place, the program never
// notices, the exit code is 3.
func TestHookErrors(t *testing.T) {
	uname := fixture.Build(t, "uname")
	plain := fixture.Run(t, uname).Stdout
	for _, c := range []struct{ name, script, want string }{
		{"enter", `on("uname:enter", function(ev) error "boom" end)`, "./test.lua:1: boom"},
		{"exit", `on("uname", function(ev) local x = nil; return x.y end)`, "./test.lua:1: attempt to index"},
		{"proc", `on("proc:exit", function(ev) error {} end)`, "error object"},
		{"begin", `on("begin", function(ev) error "boom" end)`, "./test.lua:1: boom"},
		{"end", `on("end", function(ev) error "boom" end)`, "./test.lua:1: boom"},
		{"onexit", "on(\"uname:enter\", function(ev)\nev:onexit(function(ev) error \"boom\" end) end)", "./test.lua:2: boom (in the hook of ./test.lua:1,"},
		{"after an act", `on("uname", function(ev) ev.buf.sysname = "Linux" error "boom" end)`, "boom"},
		{"unknown field", `on("uname", function(ev) print(ev.bfu) end)`, "uname has no field 'bfu'; did you mean 'buf'?"},
		{"unknown field's list", `on("uname", function(ev) print(ev.zzzzzzzz) end)`, "uname has no field 'zzzzzzzz' (it has abi, abspath, args, buf,"},
		{"assigned unknown field", `on("uname", function(ev) ev.bfu = 1 end)`, "uname has no field 'bfu'; did you mean 'buf'?"},
		{"unknown argument", `on("uname", function(ev) print(ev.args.bff) end)`, "uname has no argument 'bff'; did you mean 'buf'? (it has buf)"},
		{"argument's number", `on("uname", function(ev) print(ev.args[2]) end)`, "uname has 1 arguments, none with number 2"},
		{"unknown struct field", `on("uname", function(ev) print(ev.buf.sysnam) end)`, "has no field 'sysnam'; did you mean 'sysname'?"},
		{"unknown register", `on("uname", function(ev) print(ev.regs.rdo) end)`, "there is no register 'rdo'"},
		{"unknown task field", `on("uname", function(ev) print(ev.task.tdi) end)`, "a task has no field 'tdi'; did you mean 'tid'?"},
		{"unknown process field", `on("uname", function(ev) print(ev.proc.pdi) end)`, "a process has no field 'pdi'; did you mean 'pid'?"},
		{"unknown flag", `on("openat", {when = {comm = "uname"}}, function(ev) print(ev.flags:has "O_CREATE") end)`, "'O_CREATE' is no flag of this argument; did you mean 'O_CREAT'?"},
		{"unknown flag's index", `on("openat", {when = {comm = "uname"}}, function(ev) print(ev.flags.O_CREATE) end)`, "did you mean 'O_CREAT'?"},
		{"assigned unknown flag", `on("openat:enter", {when = {comm = "uname"}}, function(ev) ev.flags = "O_CREATE" end)`, `unknown constant "O_CREATE"`},
		{"unknown struct", `on("uname", function(ev) ev.mem:struct("statt", 1) end)`, `there is no struct "statt"; did you mean "stat"?`},
		{"unknown errno", `on("uname:enter", function(ev) ev:fail "ENOENTT" end)`, `unknown errno "ENOENTT"; did you mean "ENOENT"?`},
		{"restart code", `on("uname:enter", function(ev) ev:skip(-513) end)`, "results from -516 to -512 make the kernel restart the call"},
		{"result before the call", `on("uname:enter", function(ev) print(ev.ret) end)`, "ev.ret exists only after the call"},
		{"out argument before the call", `on("uname:enter", function(ev) print(ev.buf) end)`, "ev.buf exists only after the call"},
		{"out argument given", `on("uname:enter", function(ev) ev.buf = "x" end)`, "ev.buf is filled in by the kernel: assign it after the call"},
		{"in argument after the call", `on("openat", {when = {comm = "uname"}}, function(ev) ev.path = "x" end)`, `ev.path: this is only possible before the call (":enter" hooks)`},
		{"register argument after the call", `on("openat", {when = {comm = "uname"}}, function(ev) ev.flags = 0 end)`, "only possible before the call"},
		{"skip after the call", `on("uname", function(ev) ev:skip() end)`, "only possible before the call"},
		{"onexit after the call", `on("uname", function(ev) ev:onexit(print) end)`, "only possible before the call"},
		{"suppress of a call", `on("uname", function(ev) ev:suppress() end)`, "this is only possible in hooks on signals"},
		{"read-only field", `on("uname", function(ev) ev.name = "x" end)`, "ev.name can't be assigned"},
		{"zero byte", `on("openat:enter", {when = {comm = "uname"}}, function(ev) ev.path = "a\0b" end)`, "can't hold a zero byte"},
		{"fraction", `on("uname:enter", function(ev) ev.args[1] = 1.5 end)`, "a whole number is wanted, not 1.5"},
		{"kept event", "local kept\non(\"uname:enter\", function(ev) kept = ev end)\non(\"uname\", function(ev) print(kept.name) end)", "./test.lua:3: this event is over: it can be used only until the hook of ./test.lua:2 returns;"},
		{"kept memory", "local kept\non(\"uname:enter\", function(ev) kept = ev.mem end)\non(\"uname\", function(ev) kept:u8(1) end)", "./test.lua:3: this event is over"},
		{"kept registers", "local kept\non(\"uname:enter\", function(ev) kept = ev.regs end)\non(\"uname\", function(ev) kept.rax = 1 end)", "./test.lua:3: this event is over"},
		{"kept arguments", "local kept\non(\"uname:enter\", function(ev) kept = ev.args end)\non(\"uname\", function(ev) print(#kept) end)", "./test.lua:3: this event is over"},
		{"kept struct", "local kept\non(\"uname\", function(ev) kept = ev.buf end)\non(\"proc:exit\", function(ev) kept.sysname = \"x\" end)", "./test.lua:3: this event is over"},
		{"kept for a timer", "local kept\non(\"uname\", function(ev) kept = ev ev:delay(0.2) end)\nevery(\"10ms\", function() if kept then local k = kept kept = nil k:fail \"EIO\" end end)", "./test.lua:3: this event is over"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := traceScript(t, c.script, uname)
			if r.Stdout != plain || r.Code != 3 || !strings.Contains(r.Stderr, c.want) {
				t.Errorf("%q, exit %d, %q\nwant exit 3 and %q", r.Stdout, r.Code, r.Stderr, c.want)
			}
		})
	}
}

// TestHookIsSwitchedOff after ten failures; a function of onexit counts for the
// hook that asked for it, and another hook goes on.
func TestHookIsSwitchedOff(t *testing.T) {
	t.Parallel()
	for _, hook := range []string{
		"on(\"getppid\", function(ev) n = n + 1 error \"boom\" end)\n",
		"on(\"getppid:enter\", function(ev) ev:onexit(function(ev) n = n + 1 error \"boom\" end) end)\n",
	} {
		r := traceScript(t, "local n, others = 0, 0\n"+hook+
			"on(\"getppid:enter\", function(ev) ev:onexit(function() others = others + 1 end) end)\n"+
			"on(\"end\", function() print(n, others) end)", fixture.Build(t, "counts"))
		if r.Code != 3 || r.Out != "10\t800\n" || strings.Count(r.Stderr, "boom") != 1 ||
			!strings.Contains(r.Stderr, "luatrace: the hook of ./test.lua:2 has failed 10 times in process ") {
			t.Errorf("exit %d, %q, %s", r.Code, r.Out, r.Stderr)
		}
	}
}

// TestHangingHook is cut off; the program goes on.
func TestHangingHook(t *testing.T) {
	t.Parallel()
	uname := fixture.Build(t, "uname")
	r := trace(t, "--hook-timeout=50ms", "-e", `on("uname", function(ev) while true do end end)`, uname)
	if r.Code != 3 || r.Stdout != fixture.Run(t, uname).Stdout || strings.Count(r.Stderr, "\n") > 2 || !strings.Contains(r.Stderr, "-e:1:") {
		t.Errorf("exit %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
}

// TestScriptErrors are found before the command runs.
func TestScriptErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ script, want string }{
		{"on(\"opennat\", print)", `./test.lua:1: `},
		{"\non(\"openat:entr\", print)", `./test.lua:2: `},
		{"on(\"signal:SIGTREM\", print)", `did you mean "SIGTERM"?`},
		{"on(\"proc:forks\", print)", `proc:fork`},
		{"on(\"openat\")", "function expected"},
		{"on(\"openat\", {wen = {}}, print)", `unknown option "wen"`},
		{"on(\"openat\", {when = 1}, print)", "when must be a table of conditions"},
		{"\n\non(\"openat\", {when = {pathh = \"x\"}}, print)", `./test.lua:3: when.pathh: no event of "openat" has a field "pathh": did you mean "path"?`},
		{"on(\"openat\", {when = {flags = bits \"O_CREATE\"}}, print)", `O_CREAT`},
		{"on(\"openat\", {when = {path = 3}}, print)", "is a string"},
		{"on(\"read\", {when = {fd = \"x\"}}, print)", "is a number"},
		{"on(\"read\", {when = {fd = {}}}, print)", "must not be empty"},
		{"on(\"read:enter\", {when = {failed = true}}, print)", "leave out :enter"},
		{"on(\"read\", {when = {failed = 1}}, print)", "true or false"},
		{"on(\"read\", {when = {fd = print}}, print)", "takes numbers, strings and booleans"},
		{"on(\"read\", {when = {err = \"EI0\"}}, print)", `unknown error "EI0"`},
		{"on(\"read\", {when = {count = ge \"x\"}}, print)", "count"},
		{"on(\"begin\", {when = {pid = 1}}, print)", "has nothing to test"},
		{"every(\"0s\", print)", "1ms or more"},
		{"every(\"soon\", print)", "a duration is wanted"},
	} {
		r := traceScript(t, c.script, "sh", "-c", "echo started")
		if r.Code != 2 || r.Stdout != "" || !strings.Contains(r.Stderr, c.want) || !strings.HasPrefix(r.Stderr, "luatrace: ./test.lua:") || strings.Count(r.Stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, printed %q, %q; want exit 2 and %q", c.script, r.Code, r.Stdout, r.Stderr, c.want)
		}
	}
}
