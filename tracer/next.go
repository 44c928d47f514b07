package tracer

import (
	"cmp"
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/internal/reports"
	"luatrace/tracer/seccomp"
	"luatrace/tracer/syscalls"
)

// Next waits for the next thing worth telling and describes it in ev. The task
// it names stays stopped until [Tracer.Resume]; other tasks run on. The errors
// are ErrNoTracees at the end, a *LaunchError when the command could not be
// started, and errnos of kernel.Wait4(2) that never occur in practice.
//
// It takes the lock of the records while it looks at them, and holds none while it waits or when
// it returns: it must be called outside of [Tracer.Do].
func (t *Tracer) Next(ev *Event) error {
	for {
		r, err := t.next()
		if err == nil && t.listener != nil {
			t.restartLost(r)
		}
		if shown, err := t.take(r, err, ev); shown || err != nil {
			return err
		}
	}
}

// take deals with what next has returned, and says whether ev now holds an event.
func (t *Tracer) take(r reports.Report, err error, ev *Event) (shown bool, _ error) {
	t.lock.lock()
	defer t.lock.unlock()
	switch {
	case err == nil:
	case errors.Is(err, errHeldLong):
		t.settleHeld()
		return false, nil
	case errors.Is(err, unix.EINTR):
		if t.inbox.run() {
			*ev = Event{Kind: EventWoken}
			return true, nil
		}
		return false, t.endOfAll()
	case errors.Is(err, ErrNoTracees):
		t.dropAll()
		return false, cmp.Or(t.takeLaunchError(), err)
	default:
		return false, err
	}
	*ev = Event{At: r.At}
	if t.handle(r, ev) {
		return true, nil
	}
	return false, cmp.Or(t.endOfAll(), t.takeLaunchError())
}

// endOfAll is ErrNoTracees when DetachAll is through: a command that was let go may be there,
// which is not to be waited for.
func (t *Tracer) endOfAll() error {
	if t.detachAll && len(t.tasks) == 0 {
		return ErrNoTracees
	}
	return nil
}

// takeLaunchError returns once why the trace can't begin.
func (t *Tracer) takeLaunchError() error {
	err := t.launchErr
	t.launchErr = nil
	return err
}

// handle does the bookkeeping of one wait report and says whether ev now holds
// an event; if not, the task was resumed already (or is gone, or held back).
func (t *Tracer) handle(r reports.Report, ev *Event) bool {
	st := kernel.DecodeStatus(r.Status)
	task := t.tasks[r.TID]
	if task == nil {
		if t.endOfCommand(r.TID, st, ev) {
			return true
		}
		t.handleUnknown(r)
		return false
	}
	if r.IsDeath() {
		return t.handleDeath(task, st, ev)
	}
	task.stopsAs(stopOf(st))
	task.Proc.lastTID = task.TID
	ev.Task, ev.Stop = task, task.thisStop()

	if t.detachAll || task.Proc.detaching {
		t.handleDetaching(task, ev)
		return false
	}
	if kind := task.stop.kind; task.interrupted && kind != stopEvent && kind != stopGroup {
		// In the kernel any stop ends a pending PTRACE_INTERRUPT, so that the
		// stop asked for would never come.
		kernel.Ptrace(unix.PTRACE_INTERRUPT, task.TID, 0, 0)
	}
	switch task.stop.kind {
	case stopCall:
		return t.handleSyscall(task, ev)
	case stopSignal:
		if task.life.is(lifeGated) {
			t.letRun(task)
			return false
		}
		ev.Kind, ev.Signal = EventSignal, st.Signal
		return true
	case stopGroup:
		task.noteStack()
		attached := task.life.is(lifeSeized)
		task.interrupted = false
		task.life.begun()
		task.settleIn()
		if attached {
			return t.attached(task, ev)
		}
		ev.Kind, ev.Signal = EventStopped, st.Signal
		return true
	case stopEvent:
		return t.handleEventStop(task, ev)
	case stopFork:
		return t.handleFork(task, ev)
	case stopExec:
		return t.handleExec(task, ev)
	default: // stops of a kind that hooks do not see
	}
	t.letRun(task)
	return false
}

