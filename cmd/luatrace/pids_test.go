package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// untilCounted ends the trace when calls of n processes were seen, whose ids
// it prints.
func untilCounted(n int) string {
	return fmt.Sprintf(`local seen, n = {}, 0
		on("getppid", function(ev)
			if seen[ev.pid] then return end
			seen[ev.pid], n = true, n + 1
			if n == %d then stop_trace() end
		end)
		on("end", function() for pid in pairs(seen) do print("seen", pid) end end)`, n)
}

// calm checks that a process of busythreads runs on untraced, without a failed
// call, and ends it.
func (p *process) calm() {
	p.t.Helper()
	tracedBy(p.t, p.pid(), 0)
	p.kill(syscall.SIGTERM)
	if rest, status := p.wait(); status != 0 || !strings.HasSuffix(rest, " failed 0\n") {
		p.t.Errorf("exit status %d, output %q; want 0 and no failed call", status, rest)
	}
}

// Processes end at any time: the others are traced all the same.
func TestAttachToSomeDead(t *testing.T) {
	t.Parallel()
	var busy [2]*process
	for i := range busy {
		busy[i] = start(t, exec.Command(fixture.Build(t, "busythreads"), "2"))
		busy[i].line()
	}
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	gone := dead.Process.Pid
	tool := start(t, exec.Command(fixture.Luatrace(t), "-e", untilCounted(2), "-p", fmt.Sprintf("%d,%d,%d", busy[0].pid(), gone, busy[1].pid())))
	tool.waitEnd()
	text := tool.stderr.String()
	if want := fmt.Sprintf("luatrace: cannot attach to process %d: there is no such process\n", gone); strings.Count(text, "cannot attach") != 1 || !strings.HasPrefix(text, want) {
		t.Errorf("stderr %q, want %q at its beginning", text, want)
	}
	for _, p := range busy {
		if want := fmt.Sprintf("seen\t%d\n", p.pid()); !strings.Contains(text, want) {
			t.Errorf("stderr %q lacks %q", text, want)
		}
		p.calm()
	}
	// Where nobody is left, there is nothing to do.
	r := fixture.Run(t, fixture.Luatrace(t), "-p", fmt.Sprintf("%d,2147483647", gone))
	if want := fmt.Sprintf("luatrace: cannot attach to process %d: there is no such process\nluatrace: cannot attach to process 2147483647: there is no such process\n", gone); r.Code != exitFailure || r.Stderr != want {
		t.Errorf("exit status %d, stderr %q", r.Code, r.Stderr)
	}
}

// Processes are found by the name that ps shows, the name of their file, or
// its path; all that have it.
func TestAttachByName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := fmt.Sprintf("busy %d of the tests", os.Getpid()) // its comm has 15 bytes of it
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(fixture.Build(t, "busythreads"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o755); err != nil {
		t.Fatal(err)
	}
	var busy [2]*process
	var pids []string
	for i := range busy {
		busy[i] = start(t, exec.Command(path, "2"))
		busy[i].line()
		pids = append(pids, strconv.Itoa(busy[i].pid()))
	}
	if busy[0].pid() > busy[1].pid() {
		pids[0], pids[1] = pids[1], pids[0]
	}
	for _, word := range []string{name, name[:15], path, name + "," + pids[0]} {
		tool := start(t, exec.Command(fixture.Luatrace(t), "-e", untilCounted(2), "-p", word))
		tool.waitEnd()
		text := tool.stderr.String()
		if want := fmt.Sprintf(" is the name of 2 processes: %s\n", strings.Join(pids, " ")); !strings.Contains(text, want) || strings.Count(text, "luatrace:") != 1 {
			t.Errorf("-p %q: stderr %q lacks %q", word, text, want)
		}
		if strings.Count(text, "seen\t") != 2 {
			t.Errorf("-p %q: %q", word, text)
		}
	}
	quiet := start(t, exec.Command(fixture.Luatrace(t), "-q", "-e", untilCounted(2), "-p", name))
	quiet.waitEnd()
	if text := quiet.stderr.String(); strings.Contains(text, "luatrace:") {
		t.Errorf("with -q: %q", text)
	}
	busy[0].calm()
	one := start(t, exec.Command(fixture.Luatrace(t), "-e", untilCounted(1), "-p", name))
	one.waitEnd()
	if text := one.stderr.String(); text != fmt.Sprintf("seen\t%d\n", busy[1].pid()) {
		t.Errorf("of one: %q", text)
	}
	for word, want := range map[string]string{
		name + "s": "luatrace: -p " + quote(name+"s") + ": no process of that name is running; did you mean " + quote(name) + "?\n",
		dir + "/x": "luatrace: -p " + quote(dir+"/x") + ": no process of that name is running",
	} {
		if r := fixture.Run(t, fixture.Luatrace(t), "-p", word); r.Code != exitFailure || !strings.HasPrefix(r.Stderr, want) || strings.Count(r.Stderr, "\n") != 1 {
			t.Errorf("-p %q: exit status %d, stderr %q, want %q", word, r.Code, r.Stderr, want)
		}
	}
	busy[1].calm()
}

