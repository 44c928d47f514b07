package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"luatrace/internal/fixture"
)

const countCode = `on("*", function(ev) agg.n:count(ev.name) end)`

// attach starts luatrace on a running process and waits until it has seized all
// threads.
func attach(t *testing.T, pid int, options ...string) *process {
	t.Helper()
	p := start(t, exec.Command(fixture.Luatrace(t), append(options, "-p", strconv.Itoa(pid))...))
	tracedBy(t, pid, p.pid())
	return p
}

// detach ends luatrace by Ctrl-C's signal and checks how it ends.
func (p *process) detach() string {
	p.t.Helper()
	p.kill(syscall.SIGINT)
	if _, status := p.wait(); status != -int(syscall.SIGINT) {
		p.t.Errorf("luatrace ended with %d, want death by SIGINT; stderr: %s", status, p.stderr.String())
	}
	return p.stderr.String()
}

// A busy process with eight threads is attached to and left again and again: no
// call of it fails, and no thread stays stopped or traced.
func TestAttachToBusyThreads(t *testing.T) {
	t.Parallel()
	busy := start(t, exec.Command(fixture.Build(t, "busythreads"), "8"))
	if l := busy.line(); l != "ready" {
		t.Fatalf("%q, want ready", l)
	}
	for range 5 {
		// It ends by itself, perhaps before anybody has seen it at work.
		out := start(t, exec.Command(fixture.Luatrace(t), "-p", strconv.Itoa(busy.pid()), "-e", countCode+`
			every("1ms", function() if (agg.n:get("getppid") or 0) > 200 then stop_trace() end end)`))
		out.waitEnd()
		for _, name := range []string{"getppid", "openat", "close"} {
			if !regexp.MustCompile(`(?m)^ *\d+ +` + name + `$`).MatchString(out.stderr.String()) {
				t.Errorf("no count of %s in:\n%s", name, out.stderr.String())
			}
		}
		tracedBy(t, busy.pid(), 0)
		if s := states(t, busy.pid()); strings.ContainsAny(s, "Tt") {
			t.Errorf("states %s after the detach, want none stopped", s)
		}
	}
	for range 5 {
		attach(t, busy.pid(), "-o", "/dev/null").detach()
		tracedBy(t, busy.pid(), 0)
	}
	busy.kill(syscall.SIGTERM)
	if rest, status := busy.wait(); status != 0 || !strings.HasSuffix(rest, " failed 0\n") {
		t.Errorf("exit status %d, output %q; want 0 and no failed call", status, rest)
	}
}

// waitEnd waits for luatrace to end by itself.
func (p *process) waitEnd() {
	p.t.Helper()
	if _, status := p.wait(); status != 0 {
		p.t.Errorf("exit status %d, want 0; stderr: %s", status, p.stderr.String())
	}
}

// A stopped process stays stopped while it is traced and afterwards.
func TestAttachToStopped(t *testing.T) {
	t.Parallel()
	for _, threads := range []string{"1", "8"} {
		t.Run(threads+" threads", func(t *testing.T) {
			t.Parallel()
			busy := start(t, exec.Command(fixture.Build(t, "busythreads"), threads))
			busy.line()
			busy.kill(syscall.SIGSTOP)
			stopped := func() bool { return strings.Trim(states(t, busy.pid()), "T") == "" }
			until(t, "the stop", stopped)
			for range 5 {
				attach(t, busy.pid(), "-e", countCode).detach()
				tracedBy(t, busy.pid(), 0)
				until(t, "all threads to be stopped again, as before", stopped)
			}
			// Continued while traced, it runs, and is not stopped at the end.
			tool := attach(t, busy.pid(), "-e", countCode)
			busy.kill(syscall.SIGCONT)
			until(t, "the process to run", func() bool { return !strings.ContainsAny(states(t, busy.pid()), "T") })
			tool.detach()
			tracedBy(t, busy.pid(), 0)
			if s := states(t, busy.pid()); strings.ContainsAny(s, "Tt") {
				t.Errorf("states %s, want none stopped", s)
			}
			busy.kill(syscall.SIGTERM)
			if rest, status := busy.wait(); status != 0 || !strings.HasSuffix(rest, " failed 0\n") {
				t.Errorf("exit status %d, output %q; want 0 and no failed call", status, rest)
			}
		})
	}
}

// sleeperModes are the calls that the sleeper fixture sleeps in. The last three
// are among those that the kernel does not restart by itself.
var sleeperModes = []string{"nanosleep", "clock", "poll", "select", "futex", "sem", "read", "epoll", "sigwait", "recv"}

