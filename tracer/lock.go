package tracer

import (
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// recordsLock guards the records of tasks and processes, and what the caller of
// [Tracer.Do] has beside them. The tracer's thread and the listener's take turns: a
// sync.Mutex goes to whoever has waited for it for a millisecond, so neither can keep the
// other waiting for more than two of its own turns and that time.
type recordsLock struct {
	mu     sync.Mutex
	holder atomic.Int64 // the thread that has it, while rules are checked
}

func (l *recordsLock) lock() {
	if ChecksRules() && l.holder.Load() == int64(unix.Gettid()) {
		panic("the lock of the records is taken twice")
	}
	l.mu.Lock()
	if ChecksRules() {
		l.holder.Store(int64(unix.Gettid()))
	}
}

func (l *recordsLock) unlock() {
	if ChecksRules() {
		l.holder.Store(0)
	}
	l.mu.Unlock()
}

// held says, while rules are checked, whether the calling thread has it; else true.
func (l *recordsLock) held() bool {
	return !ChecksRules() || l.holder.Load() == int64(unix.Gettid())
}

// Do calls f with the lock that guards the records. Never do two functions run in it at once:
// it is how hooks on two threads take turns. It may be called from any thread that is not
// in Do already, and unlocks also if f panics. What f changes of its caller's is seen by the
// next one. Calls that come by notification are handled in it.
func (t *Tracer) Do(f func()) {
	t.lock.lock()
	defer t.lock.unlock()
	f()
}

// Holds says, while rules are checked (see [CheckRules]), whether the calling thread is in
// Do; else true.
func (t *Tracer) Holds() bool { return t.lock.held() }

// records is called by what uses the records of tasks: as long as a listener may
// use them too, the caller must hold the lock.
func (t *Tracer) records() {
	if t.listener != nil && !t.lock.held() {
		panic("the records of tasks are used without the lock that guards them")
	}
}
