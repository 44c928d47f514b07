package sched

import (
	"sync/atomic"
	"time"
)

// streak notices that one tracee has all the stops. wait4(-1) walks the list of
// all tracees, twice for each stop (before it sleeps and when it wakes up): with
// 1,000 idle ones that costs more than the stop. wait4 for one thread does not.
// So while one of many tracees is hot, only it is waited for, with a look at the
// others after every few stops; and if it falls silent, a watching goroutine
// interrupts the wait, so that nobody else waits longer than some milliseconds.
//
// Considered and dropped: a tracer thread for each group of tracees (children
// belong to their parent's tracer, and hand-over opens a window in which
// filtered calls fail); SIGCHLD's siginfo (it is process-directed, coalesced,
// and costs a signal for each stop).
type streak struct {
	id    int // who had the last stops
	stops int // how many in a row
	alone int // waits for it alone since the last look at the others

	waits    atomic.Uint64 // counts beginnings and ends of waits for one thread; odd while in one
	watching atomic.Bool
}

const (
	manyTracees  = 32
	streakStops  = 32
	aloneMost    = 16
	silenceLimit = 2 * time.Millisecond
)

// reported counts the stops of one tracee in a row.
func (s *streak) reported(id int) {
	if id == s.id {
		s.stops++
		return
	}
	s.id, s.stops, s.alone = id, 0, 0
}

// next says whom to wait for alone, 0 for nobody, and whether the others are to
// be looked at before.
func (s *streak) next() (id int, look bool) {
	if s.stops < streakStops {
		return 0, false
	}
	if s.alone++; s.alone >= aloneMost {
		s.alone = 0
		return s.id, true
	}
	return s.id, false
}

// Reported is that of Scheduler.
func (w *Waiting) Reported(id int) { w.streak.reported(id) }

// Alone is that of Scheduler.
func (w *Waiting) Alone(tracees int) (id int, look bool) {
	if tracees < w.Many {
		return 0, false
	}
	return w.streak.next()
}

// Waits is that of Scheduler.
func (w *Waiting) Waits() {
	if w.streak.watching.CompareAndSwap(false, true) {
		go w.watch()
	}
	w.streak.waits.Add(1)
}

// Waited is that of Scheduler. A tracee that is silent, or gone, has no streak any more.
func (w *Waiting) Waited(reported bool) {
	if w.streak.waits.Load()%2 == 1 {
		w.streak.waits.Add(1)
		w.counts.Alone++
	}
	if !reported {
		w.streak.stops = 0
	}
}

// watch interrupts a wait for one thread that lasts too long, and ends
// when there were no such waits for a while.
func (w *Waiting) watch() {
	s := &w.streak
	last, idle := s.waits.Load(), 0
	for idle < 50 {
		time.Sleep(silenceLimit)
		switch now := s.waits.Load(); {
		case now == last && now%2 == 1:
			w.wake()
			idle = 0
		case now == last:
			idle++
		default:
			last, idle = now, 0
		}
	}
	s.watching.Store(false)
}
