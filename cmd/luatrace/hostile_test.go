package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// hostileModes are the ways to show what a program does. Code beside -t is the
// body of a hook.
var hostileModes = [][]string{
	{}, {"-y"}, {"-yy"}, {"-Y"}, {"-v"}, {"-x"}, {"-xx"}, {"--strings-in-hex=non-ascii-chars"}, {"-f", "-tt", "-T", "-i", "-n", "-r"}, {"-N"},
	{"-X", "verbose"}, {"--raw", "%file"}, {"-c"}, {"-C"}, {"-z"}, {"-Z"}, {"--read=all", "--write=all"}, {"-P", "x"}, {"--no-notify"}, {"--attachable"}, {"--string-limit=0"},
	{"-t", "signal", "-t", "openat"}, {"-t", "openat:enter"}, {"-b", "execve"}, {"--syscall-limit=200"},
	{"-t", "*", "-e", `agg.x:count(ev.comm, ev.exe, ev.cwd, ev.fdpath, ev.abspath) agg[ev.comm]:count(1)`},
	{"-t", "*", "-e", `agg.h:hist(1, ev.comm, ev.cwd) agg(ev.cwd, {key = {ev.comm, ev.exe}, top = 2}):sum(1, ev.exe)`},
	{"-t", "*", "-e", `emit(ev:table()) emit {[ev.comm] = ev.cwd, call = ev.call, line = tostring(ev)}`},
	{"-e", `on("begin", function() emit {x = 1} end) on("proc:exec,exit,fork", function(ev) emit(ev:table()) end) on("signal", function(ev) emit(ev:table()) end)`},
}

// hostileErrors are errors: every place where a value comes into a message.
var hostileErrors = [][]string{
	{"-t", "getppid,execve", "-e", `error(ev.comm .. ev.cwd)`}, {"-t", "getppid,execve", "-e", `error(ev.comm .. ev.cwd, 0)`},
	{"-t", "getppid,execve", "-e", `error({ev.comm, [ev.cwd] = ev.exe})`},
	{"-t", "getppid,execve", "-e", `error(setmetatable({}, {__tostring = function() return ev.comm end}))`},
	{"-t", "getppid,execve", "-e", `print(ev[ev.cwd])`}, {"-t", "getppid,execve", "-e", `print(ev.args[ev.cwd])`}, {"-t", "getppid,execve", "-e", `ev[ev.cwd] = 1`},
	{"-t", "getppid,execve", "-e", `ev.regs[ev.cwd] = 1`}, {"-t", "getppid,execve", "-e", `print(ev.regs[ev.cwd])`}, {"-t", "getppid,execve", "-e", `ev.proc:kill(ev.cwd)`},
	{"-t", "getppid,execve", "-e", `ev:fail(ev.cwd)`}, {"-t", "getppid,execve", "-e", `ev:delay(ev.cwd)`}, {"-t", "getppid,execve", "-e", `ev.mem:array(ev.cwd, 1, 1)`},
	{"-t", "getppid,execve", "-e", `ev.mem:string(ev.cwd)`}, {"-t", "getppid,execve", "-e", `bit.band(ev.cwd, 1)`}, {"-t", "getppid,execve", "-e", `bit[ev.cwd]()`},
	{"-t", "getppid,execve", "-e", `u64(ev.cwd)`}, {"-t", "getppid,execve", "-e", `re(ev.cwd .. "(")`}, {"-t", "getppid,execve", "-e", `json.decode(ev.cwd)`},
	{"-t", "getppid,execve", "-e", `string.format("%" .. ev.cwd, 1)`}, {"-t", "getppid,execve", "-e", `require(ev.cwd)`}, {"-t", "getppid,execve", "-e", `dofile(ev.cwd .. "/missing")`},
	{"-t", "getppid,execve", "-e", `assert(io.open(ev.cwd .. "/missing/x"))`}, {"-t", "getppid,execve", "-e", `assert(loadstring("x x", ev.cwd))`},
	{"-t", "getppid,execve", "-e", `loadstring("error(5)", ev.cwd)()`}, {"-t", "getppid,execve", "-e", `loadstring("error 'x'", "=" .. ev.cwd)()`},
	{"-t", "getppid,execve", "-e", `loadstring("local t = nil; t.x = 1", "@" .. ev.cwd)()`}, {"-e", `on("getppid,execve", function(ev) on(ev.cwd, print) end)`},
	{"-e", `on("getppid,execve", function(ev) on("openat", {when = {[ev.cwd] = 1}}, print) end)`}, {"-e", `on("getppid,execve", function(ev) on("openat", {when = {path = ev.cwd, fd = ev.cwd}}, print) end)`},
	{"-e", `on("getppid,execve", function(ev) on("openat", {[ev.cwd] = 1}, print) end)`}, {"-e", `on("getppid,execve", function(ev) fault(ev.cwd, ev.cwd) end)`}, {"-e", `on("getppid,execve", function(ev) fault("read", ev.cwd) end)`},
	{"-e", `on("getppid,execve", function(ev) every(ev.cwd, print) end)`}, {"-t", "getppid,execve", "-e", `syscall.describe(ev.cwd)`}, {"-t", "getppid,execve", "-e", `syscall.struct(ev.cwd)`},
	{"-e", `on("getppid,execve", function(ev) agg("x", {[ev.cwd] = 1}) end)`}, {"-e", `on("getppid,execve", function(ev) agg("x", {unit = ev.cwd}) end)`}, {"-t", "getppid,execve", "-e", `output.colour(ev.cwd)`},
	{"-e", `on("getppid,execve", function(ev) meta {name = ev.cwd, [ev.cwd] = 1} end)`}, {"-e", `on("getppid,execve", function(ev) meta {name = ev.cwd, args = {[ev.cwd] = {type = ev.cwd}}} end)`},
	{"-t", "getppid,execve", "-e", `_G[ev.cwd]()`}, {"-t", "getppid,execve", "-e", `local t = {} t[ev.cwd].x = 1`}, {"-t", "getppid,execve", "-e", `local x = ev.cwd + 1`},
	{"-t", "getppid,execve", "-e", `coroutine.wrap(function() error(ev.cwd) end)()`}, {"-t", "getppid,execve", "-e", `collectgarbage(ev.cwd)`},
	{"-t", "getppid,execve", "-e", `ev.proc:file(ev.cwd)`}, {"-t", "getppid,execve", "-e", `print(ev.proc[ev.cwd])`}, {"-t", "getppid,execve", "-e", `print(ev.task[ev.cwd])`},
}