func (t *Tracer) handleSyscall(task *Task, ev *Event) bool {
	s := &t.info
	if e := kernel.GetSyscallInfo(task.TID, s); e != 0 {
		// Killed meanwhile (ESRCH): the death report follows. Nothing else can
		// fail here, see oldkernel.go.
		return false
	}
	switch s.Op {
	case kernel.SysInfoEntry, kernel.SysInfoSeccomp:
		if t.filtered && !t.shown(task, s, ev) {
			t.letRun(task)
			return false
		}
		t.sched.Stop(scheduled{task})
		task.stop = task.stop.named(s.Op)
		if task.progress.birth != birthNone { // the exit of the call before was not seen
			t.settleBirth(task, 0)
		}
		task.progress.begin(callEntered)
		c := &task.Call
		c.ABI, c.NR, c.IP, c.SP = kernel.ABIOf(s.Arch, s.NR), int(int32(s.NR)), s.IP, s.SP
		c.Args = s.Args
		c.narrow()
		t.sched.Entry(scheduled{task}, c.ABI, c.NR, &c.Args)
		if t.pages.saw(c) {
			t.watchSpinning()
		}
		if task.pending.state != pendingEntered { // else it was entered when it was notified
			task.Entered = ev.At
		}
		if task.life.is(lifeGated) {
			if !isExec(c) {
				t.letRun(task)
				return false
			}
			if !t.filtered {
				task.life.become(lifeRunning)
			}
		}
		if task.pending.state == pendingEntered && !task.pending.isEvent() {
			t.letRun(task) // the tracer has seen what it wanted to
			return false
		}
		ev.Kind = EventEnter
		return true
	case kernel.SysInfoExit:
		task.stop = task.stop.named(s.Op)
		t.leaveCall(task, s)
		if t.interruptedAsking(task, s) {
			t.askAgain(task)
			return false
		}
		if task.progress.birth != birthNone && !syscalls.IsRestart(s.Rval()) {
			if s.IsError() {
				task.progress.birth = birthNone
			}
			t.settleBirth(task, int(s.Rval()))
		}
		if task.gives != nil {
			t.settleGiven(task, s)
		}
		task.pending.leave()                               // changed into a call that the filter lets pass
		if t.filtered && !task.progress.showsExit(true) || // also of a call between the stops of a pending one
			task.life.is(lifeGated) && !isExec(&task.Call) { // of a call that the gate hides
			task.progress.end()
			t.letRun(task)
			return false
		}
		task.exitEvent(s, ev)
		if !task.progress.inCall() {
			t.fillUnpaired(task, s)
			ev.Unpaired = true
			task.Entered = time.Time{}
			task.progress.resumed = time.Time{}
		}
		task.progress.end()
		if task.Proc.Command && t.launch != nil && isExec(&task.Call) && ev.Errno != 0 && task.life.is(lifeRunning) {
			task.life.become(lifeGated)
		}
		return true
	}
	t.letRun(task)
	return false
}

// exitEvent makes ev the exit of the call that the task is in.
func (t *Task) exitEvent(s *kernel.SyscallInfo, ev *Event) {
	ev.Kind, ev.Task = EventExit, t
	ev.Ret = s.Rval()
	if s.IsError() {
		ev.Errno = int(-ev.Ret)
	}
	if t.progress.skipped() {
		// Some architectures show what the registers held before.
		ev.Skipped, ev.Ret, ev.Errno = true, t.progress.ret, syscalls.ResultErrno(t.progress.ret)
	}
}

