package engine

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine/plan"
	"luatrace/engine/spec"
	"luatrace/internal/fixture"
	"luatrace/tracer"
)

// A panic in luatrace itself ends the trace and nothing else: the command runs
// on, what was to come last comes, and the error says where it was.
func TestPanic(t *testing.T) {
	for _, row := range rowsOfPlan {
		for name, where := range map[string]struct {
			spec string
			fn   Func
		}{
			"hook before the call": {"getppid:enter", func(*Event) error { panic("a bug of the test") }},
			"hook after the call":  {"getppid:exit", func(*Event) error { panic("a bug of the test") }},
			"hook on an execve":    {"proc:exec", func(*Event) error { panic("a bug of the test") }},
			"hook on an end":       {"proc:exit", func(*Event) error { panic("a bug of the test") }},
			"timer":                {"timer", func(*Event) error { panic("a bug of the test") }},
			"begin hook":           {"begin", func(*Event) error { panic("a bug of the test") }},
			"end hook":             {"end", func(*Event) error { panic("a bug of the test") }},
		} {
			t.Run(row.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				out := filepath.Join(t.TempDir(), "out")
				argv := []string{fixture.Build(t, "counts")}
				e := New(row.opts)
				hook(t, e, "getuid:enter", func(*Event) error { return nil })
				if where.spec == "timer" {
					// The command must not end before.
					rang := out + ".rang"
					argv = append([]string{"sh", "-c", `until [ -e "$1" ]; do sleep 0.01; done; shift; "$@"`, "sh", rang}, argv...)
					e.Every(&Timer{Interval: time.Millisecond, Where: "test", Fn: func(ev *Event) error {
						if err := os.WriteFile(rang, nil, 0o600); err != nil {
							t.Error(err)
						}
						return where.fn(ev)
					}})
				} else {
					hook(t, e, where.spec, where.fn)
				}
				ends, finished := 0, 0
				hook(t, e, "end", func(*Event) error { ends++; return nil })
				e.AtFinish(func() { finished++ })
				_, err := e.Run(t.Context(), writesAtEnd(out, argv...))
				var crash *CrashError
				if !errors.As(err, &crash) || !strings.Contains(crash.Stack, "crash_test.go") || !strings.Contains(crash.Error(), "a bug of the test") {
					t.Fatalf("error %v, want the panic and where it was", err)
				}
				if !strings.Contains(crash.Error(), "the last requests to the kernel") || where.spec != "begin" && !strings.Contains(crash.Error(), " PTRACE_") {
					t.Errorf("the last requests are not told: %v", crash)
				}
				if ends != 1 || finished != 1 {
					t.Errorf("%d end hooks and %d functions for the end ran, want each once", ends, finished)
				}
				if where.spec == "begin" {
					return // nothing was started
				}
				if text := awaitText(t, out); !strings.HasSuffix(text, "wrong 0\nstatus 0\n") {
					t.Errorf("the command printed %q", text)
				}
			})
		}
	}
}

// The task of the event in which luatrace panics runs on under the
// tracer's lock: the listener's thread looks at it too. That a tracee is to be traced by
// another one is told on the way.
func TestPanicKeepsLock(t *testing.T) {
	t.Parallel()
	var e *Engine
	told := 0
	e = New(Options{NoFilter: "a test", Report: func(string) {
		told++
		if !e.tr.Holds() {
			t.Error("the task runs on without the lock")
		}
	}})
	hook(t, e, "ptrace:enter", func(*Event) error { panic("a bug of the test") })
	out := filepath.Join(t.TempDir(), "out")
	_, err := e.Run(t.Context(), writesAtEnd(out, fixture.Build(t, "tracer"), "traceme"))
	var crash *CrashError
	if !errors.As(err, &crash) || told != 1 {
		t.Errorf("error %v, %d messages, want the panic and one message", err, told)
	}
	if text := awaitText(t, out); !strings.HasSuffix(text, "\nstatus 0\n") {
		t.Errorf("the command printed %q", text)
	}
}

