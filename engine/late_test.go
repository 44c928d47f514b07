package engine

import (
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine/plan"
	"luatrace/engine/spec"
	"luatrace/internal/fixture"
	"luatrace/tracer"
)

// newHook makes a hook without registering it.
func newHook(t *testing.T, text string, fn Func) *Hook {
	t.Helper()
	s, err := spec.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return &Hook{Rule: plan.Rule{Spec: s}, Where: "test", Fn: fn}
}

// TestHooksAddedLate: a hook that is added while the program runs sees all calls from
// then on, or is refused. The program makes 10 rounds of getppid and openat after the
// uname that adds it.
func TestHooksAddedLate(t *testing.T) {
	path := fixture.Build(t, "detachme")
	for _, c := range []struct {
		name    string
		opts    Options
		first   string // a hook that is there from the beginning, beside that on prctl
		spec    string // of the one that is added
		refused string // the calls that it does not get
	}{
		{"notified, another entry", Options{}, "getppid:enter", "getppid:enter", ""},
		{"notified, an exit", Options{}, "getppid:enter", "getppid", ""},
		{"traced, an entry", Options{}, "getppid", "getppid:enter", ""},
		{"traced, an exit", Options{}, "getppid", "getppid", ""},
		{"another call", Options{}, "getppid", "getuid", "getuid"},
		{"one of two", Options{}, "getppid", "getppid,close", "close"},
		{"every call", Options{}, "getppid", "*", "read, write"},
		{"unfiltered", Options{NoFilter: "a test"}, "getppid", "getppid,openat", ""},
		{"nothing hooked before", Options{NoFilter: "a test"}, "", "getppid,openat", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			added, calls, entries := false, map[string]int{}, 0
			var refused error
			out, res := runCommand(t, c.opts, func(e *Engine) {
				if c.first != "" {
					hook(t, e, c.first, func(*Event) error { return nil })
				}
				late := newHook(t, c.spec, func(ev *Event) error {
					if ev.Task.Comm() == "child1" {
						calls[ev.Name()]++
						if ev.Kind == KindEnter {
							entries++
						} else if ev.Ret <= 0 || ev.Duration() <= 0 {
							t.Errorf("%s returned %d after %v", ev.Name(), ev.Ret, ev.Duration())
						}
					}
					return nil
				})
				hook(t, e, "proc:fork", func(ev *Event) error {
					if !added && strings.HasPrefix(ev.Task.Comm(), "detachme") {
						added, refused = true, e.On(late)
					}
					return nil
				})
			}, path, "10")
			if res.Exit.Code != 0 || strings.Count(out, "failed 0") != 3 || !added {
				t.Fatalf("added %v; the program ended with %+v and printed %q", added, res.Exit, out)
			}
			if c.refused != "" {
				var e *plan.LateError
				if !errors.As(refused, &e) || !strings.HasPrefix(e.Error(), c.refused) || !strings.Contains(e.Error(), "--attachable") || len(calls) > 0 {
					t.Errorf("%v, and calls %v; want a refusal of %s", refused, calls, c.refused)
				}
				return
			}
			// getppid is also what the child asks first.
			if refused != nil || calls["getppid"] != 11 || strings.Contains(c.spec, "openat") && calls["openat"] != 10 || (entries > 0) != strings.HasSuffix(c.spec, ":enter") {
				t.Errorf("%v, calls %v, of them %d entries", refused, calls, entries)
			}
		})
	}
}

// TestLateHookWithConditions: a condition that the filter knows lets a late hook with the
// same one see its calls, and none without.
func TestLateHookWithConditions(t *testing.T) {
	t.Parallel()
	equal := func(n int) spec.Condition {
		c, err := spec.Equal(n)
		if err != nil {
			t.Fatal(err)
		}
		c.Field = "fd"
		return c
	}
	planHook := func(text string, needs plan.Needs, conditions ...spec.Condition) *Hook {
		sel := mustSpec(t, text)
		w, err := spec.NewWhen(conditions...).Resolve(sel)
		if err != nil {
			t.Fatal(err)
		}
		return &Hook{Rule: plan.Rule{Spec: sel, When: w, Needs: needs}, Fn: func(*Event) error { return nil }}
	}
	e := New(Options{})
	e.On(planHook("write:enter", plan.Needs{}, equal(1)))
	e.plan, e.phase = e.Plan(Target{}), tracing
	for _, c := range []struct {
		h    *Hook
		want bool
	}{
		{planHook("write:enter", plan.Needs{}, equal(1)), true},
		{planHook("write", plan.Needs{}, equal(1)), true},
		{planHook("write:enter", plan.Needs{}, equal(2)), false},
		{planHook("write:enter", plan.Needs{}), false},
		{planHook("write:enter", plan.Needs{Registers: true}, equal(1)), false},
		{planHook("write:exit", plan.Needs{Registers: true}, equal(1)), true},
	} {
		if err := e.On(c.h); (err == nil) != c.want {
			t.Errorf("%v %v: %v", c.h.Spec, c.h.When, err)
		}
	}
	e.phase = over
	if err := e.On(planHook("write:enter", plan.Needs{}, equal(1))); err == nil {
		t.Error("a hook after the end is taken")
	}
}

