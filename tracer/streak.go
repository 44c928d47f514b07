package tracer

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
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
	many  int // with so many tracees it is worth it
	tid   int // who had the last stops
	stops int // how many in a row
	alone int // waits for it alone since the last look at the others

	waits    atomic.Uint64 // counts waits for one thread; odd while in one
	watching atomic.Bool
}

const (
	manyTracees  = 32
	streakStops  = 32
	aloneMost    = 16
	silenceLimit = 2 * time.Millisecond
)

func (s *streak) note(tid int) {
	if tid == s.tid {
		s.stops++
		return
	}
	s.tid, s.stops, s.alone = tid, 0, 0
}

// nextOfStreak waits for the hot tracee alone, if there is one and its turn is
// not over. It returns false if the ordinary wait is to be made.
func (t *Tracer) nextOfStreak() (waited, bool) {
	s := &t.streak
	if s.stops < streakStops || len(t.tasks) < s.many || t.inbox.arrived() {
		return waited{}, false
	}
	task := t.tasks[s.tid]
	if task == nil || task.state != taskRunning {
		s.stops = 0
		return waited{}, false
	}
	if s.alone++; s.alone >= aloneMost {
		s.alone = 0
		t.drain()
		if len(t.queue) > 0 {
			t.queueHead = 1
			return t.queue[0], true
		}
	}
	if s.watching.CompareAndSwap(false, true) {
		go t.watchStreak()
	}
	var status uint32
	s.waits.Add(1)
	tid, e := kernel.Wait4(s.tid, &status, unix.WALL|unix.WNOTHREAD)
	s.waits.Add(1)
	if e != 0 { // silent (EINTR), or gone
		s.stops = 0
		return waited{}, false
	}
	w := newWaited(tid, status)
	t.noteFreed(w)
	return w, true
}

// watchStreak interrupts a wait for one thread that lasts too long, and ends
// when there were no such waits for a while.
func (t *Tracer) watchStreak() {
	s := &t.streak
	last, idle := s.waits.Load(), 0
	for idle < 50 {
		time.Sleep(silenceLimit)
		switch now := s.waits.Load(); {
		case now == last && now%2 == 1:
			wakeThread(t.inbox.thread)
			idle = 0
		case now == last:
			idle++
		default:
			last, idle = now, 0
		}
	}
	s.watching.Store(false)
}