// hostilePrints write text, which is no JSON.
var hostilePrints = [][]string{
	{"-t", "*", "-e", `print(ev, ev.comm, ev.exe, ev.cwd, ev:table())`},
	{"-t", "*", "-e", `printf("%s %q %5s %.3s %c\n", ev.comm, ev.cwd, ev.exe, ev.call, 27) printf(ev.comm:gsub("%%", "") .. "\n")`},
	{"-t", "*", "-e", `output.colour "red" output.frame(function() print(ev.comm, ev.cwd) end)`},
	{"-t", "*", "-e", `print(ev.proc:file "status", ev.proc:file "cmdline", ev.proc:file "environ", ev.proc.cmdline, ev.proc:file "maps")`},
	{"-t", "*", "-e", `print(debug.traceback(ev.cwd), pcall(error, ev.comm), {[ev.cwd] = ev.comm}, ev.proc, ev.task, json.encode(ev:table()))`},
	{"-t", "*", "-e", `if ev.args and ev.name == "rt_sigqueueinfo" then print(ev.args[3]) end for k, v in fields(ev.args) do print(k, v) end`},
}

// TestHostileModes: in no mode does a program with hostile bytes in all its names
// and data steer the terminal or forge a line, and JSON stays valid.
func TestHostileModes(t *testing.T) {
	t.Parallel()
	program := fixture.Build(t, "escape_all")
	run := func(args []string, asJSON bool) {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "x"), 0o700); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(fixture.Luatrace(t), append(args, "--", program, "x")...)
			cmd.Dir = dir
			r := fixture.RunCmd(t, cmd)
			if r.Code != 0 && r.Code != exitHook && !(r.Code == 255 && strings.Contains(args[len(args)-1], "ev:fail")) || r.Stdout != "all done\n" || r.Stderr == "" {
				t.Errorf("status %d, %.300q, %.300q", r.Code, r.Stdout, r.Stderr)
			}
			for _, bad := range fixture.Unsafe(r.Stderr, asJSON) {
				t.Error(bad)
			}
		})
	}
	for _, args := range hostileModes {
		run(append([]string{"-j"}, args...), true)
	}
	for _, args := range slices.Concat(hostileModes, hostileErrors, hostilePrints) {
		run(args, false)
	}
}

// hostileText is what a hostile script has in its strings, as Lua source.
const hostileText = `"\27[2J\27]0;title\7\n+++ forged +++\r\8\127\1552J\194\15531m\226\128\174\226\129\166\226\128\168\255\195("`

