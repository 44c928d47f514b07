package tracer

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// An inbox holds work that other threads have for the tracer's: requests must come from
// there. Next does the work in the order of its arrival, with the lock of the
// records, before it waits again. The zero value belongs to no thread and is not rung.
type inbox struct {
	thread int // whose wait is interrupted by what arrives

	mu    sync.Mutex
	posts []func() // from head on, not done yet
	head  int

	rung    atomic.Bool   // something has arrived: the thread must not begin to wait
	asked   atomic.Bool   // Wake was called: Next returns an EventWoken
	ringing atomic.Bool   // keepRinging is at work
	rings   atomic.Uint64 // counts arrivals
	closed  atomic.Bool   // the thread does no more work
}

// post leaves work for the tracer's thread and wakes it. It may be called from any
// thread, with the lock of the records or without. The work must not wait for anything.
func (in *inbox) post(f func()) {
	in.add(f)
	in.ring()
}

// later is post for the tracer's thread itself, which needs no signal: it is not waiting.
func (in *inbox) later(f func()) {
	in.add(f)
	in.rung.Store(true)
}

func (in *inbox) add(f func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.head > 0 && len(in.posts) == cap(in.posts) { // instead of growing
		in.posts, in.head = slices.Delete(in.posts, 0, in.head), 0
	}
	in.posts = append(in.posts, f)
}

// arrived says whether there is work, or Wake was called. It is for the thread that waits.
func (in *inbox) arrived() bool { return in.rung.Load() }

// run does the work that has arrived up to now, and says whether Wake was called. What
// arrives meanwhile rings again. If f panics, the work behind it stays for the next run.
func (in *inbox) run() (asked bool) {
	in.rung.Store(false) // first: what arrives from here on sets it again
	asked = in.asked.Swap(false)
	defer func() {
		if in.length() > 0 {
			in.rung.Store(true)
		}
	}()
	for range in.length() {
		in.take()()
	}
	return asked
}

func (in *inbox) length() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.posts) - in.head
}

// take removes the oldest work.
func (in *inbox) take() func() {
	in.mu.Lock()
	defer in.mu.Unlock()
	f := in.posts[in.head]
	in.posts[in.head] = nil
	if in.head++; in.head == len(in.posts) {
		in.posts, in.head = in.posts[:0], 0
	}
	return f
}

// wake makes run return true.
func (in *inbox) wake() {
	in.asked.Store(true)
	in.ring()
}

// ring interrupts the thread if it waits.
func (in *inbox) ring() {
	in.rung.Store(true)
	in.rings.Add(1)
	wakeThread(in.thread)
	if in.ringing.CompareAndSwap(false, true) {
		go in.keepRinging()
	}
}

// keepRinging repeats the signal until the thread has seen that something is there: the
// first may have come just before wait4 and been lost.
func (in *inbox) keepRinging() {
	const first, most = 50 * time.Microsecond, 2 * time.Millisecond
	pause, before := first, in.rings.Load()
	for in.rung.Load() && !in.closed.Load() {
		time.Sleep(pause)
		pause = min(2*pause, most)
		if now := in.rings.Load(); now != before {
			pause, before = first, now // another one: a signal of its own is out
			continue
		}
		if in.rung.Load() && errors.Is(wakeThread(in.thread), unix.ESRCH) {
			in.close()
		}
	}
	in.ringing.Store(false)
	if in.rung.Load() && !in.closed.Load() && in.ringing.CompareAndSwap(false, true) {
		go in.keepRinging() // a ring that still saw this goroutine at work
	}
}

// close is called when the thread does no more work.
func (in *inbox) close() { in.closed.Store(true) }

// Wake makes Next return an EventWoken soon, also when it is waiting now. It
// may be called from any goroutine, any number of times; several calls before
// the event count as one.
func (t *Tracer) Wake() { t.inbox.wake() }
