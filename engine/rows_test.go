package engine

import (
	"bytes"
	"errors"
	"fmt"
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
	"luatrace/tracer/seccomp"
)

// rowsOfPlan are the ways in which the kernel can tell of a call. Whatever the
// way, hooks must see the same.
var rowsOfPlan = []struct {
	name string
	opts Options
}{
	{"notified", Options{}},
	{"traced", Options{NoNotify: "a test"}},
	{"unfiltered", Options{NoFilter: "a test"}},
	{"spread", Options{NoNotify: "a test", NoPlacement: true}},
}

// runCommand traces a command with the hooks that setup registers and returns
// its standard output.
func runCommand(t *testing.T, opts Options, setup func(e *Engine), argv ...string) (string, Result) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	sh, err := tracer.LookPath("sh", os.Getenv("PATH"))
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"sh", "-c", `out=$1; shift; exec "$@" >"$out"`, "sh", out}, argv...)
	opts.Report = func(m string) { t.Errorf("reported: %s", m) }
	e := New(opts)
	setup(e)
	stop := time.AfterFunc(50*time.Second, func() {
		t.Error("the run takes too long")
		e.Signal(unix.SIGTERM)
		e.Signal(unix.SIGTERM)
	})
	res, err := e.Run(t.Context(), Target{Command: &tracer.Command{Path: sh, Argv: args, Env: os.Environ()}})
	stop.Stop()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(got), res
}

func hook(t *testing.T, e *Engine, text string, fn Func) {
	t.Helper()
	s, err := spec.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	e.On(&Hook{Rule: plan.Rule{Spec: s}, Where: "test", Fn: fn})
}

func TestRowsCountAlike(t *testing.T) {
	path := fixture.Build(t, "counts")
	for _, row := range rowsOfPlan {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			enter, exit, failed := map[string]int{}, map[string]int{}, 0
			out, res := runCommand(t, row.opts, func(e *Engine) {
				hook(t, e, "getppid,getuid:enter", func(ev *Event) error { enter[ev.Name()]++; return nil })
				hook(t, e, "openat", func(ev *Event) error {
					if s, _ := ev.Str("path"); s == "/nonexistent/counts" {
						failed++
						if ev.Errno != int(unix.ENOENT) {
							t.Errorf("errno %d", ev.Errno)
						}
					} else if s == "/dev/null" {
						exit["openat"]++
					}
					return nil
				})
			}, path)
			if !strings.Contains(out, "wrong 0") || res.Exit.Code != 0 {
				t.Errorf("the program printed %q and ended with %+v", out, res.Exit)
			}
			// The shell that starts the program asks for its own ids as well.
			got := fmt.Sprint(enter["getppid"] >= 800 && enter["getppid"] < 805, enter["getuid"] >= 600 && enter["getuid"] < 605, exit["openat"], failed)
			if got != "true true 400 200" {
				t.Errorf("counts %s: enter %v exit %v failed %d", got, enter, exit, failed)
			}
		})
	}
}

// TestRowsChangeAlike lets hooks before the call change it in every way.
func TestRowsChangeAlike(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("file "+name+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	is := func(ev *Event, path string) bool {
		s, _ := ev.Str("path")
		return s == path
	}
	for _, row := range rowsOfPlan {
		for _, c := range []struct {
			name, want string
			fn         Func
		}{
			{"redirect", "file b\nfile b\n", func(ev *Event) error {
				if is(ev, a) {
					return ev.SetArgBytes(1, append([]byte(b), 0))
				}
				return nil
			}},
			{"fail", "file b\n", func(ev *Event) error {
				if is(ev, a) {
					return ev.SetRet(-int64(unix.EACCES))
				}
				return nil
			}},
			{"onexit", "file b\n", func(ev *Event) error {
				if is(ev, a) {
					return ev.OnExit(func(ev *Event) error {
						if !is(ev, a) || ev.Ret < 3 || ev.Duration() <= 0 {
							t.Errorf("at exit: %v", ev.Ret)
						}
						return ev.SetRet(-int64(unix.EIO))
					})
				}
				return nil
			}},
			{"skip and onexit", "file b\n", func(ev *Event) error {
				if is(ev, a) {
					if err := ev.OnExit(func(ev *Event) error {
						if ev.Errno != int(unix.EPERM) {
							t.Errorf("errno at exit %d", ev.Errno)
						}
						return ev.SetRet(-int64(unix.ENXIO))
					}); err != nil {
						return err
					}
					return ev.SetRet(-int64(unix.EPERM))
				}
				return nil
			}},
			{"delay", "file a\nfile b\n", func(ev *Event) error {
				if is(ev, a) {
					return ev.Delay(20 * time.Millisecond)
				}
				return nil
			}},
			{"delay and redirect", "file b\nfile b\n", func(ev *Event) error {
				if is(ev, a) {
					if err := ev.Delay(20 * time.Millisecond); err != nil {
						return err
					}
					return ev.SetArgBytes(1, append([]byte(b), 0))
				}
				return nil
			}},
		} {
			t.Run(row.name+" "+c.name, func(t *testing.T) {
				t.Parallel()
				out, _ := runCommand(t, row.opts, func(e *Engine) { hook(t, e, "openat:enter", c.fn) }, "cat", a, b)
				if out != c.want {
					t.Errorf("cat printed %q, want %q", out, c.want)
				}
			})
		}
	}
}

// TestUpgradeUnderSignals upgrades every call of a program that is interrupted
// ten thousand times a second, and of one with many threads.
func TestUpgradeUnderSignals(t *testing.T) {
	for _, row := range rowsOfPlan {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			exits, enters := 0, 0
			// a busy machine takes longer for as many calls
			for ms := 300; enters < 20 && ms < 30000; ms *= 3 {
				exits, enters = 0, 0
				out, res := runCommand(t, row.opts, func(e *Engine) {
					hook(t, e, "getppid:enter", func(ev *Event) error {
						if enters++; enters%2 == 0 {
							return nil
						}
						return ev.OnExit(func(ev *Event) error {
							if ev.Errno == 0 && ev.Ret <= 0 {
								t.Errorf("getppid returned %d", ev.Ret)
							}
							exits++
							return nil
						})
					})
				}, fixture.Build(t, "sigstorm"), strconv.Itoa(ms))
				if res.Exit.Code != 0 || !strings.Contains(out, "failed 0") {
					t.Errorf("it printed %q and ended with %+v", out, res.Exit)
				}
			}
			if enters < 20 || exits < enters/2-2 || exits > enters/2+2 {
				t.Errorf("%d entries, %d exits", enters, exits)
			}
		})
	}
}

