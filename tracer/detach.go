package tracer

import (
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/internal/reports"
	"luatrace/tracer/seccomp"
	"luatrace/tracer/syscalls"
)

// ErrFiltered says that a process can't be let go: it has a filter that stops
// calls, and the kernel makes those fail with ENOSYS where no tracer is.
var ErrFiltered = errors.New("the process can't be let go: the seccomp filter of this run stops calls, which fail without luatrace; add --attachable to run without one")

// ErrStrict says that a process can't be let go: a thread of it is in seccomp's
// strict mode, which the tracer enforces beside its filter. It would be free
// without us.
var ErrStrict = errors.New("the process can't be let go: a thread of it is in seccomp's strict mode, which luatrace enforces beside its filter; add --attachable to run without one")

// parting is what the tracer was told about its end, and about that of its hold on processes.
type parting struct {
	detachAll bool // after DetachAll
	killing   bool // after Kill
	letGo     letGo
}

// Detach lets a process go, with all its threads and whatever it creates
// meanwhile: it runs on as if it had never been traced. A task that is stopped
// for the present event goes with its Resume, the others as soon as they can
// be brought to a stop. No more events come from it. It may be called on the listener's
// thread too, with the lock. Where the filter asks before
// calls, the tracer answers for it as long as it runs. The error is ErrFiltered or
// ErrStrict, and nothing was done then.
func (t *Tracer) Detach(p *Process) error {
	t.records()
	if p.detaching {
		return nil
	}
	if err := t.mayLeave(p); err != nil {
		return err
	}
	t.noteLetGo(p)
	t.orphan(p)
	p.detaching = true
	if t.listener != nil && unix.Gettid() != t.inbox.thread { // a hook of a notified call: requests are the tracer's thread's
		t.inbox.post(func() { t.interruptAll(p) })
		return nil
	}
	t.interruptAll(p)
	return nil
}

func (t *Tracer) interruptAll(p *Process) {
	for _, task := range t.tasks {
		if task.Proc == p {
			t.interrupt(task)
		}
	}
}

// stopsCalls says whether the filter stops calls for a tracer, not only for the
// answer of a listener.
func (t *Tracer) stopsCalls() bool { return t.filtered && t.filter.Has(seccomp.Trace) }

// mayLeave says why a process can't be let go, nil if it can.
func (t *Tracer) mayLeave(p *Process) error {
	switch {
	case t.stopsCalls():
		return ErrFiltered
	case p.isStrict():
		return ErrStrict
	}
	return nil
}

// StopAtCalls sets Syscalls and brings the tasks that run to a stop, once: they
// were resumed without it.
func (t *Tracer) StopAtCalls() {
	if t.Syscalls {
		return
	}
	t.Syscalls = true
	t.pages.unseen()
	for _, task := range t.tasks {
		if task.stop.kind == stopNone && !task.life.is(lifeGated) {
			t.interrupt(task)
		}
	}
}

// interrupt makes a running or listening task stop soon.
func (t *Tracer) interrupt(task *Task) {
	if task.stop.here() || task.interrupted || task.life.is(lifeBorn) || task.life.ended() {
		return // its stop is there, or on its way
	}
	task.interrupted = true
	kernel.Ptrace(unix.PTRACE_INTERRUPT, task.TID, 0, 0)
}

// detachPatience is how long DetachAll waits for a task to stop. One that
// can't (in uninterruptible sleep, as the parent of a vfork) is let go by the
// kernel when the tracer's thread or process ends.
const detachPatience = 2 * time.Second

// DetachAll lets every tracee go and returns when they are gone from the
// tracer's hands. All are interrupted first and waited for together: one by
// one, the parent of a vfork would be waited for while its child stands still. Like Next
// it must be called outside of [Tracer.Do].
func (t *Tracer) DetachAll() {
	t.Do(t.beginDetaching)
	timeout := time.AfterFunc(detachPatience, t.Wake)
	defer timeout.Stop()
	deadline := time.Now().Add(detachPatience)
	var ev Event
	for len(t.tasks) > 0 {
		if err := t.Next(&ev); err != nil {
			break
		}
		if ev.Kind == EventWoken && time.Now().After(deadline) {
			break
		}
		if ev.Kind != EventWoken && ev.Task != nil {
			t.Do(func() {
				if !ev.Task.life.over() {
					t.release(ev.Task)
				}
			})
		}
	}
	t.Do(t.endDetaching)
}

// beginDetaching brings the tasks to a stop in which they can be let go.
func (t *Tracer) beginDetaching() {
	t.detachAll = true
	t.watchSpinning()
	for _, task := range t.tasks {
		if task.stop.here() {
			t.release(task)
		}
	}
	for _, task := range t.tasks {
		t.interrupt(task)
	}
	t.adoptHeld()
}