// Attaching and detaching does not disturb a process that sleeps in a call: no
// EINTR, and no early return.
func TestAttachToSleeping(t *testing.T) {
	t.Parallel()
	for _, call := range sleeperModes {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			// six visits must fit into the sleep, also on a busy machine
			for ms := 8000; !visitSleeper(t, call, ms); ms *= 2 {
				if ms > 30000 {
					t.Fatal("attaching six times takes too long")
				}
			}
		})
	}
	t.Run("pause", func(t *testing.T) {
		t.Parallel()
		sleeper := start(t, exec.Command(fixture.Build(t, "sleeper"), "pause", "60000"))
		sleeper.line()
		for range 4 {
			attach(t, sleeper.pid(), "-e", countCode).detach()
			tracedBy(t, sleeper.pid(), 0)
		}
		sleeper.kill(syscall.SIGUSR1)
		if rest, status := sleeper.wait(); status != 0 || rest != "pause: EINTR\n" {
			t.Errorf("exit status %d, output %q", status, rest)
		}
	})
}

// visitSleeper attaches six times to a process that sleeps in a call. It returns
// false if the sleep was too short for that.
func visitSleeper(t *testing.T, call string, ms int) bool {
	t.Helper()
	sleeper := start(t, exec.Command(fixture.Build(t, "sleeper"), call, strconv.Itoa(ms)))
	sleeper.line()
	began := time.Now()
	for i := range 6 {
		if time.Since(began) > time.Duration(ms)*time.Millisecond/2 { // one visit may take long
			return false
		}
		options := []string{"-e", countCode}
		if i%2 == 1 {
			options = []string{"-o", "/dev/null"}
		}
		attach(t, sleeper.pid(), options...).detach()
		tracedBy(t, sleeper.pid(), 0)
		until(t, "the sleep to go on", func() bool { return states(t, sleeper.pid()) == "S" })
	}
	if rest, status := sleeper.wait(); status != 0 || !strings.HasSuffix(rest, " early no\n") {
		t.Errorf("exit status %d, output %q", status, rest)
	}
	return true
}

// Several processes at once, named in both ways.
func TestAttachToSeveral(t *testing.T) {
	t.Parallel()
	var busy []*process
	for range 3 {
		p := start(t, exec.Command(fixture.Build(t, "busythreads"), "2"))
		p.line()
		busy = append(busy, p)
	}
	tool := start(t, exec.Command(fixture.Luatrace(t), "-e", `on("getppid", function(ev) agg.n:count(ev.pid) end)
		every("5ms", function() if #agg.n:rows() == 3 then stop_trace() end end)`,
		"-p", fmt.Sprintf("%d,%d", busy[0].pid(), busy[1].pid()), "-p", strconv.Itoa(busy[2].pid())))
	tool.waitEnd()
	for _, p := range busy {
		if !strings.Contains(tool.stderr.String(), strconv.Itoa(p.pid())) {
			t.Errorf("process %d was not counted:\n%s", p.pid(), tool.stderr.String())
		}
		p.kill(syscall.SIGTERM)
		if rest, status := p.wait(); status != 0 || !strings.HasSuffix(rest, " failed 0\n") {
			t.Errorf("exit status %d, output %q", status, rest)
		}
	}
}

// What is attached to may end, and luatrace then ends too.
func TestAttachedProcessEnds(t *testing.T) {
	t.Parallel()
	busy := start(t, exec.Command(fixture.Build(t, "busythreads"), "2"))
	busy.line()
	tool := attach(t, busy.pid(), "-o", "/dev/null", "-e", countCode)
	busy.kill(syscall.SIGTERM)
	if rest, status := busy.wait(); status != 0 || !strings.HasSuffix(rest, " failed 0\n") {
		t.Errorf("exit status %d, output %q", status, rest)
	}
	tool.waitEnd()
}

// A traced process has only one tracer, and the message names it.
func TestAttachToTraced(t *testing.T) {
	t.Parallel()
	busy := start(t, exec.Command(fixture.Build(t, "busythreads"), "1"))
	busy.line()
	first := attach(t, busy.pid(), "-o", "/dev/null", "-e", countCode)
	r := fixture.Run(t, fixture.Luatrace(t), "-p", strconv.Itoa(busy.pid()))
	want := fmt.Sprintf("luatrace: cannot attach to process %d: it is traced already, by process %d (luatrace); a process can have only one tracer\n", busy.pid(), first.pid())
	if r.Code != exitFailure || r.Stderr != want {
		t.Errorf("exit status %d, stderr %q; want %q", r.Code, r.Stderr, want)
	}
	first.detach()
	busy.kill(syscall.SIGTERM)
	if rest, status := busy.wait(); status != 0 || !strings.HasSuffix(rest, " failed 0\n") {
		t.Errorf("exit status %d, output %q", status, rest)
	}
}

// An ordinary user cannot attach to root's process, and is told so.
func TestAttachToAnotherUsers(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(fixture.Luatrace(t), "-p", "1")
	want := `(?s)^luatrace: cannot attach to process 1: it belongs to another user \(uid 0, you are \d+\); run luatrace as that user or as root\n$`
	if isRoot() {
		asNobody(cmd)
	}
	if r := fixture.RunCmd(t, cmd); r.Code != exitFailure || !regexp.MustCompile(want).MatchString(r.Stderr) {
		t.Errorf("exit status %d, stderr %q; want %s", r.Code, r.Stderr, want)
	}
}
