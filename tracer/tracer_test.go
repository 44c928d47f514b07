package tracer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
)

// recorded is what a traced run left behind.
type recorded struct {
	log   []string // one line an event
	exit  Exit
	ended bool
}

// traceCommand traces a command to its end and notes every event. look, if not
// nil, sees each event before the task is resumed.
func traceCommand(t *testing.T, opts Options, calls bool, argv []string, look func(*Tracer, *Event)) (recorded, error) {
	t.Helper()
	path, err := LookPath(argv[0], os.Getenv("PATH"))
	if err != nil {
		t.Fatal(err)
	}
	var rec recorded
	err = Run(opts, func(tr *Tracer) error {
		tr.Syscalls = calls
		p, err := tr.Launch(Command{Path: path, Argv: argv, Env: os.Environ()})
		if err != nil {
			return err
		}
		stop := time.AfterFunc(50*time.Second, func() { unix.Kill(p.PID, unix.SIGKILL) })
		defer stop.Stop()
		var ev Event
		for {
			if err := tr.Next(&ev); err != nil {
				if errors.Is(err, ErrNoTracees) {
					return nil
				}
				return err
			}
			rec.log = append(rec.log, describe(&ev))
			if ev.Kind == EventDeath && ev.LastTask && ev.Task.Proc.Command {
				rec.exit, rec.ended = ev.Exit, true
			}
			if look != nil {
				look(tr, &ev)
			}
			if ev.Task != nil {
				tr.Resume(ev.Stop)
			}
		}
	})
	return rec, err
}

func describe(ev *Event) string {
	switch ev.Kind {
	case EventEnter:
		return "enter " + syscallName(&ev.Task.Call)
	case EventExit:
		return fmt.Sprintf("exit %s %d", syscallName(&ev.Task.Call), ev.Ret)
	case EventSignal:
		return "signal " + unix.SignalName(ev.Signal)
	case EventStopped:
		return "stopped " + unix.SignalName(ev.Signal)
	case EventNew:
		return "new"
	case EventExec:
		return "exec"
	case EventDeath:
		return fmt.Sprintf("death %d %d", ev.Exit.Code, int(ev.Exit.Signal))
	case EventAttached:
		return "attached"
	default: // not about a task
	}
	return fmt.Sprintf("kind %d", ev.Kind)
}

// onStdout gives a command a file as standard output, through a shell.
func onStdout(t *testing.T, argv ...string) ([]string, string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	script := `out=$1; shift; exec "$@" >"$out"`
	return append([]string{"sh", "-c", script, "sh", out}, argv...), out
}

