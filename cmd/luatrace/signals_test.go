package main

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
)

// ends is a script whose end hook and aggregation show that a run ended in order.
const ends = `on("write", function(ev) agg.n:count(ev.name) end) on("end", function() print("the end") end)`

// plans are the ways to stop calls: by a seccomp filter, and without one.
var plans = map[string][]string{"filtered": nil, "unfiltered": {"--attachable"}}

// A signal to luatrace is the command's: the command may handle it or die of it, and
// luatrace ends as the command does.
func TestSignalIsForwarded(t *testing.T) {
	t.Parallel()
	for plan, options := range plans {
		for name, sig := range map[string]syscall.Signal{"INT": unix.SIGINT, "TERM": unix.SIGTERM, "HUP": unix.SIGHUP, "QUIT": unix.SIGQUIT} {
			t.Run(plan+"/"+name+" kills", func(t *testing.T) {
				t.Parallel()
				p := start(t, exec.Command(fixture.Luatrace(t), append(options, "-e", ends, "sh", "-c", "ulimit -c 0; echo ready; exec sleep 60")...))
				p.line()
				p.kill(sig)
				_, status := p.wait()
				checkEnd(t, p, status, -int(sig))
			})
			t.Run(plan+"/"+name+" is handled", func(t *testing.T) {
				t.Parallel()
				p := start(t, exec.Command(fixture.Luatrace(t), append(options, "-e", ends, "sh", "-c",
					"trap 'echo caught; exit 7' "+name+"; echo ready; while :; do sleep 0.01; done")...))
				p.line()
				p.kill(sig)
				if rest, status := p.wait(); rest != "caught\n" {
					t.Errorf("output %q, want caught", rest)
				} else {
					checkEnd(t, p, status, 7)
				}
			})
		}
	}
}

// A signal may be meant for luatrace and the command, as one for their process
// group is, or by pkill: the command gets the one that was sent to it, and no
// other from luatrace.
func TestSignalToMany(t *testing.T) {
	t.Parallel()
	const waits = `trap 'echo got; n=1' TERM; echo ready; %s; until [ "$n" ]; do :; done; sleep 0.2; echo end`
	ways := map[string]struct {
		inside string // what the command does
		send   func(luatrace, command int) error
	}{
		"from the command": {inside: "kill -TERM 0"},
		"to the group":     {":", func(luatrace, _ int) error { return unix.Kill(-luatrace, unix.SIGTERM) }},
		"one by one": {":", func(luatrace, command int) error {
			return whileStopped(t, luatrace, func() error {
				return errors.Join(unix.Kill(luatrace, unix.SIGTERM), unix.Kill(command, unix.SIGTERM))
			})
		}},
		"twice to luatrace": {":", func(luatrace, _ int) error { // as timeout(1) does
			return whileStopped(t, luatrace, func() error {
				return errors.Join(unix.Kill(luatrace, unix.SIGTERM), unix.Kill(-luatrace, unix.SIGTERM))
			})
		}},
	}
	for plan, options := range plans {
		for name, way := range ways {
			for i := range 4 {
				t.Run(fmt.Sprintf("%s/%s/%d", plan, name, i), func(t *testing.T) {
					t.Parallel()
					cmd := exec.Command(fixture.Luatrace(t), append(options, "-o", filepath.Join(t.TempDir(), "trace"), "sh", "-c", fmt.Sprintf(waits, way.inside))...)
					cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
					p := start(t, cmd)
					p.line()
					if way.send != nil {
						if err := way.send(p.pid(), child(t, p.pid())); err != nil {
							t.Fatal(err)
						}
					}
					if rest, status := p.wait(); rest != "got\nend\n" || status != 0 {
						t.Errorf("%q, ended with %d; stderr: %s", rest, status, p.stderr.String())
					}
				})
			}
		}
	}
}

// whileStopped does what must not lie far apart for a process.
func whileStopped(t *testing.T, pid int, do func() error) error {
	t.Helper()
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		return err
	}
	until(t, "the stop", func() bool { return strings.Trim(states(t, pid), "T") == "" })
	return errors.Join(do(), unix.Kill(pid, unix.SIGCONT))
}

