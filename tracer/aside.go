package tracer

import (
	"maps"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/aside"
)

// A process has one tracer. When a tracee asks to be traced by its parent
// (PTRACE_TRACEME), or a tracee that is a tracer itself wants another one of
// ours (PTRACE_ATTACH, PTRACE_SEIZE), the kernel would refuse it. The tracer
// steps aside instead: it lets the process go in time for the call to succeed.
//
// The package aside knows who does that and whether the kernel would allow it. What is done then is no
// package of its own: it detaches, attaches again, keeps callers stopped and resumes them, so it would
// need most of a Tracer behind an interface.

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

// asideOf is what a process has to do with tracers among the tracees.
type asideOf struct {
	awaitedBy []*Task // whose calls wait for it to be let go
	vain      int     // how often others were let go for it in vain
	watched   bool    // its calls are looked at only because it may trace others
}

// giving is what a task has to do with tracers among the tracees.
type giving struct {
	gives  *given   // the call in progress wants to trace this process, or nil
	awaits *Process // that one, while the call waits for the detach from it
}

// Aside tells of a process that a tracee traces, or wants to trace.
type Aside struct {
	Stage  AsideStage
	Caller *Task    // who asks
	Tracee *Process // whom it is about; that of Caller for PTRACE_TRACEME
	Tracer int      // the process that wants to be its tracer
	Err    error
	Lost   error
}

// mostVain is how often a process may fail to trace one that was let go for it:
// then it gets EPERM.
const mostVain = 3

// AsideRequests are the values of ptrace's first argument that ask for a tracer.
func AsideRequests() []uint64 { return aside.Requests() }

// TracesOthers says whether a command may trace others itself, see the package aside.
func (c *Command) TracesOthers() bool { return aside.Command(c.Path, c.Argv) }

// watch looks at the program of a process: if that may trace others, its calls
// must be seen, although nobody else looks at calls.
func (t *Tracer) watch(p *Process, tid int) {
	if t.OnAside == nil || t.Syscalls || t.filtered {
		return
	}
	if traces, known := aside.Running(tid); known {
		p.aside.watched = traces
	}
}

// asks says whether the call in progress of a task asks for a tracer.
func (t *Tracer) asks(task *Task) bool {
	c := &task.Call
	if t.OnAside == nil || task.progress.skipped() || task.life.is(lifeGated) {
		return false
	}
	return aside.Asks(c.ABI, c.NR, &c.Args)
}

// stepAside deals with a task that is about to be resumed from the entry of its
// call. It returns whether the task was taken care of: it is gone, or waits for
// another to be gone.
func (t *Tracer) stepAside(task *Task) bool {
	if !t.asks(task) {
		return false
	}
	if task.gives != nil { // a signal has kept it from being made
		task.progress.needs(exitTracer)
		return false
	}
	a := Aside{Caller: task, Tracee: task.Proc}
	if task.Call.Args[0] == unix.PTRACE_TRACEME {
		// A child of this process would be traced by this process.
		a.Tracer = parentOf(task.TID)
		if a.Tracer == os.Getpid() || !aside.MayTraceChild(a.Tracer, task.TID) {
			return false
		}
	} else {
		target := t.tasks[aside.SeenAs(task.TID, int(int32(task.Call.Args[1])), maps.Keys(t.tasks))]
		if target == nil || target.Proc == task.Proc || task.Proc.aside.vain >= mostVain || !aside.MayTrace(task.TID, target.TID) {
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
	task.progress.needs(exitTracer)
	t.Detach(a.Tracee)
	t.awaitLeave(task, a.Tracee)
	a.Tracee.releaseCallers()
	return true
}

// awaitLeave keeps a call waiting until a process is let go, or as long as that can
// take: the parent of a vfork can't be brought to a stop.
func (t *Tracer) awaitLeave(caller *Task, p *Process) {
	caller.awaits = p
	p.aside.awaitedBy = append(p.aside.awaitedBy, caller)
	time.AfterFunc(detachPatience, func() {
		t.inbox.post(func() { t.continueCaller(caller, p) })
	})
}

// releaseCallers lets go of the threads of a process that wait for another one
// to be let go.
func (p *Process) releaseCallers() {
	for _, task := range p.Threads() {
		if task.awaits != nil && task.stop.here() {
			p.tr.release(task)
		}
	}
}

// continueCallers lets the calls go on that were waiting for a process, which is gone.
func (t *Tracer) continueCallers(p *Process) {
	for _, caller := range p.aside.awaitedBy {
		t.inbox.later(func() { t.continueCaller(caller, p) })
	}
}

// continueCaller lets a call go on that waits for a process, if it still does. If its
// thread has ended meanwhile, the process was let go in vain.
func (t *Tracer) continueCaller(caller *Task, p *Process) {
	if caller.awaits != p {
		return
	}
	caller.awaits = nil
	p.aside.awaitedBy = slices.DeleteFunc(p.aside.awaitedBy, func(other *Task) bool { return other == caller })
	if !caller.life.over() {
		t.resume(caller)
		return
	}
	if g := caller.gives; g != nil {
		caller.gives = nil
		t.takeAgain(caller, g, unix.ESRCH)
	}
}

// forgetAside is for a task that has ended, perhaps before its call could trace what
// was let go for it.
func (t *Tracer) forgetAside(task *Task) {
	switch p := task.awaits; {
	case p != nil:
		t.inbox.later(func() { t.continueCaller(task, p) })
	case task.gives != nil:
		task.gives.close()
		task.gives = nil
	}
}