// shown says, for a tracee with our filter, whether an entry stop is to be
// shown. Those of the filter's TRACE are; plain syscall-stops come only from
// an upgrade in progress, and of them only the upgraded call's.
func (t *Tracer) shown(task *Task, s *kernel.SyscallInfo, ev *Event) bool {
	if s.Op == kernel.SysInfoSeccomp {
		if s.RetData != seccomp.TraceMark && !t.tracesToo(task, s) {
			// A filter of the tracee's own asked for a tracer. Without one the
			// call fails with ENOSYS, and so it does here.
			kernel.SetSkip(task.TID, ^uint64(unix.ENOSYS)+1)
			return false
		}
		return !task.pending.leave() // or the call had its entry stop just now
	}
	if task.seccomp.strict == strictOn && !t.enforceStrict(task, s) {
		return false
	}
	if !task.pending.enter(s) {
		return false
	}
	ev.Upgraded = task.pending.data
	return true
}

// fillUnpaired names the call of an exit whose entry happened before the
// attach, from the registers, which still hold its number and arguments.
func (t *Tracer) fillUnpaired(task *Task, s *kernel.SyscallInfo) {
	var r Registers
	c := &task.Call
	c.ABI, c.IP, c.SP = kernel.ABIOf(s.Arch, 0), s.IP, s.SP
	if kernel.GetRegs(task.TID, &r) == 0 {
		c.NR, c.Args = r.Call(c.ABI)
		c.ABI = kernel.ABIOf(s.Arch, uint64(c.NR))
	}
}

func (t *Tracer) handleEventStop(task *Task, ev *Event) bool {
	task.settleIn()
	wasInterrupt, attached := task.interrupted, task.life.is(lifeSeized)
	task.interrupted = false
	task.life.begun()
	remade := false
	if task.pending.onTheWay() {
		task.noteStack()
	} else if wasInterrupt {
		remade = t.repairInterrupted(task)
	}
	if attached {
		ev.Interrupted = remade
		return t.attached(task, ev)
	}
	if task.life.is(lifeGated) && !t.kernelFits(task.TID) {
		t.launchErr = t.refuseLaunch(task)
		return false
	}
	t.letRun(task)
	return false
}

// attached tells of the first stop of a thread that was attached to. A kernel
// that is too old leaves it stopped, to be let go with all others.
func (t *Tracer) attached(task *Task, ev *Event) bool {
	if !t.kernelFits(task.TID) {
		t.launchErr = &AttachError{PID: task.Proc.PID, Errno: unix.EIO, Reason: kernel.FeatureGetInfo.Missing().Error()}
		return false
	}
	ev.Kind = EventAttached
	if task.stop.kind == stopEvent {
		t.interruptedByAttach(task, ev)
	}
	return true
}

// interruptedByAttach looks for the call that the attach has interrupted.
func (t *Tracer) interruptedByAttach(task *Task, ev *Event) {
	var r Registers
	if kernel.GetRegs(task.TID, &r) != 0 {
		return
	}
	ev.Interrupted = ev.Interrupted || r.Restarted()
	if ev.Interrupted && kernel.GetSyscallInfo(task.TID, &t.info) == 0 {
		t.fillUnpaired(task, &t.info)
		ev.Continued = r.ContinuedLater()
	}
}

func (t *Tracer) handleFork(task *Task, ev *Event) bool {
	reserveThreads()
	child, e := t.childOf(task)
	if e != 0 {
		return false // killed meanwhile
	}
	if child == nil {
		t.letRun(task)
		return false
	}
	ev.Kind, ev.Child, ev.CloneEvent = EventNew, child, task.stop.event
	return true
}

// childOf returns the record of the task that the present fork event of a task
// is about, nil if that was adopted before and is gone again. The child may run
// from now on.
func (t *Tracer) childOf(task *Task) (*Task, unix.Errno) {
	task.progress.birth = birthNone
	msg, e := kernel.GetEventMsg(task.TID)
	if e != 0 {
		return nil, e
	}
	tid := int(msg)
	t.sched.Child(scheduled{task}, tid)
	child := t.tasks[tid]
	if adopted, _ := t.reports.Adopted(tid); child != nil && !adopted {
		// A former owner of the id: it called execve, which made it the leader of
		// its group, and was killed before that was reported. The death that is
		// still to come has the leader's id.
		t.forget(child)
		child = nil
	}
	gone := t.reports.Born(tid, time.Now())
	if child == nil {
		if gone {
			return nil, 0
		}
		child = t.bear(tid, task.Proc, task.stop.event)
	}
	child.seccomp.inherit(&task.seccomp)
	if task.progress.changed() && child.life.is(lifeBorn) {
		child.progress.inherit(&task.progress)
		child.Call.ABI = task.Call.ABI
	}
	task.takeBack(child)
	t.releaseHeld(child)
	return child, 0
}

