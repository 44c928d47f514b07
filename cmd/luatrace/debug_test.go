package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
)

// withDebug runs luatrace with LUATRACE_DEBUG.
func withDebug(t *testing.T, topics string, args ...string) fixture.Result {
	t.Helper()
	cmd := exec.Command(fixture.Luatrace(t), args...)
	cmd.Env = append(os.Environ(), debugEnv+"="+topics)
	return fixture.RunCmd(t, cmd)
}

// TestDebugLog: LUATRACE_DEBUG shows what luatrace does, by topics, and nothing of others.
func TestDebugLog(t *testing.T) {
	t.Parallel()
	script := `on("getppid", {when = {ok = true}}, function(ev) local _ = ev.ret end)
		on("proc:exit", function(ev) local add = _G["o" .. "n"] pcall(add, "getuid", print) end)`
	command := []string{"-e", script, "--", fixture.Build(t, "clocked")}
	patterns := map[string][]string{
		"kernel": {`kernel: +\d+\.\d{9} \d+ PTRACE_SEIZE`, `kernel: +\d+\.\d{9} \d+ reports a call that the filter stops`, `kernel: +\d+\.\d{9} \d+ reports exit with 0`},
		"plan":   {`plan: trace   stops before the call`, `plan: +getppid`, `plan: refused: getuid can't be hooked`},
		"hooks":  {`hooks: -e:1: on "getppid", when ok, reads only: ret ok`, `hooks: -e:1: getppid of task \d+, [\d.]+.?s`, `hooks: -e:2: exit of task`},
	}
	for _, topics := range []string{"", "kernel", "plan", "hooks", "kernel,hooks", "plan,kernel,hooks"} {
		r := withDebug(t, topics, command...)
		for topic, list := range patterns {
			for _, p := range list {
				if want, has := strings.Contains(topics, topic), regexp.MustCompile(`(?m)^luatrace: `+p).MatchString(r.Stderr); has != want {
					t.Errorf("%q: %v, want %v, of %s in:\n%s", topics, has, want, p, r.Stderr)
				}
			}
		}
		if r.Code != 0 || topics == "" && r.Stderr != "" {
			t.Errorf("%q: status %d, %q", topics, r.Code, r.Stderr)
		}
	}
	if r := withDebug(t, "kernel,hook", "true"); r.Code != exitUsage || r.Stderr != "luatrace: LUATRACE_DEBUG: there is no topic \"hook\"; there are kernel, plan, hooks and rules\n" {
		t.Errorf("%+v", r)
	}
}

// TestThreadRules: in every row of the plan requests are made on the tracer's thread, and
// records are used with their lock: a breach would be an internal error.
func TestThreadRules(t *testing.T) {
	t.Parallel()
	const busy = `on("openat:enter", function(ev)
			local _ = ev.path, ev.cwd, ev.exe, ev.fdpath, ev.comm, ev.ppid, ev.proc.threads, ev.proc:fd(1)
			if ev.path == "/dev/null" then ev:onexit(function(ev) local _ = ev.ret end) end
			if ev.comm == "child2" then ev:fail "EIO" end
		end)
		on("getppid:enter", function(ev) if ev.comm == "child1" then ev:delay "1ms" end end)
		on("proc:fork,exec,exit", function(ev) local _ = ev.comm end)`
	for name, options := range map[string][]string{
		"notified": {"-e", busy}, "no notifications": {"--no-notify", "-e", busy}, "unfiltered": {"--attachable", "-e", busy},
		"lines": {"-f"}, "threads and children": {"-c"}, "detach": {"-e", `on("openat:enter", function(ev) if ev.comm == "child1" then ev.proc["det" .. "ach"](ev.proc) end end)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, program := range [][]string{{fixture.Build(t, "detachme"), "3"}, {fixture.Build(t, "counts")}} {
				args := append(append([]string{"-o", "/dev/null"}, options...), "--")
				r := withDebug(t, "rules", append(args, program...)...)
				if strings.Contains(r.Stderr, "internal error") || r.Signal != 0 {
					t.Errorf("%v: %+v", program, r)
				}
			}
		})
	}
}

// TestStuckHookIsTold: the user is told of a hook that is over its time in a function that
// can't be interrupted, and the program goes on when that is over.
func TestStuckHookIsTold(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	gate := filepath.Join(dir, "gate")
	if err := unix.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, exec.Command(fixture.Luatrace(t), "--hook-timeout", "20ms", "-e",
		`local first = true on("getppid:enter", function() if first then first = false io.open("`+gate+`"):read "*l" end end)`, "--", fixture.Build(t, "clocked")))
	for limit := time.Now().Add(time.Minute); !strings.Contains(p.stderr.String(), "luatrace: a hook ran longer than 20ms and can't be interrupted"); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("nothing is told: %q", p.stderr.String())
		}
	}
	if err := os.WriteFile(gate, []byte("on\n"), 0); err != nil {
		t.Fatal(err)
	}
	out, status := p.wait()
	if status != exitHook || len(strings.Fields(out)) != 8 {
		t.Errorf("status %d, output %q, stderr %s", status, out, p.stderr.String())
	}
}

// TestSeedOfTheRun: --seed is where chance begins that has no seed of its own.
func TestSeedOfTheRun(t *testing.T) {
	t.Parallel()
	draw := func(options ...string) string {
		r := fixture.RunCmd(t, exec.Command(fixture.Luatrace(t), append(options, "-e", `print(rng():int(1, 1e9), rng(7):int(1, 1e9))
			fault("getppid", {errno = "EPERM", probability = 0.5}) local s = "" on("getppid", function(ev) s = s .. (ev.ok and "o" or "x") end) on("end", function() print(s) end)`,
			"--", "/usr/bin/python3", "-c", "import os\nfor n in range(50):\n try: os.getppid()\n except OSError: pass")...))
		return r.Stderr
	}
	first, again, same, other := draw(), draw(), draw("--seed=0"), draw("--seed=5")
	if first != again || first != same || strings.Fields(first)[0] == strings.Fields(other)[0] || strings.Fields(first)[1] != strings.Fields(other)[1] {
		t.Errorf("without a seed %q and %q, with 0 %q, with 5 %q", first, again, same, other)
	}
}
