package tracer

import (
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// The kernel makes a new child and its parent runnable at the same time, so
// the child's first stop, and even its death, may be reported before the
// parent's fork event. Reports of threads without a record are held back
// until that event gives them one.

// heldPatience is how long a parent's event is waited for when nothing else is
// reported. It is on its way, but for a parent that was killed between making
// the child and reporting it.
const heldPatience = 50 * time.Millisecond

// adoptedMemory is how long an event about the birth of a task that was adopted
// and is gone is taken for that: some time later the id is another's.
const adoptedMemory = time.Second

// held is a report that is held back.
type held struct {
	waited
	since time.Time
}

// errHeldLong is what next returns when that time is over.
var errHeldLong = errors.New("held for long")

// handleUnknown deals with the report of a thread without a record.
func (t *Tracer) handleUnknown(w waited) bool {
	if t.options&unix.PTRACE_O_TRACECLONE == 0 {
		// Not ours to follow: made with CLONE_PTRACE by the tracee itself, or with
		// CLONE_PARENT, which makes it the tracer's own child.
		if !w.isDeath() {
			kernel.Ptrace(unix.PTRACE_DETACH, w.tid, 0, 0)
		}
		return false
	}
	delete(t.adopted, w.tid)
	t.held = append(t.held, held{w, time.Now()})
	return false
}

// releaseHeld puts the oldest report that is held of a child back into the
// queue, before all that was reported later: the child may be dead, and the id
// another's whose birth is next.
func (t *Tracer) releaseHeld(child *Task) {
	i := slices.IndexFunc(t.held, func(h held) bool { return h.tid == child.TID })
	if i < 0 {
		return
	}
	h := t.held[i]
	t.held = slices.Delete(t.held, i, i+1)
	t.queue = slices.Insert(t.queue, t.queueHead, h.waited)
	if h.isDeath() {
		child.noteReaped()
	}
}

// adoptHeld gives a record to every held child that lives: the parent's event of
// one of them may never come, because the parent was killed between creating
// the child and reporting it. Called at each death, and after heldPatience.
func (t *Tracer) adoptHeld() {
	list := t.held
	t.held = nil
	for _, h := range list {
		if h.isDeath() {
			t.held = append(t.held, h)
			continue
		}
		if t.tasks[h.tid] == nil {
			t.bear(h.tid, t.procs[parentOf(h.tid)], 0).adopted = true
		}
		t.queue = append(t.queue, h.waited)
	}
}

// settleHeld ends the waiting for parents' events.
func (t *Tracer) settleHeld() {
	t.adoptHeld()
	t.held = nil // deaths of threads that nobody has told of
}

// waitHeld is wait4 while something is held: with an end.
func (t *Tracer) waitHeld() (waited, error) {
	const step = 200 * time.Microsecond
	for {
		if t.inbox.arrived() {
			return waited{}, unix.EINTR
		}
		var status uint32
		tid, e := kernel.Wait4Now(-1, &status, unix.WALL|unix.WNOTHREAD)
		switch {
		case e == 0 && tid != 0:
			return newWaited(tid, status), nil
		case e == unix.EINTR:
		case e != 0, time.Since(t.held[0].since) > heldPatience:
			return waited{}, errHeldLong
		default:
			unix.Nanosleep(&unix.Timespec{Nsec: int64(step)}, nil)
		}
	}
}