// TestLateHooksOfRunningThreads: threads that were resumed to run without a stop at calls
// come to one when the first hook on a call is added, in a command and in a process
// that was attached to.
func TestLateHooksOfRunningThreads(t *testing.T) {
	path := fixture.Build(t, "busythreads")
	const threads = 8
	setup := func(t *testing.T, e *Engine) map[int]bool {
		seen := map[int]bool{}
		busy := newHook(t, "getppid", func(ev *Event) error {
			if seen[ev.Task.TID()] = true; len(seen) == threads {
				return ev.Task.Proc.Kill(unix.SIGTERM)
			}
			return nil
		})
		added := false
		e.Every(&Timer{Interval: time.Millisecond, Fn: func(*Event) error {
			if added || e.Tasks() <= threads {
				return nil
			}
			added = true
			return e.On(busy)
		}})
		return seen
	}
	t.Run("command", func(t *testing.T) {
		t.Parallel()
		var seen map[int]bool
		out, res := runCommand(t, Options{}, func(e *Engine) { seen = setup(t, e) }, path, fmt.Sprint(threads))
		if len(seen) != threads || res.Exit.Code != 0 || !strings.HasSuffix(out, "failed 0\n") {
			t.Errorf("threads %v, %+v, %q", seen, res.Exit, out)
		}
	})
	t.Run("attached", func(t *testing.T) {
		t.Parallel()
		cmd := exec.Command(path, fmt.Sprint(threads))
		var out strings.Builder
		cmd.Stdout = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stop := time.AfterFunc(50*time.Second, func() { cmd.Process.Kill() })
		defer stop.Stop()
		e := New(Options{Report: func(m string) { t.Errorf("reported: %s", m) }})
		seen := setup(t, e)
		if _, err := e.Run(t.Context(), Target{PIDs: []int{cmd.Process.Pid}}); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		if len(seen) != threads || !strings.HasSuffix(out.String(), "failed 0\n") {
			t.Errorf("threads %v, %q", seen, out.String())
		}
	})
}

// TestDetachUnderFilter: a process with a filter that stops calls is not let go but stays
// as it is; one whose filter only asks runs on without a hook.
func TestDetachUnderFilter(t *testing.T) {
	path := fixture.Build(t, "detachme")
	for _, c := range []struct {
		name  string
		opts  Options
		spec  string
		error error
	}{
		{"traced", Options{}, "openat", tracer.ErrFiltered},
		{"notified", Options{}, "openat:enter", nil},
		{"unfiltered", Options{NoFilter: "a test"}, "openat", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			calls, dead := map[string]int{}, []string{}
			err := errors.New("nobody called detach")
			out, res := runCommand(t, c.opts, func(e *Engine) {
				hook(t, e, c.spec, func(ev *Event) error {
					comm := ev.Task.Comm()
					calls[comm]++
					if comm == "child1" && calls[comm] == 5 {
						err = ev.Task.Proc.Detach()
					}
					return nil
				})
				hook(t, e, "proc:exit", func(ev *Event) error { dead = append(dead, ev.Task.Comm()); return nil })
			}, path, "10")
			if res.Exit.Code != 0 || strings.Count(out, "calls 20 failed 0") != 3 {
				t.Errorf("the program ended with %+v and printed %q", res.Exit, out)
			}
			want := map[string]int{"child1": 5, "child2": 10, "parent": 10}
			if c.error != nil {
				want["child1"] = 10
			}
			maps.DeleteFunc(calls, func(comm string, _ int) bool { return want[comm] == 0 })
			if !errors.Is(err, c.error) || !maps.Equal(calls, want) || slices.Contains(dead, "child1") != (c.error != nil) {
				t.Errorf("%v, calls %v, deaths %v; want %v, %v", err, calls, dead, c.error, want)
			}
		})
	}
	if !strings.Contains(tracer.ErrFiltered.Error(), "--attachable") {
		t.Error(tracer.ErrFiltered)
	}
}
