package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// busyPlans are scripts that keep several threads of luatrace at work.
var busyPlans = map[string][]string{
	"upgraded":   {"-e", `on("getuid:enter", function(ev) ev:onexit(function(ev) agg.n:count("seen") end) end) every("1ms", function() end)`},
	"delayed":    {"-e", `on("getuid:enter", function(ev) ev:delay("1ms") agg.n:count("seen") end)`},
	"notified":   {"-e", `on("getuid:enter", function(ev) agg.n:count("seen") end)`},
	"traced":     {"-e", `on("getuid:exit", function(ev) agg.n:count("seen") end) every("1ms", function() end)`},
	"unfiltered": {"--attachable", "-e", `on("getuid", function(ev) agg.n:count("seen") end)`},
}

// The Go runtime ends a program that gets no thread. So that luatrace never
// needs one while it traces, it has them all before the program runs; the last
// may come a moment later.
func TestThreadsAreReserved(t *testing.T) {
	t.Parallel()
	const count = ` local function threads() for l in io.lines("/proc/self/status") do if l:find("^Threads:") then print(l) end end end
		on("proc:exec", threads) on("end", threads)`
	for name, options := range busyPlans {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := fixture.Run(t, fixture.Luatrace(t), append(options, "-e", count, "--", "sh", "-c", `sleep 0.3; exec "$1"`, "sh", fixture.Build(t, "counts"))...)
			m := regexp.MustCompile(`(?m)^Threads:.*$`).FindAllString(r.Stderr, -1)
			if r.Code != 0 || len(m) != 4 || m[2] != m[3] { // sh, sleep, counts, end
				t.Errorf("exit status %d, %q; want as many threads at the end as when counts began; stderr: %s", r.Code, m, r.Stderr)
			}
		})
	}
}

// A program may take all the processes of its user; what luatrace needs, it has.
func TestNoRoomForProcesses(t *testing.T) {
	t.Parallel()
	if !isRoot() {
		return // it takes users of its own, and root to become them
	}
	user := uint32(54321)
	for name, options := range busyPlans {
		user++
		uid := user
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("prlimit", append(append([]string{"--nproc=60", "--", fixture.Luatrace(t), "-o", "trace"}, options...),
				"--", fixture.Build(t, "crowd"), "100")...)
			cmd.Dir = openDir(t)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
			chown(t, cmd.Dir, cmd.SysProcAttr.Credential)
			r := fixture.RunCmd(t, cmd)
			if r.Code != 0 || r.Stdout != "no more\ncalls 200 wrong 0\nall ended\n" || r.Stderr != "" {
				t.Errorf("exit status %d, output %q, messages %q", r.Code, r.Stdout, r.Stderr)
			}
			if trace := readFile(t, filepath.Join(cmd.Dir, "trace")); !regexp.MustCompile(`(?m)^ *[1-9]\d* +seen$`).MatchString(trace) {
				t.Errorf("the trace is\n%s", trace)
			}
		})
	}
}
