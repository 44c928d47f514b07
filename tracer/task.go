package tracer

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/internal/slot"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/syscalls"
)

// Process is one thread group. All threads of it share the record.
type Process struct {
	// PID is the thread group's id in the tracer's pid namespace.
	PID int
	// Parent is the process that created it, nil if that is not traced. It
	// does not follow a reparenting.
	Parent *Process
	// Command marks the process that Launch started.
	Command bool
	// Record is the engine's.
	Record slot.Slot

	tr        *Tracer
	mem       memFile
	pidfd     pidfd
	shown     keptDir
	tasks     int
	lastTID   int // the task that stopped last
	detaching bool
	reaped    atomic.Bool // as that of its last task
	endedBy   unix.Signal // of which SIGKILL was made, see spinning.go
	aside     asideOf
}

// Tasks returns the number of threads alive and traced.
func (p *Process) Tasks() int { return p.tasks }

// Detaching says whether Detach was asked for.
func (p *Process) Detaching() bool { return p.detaching }

// Task is one thread.
type Task struct {
	// TID is the thread id in the tracer's pid namespace. It changes only when
	// a thread that is not the leader calls execve.
	TID  int
	Proc *Process
	// Call is the system call in progress, or the last one.
	Call Call
	// Entered is when the tracer got the report of that call's entry: of a
	// notified call the notification. It is zero if the entry was before the attach.
	Entered time.Time
	// Record is the engine's.
	Record slot.Slot

	tr *Tracer

	progress progress // of the call that it is in
	seccomp  seccompState

	pending  pending // its notified call
	stopPost func()  // for the inbox, made once: the tracer's part of Pending.Stop

	giving

	life        lifetime
	interrupted bool   // PTRACE_INTERRUPT is on its way
	stop        stop   // the present one
	stops       uint64 // how many there were
}

// StopAtExit asks for an EventExit of the call in progress. Without a filter
// every call has one.
func (t *Task) StopAtExit() { t.progress.needs(exitShown) }

// Duration is the time that the call in progress took up to an event of its
// exit: from the moment in which the task was resumed from the entry. It is 0
// for a call that did not run, and where the entry or its resume was not seen.
func (t *Task) Duration(exit *Event) time.Duration {
	if exit.Skipped || t.progress.resumed.IsZero() || exit.At.IsZero() {
		return 0
	}
	return exit.At.Sub(t.progress.resumed)
}

// Notified says whether the call in progress came by notification: the task is
// not in a ptrace-stop but waits for an answer.
func (t *Task) Notified() bool { return t.pending.state == pendingAsked }

// Dead says whether the death report was seen; no request may be made then.
func (t *Task) Dead() bool { return t.life.over() }

// SetCall changes number and arguments of the call at its entry stop. The new
// values become Task.Call. The program finds its registers as it left them
// when the call returns. ESRCH means that the task was killed.
func (t *Task) SetCall(nr int, args [6]uint64) error {
	if err := t.stop.allows(changeCall); err != nil {
		return err
	}
	if t.progress.before == nil {
		r := new(Registers)
		if e := kernel.GetRegs(t.TID, r); e != 0 {
			return e
		}
		t.progress.change(r)
	}
	if e := t.setCall(nr, &args); e != 0 {
		return e
	}
	t.Call.NR, t.Call.Args = nr, args
	return nil
}

// leaveCall does at an exit stop what the call in progress has left to do there.
func (t *Tracer) leaveCall(task *Task, s *kernel.SyscallInfo) {
	p := &task.progress
	if p.before != nil {
		task.restoreCall(s.IsError())
	}
	for _, duty := range p.duties {
		duty(t, task, s)
	}
	clear(p.duties)
	p.duties = p.duties[:0]
}

// restoreCall puts the argument registers back at the exit of a changed call:
// the kernel preserves them, so programs rely on them, and a call that is
// restarted after a signal is made anew from them.
func (t *Task) restoreCall(failed bool) {
	before := t.progress.before
	t.progress.before = nil
	t.takeBack(nil)
	switch name := syscallName(&t.Call); {
	case !failed && (name == "execve" || name == "execveat"), name == "rt_sigreturn", name == "sigreturn":
		return // the call has replaced them all
	}
	var r Registers
	if kernel.GetRegs(t.TID, &r) == 0 {
		r.RestoreCall(t.Call.ABI, before)
		kernel.SetRegs(t.TID, &r)
	}
}

