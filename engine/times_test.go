package engine

import (
	"bufio"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
)

// clocks are what the fixture clocked read: before its first call, before and after
// the one that sleeps, after the last one.
type clocks struct {
	wall, mono [4]int64 // nanoseconds
}

func parseClocks(t *testing.T, out string) (c clocks) {
	t.Helper()
	w, m := &c.wall, &c.mono
	if _, err := fmt.Sscan(out, &w[0], &w[1], &w[2], &w[3], &m[0], &m[1], &m[2], &m[3]); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	return c
}

// sleeps is how long the call of that fixture sleeps at least.
const sleeps = 20 * time.Millisecond

// spin keeps a hook busy, and returns how long by the clock.
func spin() time.Duration {
	begun := time.Now()
	for time.Since(begun) < 5*time.Millisecond {
	}
	return time.Since(begun)
}

// timed collects what hooks see of the call that sleeps, which are busy before
// they ask, before and after the call.
type timed struct {
	spun         time.Duration // before and after the call
	entry, after time.Time     // Time at both
	ended        time.Time
	duration     time.Duration
	calls        int
}

func (m *timed) enter(ev *Event) error {
	if m.entry.IsZero() {
		m.spun += spin()
		m.entry = ev.Time()
	}
	return nil
}

func (m *timed) exit(ev *Event) error {
	m.spun += spin()
	m.duration, m.after, m.ended = ev.Duration(), ev.Time(), ev.Ended()
	m.calls++
	return nil
}

// check holds what hooks saw against the program's own clocks. All of it holds
// however busy the machine is.
func (m *timed) check(t *testing.T, c clocks) {
	t.Helper()
	if m.calls != 1 {
		t.Fatalf("%d calls, want 1", m.calls)
	}
	if !m.entry.Equal(m.after) {
		t.Errorf("the entry's time is %v before and %v after the call", m.entry, m.after)
	}
	if m.duration < sleeps {
		t.Errorf("the call took %v, want the %v that it sleeps at least", m.duration, sleeps)
	}
	if own := time.Duration(c.mono[2] - c.mono[1]); m.duration > own-m.spun {
		t.Errorf("the call took %v; the program saw %v, of which hooks had %v", m.duration, own, m.spun)
	}
	before, after := time.Unix(0, c.wall[1]), time.Unix(0, c.wall[2])
	if m.entry.Before(before) || m.entry.After(after.Add(-sleeps-m.spun)) {
		t.Errorf("entered at %v; the program began at %v and was back at %v, after %v and hooks of %v", m.entry, before, after, sleeps, m.spun)
	}
	if m.ended.Before(before.Add(sleeps)) || m.ended.After(after) {
		t.Errorf("ended at %v; the program began at %v and was back at %v", m.ended, before, after)
	}
}

// The ways to see a call from before to after it.
var waysToTime = map[string]func(t *testing.T, e *Engine, m *timed){
	"two hooks": func(t *testing.T, e *Engine, m *timed) {
		hook(t, e, "nanosleep:enter", m.enter)
		hook(t, e, "nanosleep", func(*Event) error { m.spun += spin(); return nil })
		hook(t, e, "nanosleep", m.exit)
	},
	"onexit": func(t *testing.T, e *Engine, m *timed) {
		hook(t, e, "nanosleep:enter", func(ev *Event) error {
			m.enter(ev)
			return ev.OnExit(m.exit)
		})
	},
}

// TestTimesAreTheCalls: a call's times say nothing of what hooks do before they
// ask, in whichever way the kernel tells of it.
func TestTimesAreTheCalls(t *testing.T) {
	path := fixture.Build(t, "clocked")
	for _, row := range rowsOfPlan {
		for name, setup := range waysToTime {
			t.Run(row.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				var m timed
				out, _ := runCommand(t, row.opts, func(e *Engine) { setup(t, e, &m) }, path)
				m.check(t, parseClocks(t, out))
			})
		}
	}
}

func TestTimesAreTheCallsOfAttached(t *testing.T) {
	path := fixture.Build(t, "clocked")
	for name, setup := range waysToTime {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(path, "wait")
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Wait()
			defer in.Close()
			var m timed
			e := New(Options{Report: func(msg string) { t.Errorf("reported: %s", msg) }})
			setup(t, e, &m)
			e.Observe(func(ev *Event) {
				if ev.Kind == KindAttach {
					in.Write([]byte("\n"))
				}
			})
			if _, err := e.Run(t.Context(), Target{PIDs: []int{cmd.Process.Pid}}); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			m.check(t, parseClocks(t, line))
		})
	}
}

// TestNoTimeOfPrevented: a call that a hook prevents takes no time, in whichever way the
// kernel tells of it, and has its entry's time all the same.
func TestNoTimeOfPrevented(t *testing.T) {
	path := fixture.Build(t, "clocked")
	for _, row := range rowsOfPlan {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var entry, after, ended time.Time
			var duration time.Duration
			runCommand(t, row.opts, func(e *Engine) {
				hook(t, e, "nanosleep:enter", func(ev *Event) error {
					entry = ev.Time()
					if err := ev.OnExit(func(ev *Event) error {
						after, ended, duration = ev.Time(), ev.Ended(), ev.Duration()
						return nil
					}); err != nil {
						return err
					}
					return ev.SetRet(-int64(unix.EINTR))
				})
			}, path)
			if entry.IsZero() || !after.Equal(entry) || ended.Before(entry) || duration != 0 {
				t.Errorf("entry %v, after it %v, ended %v, duration %v; want the same time twice, a later one, 0", entry, after, ended, duration)
			}
		})
	}
}
