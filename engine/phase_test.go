package engine

import (
	"slices"
	"testing"
)

// TestPhases: a trace goes through its phases in one of the ways that there are, and a step
// that is none of theirs panics.
func TestPhases(t *testing.T) {
	t.Parallel()
	next := map[phase][]phase{
		loading:  {starting, over},
		starting: {tracing, draining},
		tracing:  {draining},
		draining: {killing, over},
		killing:  {over},
		over:     nil,
	}
	for from := loading; from <= over; from++ {
		for to := loading; to <= over; to++ {
			e := New(Options{})
			e.phase = from
			err := panics(func() { e.enter(to) })
			if may := slices.Contains(next[from], to); may != (err == nil) || may && e.phase != to {
				t.Errorf("from %s to %s: now %s, panic %v", from, to, e.phase, err)
			}
		}
	}
	for p, want := range map[phase]struct{ live, ended bool }{
		loading: {}, starting: {}, tracing: {live: true}, draining: {true, true}, killing: {true, true}, over: {ended: true},
	} {
		if p.live() != want.live || p.ended() != want.ended {
			t.Errorf("%s: live %v, ended %v", p, p.live(), p.ended())
		}
	}
}

// panics returns what f panics with, nil if it returns.
func panics(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}