// The queue of signals is the user's (RLIMIT_SIGPENDING), and any program can
// fill it: what wakes luatrace must not need room in it.
func TestFullSignalQueue(t *testing.T) {
	t.Parallel()
	counts := fixture.Build(t, "counts")
	full := []string{"--sigpending=0", "--", fixture.Luatrace(t)}
	for name, script := range map[string]string{
		"result of a notified call": `on("getuid:enter", function(ev) ev:onexit(function(ev) agg.n:count("seen") end) end)`,
		"delay":                     `on("getuid:enter", function(ev) ev:delay("1ms") agg.n:count("seen") end)`,
		"timer":                     `every("1ms", function() agg.n:count("seen") end)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := fixture.Run(t, "prlimit", append(full, "-e", script, "--", "sh", "-c", `sleep 0.1; exec "$1"`, "sh", counts)...)
			if r.Code != 0 || !strings.HasSuffix(r.Stdout, "\nwrong 0\n") || !strings.Contains(r.Stderr, " seen\n") {
				t.Errorf("exit status %d, output %q, messages %q", r.Code, r.Stdout, r.Stderr)
			}
		})
	}
	t.Run("Ctrl-C", func(t *testing.T) {
		t.Parallel()
		victim := start(t, exec.Command("sh", "-c", "echo ready; exec sleep 60"))
		victim.line()
		p := start(t, exec.Command("prlimit", append(full, "-p", strconv.Itoa(victim.pid()))...))
		tracedBy(t, victim.pid(), p.pid())
		p.detach()
		tracedBy(t, victim.pid(), 0)
	})
}

func checkEnd(t *testing.T, p *process, status, want int) {
	t.Helper()
	if status != want {
		t.Errorf("luatrace ended with %d, want %d; stderr: %s", status, want, p.stderr.String())
	}
	for _, part := range []string{"the end\n", " write\n"} {
		if !strings.Contains(p.stderr.String(), part) {
			t.Errorf("stderr lacks %q: %s", part, p.stderr.String())
		}
	}
}

// The second signal ends the trace, not the command: it runs on untraced.
func TestSecondSignalEndsTheTrace(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"INT": unix.SIGINT, "TERM": unix.SIGTERM, "HUP": unix.SIGHUP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, exec.Command(fixture.Luatrace(t), "--attachable", "-e", ends, "sh", "-c",
				"trap 'echo caught' "+name+"; echo ready; while :; do sleep 0.01; done"))
			p.line()
			command := child(t, p.pid())
			p.kill(sig)
			if l := p.line(); l != "caught" {
				t.Errorf("%q, want caught", l)
			}
			p.kill(sig)
			// The command keeps the output open.
			until(t, "luatrace's end", func() bool { return dead(p.pid()) })
			tracedBy(t, command, 0)
			if s := states(t, command); strings.ContainsAny(s, "TtZ") {
				t.Errorf("state %s of the command, want it running", s)
			}
			unix.Kill(command, unix.SIGKILL)
			_, status := p.wait()
			checkEnd(t, p, status, -int(sig))
			endOrphan(t, command)
		})
	}
}

// A luatrace that is attached ends at the first signal and lets go.
func TestSignalWhileAttached(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"INT": unix.SIGINT, "TERM": unix.SIGTERM, "HUP": unix.SIGHUP, "QUIT": unix.SIGQUIT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			busy := start(t, exec.Command(fixture.Build(t, "busythreads"), "2"))
			busy.line()
			tool := attach(t, busy.pid(), "-e", `on("getppid", function() agg.n:count("write") end) on("end", function() print("the end") end)`)
			until(t, "some calls", func() bool { return strings.Trim(states(t, busy.pid()), "S") != "" })
			tool.kill(sig)
			_, status := tool.wait()
			if status != -int(sig) || !strings.Contains(tool.stderr.String(), "the end\n") {
				t.Errorf("luatrace ended with %d, want %d; stderr: %s", status, -int(sig), tool.stderr.String())
			}
			tracedBy(t, busy.pid(), 0)
			busy.kill(syscall.SIGTERM)
			if rest, status := busy.wait(); status != 0 || !strings.HasSuffix(rest, " failed 0\n") {
				t.Errorf("exit status %d, output %q; want 0 and no failed call", status, rest)
			}
		})
	}
}

// When luatrace is killed, what it is attached to runs on, neither stopped nor
// disturbed. A command without a filter does the same; one with a filter would
// find every filtered call failing, and is killed.
func TestLuatraceIsKilled(t *testing.T) {
	t.Parallel()
	t.Run("attached", func(t *testing.T) {
		t.Parallel()
		busy := start(t, exec.Command(fixture.Build(t, "busythreads"), "4"))
		busy.line()
		tool := attach(t, busy.pid(), "-e", countCode)
		tool.kill(syscall.SIGKILL)
		tool.wait()
		tracedBy(t, busy.pid(), 0)
		if s := states(t, busy.pid()); strings.ContainsAny(s, "Tt") {
			t.Errorf("states %s, want none stopped", s)
		}
		busy.kill(syscall.SIGTERM)
		if rest, status := busy.wait(); status != 0 || !strings.HasSuffix(rest, " failed 0\n") {
			t.Errorf("exit status %d, output %q; want 0 and no failed call", status, rest)
		}
	})
	for plan, options := range plans {
		t.Run(plan, func(t *testing.T) {
			t.Parallel()
			p := start(t, exec.Command(fixture.Luatrace(t), append(options, "-o", filepath.Join(t.TempDir(), "trace"), "-e", countCode,
				fixture.Build(t, "busythreads"), "4")...))
			p.line()
			command := child(t, p.pid())
			p.kill(syscall.SIGKILL)
			if plan == "filtered" {
				until(t, "the command's death", func() bool { return dead(command) })
				p.wait()
				return
			}
			tracedBy(t, command, 0)
			if s := states(t, command); strings.ContainsAny(s, "TtZ") {
				t.Errorf("states %s, want none stopped", s)
			}
			unix.Kill(command, unix.SIGTERM)
			// It was a child of luatrace's, so getppid changed at its death.
			if rest, _ := p.wait(); !strings.HasPrefix(rest, "calls ") {
				t.Errorf("output %q of the command", rest)
			}
			endOrphan(t, command)
		})
	}
}

// Signals that were ignored when luatrace was started are so for the command,
// and don't end the trace.
func TestIgnoredSignalIsNotForwarded(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"INT": unix.SIGINT, "TERM": unix.SIGTERM, "HUP": unix.SIGHUP, "QUIT": unix.SIGQUIT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("sh", "-c", `trap '' `+name+`; exec "$@"`, "sh", fixture.Luatrace(t), "-e", ends, "sh", "-c",
				"echo ready; while ! test -e go; do sleep 0.01; done; exit 4")
			cmd.Dir = t.TempDir()
			p := start(t, cmd)
			p.line()
			command := child(t, p.pid())
			for range 3 {
				p.kill(sig)
				unix.Kill(command, sig)
			}
			if s := states(t, command); strings.ContainsAny(s, "Z") {
				t.Errorf("the command has ended")
			}
			writeFile(t, filepath.Join(cmd.Dir, "go"), "")
			_, status := p.wait()
			checkEnd(t, p, status, 4)
		})
	}
}

// SIGQUIT before luatrace receives signals ends it without a stack dump too: pipe2 is
// what it makes the queue of signals with.
func TestQuitAtTheStart(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-o", "/dev/null", "true"}, {"list"}} {
		cmd := append([]string{"-o", "/dev/null", "--inject=pipe2:signal=QUIT:when=1", fixture.Luatrace(t)}, args...)
		p := start(t, exec.Command(fixture.Luatrace(t), cmd...))
		out, status := p.wait()
		if stderr := p.stderr.String(); status != -int(unix.SIGQUIT) || len(out) != 0 || strings.Contains(stderr, "goroutine") || !strings.Contains(stderr, "1 of 1 call injected") {
			t.Errorf("%q ended with %d, %q, %.300q", args, status, out, stderr)
		}
	}
}

// SIGQUIT while scripts are loaded ends luatrace as any other signal does,
// without the stack dump of a Go program; one that is ignored stays so.
func TestQuitWhileLoading(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		trap   string
		status int
	}{"default": {"-", -int(unix.SIGQUIT)}, "ignored": {"''", 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("sh", "-c", "trap "+row.trap+` QUIT; exec "$@"`, "sh", fixture.Luatrace(t),
				"-e", `io.stdout:write("loading\n") io.stdout:flush() io.read()`, "true")
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			p := start(t, cmd)
			p.line()
			p.kill(unix.SIGQUIT)
			if row.status == 0 {
				stdin.Close()
			}
			if _, status := p.wait(); status != row.status || p.stderr.String() != "" {
				t.Errorf("it ended with %d, want %d; stderr %.200s", status, row.status, p.stderr.String())
			}
			stdin.Close()
		})
	}
}
