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

// handleNotified deals with a call that came by notification. It runs on a
// thread of its own, in exclusive. Whatever a hook wants, the script can't tell how the call
// came: changed arguments and a wish for the exit turn it into a true entry
// stop first.
func (e *Engine) handleNotified(tev *tracer.Event, call tracer.Pending) {
	if e.phase.ended() || e.stop.Load() {
		call.Run()
		return
	}
	delay := e.handleLive(tev)
	ev := &e.ev
	t := known(source.Live(tev.Task))
	switch {
	case t == nil || t.hooks == nil: // nobody wanted it after all
		call.Run()
	case ev.act.has(wantsSkip):
		e.give(answer{call: call, kind: answerReturn, ret: e.exitOfSkipped(t, ev.act.ret)}, delay)
	case ev.act.changesCall() || len(t.onExit) > 0 || t.hooks.is(hookedLate):
		e.give(answer{call: call, kind: answerStop, stop: t.stopRequest(ev)}, delay)
	default:
		t.hooks = nil
		e.give(answer{call: call, kind: answerRun}, delay)
	}
}

// failedNotified is called instead where something panics, see [Engine.caught].
func (e *Engine) failedNotified(call tracer.Pending, value any) {
	e.crashed(value)
	e.wake()
	if task := call.Task(); task != nil {
		if ret, ok := e.refusal(task.Call.ABI, task.Call.NR); ok {
			call.Return(ret)
		}
	}
}

// answer is what a notified call gets, now or after a delay.
type answer struct {
	call tracer.Pending
	kind answerKind
	ret  int64        // for answerReturn
	stop *stopRequest // for answerStop
}

type answerKind uint8

const (
	answerNone answerKind = iota // it is no notified call
	answerRun
	answerReturn
	answerStop
)

// give gives the answer after a delay. The task waits in its notification until then.
func (e *Engine) give(a answer, delay time.Duration) {
	if delay > 0 {
		e.delayTask(delayedTask{answer: a}, delay)
		return
	}
	a.give()
}

func (a *answer) give() {
	switch a.kind {
	case answerRun:
		a.call.Run()
	case answerReturn:
		a.call.Return(a.ret)
	case answerStop:
		a.call.Stop(a.stop)
	}
}

// stopRequest takes from a task what is to be done at the entry stop of its notified call.
func (t *Task) stopRequest(ev *Event) *stopRequest {
	r := &stopRequest{t.copied(), ev.act}
	t.onExit, t.scratch, t.hooks = t.onExit[:0], t.scratch[:0], nil
	return r
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