func (t *Task) setCall(nr int, args *[6]uint64) unix.Errno {
	if t.tr.canSetInfo {
		var s kernel.SyscallInfo
		if e := kernel.GetSyscallInfo(t.TID, &s); e != 0 {
			return e
		}
		s.Flags, s.Reserved = 0, 0
		s.NR, s.Args = uint64(int64(nr)), *args
		if e := kernel.SetSyscallInfo(t.TID, &s); e != unix.EIO && e != unix.EINVAL {
			return e
		}
		t.tr.canSetInfo = false // a kernel without kernel.FeatureSetInfo
	}
	var r Registers
	if e := kernel.GetRegs(t.TID, &r); e != 0 {
		return e
	}
	r.SetCall(t.Call.ABI, nr, args)
	if e := kernel.SetRegs(t.TID, &r); e != 0 {
		return e
	}
	if nr != t.Call.NR {
		return kernel.SetNumber(t.TID, int32(nr))
	}
	return 0
}

// Skip prevents the call at its entry stop: the kernel does nothing and the
// program gets ret (a result, or -errno). The kernel's restart codes -512 to
// -516 are refused with EINVAL, since the kernel would act on them.
func (t *Task) Skip(ret int64) error {
	if err := t.stop.allows(changeCall); err != nil {
		return err
	}
	if syscalls.IsRestart(ret) {
		return unix.EINVAL
	}
	if t.stop.kind == stopEntry && t.isConfined() {
		if err := t.replaceCall(); err != nil {
			return err
		}
		t.progress.skip(callReplaced, ret)
		return nil
	}
	if e := kernel.SetSkip(t.TID, uint64(ret)); e != 0 {
		return e
	}
	t.progress.skip(callSkipped, ret)
	return nil
}

// SetResult changes the result at an exit stop: ret is what the program gets,
// -errno for a failure. Restart codes are refused with EINVAL.
func (t *Task) SetResult(ret int64) error {
	if err := t.stop.allows(changeResult); err != nil {
		return err
	}
	if syscalls.IsRestart(ret) {
		return unix.EINVAL
	}
	if t.tr.canSetInfo {
		var s kernel.SyscallInfo
		if e := kernel.GetSyscallInfo(t.TID, &s); e != 0 {
			return e
		}
		s.SetExit(ret, syscalls.ResultErrno(ret) != 0)
		if e := kernel.SetSyscallInfo(t.TID, &s); e != unix.EIO && e != unix.EINVAL {
			return errnoOrNil(e)
		}
		t.tr.canSetInfo = false
	}
	var r Registers
	if e := kernel.GetRegs(t.TID, &r); e != 0 {
		return e
	}
	r.SetResult(uint64(ret))
	return errnoOrNil(kernel.SetRegs(t.TID, &r))
}

// Registers reads the general registers of a stopped task.
func (t *Task) Registers(r *Registers) error {
	return errnoOrNil(kernel.GetRegs(t.TID, r))
}

// SetRegisters writes the general registers of a stopped task. At an entry stop
// Task.Call becomes what they say.
func (t *Task) SetRegisters(r *Registers) error {
	t.tr.atSignal.forget(t.TID)
	if e := kernel.SetRegs(t.TID, r); e != 0 {
		return e
	}
	if t.stop.isEntry() {
		t.Call.NR, t.Call.Args = r.CallAtEntry(t.Call.ABI, t.Call.NR)
	}
	return nil
}

// Siginfo reads what the kernel knows of the signal at an EventSignal.
func (t *Task) Siginfo(s *Siginfo) error {
	return errnoOrNil(kernel.GetSiginfo(t.TID, s))
}

// SetSignal changes the signal of an EventSignal: 0 suppresses it, another
// number replaces it. The sender in siginfo stays as it was.
func (t *Task) SetSignal(sig unix.Signal) error {
	if err := t.stop.allows(changeSignal); err != nil {
		return err
	}
	if sig != 0 && sig != t.stop.reported {
		// Without this the kernel would name the tracer as the sender.
		var s Siginfo
		if e := kernel.GetSiginfo(t.TID, &s); e != 0 {
			return e
		}
		s.SetSigno(int(sig))
		if e := kernel.SetSiginfo(t.TID, &s); e != 0 {
			return e
		}
	}
	t.stop.signal = sig
	return nil
}

// RaiseSignal sends the task a signal when it runs on from the entry or the exit
// of a call, as from the kernel (SI_KERNEL). At an entry that a filter has asked
// for the kernel takes none, and neither does a call that came by notification.
func (t *Task) RaiseSignal(sig unix.Signal) error {
	if err := t.stop.allows(raiseSignal); err != nil {
		return err
	}
	t.stop.signal = sig
	return nil
}

func errnoOrNil(e unix.Errno) error {
	if e != 0 {
		return e
	}
	return nil
}
