package tracer

import (
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// A process has one tracer. When a tracee asks to be traced by its parent
// (PTRACE_TRACEME), or a tracee that is a tracer itself wants another one of
// ours (PTRACE_ATTACH, PTRACE_SEIZE), the kernel would refuse it. The tracer
// steps aside instead: it lets the process go in time for the call to succeed.

// AsideStage is how far a process has come on its way to another tracer.
type AsideStage uint8

const (
	// AsideRefused: it can't be let go, and stays. Err is ErrFiltered or ErrStrict; the
	// caller gets EPERM.
	AsideRefused AsideStage = iota
	// AsideLeaves: it is let go now.
	AsideLeaves
	// AsideTraced: Tracer traces it from here on.
	AsideTraced
	// AsideBack: the kernel has refused Tracer with Err, so the process is traced by us
	// again. Lost, if not nil, says why it is not.
	AsideBack
)

// Aside tells of a process that a tracee traces, or wants to trace.
type Aside struct {
	Stage  AsideStage
	Caller *Task    // who asks
	Tracee *Process // whom it is about; that of Caller for PTRACE_TRACEME
	Tracer int      // the process that wants to be its tracer
	Err    error
	Lost   error
}

// asideRequest is a call that waits until the process it is about is gone.
type asideRequest struct {
	caller *Task
	target *Process
	until  time.Time
}

// mostVain is how often a process may fail to trace one that was let go for it:
// then it gets EPERM.
const mostVain = 3

var asideRequests = []uint64{unix.PTRACE_TRACEME, unix.PTRACE_ATTACH, unix.PTRACE_SEIZE}

// AsideRequests are the values of ptrace's first argument that ask for a tracer.
func AsideRequests() []uint64 { return slices.Clone(asideRequests) }

// ptraceNR is the number of ptrace in each ABI.
var ptraceNR = numbersOf("ptrace")

// asks says whether the call in progress of a task asks for a tracer.
func (t *Tracer) asks(task *Task) bool {
	c := &task.Call
	if c.NR != ptraceNR[c.ABI] || t.OnAside == nil || task.skipped || task.launching {
		return false
	}
	return slices.Contains(asideRequests, c.Args[0])
}

// stepAside deals with a task that is about to be resumed from the entry of its
// call. It returns whether the task was taken care of: it is gone, or waits for
// another to be gone.
func (t *Tracer) stepAside(task *Task) bool {
	if !t.asks(task) {
		return false
	}
	if task.gives != nil { // a signal has kept it from being made
		task.wantExit = true
		return false
	}
	a := Aside{Caller: task, Tracee: task.Proc}
	if task.Call.Args[0] == unix.PTRACE_TRACEME {
		// A child of this process would be traced by this process.
		a.Tracer = parentOf(task.TID)
		if a.Tracer == os.Getpid() || !mayTraceChild(a.Tracer, task.TID) {
			return false
		}
	} else {
		target := t.tasks[t.seenAs(task.TID, int(int32(task.Call.Args[1])))]
		if target == nil || target.Proc == task.Proc || task.Proc.vain >= mostVain || !mayTrace(task.TID, target.TID) {
			return false
		}
		a.Tracee, a.Tracer = target.Proc, task.Proc.PID
	}
	if a.Err = t.mayLeave(a.Tracee); a.Err != nil {
		t.OnAside(&a)
		return false
	}
	if !a.Tracee.detaching {
		a.Stage = AsideLeaves
		t.OnAside(&a)
	}
	if a.Tracee == task.Proc {
		// Nobody sees the result of this: the caller is gone before.
		t.Detach(a.Tracee)
		t.release(task)
		a.Stage = AsideTraced
		t.OnAside(&a)
		return true
	}
	task.gives = t.noteGiven(a.Tracee)
	task.wantExit = true
	t.Detach(a.Tracee)
	t.asides = append(t.asides, asideRequest{task, a.Tracee, time.Now().Add(detachPatience)})
	time.AfterFunc(detachPatience, t.Wake)
	t.releaseCallers(a.Tracee)
	return true
}

// releaseCallers lets go of the threads of a process that wait for another one
// to be let go.
func (t *Tracer) releaseCallers(p *Process) {
	for _, a := range t.asides {
		if a.caller.Proc == p && a.caller.state == taskStopped {
			t.release(a.caller)
		}
	}
}

// waitsAside says whether a task waits for a process to be let go.
func (t *Tracer) waitsAside(task *Task) bool {
	return slices.ContainsFunc(t.asides, func(a asideRequest) bool { return a.caller == task })
}

// continueCallers lets the calls go on that were waiting for a process that is
// gone now, or that can't be brought to a stop (as the parent of a vfork).
func (t *Tracer) continueCallers() {
	kept := t.asides[:0]
	for _, a := range t.asides {
		switch {
		case a.target.tasks > 0 && time.Now().Before(a.until) && !a.caller.dead:
			kept = append(kept, a)
		case a.caller.dead:
			if g := a.caller.gives; g != nil {
				a.caller.gives = nil
				t.takeAgain(a.caller, g, unix.ESRCH)
			}
		default:
			t.resume(a.caller)
		}
	}
	clear(t.asides[len(kept):])
	t.asides = kept
}

// Proceed lets a notified call run. Like Notified it needs the lock.
func (t *Tracer) Proceed(task *Task) {
	task.notified = false
	t.listener.Continue(task.notifyID)
}

// seenAs returns our number of the thread that has the number nr for a task.
func (t *Tracer) seenAs(tid, nr int) int {
	space := namespaceOf(tid, "pid")
	if space == namespaceOf(os.Getpid(), "pid") {
		return nr
	}
	depth := len(namespaceIDs(tid))
	for other := range t.tasks {
		ids := namespaceIDs(other)
		if len(ids) < depth || depth == 0 || ids[depth-1] != nr {
			continue
		}
		if around(other, "pid", len(ids)-depth, space) {
			return other
		}
	}
	return 0
}
