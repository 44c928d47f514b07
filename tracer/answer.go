package tracer

import (
	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// A Pending is a call that waits for one of three answers to its notification: Run, Return
// or Stop. It is a value, whose copies stand for the same wait. The first answer ends
// that; others, and those for a task that has ended, do nothing. Its methods must be called in
// [Tracer.Do], on whichever thread.
type Pending struct {
	tr      *Tracer
	task    *Task // nil for a call that is none to show
	id      uint64
	refused bool // a filter of the tracee's own asks for a tracer
}

// Task is whose call it is. It is nil only where [Tracer.Serve] reports a failure with a call
// that is none to show.
func (p Pending) Task() *Task { return p.task }

// Run lets the call run. Where the tracer must see the call for its own sake, the call is
// brought to an entry stop before, which is no event. The call fails with ENOSYS where a
// filter of the tracee's own asks for a tracer.
func (p Pending) Run() {
	switch {
	case !p.waits():
	case p.tr.needsEntryStop(p.task):
		p.stop(nil)
	default:
		p.pass()
	}
}

// Return gives the call a result without running it; ret from -4095 to -1 is a failure.
func (p Pending) Return(ret int64) {
	if p.waits() {
		p.task.pending.answered()
		p.tr.listener.answer(p.id, ret)
	}
}

// Stop turns the call into an entry stop, which comes from Next as an EventEnter with data,
// which must not be nil, as its Upgraded. The tracer's thread
// does it, which is woken for that.
func (p Pending) Stop(data any) {
	if p.waits() {
		p.stop(data)
	}
}

// waits says whether the call still waits for an answer.
func (p Pending) waits() bool {
	p.tr.records()
	return p.task != nil && p.task.pending.waits(p.id)
}

// pass is Run for a call that the tracer has no need to see.
func (p Pending) pass() {
	if p.task != nil {
		p.task.pending.answered()
	}
	if p.refused {
		p.tr.listener.answer(p.id, -int64(unix.ENOSYS))
		return
	}
	p.tr.listener.proceed(p.id)
}

// stop leaves the requests to the tracer's thread.
func (p Pending) stop(data any) {
	t, tr := p.task, p.tr
	t.pending.want(data)
	if t.stopPost == nil {
		t.stopPost = func() { tr.stopPending(t) }
	}
	tr.inbox.post(t.stopPost)
}

// stopPending interrupts and answers a task whose call is to become an entry stop. The
// interrupt must be pending before the answer lets the task go.
func (t *Tracer) stopPending(task *Task) {
	id := task.pending.id
	if task.life.over() || !task.pending.stop() {
		return
	}
	kernel.Ptrace(unix.PTRACE_INTERRUPT, task.TID, 0, 0)
	t.listener.restart(id)
}