// endDetaching forgets what could not be brought to a stop.
func (t *Tracer) endDetaching() {
	for _, task := range t.tasks {
		task.Proc.noteLetGo()
	}
	t.dropAll()
	if t.launch != nil { // let go before its execve
		t.launch.finish()
		kernel.KeepPlan(t.launch.plan)
		t.launch = nil
	}
}

// handleDetaching brings a stopped task of a process that is being let go
// closer to that. It runs instead of the ordinary handling of the stop. shown is
// for OnFinished.
func (t *Tracer) handleDetaching(task *Task, shown *Event) {
	switch task.stop.kind {
	case stopFork:
		if child, _ := t.childOf(task); child != nil {
			child.Proc.detaching = true
		}
	case stopExec:
		var ev Event
		t.handleExec(task, &ev)
		task = ev.Task
	case stopCall:
		s := &t.info
		if kernel.GetSyscallInfo(task.TID, s) != 0 || s.Op == kernel.SysInfoSeccomp {
			break
		}
		if s.Op != kernel.SysInfoExit {
			task.progress.end() // of this call nobody has been told
			if task.interrupted {
				// The kernel thinks that a signal is there and would let a
				// call that can wait fail with EINTR, without anybody left to
				// repair it: go at its exit.
				task.stop = stop{}
				kernel.Ptrace(unix.PTRACE_SYSCALL, task.TID, 0, 0)
				return
			}
			break
		}
		// A prevented call needs its exit to be made whole only where the
		// result was not settled at entry, which Skip always does. A changed
		// one does.
		task.stop = task.stop.named(s.Op)
		t.leaveCall(task, s)
		if again := task.interrupted && t.repairInterrupted(task); !again && !syscalls.IsRestart(s.Rval()) {
			t.finished(task, shown)
		}
	case stopEvent, stopGroup:
		if task.interrupted {
			t.repairInterrupted(task)
		}
	default: // nothing of the stop is kept
	}
	t.release(task)
}

// finished tells of a call that returned before its thread could be let go, so
// that what it did does not go untold.
func (t *Tracer) finished(task *Task, ev *Event) {
	if !t.detachAll || t.OnFinished == nil || !task.progress.showsExit(t.filtered) {
		return
	}
	task.exitEvent(&t.info, ev)
	task.progress.end()
	t.OnFinished(ev)
}

// release detaches a stopped task, with the signal it was about to receive.
func (t *Tracer) release(task *Task) {
	sig := uintptr(0)
	if task.stop.kind == stopSignal {
		sig = uintptr(task.stop.signal)
	}
	t.sched.Gone(scheduled{task})
	if task.life.reaped() {
		return
	}
	task.Proc.noteLetGo()
	if task.confinesItself() {
		// Nobody would hold it any more. Only a tracer that fails gets here.
		task.Proc.Kill(unix.SIGKILL)
	}
	// ESRCH: killed while stopped. The kernel then still owes us the report.
	if e := kernel.Ptrace(unix.PTRACE_DETACH, task.TID, 0, sig); e == 0 {
		t.forget(task)
	} else {
		task.stop = stop{}
	}
}

// dropAll ends all records without any request.
func (t *Tracer) dropAll() {
	for _, task := range t.tasks {
		t.forget(task)
	}
}

// killAll kills every tracee that is left and collects it.
func (t *Tracer) killAll() {
	held := slices.DeleteFunc(t.reports.Held(), reports.Report.IsDeath) // their ids may be others' by now
	t.reports.DropHeld()
	if len(t.tasks) == 0 && len(held) == 0 {
		return
	}
	for _, task := range t.tasks {
		unix.Tgkill(task.Proc.PID, task.TID, unix.SIGKILL)
	}
	for _, r := range held {
		unix.Kill(r.TID, unix.SIGKILL)
	}
	var status uint32
	for {
		_, e := kernel.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD)
		if e == unix.ECHILD {
			break
		}
	}
	t.dropAll()
}

// collectCommand takes care that the command leaves no zombie of this process's
// when it was let go, however long it runs.
func (t *Tracer) collectCommand() {
	if t.commandPID == 0 {
		return
	}
	var status uint32
	if tid, e := kernel.Wait4Now(t.commandPID, &status, unix.WALL|unix.WNOTHREAD); e != 0 || tid != 0 {
		return // it is gone
	}
	go func() {
		for {
			if _, err := unix.Wait4(t.commandPID, nil, unix.WALL, nil); err != unix.EINTR {
				return
			}
		}
	}()
}

// Kill kills every tracee, and what it is just creating; their deaths come
// through Next. It kills the processes too that were let go and depend on this one.
func (t *Tracer) Kill() {
	t.killing = true
	t.killOrphans()
	for _, p := range t.procs {
		p.Kill(unix.SIGKILL)
	}
}
