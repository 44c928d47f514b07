package tracer

import (
	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/seccomp"
	"luatrace/tracer/syscalls"
)

// interruptedAsking says whether an exit stop is not that of the call itself: a
// call that waits for its notification to be received can be interrupted by a
// signal, whatever call it is, and then ends with ERESTARTSYS without having
// run. Here it is the second notification of an upgraded call.
func (t *Tracer) interruptedAsking(task *Task, s *kernel.SyscallInfo) bool {
	if task.pending.state != pendingEntered || s.Rval() != -syscalls.ERESTARTSYS || t.filter == nil {
		return false
	}
	action, _ := t.filter.Decide(s.Arch, uint32(task.Call.NR), &task.Call.Args)
	return action == seccomp.Notify
}

// askAgain makes the call that interruptedAsking found be restarted, after the
// signal's handler if there is one; its entry stop is then shown once more.
func (t *Tracer) askAgain(task *Task) {
	task.pending.again()
	task.progress.end()
	var r Registers
	if kernel.GetRegs(task.TID, &r) == 0 {
		t.restart(task.TID, &r, restartUnasked)
	}
	t.letRun(task)
}

// changedCall says whether a notification is that of a call which was changed
// at its entry stop: the kernel asks the filter again about what it became.
func (t *Task) changedCall(n *notification) bool {
	return t.progress.changed() && n.raw.IP == t.Call.IP
}

// endless says whether a call is one that is never restarted, and has no timeout.
func endless(abi syscalls.ABI, nr int, args *[6]uint64) bool {
	switch syscalls.Name(abi, nr) {
	case "epoll_wait", "epoll_pwait":
		return int32(args[3]) < 0
	case "rt_sigtimedwait", "rt_sigtimedwait_time64":
		return args[2] == 0
	case "epoll_pwait2", "semtimedop", "semtimedop_time64":
		return args[3] == 0
	case "semop":
		return true
	}
	return false
}

// ignoresSignal says whether a program ignores a signal, by its own wish or by default.
func ignoresSignal(tid int, sig unix.Signal) bool {
	has := func(field string) bool {
		return sig > 0 && parseSet(statusField(tid, field))>>(uint(sig)-1)&1 != 0
	}
	switch sig {
	case unix.SIGCHLD, unix.SIGURG, unix.SIGWINCH:
		return !has("SigCgt")
	}
	return has("SigIgn")
}
