package bindings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"luatrace/bindings/luart"
	"luatrace/engine"
)

// TestNoFilter: only code that hooks can reach speaks against a filter.
func TestNoFilter(t *testing.T) {
	t.Parallel()
	const (
		none, add, detach, stop = "", "the script may add hooks while it runs", "the script may let processes go (detach)", "the script may end the trace (stop_trace)"
	)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"mod.lua":  `return {go = function(ev) ev.proc:detach() end, add = function() on("read", print) end, look = function(ev) return ev.path end}`,
		"late.lua": `local M = {} function M.first() M.second() end function M.second() on("read", print) end return M`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for code, want := range map[string]string{
		`on("openat", function(ev) print(ev.path) end)`: none,
		// Helpers that run while the script is loaded.
		`local function watch(name) on(name, function(ev) print(ev.name) end) end watch "openat"`:                 none,
		`local function off(ev) ev.proc:detach() end on("openat", function(ev) print(ev.path) end) local _ = off`: none,
		`local m = require "mod" m.add() on("openat", function(ev) print(m.look(ev)) end)`:                        none,
		`local m = require "late" m.first() on("openat", function(ev) print(ev.path, m.third) end)`:               none,
		// What a hook does itself, in functions inside, and by what it calls.
		`on("openat", function(ev) on("read", print) end)`:                                                        add,
		`on("openat", function(ev) fault("read", "EIO") end)`:                                                     add,
		`on("openat", function(ev) ev:onexit(function(ev) on("read", print) end) end)`:                            add,
		`on("openat", function(ev) ev.proc:detach() end)`:                                                         detach,
		`on("openat", function(ev) stop_trace() end)`:                                                             stop,
		`every("1s", function() on("read", print) end)`:                                                           add,
		`local function watch() on("read", print) end on("openat", function(ev) watch() end)`:                     add,
		`local watch on("openat", function(ev) watch() end) watch = function() on("read", print) end`:             add,
		`local m = require "mod" on("openat", function(ev) m.go(ev) end)`:                                         detach,
		`local m = require "mod" on("openat", function(ev) m.add() end)`:                                          add,
		`local m = require "late" on("openat", function(ev) m.first() end)`:                                       add,
		`local by = {openat = function(ev) stop_trace() end} on("openat,read", function(ev) by[ev.name](ev) end)`: stop,
		// Other names of the functions.
		`local add = on on("openat", function(ev) add("read", print) end)`:            add,
		`local f = {add = fault} on("openat", function(ev) f.add("read", "EIO") end)`: add,
		`local end_it = stop_trace on("proc:exec", function(ev) end_it() end)`:        stop,
		`local ons = {} on("openat", function(ev) ons[1] = ev.path end)`:              none,
		`on("openat", function(ev) print("on", {on = 1}) end)`:                        none,
		// Before the plan is made, and after everything.
		`on("begin", function() on("read", print) end)`:                             none,
		`on("begin", function() on("read", function() on("write", print) end) end)`: add,
		`on("end", function() stop_trace() end)`:                                    none,
	} {
		r, _ := newTest(t, luart.Options{})
		trace := NewTrace(r, engine.New(engine.Options{}), TraceOptions{})
		file := filepath.Join(dir, "s.lua")
		if err := os.WriteFile(file, []byte(code), 0o644); err != nil {
			t.Fatal(err)
		}
		fn, err := r.LoadFile(file)
		if err == nil {
			err = r.Call(fn)
		}
		if err != nil {
			t.Fatalf("%s: %v", code, err)
		}
		if why := trace.NoFilter(); string(why) != want {
			t.Errorf("%s: %q, want %q", code, why, want)
		}
	}
}

// TestLateIsAnError: what can't be done any more under a filter is an error of the hook that
// asks for it, in the script's own line, and nothing else happens to the program.
func TestLateIsAnError(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"on", `on("proc:exec", function(ev) _G["o" .. "n"]("close", print) end) on("openat", function(ev) local _ = ev.ret end)`,
			"./test.lua:1: on: close can't be hooked any more: the seccomp filter of this run, made before the program started, lets the program make these calls unseen; add --attachable"},
		{"fault", `on("proc:exec", function(ev) _G["fau" .. "lt"]("close", "EIO") end) on("openat", function(ev) local _ = ev.ret end)`,
			"./test.lua:1: fault: close can't be hooked any more"},
		{"detach", `on("proc:exec", function(ev) local p = ev.proc p["det" .. "ach"](p) end) on("openat", function(ev) local _ = ev.ret end)`,
			"./test.lua:1: detach: the process can't be let go: the seccomp filter of this run stops calls, which fail without luatrace; add --attachable"},
		{"begin", `on("begin", function() on("begin", print) end)`, "./test.lua:1: on: the trace has begun"},
		{"end", `on("end", function() on("openat", print) end)`, "./test.lua:1: on: the trace has ended"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := traceScriptWith(t, []string{"--attachable=false"}, c.code, "cat", "/etc/hostname")
			if !strings.Contains(r.Stderr, c.want) || r.Stdout == "" {
				t.Errorf("stdout %q, messages %q; want %q", r.Stdout, r.Stderr, c.want)
			}
		})
	}
}

// TestLateFaultsHit: a fault that a hook adds makes the next calls fail.
func TestLateFaultsHit(t *testing.T) {
	t.Parallel()
	r := traceScript(t, `on("proc:exec", function(ev) if ev.comm == "cat" then fault("read", {errno = "EISDIR", when = {fdpath = "/etc/hostname"}}) end end)`,
		"cat", "/etc/hostname")
	if r.Stdout != "" || !strings.Contains(r.Stderr, "Is a directory") {
		t.Errorf("%+v", r)
	}
}

// TestLateHooksOfTimers: a timer that adds the first hook on calls brings the program, which
// ran without stops, to stop at them.
func TestLateHooksOfTimers(t *testing.T) {
	t.Parallel()
	r := traceScript(t, `local added, n = false, 0
		every("1ms", function()
			if added then return end
			added = true
			on("write", function(ev)
				n = n + 1
				if n == 3 then print("three", ev.fd, ev.ok) ev.proc:kill "SIGTERM" end
			end)
		end)`, "sh", "-c", "while :; do echo x; done >/dev/null")
	if r.Out != "three\t1\ttrue\n" {
		t.Errorf("%+v", r)
	}
}
