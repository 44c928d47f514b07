package tracer

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/internal/reports"
)

// errHeldLong is what next returns when a report was held for reports.Patience.
var errHeldLong = errors.New("held for long")

// handleUnknown deals with the report of a thread without a record.
func (t *Tracer) handleUnknown(r reports.Report) {
	if t.options&unix.PTRACE_O_TRACECLONE == 0 {
		// Not ours to follow: made with CLONE_PTRACE by the tracee itself, or with
		// CLONE_PARENT, which makes it the tracer's own child.
		if !r.IsDeath() {
			kernel.Ptrace(unix.PTRACE_DETACH, r.TID, 0, 0)
		}
		return
	}
	t.reports.Hold(r, time.Now())
}

// releaseHeld makes the oldest report that is held of a child the next one.
func (t *Tracer) releaseHeld(child *Task) {
	if r, ok := t.reports.Release(child.TID); ok && r.IsDeath() {
		child.noteReaped()
	}
}

// adoptHeld gives a record to every held child that lives: the parent's event of
// one of them may never come, because the parent was killed between creating
// the child and reporting it. It is called at each death, and after reports.Patience.
func (t *Tracer) adoptHeld() {
	t.reports.Adopt(func(tid int) bool {
		if t.tasks[tid] != nil {
			return false
		}
		t.bear(tid, t.procs[parentOf(tid)], 0)
		return true
	})
}

// settleHeld ends the waiting for parents' events.
func (t *Tracer) settleHeld() {
	t.adoptHeld()
	t.reports.DropHeld()
}

// waitHeld waits while something is held: with an end.
func (t *Tracer) waitHeld() (reports.Report, error) {
	const step = 200 * time.Microsecond
	for !t.reports.HeldLong(time.Now()) {
		if t.inbox.arrived() {
			return reports.Report{}, unix.EINTR
		}
		var status uint32
		tid, e := kernel.Wait4Now(-1, &status, unix.WALL|unix.WNOTHREAD)
		switch {
		case e == 0 && tid != 0:
			t.enqueue(newReport(tid, status))
			t.drain()
			r, _ := t.reports.Next()
			return r, nil
		case e == unix.EINTR:
		case e != 0:
			return reports.Report{}, errHeldLong
		default:
			unix.Nanosleep(&unix.Timespec{Nsec: int64(step)}, nil)
		}
	}
	return reports.Report{}, errHeldLong
}
