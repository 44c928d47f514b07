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

// Aside tells of a process that a tracee traces, or wants to trace.
type Aside struct {
	Caller *Task    // who asks
	Tracee *Process // who is let go; that of Caller for PTRACE_TRACEME
	Tracer int      // the process that wants to be its tracer
	// Err says that the process can't be let go, and why (ErrFiltered, ErrStrict). The
	// caller gets EPERM. Nil: it is let go, and Tracer traces it from here on.
	Err error
}

// asideRequest is a call that waits until the process it is about is gone.
type asideRequest struct {
	caller *Task
	target *Process
	until  time.Time
}

var asideRequests = []uint64{unix.PTRACE_TRACEME, unix.PTRACE_ATTACH, unix.PTRACE_SEIZE}

// AsideRequests are the values of ptrace's first argument that ask for a tracer.
func AsideRequests() []uint64 { return slices.Clone(asideRequests) }

// ptraceNR is the number of ptrace in each ABI.
var ptraceNR = numbersOf("ptrace")

// asks says whether the call in progress of a task asks for a tracer.
func (t *Tracer) asks(task *Task) bool {
	c := &task.Call
	if t.OnAside == nil || c.NR != ptraceNR[c.ABI] || task.skipped || task.launching {
		return false
	}
	return slices.Contains(asideRequests, c.Args[0])
}

// stepAside deals with a task that is about to be resumed into its call, in a
// ptrace-stop or in a notification. It returns whether the task was taken care
// of: it is gone, on its way to that, or waits for another to be gone.
func (t *Tracer) stepAside(task *Task) bool {
	if !t.asks(task) {
		return false
	}
	a := Aside{Caller: task, Tracee: task.Proc}
	if task.Call.Args[0] == unix.PTRACE_TRACEME {
		// A child of this process would be traced by this process.
		if a.Tracer = parentOf(task.TID); a.Tracer == os.Getpid() {
			return false
		}
	} else {
		target := t.tasks[t.seenAs(task.TID, int(int32(task.Call.Args[1])))]
		if target == nil || target.Proc == task.Proc || !mayTrace(task.TID, target.TID) {
			return false
		}
		a.Tracee, a.Tracer = target.Proc, task.Proc.PID
	}
	if a.Err = t.mayLeave(a.Tracee); a.Err != nil {
		t.OnAside(&a)
		return false
	}
	if !a.Tracee.detaching {
		t.OnAside(&a)
	}
	t.Detach(a.Tracee)
	switch {
	case a.Tracee != task.Proc:
		t.asides = append(t.asides, asideRequest{task, a.Tracee, time.Now().Add(detachPatience)})
		time.AfterFunc(detachPatience, t.Wake)
		t.releaseCallers(a.Tracee)
	case task.notified:
		// The interrupt is pending: the task stops before it makes the call again.
		task.notified = false
		r := notifyReply{id: task.notifyID, err: -erestartnointr}
		r.send(t.listener.fd)
	default:
		t.release(task)
	}
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

// continueCallers lets the calls go on that were waiting for a process that is
// gone now, or that can't be brought to a stop (as the parent of a vfork).
func (t *Tracer) continueCallers() {
	kept := t.asides[:0]
	for _, a := range t.asides {
		switch {
		case a.target.tasks > 0 && time.Now().Before(a.until) && !a.caller.dead:
			kept = append(kept, a)
		case a.caller.notified:
			t.answerCaller(a.caller)
		default:
			t.resume(a.caller)
		}
	}
	clear(t.asides[len(kept):])
	t.asides = kept
}

// Proceed lets a notified call run, unless it asks for a tracer: then the
// tracer's thread looks at it first. Like Notified it needs the lock.
func (t *Tracer) Proceed(task *Task) {
	if !t.asks(task) {
		t.answerCaller(task)
		return
	}
	task.notified = true
	t.asking = append(t.asking, task)
	t.Wake()
}

// answerAsking is the tracer's part of Proceed.
func (t *Tracer) answerAsking() {
	for _, task := range t.asking {
		if task.notified && !task.dead && !t.stepAside(task) {
			t.answerCaller(task)
		}
	}
	t.asking = t.asking[:0]
}

func (t *Tracer) answerCaller(task *Task) {
	task.notified = false
	t.listener.Continue(task.notifyID)
}

// seenAs returns our number of the thread that has the number nr for a task.
func (t *Tracer) seenAs(tid, nr int) int {
	space := pidNamespace(tid)
	if space == pidNamespace(os.Getpid()) {
		return nr
	}
	depth := len(namespaceIDs(tid))
	for other := range t.tasks {
		ids := namespaceIDs(other)
		if len(ids) < depth || depth == 0 || ids[depth-1] != nr {
			continue
		}
		if len(ids) > depth || pidNamespace(other) == space {
			return other
		}
	}
	return 0
}

// pidNamespace names the pid namespace of a thread, "" if it is not known.
func pidNamespace(tid int) string {
	s, _ := proc().Readlink(tid, "ns/pid")
	return s
}

// mayTrace says whether the kernel would let one task trace another, as far as
// that can be seen from here: a process is not let go in vain. See "Ptrace
// access mode checking" in ptrace(2).
func mayTrace(tid, target int) bool {
	scope := yamaScope(proc())
	if hasCapability(tid, capSysPtrace) {
		return scope < 3
	}
	for _, field := range []string{"Uid", "Gid"} {
		ids := statusInts(tid, field)
		if len(ids) < 4 {
			return false
		}
		for _, id := range statusInts(target, field) { // real, effective, saved, and file system
			if id != ids[3] {
				return false
			}
		}
	}
	return scope < 2
}
