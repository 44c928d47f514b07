package engine

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine/source"
	"luatrace/tracer"
	"luatrace/tracer/procfs"
	"luatrace/tracer/syscalls"
)

// errNoRegisters can only meet a hook that hides from the planner that it looks
// at registers.
var errNoRegisters = errors.New(`this call was not stopped for registers; write ev.regs as a plain field, where the program can see it before it runs the script`)

// stopRequest keeps what the hooks of a notified call want until its true entry stop, which
// alone can give it: it is applied there.
type stopRequest struct {
	callState
	act Action
}

// handleNotified deals with a call that came by notification. It runs on the
// listener's thread. Whatever a hook wants, the script can't tell how the call
// came: changed arguments and a wish for the exit turn it into a true entry
// stop first.
func (e *Engine) handleNotified(l *tracer.Listener, n *tracer.Notification) {
	e.tr.Do(func() { e.notified(l, n) })
}

func (e *Engine) notified(l *tracer.Listener, n *tracer.Notification) {
	id := n.ID()
	tev := &e.notifyEvent
	defer func() {
		if value := recover(); value != nil {
			e.crashed(value)
			e.wake()
			if tev.Task != nil {
				tev.Task.Answered()
				if ret, ok := e.refusal(tev.Task.Call.ABI, tev.Task.Call.NR); ok {
					l.Answer(id, ret)
					return
				}
			}
			l.Continue(id)
		}
	}()
	refused := e.tr.WantsTracer(n)
	if !e.tr.Notified(n, tev) {
		if e.tr.TakeStray(n) {
			return
		}
		if refused {
			l.Answer(id, -int64(unix.ENOSYS))
		} else {
			l.Continue(id)
		}
		return
	}
	task := tev.Task
	if e.phase.ended() || e.stop.Load() {
		if e.tr.NeedsEntryStop(task) {
			e.tr.Upgrade(task, nil)
		} else {
			e.pass(l, id, task, refused)
		}
		return
	}
	delay := e.handleLive(tev)
	ev := &e.ev
	t := known(source.Live(task))
	switch {
	case e.tr.NeedsEntryStop(task) && !(t != nil && t.hooks != nil && ev.act.has(wantsSkip)):
		if t == nil {
			t = e.task(source.Live(task))
		}
		e.upgrade(t, ev, delay)
	case t == nil || t.hooks == nil: // nobody wanted it after all
		e.pass(l, id, task, refused)
	case ev.act.has(wantsSkip):
		ret := e.exitOfSkipped(t, ev.act.ret)
		e.answer(task, delay, func() { l.Answer(id, ret) })
	case ev.act.changesCall() || len(t.onExit) > 0 || t.hooks.is(hookedLate):
		e.upgrade(t, ev, delay)
	default:
		t.hooks = nil
		if delay > 0 {
			e.answer(task, delay, func() { e.pass(l, id, task, refused) })
			return
		}
		e.pass(l, id, task, refused)
	}
}

// pass lets a notified call run, or fail if a filter of the tracee's own asks
// for a tracer.
func (e *Engine) pass(l *tracer.Listener, id uint64, task *tracer.Task, refused bool) {
	if !refused {
		e.tr.Proceed(task)
		return
	}
	task.Answered()
	l.Answer(id, -int64(unix.ENOSYS))
}

// upgrade asks for a true entry stop of a notified call, now or after a delay,
// where what its hooks wanted is done.
func (e *Engine) upgrade(t *Task, ev *Event, delay time.Duration) {
	r := &stopRequest{}
	if t.hooks != nil {
		r = &stopRequest{t.copied(), ev.act}
		t.onExit, t.scratch, t.hooks = t.onExit[:0], t.scratch[:0], nil
	}
	task := source.Traced(t.Task)
	if delay > 0 {
		e.delayTask(delayedTask{answer: func() { e.tr.Upgrade(task, r) }}, delay)
		return
	}
	e.tr.Upgrade(task, r)
}

// answer gives the answer to a notification, now or after a delay. The task
// stays marked as notified until then.
func (e *Engine) answer(task *tracer.Task, delay time.Duration, give func()) {
	done := func() {
		give()
		task.Answered()
	}
	if delay > 0 {
		e.delayTask(delayedTask{answer: done}, delay)
		return
	}
	done()
}

// exitOfSkipped shows hooks of the exit the result of a call that does not run:
// it is known already, no stop is needed for it.
func (e *Engine) exitOfSkipped(t *Task, ret int64) int64 {
	if len(t.onExit) == 0 && !t.hooks.is(hookedLate) {
		t.hooks = nil
		return ret
	}
	tev := source.Event{Task: t.Task, Call: t.Task.Call(), Event: &tracer.Event{Kind: tracer.EventExit, At: time.Now(), Returned: tracer.Returned{Ret: ret, Errno: syscalls.ResultErrno(ret), Skipped: true}}}
	e.handleExit(&tev)
	return e.ev.Ret
}

// handleUpgraded applies what the hooks wanted when the call was notified.
func (e *Engine) handleUpgraded(tev *source.Event) time.Duration {
	r := tev.Upgraded.(*stopRequest)
	t := e.task(tev.Task)
	if r.hooks == nil { // it is the tracer that needs this stop
		t.hooks = nil
		return 0
	}
	t.decoded.Reset()
	// It may come more than once: if a signal interrupts the call before it
	// runs, it is made again.
	t.callState = r.copied()
	ev := &e.ev
	ev.begin(KindEnter, t, t.Entered())
	ev.act = r.act
	e.applyEvent(ev)
	if t.hooks != nil && (t.hooks.is(latches) || len(t.onExit) > 0) {
		e.latch(t, t.hooks)
	}
	t.StopAtExit()
	return 0
}

// stackPointer is where a task's stack is. A notification does not say; the
// kernel shows it in /proc while the task waits.
func (t *Task) stackPointer() (uint64, error) {
	if !t.Notified() {
		return t.Call().SP, nil
	}
	sp, err := waitingStack(func() ([]byte, error) { return procfs.Default().ReadFile(t.TID(), "syscall") })
	// A signal handler may run before the call is made again: its frame must
	// not reach what is put here.
	const handlerRoom = 64 << 10
	return sp - handlerRoom, err
}

// waitingStack returns the stack pointer of a task that waits for the answer to
// its notification, ESRCH if it does not wait any more, because it was killed.
// The listener may be as fast as to look before the task sleeps, and where the
// CPUs are busy for long before; the file says "running" until then.
func waitingStack(read func() ([]byte, error)) (uint64, error) {
	const patience = 2 * time.Second
	until := time.Now().Add(patience)
	for pause := 10 * time.Microsecond; ; pause = min(2*pause, time.Millisecond) {
		b, err := read()
		if err != nil {
			if errors.Is(err, unix.ENOENT) {
				err = unix.ESRCH
			}
			return 0, err
		}
		if w, ok := procfs.WaitingOf(b); ok {
			return w.SP, nil
		}
		if string(b) != "running\n" {
			return 0, unix.ESRCH
		}
		if time.Now().After(until) {
			return 0, errors.New("its stack pointer can't be found out while it runs")
		}
		time.Sleep(pause)
	}
}