// A trace has an end when its time is up: what was attached to runs on, and a
// command ends as by timeout(1).
func TestFor(t *testing.T) {
	t.Parallel()
	tool := fixture.Luatrace(t)
	t.Run("attached", func(t *testing.T) {
		t.Parallel()
		busy := start(t, exec.Command(fixture.Build(t, "busythreads"), "2"))
		busy.line()
		r := fixture.Run(t, tool, "-c", "--for", "300ms", "-p", strconv.Itoa(busy.pid()))
		if r.Code != 0 || !strings.Contains(r.Stderr, " total\n") {
			t.Errorf("exit status %d, stderr %q", r.Code, r.Stderr)
		}
		busy.calm()
	})
	for name, c := range map[string]struct {
		args   []string
		code   int
		signal syscall.Signal
		stdout string
	}{
		"command":               {args: []string{"sleep", "600"}, code: -1, signal: syscall.SIGTERM},
		"command, attachable":   {args: []string{"--attachable", "sleep", "600"}, code: -1, signal: syscall.SIGTERM},
		"its children too":      {args: []string{"sh", "-c", "sleep 600; true"}, code: -1, signal: syscall.SIGTERM},
		"it ends before":        {args: []string{"--for=600s", "sh", "-c", "exit 7"}, code: 7},
		"end functions are run": {args: []string{"-o", "/dev/stdout", "-e", `on("openat:enter", function() end) on("end", function() print("the end") end)`, "sleep", "600"}, code: -1, signal: syscall.SIGTERM, stdout: "the end\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := []string{"--for", "300ms"}
			if c.args[0] != "-o" {
				options = append(options, "-o", "/dev/null")
			}
			r := fixture.Run(t, tool, append(options, c.args...)...)
			if r.Code != c.code || r.Signal != c.signal || r.Stdout != c.stdout || r.Stderr != "" {
				t.Errorf("exit status %d, signal %v, stdout %q, stderr %q; want %d, %v, %q", r.Code, r.Signal, r.Stdout, r.Stderr, c.code, c.signal, c.stdout)
			}
		})
	}
}

// A command that does not end when its time is up is not waited for: it is let
// go, or killed if it has a filter.
func TestForStubborn(t *testing.T) {
	t.Parallel()
	for option, survives := range map[string]bool{"--attachable": true, "--no-notify": false} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			r := fixture.Run(t, "sh", "-c", `trap "" TERM; exec "$@" >/dev/null`, "sh", fixture.Luatrace(t), option, "--for", "300ms",
				"-e", `local pid on("openat", function(ev) pid = ev.pid end) on("end", function() print(pid) end)`, "sleep", "600")
			pid, err := strconv.Atoi(strings.TrimSpace(r.Stderr))
			if r.Signal != syscall.SIGTERM || err != nil {
				t.Fatalf("exit status %d, signal %v, stderr %q", r.Code, r.Signal, r.Stderr)
			}
			if !survives {
				return // internal/leak would find it
			}
			tracedBy(t, pid, 0)
			until(t, "the command to sleep on", func() bool { return states(t, pid) == "S" })
			syscall.Kill(pid, syscall.SIGKILL)
		})
	}
}

// A shell without job control starts background commands with SIGINT ignored:
// it ends a trace of -p all the same.
func TestIgnoredInterrupt(t *testing.T) {
	t.Parallel()
	busy := start(t, exec.Command(fixture.Build(t, "busythreads"), "2"))
	busy.line()
	shell := start(t, exec.Command("sh", "-c", `"$@" & echo $!; wait $!; echo ended $?`, "sh",
		fixture.Luatrace(t), "-o", "/dev/null", "-p", strconv.Itoa(busy.pid())))
	pid, err := strconv.Atoi(shell.line())
	if err != nil {
		t.Fatal(err)
	}
	tracedBy(t, busy.pid(), pid)
	syscall.Kill(pid, syscall.SIGINT)
	if rest, status := shell.wait(); rest != "ended 130\n" || status != 0 {
		t.Errorf("exit status %d, output %q", status, rest)
	}
	busy.calm()
}
