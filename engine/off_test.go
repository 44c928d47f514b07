package engine

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/engine/plan"
	"luatrace/engine/spec"
	"luatrace/internal/fixture"
)

// removable registers a hook and returns it.
func removable(t *testing.T, e *Engine, text string, fn Func) *Hook {
	t.Helper()
	s, err := spec.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	h := &Hook{Name: text, Rule: plan.Rule{Spec: s}, Where: "test", Fn: fn}
	if err := e.On(h); err != nil {
		t.Fatal(err)
	}
	return h
}

// TestOff removes hooks while their events are dispatched, in each row: the others of the same
// event still run, those that were removed never again, and the program notices nothing.
func TestOff(t *testing.T) {
	path := fixture.Build(t, "counts")
	for _, row := range rowsOfPlan {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var log []string
			asked := 0
			out, res := runCommand(t, row.opts, func(e *Engine) {
				off := func(h *Hook) {
					if err := e.Off(h); err != nil {
						t.Errorf("%s: %v", h.Name, err)
					}
				}
				var self, next, exit, fork, execs, end *Hook
				say := func(what string) { log = append(log, what) }
				self = removable(t, e, "getppid:enter", func(*Event) error {
					say("self")
					off(self)
					return nil
				})
				removable(t, e, "getppid:enter", func(*Event) error {
					if asked++; asked == 1 {
						say("middle")
						off(next)
						off(exit)
						off(end)
					}
					return nil
				})
				next = removable(t, e, "getppid:enter", func(*Event) error { say("next"); return nil })
				exit = removable(t, e, "getppid:exit", func(*Event) error { say("exit"); return nil })
				asks := removable(t, e, "getuid:enter", func(ev *Event) error { return ev.OnExit(func(*Event) error { say("on exit"); return nil }) })
				removable(t, e, "getuid:enter", func(*Event) error {
					if !asks.removed {
						off(asks)
					}
					return nil
				})
				execs = removable(t, e, "proc:exec", func(*Event) error {
					say("exec")
					off(execs)
					off(fork)
					return nil
				})
				fork = removable(t, e, "proc:exec", func(*Event) error { say("second exec"); return nil })
				end = removable(t, e, "end", func(*Event) error { say("end"); return nil })
			}, path)
			if !strings.Contains(out, "wrong 0") || res.Exit.Code != 0 {
				t.Errorf("the program printed %q and ended with %+v", out, res.Exit)
			}
			if want := []string{"exec", "self", "middle"}; !slices.Equal(log, want) {
				t.Errorf("called were %q, want %q", log, want)
			}
			if asked < 800 {
				t.Errorf("the hook that stays was called %d times", asked)
			}
		})
	}
}

// TestOffAndOn: a hook that was removed may be registered again, where the filter shows its
// calls.
func TestOffAndOn(t *testing.T) {
	for _, row := range rowsOfPlan {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			calls, others := 0, 0
			runCommand(t, row.opts, func(e *Engine) {
				var h *Hook
				h = removable(t, e, "chdir", func(*Event) error {
					if calls++; calls == 2 {
						return e.Off(h)
					}
					return nil
				})
				removable(t, e, "umask:enter", func(*Event) error {
					if others++; others == 1 {
						return e.On(h)
					}
					return nil
				})
			}, "sh", "-c", "cd /; cd /; cd /; cd /; umask 022; cd /")
			if calls != 3 || others == 0 {
				t.Errorf("called %d times, the other hook %d", calls, others)
			}
		})
	}
}

// TestOffOfFault: what the kernel does by itself can't be taken back, and stays; before the
// run, and where the kernel asks, it can.
func TestOffOfFault(t *testing.T) {
	t.Parallel()
	s, err := spec.Parse("unlink,unlinkat:enter")
	if err != nil {
		t.Fatal(err)
	}
	fail := func(ev *Event) error { return ev.SetRet(-int64(unix.EROFS)) }
	path := fixture.Build(t, "unlinker")
	for _, c := range []struct {
		name    string
		opts    Options
		early   bool // it is removed before the run
		refused bool
		want    string
	}{
		{"by the kernel", Options{}, false, true, "EROFS"},
		{"counted", Options{CountFaults: true}, false, false, "ENOENT"},
		{"unfiltered", Options{NoFilter: "a test"}, false, false, "ENOENT"},
		{"before", Options{}, true, false, "ENOENT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, _ := runCommand(t, c.opts, func(e *Engine) {
				h := &Hook{Name: "fault", Rule: plan.Rule{Spec: s, Fault: &plan.Fault{Errno: int(unix.EROFS)}}, Where: "test", Fn: fail}
				if err := e.On(h); err != nil {
					t.Fatal(err)
				}
				off := func() {
					list := e.Named("fault")
					if len(list) == 0 {
						return
					}
					if err := e.Off(list[0]); (err != nil) != c.refused || c.refused && !errors.Is(err, errKernelDoes) {
						t.Errorf("removed: %v", err)
					}
				}
				if c.early {
					off()
				}
				removable(t, e, "proc:exec", func(*Event) error { off(); return nil })
			}, path, "/nonexistent/file")
			if !strings.Contains(out, c.want) {
				t.Errorf("the program saw %q, want %s", out, c.want)
			}
		})
	}
}

// TestNamed: hooks are found by their name, until they are removed.
func TestNamed(t *testing.T) {
	t.Parallel()
	e := New(Options{})
	var all []*Hook
	for _, text := range []string{"read", "SIGUSR1", "proc:fork", "begin", "end"} {
		s, err := spec.Parse(text)
		if err != nil {
			if s, err = spec.Parse("signal:" + text); err != nil {
				t.Fatal(err)
			}
		}
		h := &Hook{Name: "mine", Rule: plan.Rule{Spec: s}, Where: "test", Fn: func(*Event) error { return nil }}
		if err := e.On(h); err != nil {
			t.Fatal(err)
		}
		all = append(all, h)
	}
	for len(all) > 0 {
		if got := e.Named("mine"); !slices.Equal(got, all) {
			t.Fatalf("%d hooks, want %d", len(got), len(all))
		}
		if got := e.Named("other"); len(got) != 0 {
			t.Fatalf("%d of another name", len(got))
		}
		h := all[0]
		if err := e.Off(h); err != nil {
			t.Fatal(err)
		}
		if err := e.Off(h); !errors.Is(err, errNotOn) {
			t.Errorf("twice: %v", err)
		}
		all = all[1:]
	}
}
