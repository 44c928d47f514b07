package tracer

import (
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

// TestPageWatch tells it of calls, and of what nobody has seen: may pages be held back?
func TestPageWatch(t *testing.T) {
	t.Parallel()
	call := func(name string, args ...uint64) *Call {
		c := &Call{ABI: syscalls.Native()}
		c.NR, _ = syscalls.Number(c.ABI, name)
		copy(c.Args[:], args)
		return c
	}
	for _, c := range []struct {
		name      string
		do        func(*pageWatch) bool
		first     bool // the first that is known of
		may, mayU bool // with calls that are seen, and that are not
	}{
		{"nothing", func(*pageWatch) bool { return false }, false, false, true},
		{"read", func(w *pageWatch) bool { return w.saw(call("read")) }, false, false, true},
		{"userfaultfd", func(w *pageWatch) bool { return w.saw(call("userfaultfd")) }, true, true, true},
		{"its device", func(w *pageWatch) bool { return w.saw(call("ioctl", 3, newUserfaultfd)) }, true, true, true},
		{"another ioctl", func(w *pageWatch) bool { return w.saw(call("ioctl", 3, 1)) }, false, false, true},
		{"two", func(w *pageWatch) bool { w.saw(call("userfaultfd")); return w.saw(call("userfaultfd")) }, false, true, true},
		{"unseen calls", func(w *pageWatch) bool { w.unseen(); return false }, false, true, true},
		{"one after unseen calls", func(w *pageWatch) bool { w.unseen(); return w.held() }, true, true, true},
		{"unseen calls after one", func(w *pageWatch) bool { w.held(); w.unseen(); return w.held() }, false, true, true},
	} {
		var w pageWatch
		if first := c.do(&w); first != c.first || w.mayHold(true) != c.may || w.mayHold(false) != c.mayU {
			t.Errorf("%s: first %v, may hold %v, with unseen calls %v", c.name, first, w.mayHold(true), w.mayHold(false))
		}
	}
}

// TestSpinning looks at a thread again and again: when does it spin?
func TestSpinning(t *testing.T) {
	t.Parallel()
	type look struct {
		signal unix.Signal
		ticks  uint64
		want   bool
	}
	for name, looks := range map[string][]look{
		"no signal":           {{0, 1, false}, {0, 2, false}},
		"seen once":           {{unix.SIGTERM, 1, false}},
		"spins":               {{unix.SIGTERM, 1, false}, {unix.SIGTERM, 2, true}},
		"waits for the CPU":   {{unix.SIGTERM, 1, false}, {unix.SIGTERM, 1, false}, {unix.SIGTERM, 2, true}},
		"another signal":      {{unix.SIGTERM, 1, false}, {unix.SIGHUP, 2, false}, {unix.SIGHUP, 3, true}},
		"has taken it before": {{unix.SIGTERM, 1, false}, {0, 2, false}, {unix.SIGTERM, 3, false}},
	} {
		w := pageWatch{spins: map[int]spin{}}
		for i, l := range looks {
			if got := w.spinning(7, l.signal, func(int) uint64 { return l.ticks }); got != l.want {
				t.Errorf("%s: look %d: %v", name, i, got)
			}
		}
	}
}
