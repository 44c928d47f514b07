package tracer

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// lostCalls counts notifications that vanished before the listener received
// them. A signal can interrupt a call that waits to be received (afterwards
// only a fatal one can: WAIT_KILLABLE_RECV), and the kernel then ends it with
// ERESTARTSYS, as if it had been blocked. With a handler without SA_RESTART
// the program would get EINTR from calls that never fail so, such as clone or
// getpid. The listener notices: it was woken for a notification and finds none.
type lostCalls struct {
	mu    sync.Mutex
	count int
	last  time.Time
}

// lostMemory is how long a vanished notification and the signal stop of its
// task may lie apart. A notification also vanishes when its task is killed, and
// nobody comes for that one.
const lostMemory = 2 * time.Millisecond

func (l *lostCalls) add() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Sub(l.last) > lostMemory {
		l.count = 0
	}
	l.count++
	l.last = now
}

// take says whether a notification vanished lately, and counts it off.
func (l *lostCalls) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count == 0 || time.Since(l.last) > lostMemory {
		return false
	}
	l.count--
	return true
}

// asksBefore says whether the call that the registers show is one whose
// notification we get.
func (t *Tracer) asksBefore(tid int, r *Registers) bool {
	var s syscallInfo
	if t.filter == nil || getSyscallInfo(tid, &s) != 0 {
		return false
	}
	nr, args := r.call(abiOf(s.arch, 0))
	action, _ := t.filter.Decide(s.arch, uint32(nr), &args)
	return action == FilterNotify
}

// restartLost looks at a task that stops for a signal: if the signal has
// interrupted a call before we received its notification, the call never ran,
// and it is to be made again after the handler, whatever the handler's flags.
// It is called without the lock, since the listener may need it to get as far.
func (t *Tracer) restartLost(w waited) {
	if DecodeStatus(w.status).Kind != StatusSignal {
		return
	}
	var r Registers
	if getRegs(w.tid, &r) != 0 || !r.interruptedCall() || !t.asksBefore(w.tid, &r) {
		return
	}
	// The listener was woken when the call was made and is on its way to find
	// nothing; a call that really was interrupted costs this wait.
	const patience, step = 300 * time.Microsecond, 20 * time.Microsecond
	for waited := time.Duration(0); ; waited += step {
		if t.listener.lost.take() {
			break
		}
		if waited >= patience {
			return
		}
		unix.Nanosleep(&unix.Timespec{Nsec: int64(step)}, nil)
	}
	restart := -int64(erestartnointr)
	r.setResult(uint64(restart))
	setRegs(w.tid, &r)
}