// TestUpgradeUnderKill kills the tracee at random moments of its upgrades.
func TestUpgradeUnderKill(t *testing.T) {
	t.Parallel()
	path := fixture.Build(t, "busythreads")
	for i := range 12 {
		pid, n := 0, 0
		_, res := runCommand(t, Options{}, func(e *Engine) {
			hook(t, e, "%pure,%desc,%file,getppid,gettid:enter", func(ev *Event) error {
				if n++; n == 40+17*i {
					pid = ev.Task.Proc.PID()
					return unix.Kill(pid, unix.SIGKILL)
				}
				return ev.OnExit(func(*Event) error { return nil })
			})
		}, path, "8")
		if pid == 0 || res.Exit.Signal != unix.SIGKILL {
			t.Errorf("round %d: ended with %+v after %d calls", i, res.Exit, n)
		}
	}
}

// TestKeeper ends the trace of filtered tracees early: they run on unharmed.
func TestKeeper(t *testing.T) {
	t.Parallel()
	seen := 0
	out, res := runCommand(t, Options{}, func(e *Engine) {
		hook(t, e, "getppid", func(ev *Event) error {
			if seen++; seen == 10 {
				ev.Engine().Stop()
			}
			return nil
		})
	}, fixture.Build(t, "counts"))
	if !strings.Contains(out, "wrong 0") || !res.Finished || res.Exit.Code != 0 {
		t.Errorf("it printed %q and ended with %+v", out, res)
	}
	if seen != 10 {
		t.Errorf("%d events after the end of the trace", seen-10)
	}
}

func TestConstantFaultNeverStops(t *testing.T) {
	t.Parallel()
	out, _ := runCommand(t, Options{}, func(e *Engine) {
		s, err := spec.Parse("unlink,unlinkat:enter")
		if err != nil {
			t.Fatal(err)
		}
		e.On(&Hook{Rule: plan.Rule{Spec: s, Fault: &plan.Fault{Errno: int(unix.EROFS)}}, Where: "test", Fn: func(*Event) error {
			return errors.New("the hook ran: the kernel was to do this")
		}})
	}, fixture.Build(t, "unlinker"), "/nonexistent/file")
	if !bytes.Contains([]byte(out), []byte("EROFS")) {
		t.Errorf("the program saw %q", out)
	}
}

// TestRowsLeaveSignalsAlone runs programs that are interrupted in calls, with a
// hook before each call: what fails with EINTR untraced, and only that, must do
// so here.
func TestRowsLeaveSignalsAlone(t *testing.T) {
	for _, row := range rowsOfPlan {
		for _, argv := range [][]string{{"restart"}, {"siginfo"}, {"int3"}, {"groupstop"}, {"sigstorm", "200", "eintr"}, {"sigstorm", "200"}, {"vforker"}, {"texec"}, {"badnr"}} {
			t.Run(row.name+" "+strings.Join(argv, " "), func(t *testing.T) {
				t.Parallel()
				path := fixture.Build(t, argv[0])
				calls := 0
				out, res := runCommand(t, row.opts, func(e *Engine) {
					hook(t, e, "*:enter", func(*Event) error { calls++; return nil })
				}, append([]string{path}, argv[1:]...)...)
				want := fixture.Run(t, path, argv[1:]...)
				same := out == want.Stdout
				if argv[0] == "sigstorm" {
					same = strings.Contains(out, " failed 0\n")
				}
				if !same || res.Exit.Code != want.Code || calls == 0 {
					t.Errorf("it printed\n%s\nand ended with %+v after %d calls; untraced\n%s", out, res.Exit, calls, want.Stdout)
				}
			})
		}
	}
}

// TestKernelPlan asks the kernel for every row of the plan.
func TestKernelPlan(t *testing.T) {
	t.Parallel()
	command := Target{Command: &tracer.Command{Path: "/bin/true"}}
	for text, want := range map[string]seccomp.Action{
		"execve,openat:enter": seccomp.Notify,
		"execve,openat":       seccomp.Trace,
	} {
		e := New(Options{})
		hook(t, e, text, func(*Event) error { t.Error("a hook ran"); return nil })
		if p, err := e.KernelPlan(command); err != nil || p.Filter == nil || !p.Filter.Has(want) || p.NoNotify != "" {
			t.Errorf("%s: %v, %v", text, p, err)
		}
	}
}
