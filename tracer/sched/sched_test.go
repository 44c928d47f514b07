package sched

import (
	"errors"
	"testing"
	"time"

	"luatrace/tracer/syscalls"
)

// tracee is a made-up one.
type tracee struct {
	id   int
	path string
	err  error
}

func (t *tracee) ID() int                          { return t.id }
func (t *tracee) Gone() bool                       { return false }
func (t *tracee) SeesProc() bool                   { return false }
func (t *tracee) Path(int, uint64) (string, error) { return t.path, t.err }

// TestPace goes through rows of stops: who is hot, and when the placed one is not alone any more.
func TestPace(t *testing.T) {
	t.Parallel()
	a, b := &tracee{id: 1}, &tracee{id: 2}
	for _, c := range []struct {
		name   string
		stops  int           // of a, before the last stop
		every  time.Duration // apart
		need   int
		placed Tracee
		last   Tracee
		want   step
		needs  int // afterwards
	}{
		{"a new tracee", 0, 0, 0, nil, a, stepNone, 0},
		{"a short row", hotStops - 1, 0, 0, nil, a, stepNone, 0},
		{"a row", hotStops, 0, 0, nil, a, stepPlace, 0},
		{"a slow row", hotStops, 2 * hotTime, 0, nil, a, stepNone, 0},
		{"a row that another ends", hotStops, 0, 0, nil, b, stepNone, 0},
		{"a row after a disturbance", hotStops, 0, 2 * hotStops, nil, a, stepNone, 2 * hotStops},
		{"a long row after a disturbance", 2 * hotStops, 0, 2 * hotStops, nil, a, stepPlace, 2 * hotStops},
		{"the placed one", 1, 0, hotStops, a, a, stepNone, hotStops},
		{"the placed one for long", placedRun - 1, 0, hotStops, a, a, stepUnplace, hotStops},
		{"another than the placed one", 1, 0, hotStops, a, b, stepUnplace, 2 * hotStops},
		{"another once more", 1, 0, hotMost, a, b, stepUnplace, hotMost},
	} {
		p := pace{need: c.need}
		now := time.Unix(0, 0)
		clock := func() time.Time { return now }
		for range c.stops {
			if got := p.stop(a, c.placed, clock); got != stepNone {
				t.Errorf("%s: step %d too early", c.name, got)
			}
			now = now.Add(c.every)
		}
		if got := p.stop(c.last, c.placed, clock); got != c.want || p.need != c.needs {
			t.Errorf("%s: step %d, the next row must have %d", c.name, got, p.need)
		}
	}
}

// TestCallsThatReveal looks at which calls put the mask back: here the placed tracee has the id of
// no thread, so that nothing is set.
func TestCallsThatReveal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		call string
		path string
		err  error
		own  bool // the placed tracee makes it
		want bool
	}{
		{"read", "", nil, true, false},
		{"sched_getaffinity", "", nil, true, true},
		{"sched_getaffinity", "", nil, false, true},
		{"sched_setaffinity", "", nil, false, true},
		{"execve", "", nil, true, true},
		{"openat", "/etc/passwd", nil, true, false},
		{"openat", "/proc/self/status", nil, true, true},
		{"openat", "/proc/self/status", nil, false, false},
		{"openat2", "/tmp/../proc/1/status", nil, true, true},
		{"openat", "/dev/fd/3", nil, true, true},
		{"openat", "", errors.New("no memory"), true, true},
	} {
		nr, ok := syscalls.Number(syscalls.Native(), c.call)
		if !ok {
			continue
		}
		const nobody = 1 << 30
		placed := &tracee{id: nobody}
		caller := &tracee{id: nobody + 1, path: c.path, err: c.err}
		if c.own {
			placed = caller
		}
		p := placement{thread: nobody + 2, task: placed}
		p.entry(caller, syscalls.Native(), nr, &[6]uint64{})
		if got := p.task == nil; got != c.want {
			t.Errorf("%s of %q, its own %v: put back %v", c.call, c.path, c.own, got)
		}
	}
}

// TestStreak goes through rows of reports and says whom to wait for.
func TestStreak(t *testing.T) {
	t.Parallel()
	w := NewWaiting(func() {})
	for range streakStops {
		if id, _ := w.Alone(manyTracees); id != 0 {
			t.Fatalf("a short row: waits for %d", id)
		}
		w.Reported(7)
	}
	w.Reported(7)
	if id, _ := w.Alone(manyTracees - 1); id != 0 {
		t.Errorf("few tracees: waits for %d", id)
	}
	looks := 0
	for range 2 * aloneMost {
		id, look := w.Alone(manyTracees)
		if id != 7 {
			t.Errorf("waits for %d", id)
		}
		if look {
			looks++
		}
		w.Waits()
		w.Waited(true)
	}
	if looks != 2 || w.Counts().Alone != 2*aloneMost {
		t.Errorf("%d looks at the others, %+v", looks, w.Counts())
	}
	w.Waits()
	w.Waited(false)
	if id, _ := w.Alone(manyTracees); id != 0 {
		t.Errorf("after a silence: waits for %d", id)
	}
}

// TestCrowd says when each tracee is asked.
func TestCrowd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ready, tracees int
		want           bool
	}{{crowdStops - 1, 100, false}, {crowdStops, 100, true}, {crowdStops, manyTracees - 1, false}} {
		w := NewWaiting(nil)
		w.Ready(c.ready)
		if w.Each(c.tracees) != c.want {
			t.Errorf("%+v: %v", c, !c.want)
		}
	}
}

// TestNone: the Scheduler that does nothing never asks for anything.
func TestNone(t *testing.T) {
	t.Parallel()
	var s Scheduler = None{}
	s.Ready(1000)
	for range 1000 {
		s.Reported(1)
	}
	if id, look := s.Alone(1000); id != 0 || look || s.Each(1000) {
		t.Errorf("%d %v", id, look)
	}
}