// TestHostileScripts: a script that is only looked at can't steer the terminal
// either: by its name, its meta, its errors, its tests.
func TestHostileScripts(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	const name = "\x1b[2J\n+++ forged +++\r\u202e\xff.lua"
	scripts := map[string]string{
		"meta":    `meta {name = H, summary = H, categories = {H}, examples = {H, H}, caveats = H .. H, args = {[H] = {default = H, help = H}, n = {type = "string", required = true, help = H, default = H}}} test(T, function(t) t:expect(H, H .. "x") error(H) end)`,
		"error":   `error(H)`,
		"level":   `error(H, 0)`,
		"table":   `error({H})`,
		"types":   `meta {name = H, args = {[H] = {type = H}}}`,
		"field":   `meta {[H] = 1}`,
		"default": `meta {name = H, args = {[H] = {type = "number", default = H}}}`,
		"spec":    `on(H, print)`,
		"key":     `on("openat", {when = {[H] = 1}}, print)`,
		"errno":   `fault("openat", H)`,
		"event":   `on("openat", function(ev) return ev["\27[2J"] end)`,
		"syntax":  "local \x1b[2J = 1",
		"string":  "x = '\x1b[2J\n",
		"goto":    "local x = '\\y\x1b' \u202e",
		"global":  "_ENV['\x1b[2J'] = 1",
		"require": `require(H)`,
		"define":  `syscall.define(H)`,
		"test":    `meta {name = "x"} test(T, function(t) t:event(H) end) test("b", function(t) t:event("openat", {[H] = 1}) end) test("c", function(t) t:shows(H) t:expect(t.stdout, H) end)`,
	}
	if err := os.Mkdir(filepath.Join(dir, "named"), 0o755); err != nil {
		t.Fatal(err)
	}
	files := []string{filepath.Join(dir, "named", name)}
	writeFile(t, files[0], `error("x")`)
	for key, text := range scripts {
		file := filepath.Join(dir, key+".lua")
		quoted := strings.ReplaceAll(strings.ReplaceAll(text, "H", hostileText), "T", hostileText)
		writeFile(t, file, quoted)
		files = append(files, file)
	}
	for _, file := range files {
		for _, args := range [][]string{{"info", file}, {"check", file}, {"test", "-v", file}, {"test", "--tap", file}, {"-s", file, "true"}, {"-s", file, "-a", "\x1b[2J=1", "true"}, {"-s", file, "--help"}, {"--read-only", "--sandbox", "-s", file, "true"}, {"-j", "-s", file, "true"}} {
			r := fixture.Run(t, fixture.Luatrace(t), args...)
			for _, bad := range fixture.Unsafe(r.Stdout+r.Stderr, false) {
				t.Errorf("%q: %s", args, bad)
			}
		}
	}
	for _, args := range [][]string{{"list"}, {"list", "-v"}, {"list", "\x1b[2J"}, {"__complete", "-s", ""}, {"__complete", "-s", "meta", "-a", ""}, {"info", "met"}, {"info", "\x1b[2J"}, {"check", "\x1b[2J"}, {"test", "\x1b[2J"},
		{"-s", "\x1b[2J", "true"}, {"\x1b[2J"}, {"-t", "\x1b[2J", "true"}, {"--\x1b[2J"}, {"-e", "\x1b[2J", "true"}, {"-o", "/nonexistent/\x1b[2J", "true"}, {"-p", "\x1b[2J"}, {"-u", "\x1b[2J", "true"},
		{"-E", "\x1b[2J", "sh", "-c", ":"}, {"-a", "\x1b[2J=\x1b", "-s", "opensnoop", "true"}, {"--hook-timeout", "\x1b[2J", "true"}, {"probes", "\x1b[2J"}, {"types", dir + "/\x1b[2J"}, {"completion", "\x1b[2J"}, {"help", "\x1b[2J"},
		{"test", "--run", "\x1b[2J(", "opensnoop"}, {"-P", "\x1b[2J", "true"}, {"--signal", "\x1b[2J", "true"}, {"-S", "\x1b[2J", "-c", "true"}, {"list", "--\x1b[2J"}} {
		cmd := exec.Command(fixture.Luatrace(t), args...)
		cmd.Env = append(os.Environ(), "LUATRACE_PATH="+dir+":"+filepath.Join(dir, "named"))
		r := fixture.RunCmd(t, cmd)
		for _, bad := range fixture.Unsafe(r.Stdout+r.Stderr, false) {
			t.Errorf("%q: %s", args, bad)
		}
	}
}
