package engine

import (
	"testing"

	"luatrace/engine/plan"
	"luatrace/engine/spec"
	"luatrace/tracer"
	"luatrace/tracer/syscalls"
)

// madeUpCall is the pair of events of one read(3, 0x1000, 64) = 64.
func madeUpCall() (enter, exit *tracer.Event) {
	task := &tracer.Task{TID: 1 << 30, Proc: &tracer.Process{PID: 1 << 30}}
	nr, _ := syscalls.Number(syscalls.Native(), "read")
	task.Call = tracer.Call{ABI: syscalls.Native(), NR: nr, Args: [6]uint64{3, 0x1000, 64}}
	return &tracer.Event{Kind: tracer.EventEnter, Task: task},
		&tracer.Event{Kind: tracer.EventExit, Task: task, Returned: tracer.Returned{Ret: 64}}
}

func mustSpec(t testing.TB, text string) *spec.Spec {
	t.Helper()
	s, err := spec.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// dispatchCases are hooks whose calls must not allocate.
func dispatchCases(t testing.TB) map[string]*Engine {
	empty := func(*Event) error { return nil }
	var sum int64
	reads := func(ev *Event) error {
		fd, _ := ev.Int("fd")
		sum += fd + ev.Ret
		return nil
	}
	when, err := spec.Ge(float64(32))
	if err != nil {
		t.Fatal(err)
	}
	when.Field = "count"
	resolved, err := spec.NewWhen(when).Resolve(mustSpec(t, "read"))
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]*Engine{}
	for name, hook := range map[string]*Hook{
		"none":      {Rule: plan.Rule{Spec: mustSpec(t, "write")}, Fn: empty},
		"empty":     {Rule: plan.Rule{Spec: mustSpec(t, "read")}, Fn: empty},
		"all":       {Rule: plan.Rule{Spec: mustSpec(t, "*")}, Fn: empty},
		"enter":     {Rule: plan.Rule{Spec: mustSpec(t, "read:enter")}, Fn: empty},
		"fields":    {Rule: plan.Rule{Spec: mustSpec(t, "read")}, Fn: reads},
		"condition": {Rule: plan.Rule{Spec: mustSpec(t, "read"), When: resolved}, Fn: empty},
	} {
		e := New(Options{Report: func(msg string) { t.Error(msg) }})
		e.On(hook)
		cases[name] = e
	}
	return cases
}

// TestDispatchDoesNotAllocate: the way of an event to a hook in Go.
func TestDispatchDoesNotAllocate(t *testing.T) {
	for name, e := range dispatchCases(t) {
		enter, exit := madeUpCall()
		if n := testing.AllocsPerRun(100, func() { e.Feed(enter); e.Feed(exit) }); n != 0 {
			t.Errorf("%s: %v allocations a call", name, n)
		}
	}
}

// TestFeed shows that the hooks of made-up events see them.
func TestFeed(t *testing.T) {
	t.Parallel()
	e := New(Options{})
	var got []string
	hook := func(ev *Event) error {
		if fd, ok := ev.Int("fd"); ok && fd == 3 {
			got = append(got, ev.Name())
		}
		return nil
	}
	e.On(&Hook{Rule: plan.Rule{Spec: mustSpec(t, "read:enter")}, Fn: hook})
	e.On(&Hook{Rule: plan.Rule{Spec: mustSpec(t, "%desc")}, Fn: func(ev *Event) error {
		if ev.Ret != 64 || ev.Call().Args[2] != 64 {
			t.Errorf("%+v", ev)
		}
		return hook(ev)
	}})
	enter, exit := madeUpCall()
	e.Feed(enter)
	e.Feed(exit)
	if len(got) != 2 || got[0] != "read" || got[1] != "read" {
		t.Errorf("%q", got)
	}
}

// BenchmarkDispatch is the cost of one call, entry and exit, without the
// process: what Go adds to the stops.
func BenchmarkDispatch(b *testing.B) {
	for name, e := range dispatchCases(b) {
		b.Run(name, func(b *testing.B) {
			enter, exit := madeUpCall()
			b.ReportAllocs()
			for b.Loop() {
				e.Feed(enter)
				e.Feed(exit)
			}
		})
	}
}