func TestFirstEventIsTheExecve(t *testing.T) {
	t.Parallel()
	rec, err := traceCommand(t, Options{}, true, []string{"true"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.log) < 3 || rec.log[0] != "enter execve" || rec.log[1] != "exec" || rec.log[2] != "exit execve 0" {
		t.Errorf("first events: %q", rec.log[:min(3, len(rec.log))])
	}
	if !rec.ended || rec.exit != (Exit{}) {
		t.Errorf("end: %+v", rec.exit)
	}
	if rec.log[len(rec.log)-1] != "death 0 0" || rec.log[len(rec.log)-2] != "enter exit_group" {
		t.Errorf("last events: %q", rec.log[max(0, len(rec.log)-2):])
	}
}

func TestWithoutSyscalls(t *testing.T) {
	t.Parallel()
	rec, err := traceCommand(t, Options{}, false, []string{"sh", "-c", "exit 7"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The entry of the command's execve always shows; nothing else does.
	if got := strings.Join(rec.log, ","); got != "enter execve,exec,death 7 0" {
		t.Errorf("events: %s", got)
	}
}

func TestLaunchErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := filepath.Join(dir, "noshebang")
	if err := os.WriteFile(script, []byte("echo hello\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path  string
		errno unix.Errno
	}{{filepath.Join(dir, "missing"), unix.ENOENT}, {script, unix.ENOEXEC}, {dir, unix.EACCES}} {
		err := Run(Options{}, func(tr *Tracer) error {
			tr.Syscalls = true
			if _, err := tr.Launch(Command{Path: c.path, Argv: []string{"x"}, Env: nil}); err != nil {
				return err
			}
			var ev Event
			var log []string
			for {
				err := tr.Next(&ev)
				if err != nil {
					if got := strings.Join(log, ","); got != fmt.Sprintf("enter execve,exit execve -%d", c.errno) {
						t.Errorf("%s: events %s", c.path, got)
					}
					return err
				}
				log = append(log, describe(&ev))
				tr.Resume(ev.Stop)
			}
		})
		var le *LaunchError
		if !errors.As(err, &le) || le.Step != "execve" || le.Errno != c.errno {
			t.Errorf("%s: %v, want execve: %v", c.path, err, c.errno)
		}
	}
}

// TestFixturesRunAsUntraced runs fixtures that check themselves, with and
// without syscall stops.
func TestFixturesRunAsUntraced(t *testing.T) {
	for _, argv := range [][]string{
		{"texec"}, {"vforker"}, {"clone3er"}, {"forktree"}, {"lexit"}, {"manythr", "50"}, {"forkstorm", "50"}, {"cparent"},
		{"untraced"}, {"groupstop"}, {"sigstorm"}, {"siginfo"}, {"int3"}, {"restart"}, {"segv"}, {"segv", "handled"}, {"abort"},
		{"badnr"}, {"partial"}, {"ro"}, {"regs"}, {"counts"}, {"detachme"}, {"fair"}, {"int80"}, {"sleeper", "nanosleep", "50"},
	} {
		t.Run(strings.Join(argv, "_"), func(t *testing.T) {
			t.Parallel()
			path := fixture.Build(t, argv[0])
			want := fixture.Run(t, path, argv[1:]...)
			for _, calls := range []bool{true, false} {
				cmd, out := onStdout(t, append([]string{path}, argv[1:]...)...)
				rec, err := traceCommand(t, Options{}, calls, cmd, nil)
				if err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				if rec.exit.Signal != want.Signal || want.Signal == 0 && rec.exit.Code != want.Code {
					t.Errorf("syscalls %v: ended %+v, untraced code %d signal %d", calls, rec.exit, want.Code, want.Signal)
				}
				if argv[0] != "sigstorm" && !sameLines(string(got), want.Stdout) {
					t.Errorf("syscalls %v: printed\n%s\nuntraced\n%s", calls, got, want.Stdout)
				}
			}
		})
	}
}

// sameLines compares as sets: concurrent processes print in any order.
func sameLines(a, b string) bool {
	count := map[string]int{}
	for l := range strings.Lines(a) {
		count[l]++
	}
	for l := range strings.Lines(b) {
		count[l]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

func TestSkipAndResult(t *testing.T) {
	t.Parallel()
	path := fixture.Build(t, "unlinker")
	file := filepath.Join(t.TempDir(), "kept")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	argv, _ := onStdout(t, path, file)
	rec, err := traceCommand(t, Options{}, true, argv, func(_ *Tracer, ev *Event) {
		if ev.Kind == EventEnter && strings.HasPrefix(syscallName(&ev.Task.Call), "unlink") {
			if err := ev.Task.Skip(0); err != nil {
				t.Error(err)
			}
			if err := ev.Task.Skip(-513); !errors.Is(err, unix.EINVAL) {
				t.Errorf("restart code accepted: %v", err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if rec.exit.Code != 0 {
		t.Errorf("the program saw a failure: %+v", rec.exit)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the file is gone: %v", err)
	}
}

func TestAttachToStoppedProcess(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(fixture.Build(t, "sleeper"), "nanosleep", "3000")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	waitFor(t, pid, "S")
	unix.Kill(pid, unix.SIGSTOP)
	waitFor(t, pid, "T")
	err := Run(Options{}, func(tr *Tracer) error {
		tr.Syscalls = true
		if _, err := tr.Attach(pid); err != nil {
			return err
		}
		var ev Event
		if err := tr.Next(&ev); err != nil {
			return err
		}
		if ev.Kind != EventAttached {
			t.Errorf("first event %s", describe(&ev))
		}
		tr.Resume(ev.Stop)
		tr.DetachAll()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, pid, "T")
	unix.Kill(pid, unix.SIGCONT)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after the detach: %v", err)
	}
	if !strings.Contains(out.String(), "nanosleep: 0 early no") {
		t.Errorf("it printed %q", out.String())
	}
}

func waitFor(t *testing.T, pid int, state string) {
	t.Helper()
	for range 1000 {
		if strings.HasPrefix(statusField(pid, "State"), state) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("process %d is in state %q, want %s", pid, statusField(pid, "State"), state)
}

func TestWake(t *testing.T) {
	t.Parallel()
	err := Run(Options{}, func(tr *Tracer) error {
		sleep, err := LookPath("sleep", os.Getenv("PATH"))
		if err != nil {
			return err
		}
		if _, err := tr.Launch(Command{Path: sleep, Argv: []string{"sleep", "100"}, Env: nil}); err != nil {
			return err
		}
		var ev Event
		for ev.Kind != EventWoken {
			if err := tr.Next(&ev); err != nil {
				return err
			}
			if ev.Kind == EventExec { // killed before that, it would not have started
				time.AfterFunc(50*time.Millisecond, tr.Wake)
			}
			if ev.Task != nil {
				tr.Resume(ev.Stop)
			}
		}
		tr.Kill()
		for {
			if err := tr.Next(&ev); errors.Is(err, ErrNoTracees) {
				return nil
			} else if err != nil {
				return err
			}
			if ev.Task != nil {
				tr.Resume(ev.Stop)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