// bear makes the record of a task that a tracee created.
func (t *Tracer) bear(tid int, parent *Process, event int) *Task {
	pid := tid
	if event == unix.PTRACE_EVENT_CLONE || event == 0 {
		// Only a clone can make a thread. A child that is dead already leaves
		// nothing to ask, and then a process is as good a guess as any: its death
		// report is all that will come.
		switch {
		case parent != nil && isThreadOf(parent.PID, tid):
			pid = parent.PID
		case !isThreadOf(tid, tid):
			pid = t.groupOf(tid)
		}
	}
	child := t.newTask(tid, pid, parent, lifeBorn)
	if parent != nil && parent.aside.watched {
		child.Proc.aside.watched = true
	}
	if t.killing {
		unix.Kill(pid, unix.SIGKILL)
	}
	return child
}

// groupOf is the thread group of a thread; the thread itself if nobody knows it.
func (t *Tracer) groupOf(tid int) int {
	if pid := threadGroup(tid); pid > 0 {
		return pid
	}
	for pid := range t.procs {
		if isThreadOf(pid, tid) {
			return pid
		}
	}
	return tid
}

func (t *Tracer) handleExec(task *Task, ev *Event) bool {
	// The report comes under the thread group's id; the message is the id of
	// the thread that called execve. If they differ, that thread has become
	// the leader and the old leader is gone without a report of its own.
	former := task.TID
	msg, e := kernel.GetEventMsg(task.TID)
	if e == 0 && msg != 0 {
		former = int(msg)
	}
	if former != task.TID {
		if caller := t.tasks[former]; caller != nil && caller.Proc == task.Proc {
			leader := task
			delete(t.tasks, former)
			t.reports.Renamed(former)
			leader.life.become(lifeReleased)
			leader.Proc.tasks--
			caller.TID = leader.TID
			t.tasks[caller.TID] = caller
			caller.stopsAs(leader.stop)
			caller.Proc.lastTID = caller.TID
			task = caller
			ev.Superseded, ev.Stop = leader, caller.thisStop()
		}
	}
	if e != 0 {
		// Killed meanwhile, and nobody knows which thread it was. The others had
		// to be collected before, and its own former id may be another's by now.
		t.forgetThreads(task)
	}
	task.Proc.mem.close()
	t.watch(task.Proc, task.TID)
	if task.Proc.Command && t.launch != nil {
		t.launch.finish()
		t.launch = nil
		if task.life.is(lifeGated) {
			task.life.become(lifeRunning)
		}
	}
	task.pending = pending{}
	ev.Kind, ev.Task, ev.FormerTID = EventExec, task, former
	return e == 0
}

func (t *Tracer) handleDeath(task *Task, st kernel.Status, ev *Event) bool {
	ev.Kind, ev.Task, ev.Exit = EventDeath, task, task.Proc.endOf(exitOf(st))
	t.sched.Gone(scheduled{task})
	if task.TID == task.Proc.PID {
		t.forgetThreads(task)
	}
	ev.LastTask = t.forget(task)
	if ev.LastTask {
		task.Proc.shown.letGo = 0
	}
	t.adoptHeld()
	if task.Proc.Command && t.launch != nil && ev.LastTask {
		// The command never got through execve.
		t.launchErr = t.launch.failure(ev.Exit)
		t.launch = nil
		return false
	}
	if t.detachAll && t.OnFinished != nil {
		t.OnFinished(ev)
	}
	return !t.detachAll && !task.Proc.detaching
}

func isExec(c *Call) bool {
	name := syscallName(c)
	return name == "execve" || name == "execveat"
}