// The call in which luatrace panics is not made if a hook on it fails closed.
func TestPanicFailsClosed(t *testing.T) {
	t.Parallel()
	for _, row := range rowsOfPlan {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "out")
			e := New(row.opts)
			sel, err := spec.Parse("access:enter")
			if err != nil {
				t.Fatal(err)
			}
			err = e.On(&Hook{Rule: plan.Rule{Spec: sel}, Where: "test", OnError: OnError{Act: ErrorFails, Errno: int(unix.EBUSY)}, Fn: func(ev *Event) error {
				if s, _ := ev.Str("path"); s == "bad" {
					panic("a bug of the test")
				}
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = e.Run(t.Context(), writesAtEnd(out, fixture.Build(t, "answers"), "goodx1", "badx1"))
			var crash *CrashError
			if !errors.As(err, &crash) {
				t.Errorf("error %v, want the panic", err)
			}
			if text := awaitText(t, out); text != "goodx1: 1*2\nbadx1: 1*16\nstatus 0\n" {
				t.Errorf("the command printed %q", text)
			}
		})
	}
}

// A panic while the tasks are noted at the end of the trace does not keep the tracees
// from being detached.
func TestPanicAtEnd(t *testing.T) {
	t.Parallel()
	for _, row := range rowsOfPlan {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "out")
			e := New(row.opts)
			e.KeepTasks()
			ends := 0
			hook(t, e, "end", func(*Event) error { ends++; return nil })
			hook(t, e, "getppid:enter", func(*Event) error {
				e.timeNow = func() time.Time {
					e.timeNow = time.Now
					panic("a bug of the test")
				}
				e.Stop()
				return nil
			})
			_, err := e.Run(t.Context(), writesAtEnd(out, fixture.Build(t, "counts")))
			var crash *CrashError
			if !errors.As(err, &crash) || !strings.Contains(crash.Error(), "a bug of the test") || ends != 1 {
				t.Errorf("error %v, %d end hooks, want the panic and one", err, ends)
			}
			if text := awaitText(t, out); !strings.HasSuffix(text, "wrong 0\nstatus 0\n") {
				t.Errorf("the command printed %q", text)
			}
		})
	}
}

// writesAtEnd is a command whose output, with a line about its exit status, is in
// a file when it has ended.
func writesAtEnd(file string, argv ...string) Target {
	script := `out=$1; shift; "$@" >"$out.part"; echo status $? >>"$out.part"; mv "$out.part" "$out"`
	return Target{Command: &tracer.Command{Path: "/bin/sh", Argv: append([]string{"sh", "-c", script, "sh", file}, argv...), Env: os.Environ()}}
}

// awaitText waits for such a file.
func awaitText(t *testing.T, file string) string {
	t.Helper()
	for limit := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(file)
		if err == nil && len(text) > 0 {
			return string(text)
		}
		if time.Now().After(limit) {
			t.Fatal("the command does not get to its end")
		}
	}
}

// A second signal kills what has a filter, also when the trace is over already
// and luatrace only keeps the tracees alive.
func TestSecondSignalWhileKeeping(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	e := New(Options{})
	n := 0
	hook(t, e, "write:enter", func(ev *Event) error {
		switch n++; n {
		case 1:
			ev.Engine().Stop()
		default:
			t.Errorf("%d calls were seen after the end", n-1)
		}
		return nil
	})
	go func() {
		lines := bufio.NewReader(r)
		line := func() {
			if _, err := lines.ReadString('\n'); err != nil {
				t.Error(err)
			}
		}
		line()
		line() // written while the trace is drained
		e.Signal(unix.SIGTERM)
		line() // the command has got it
		e.Signal(unix.SIGTERM)
	}()
	res, err := e.Run(t.Context(), Target{Command: &tracer.Command{Path: "/bin/sh",
		Argv: []string{"sh", "-c", `exec >/proc/$PPID/fd/$1; trap 'echo caught' TERM; echo one; echo two; while :; do sleep 0.01; done`, "sh", fdText(w)}, Env: os.Environ()}})
	w.Close()
	if err != nil || res.Signal != unix.SIGTERM || res.Finished {
		t.Errorf("%+v, %v; want an end by SIGTERM", res, err)
	}
}

func fdText(f *os.File) string { return strconv.Itoa(int(f.Fd())) }
