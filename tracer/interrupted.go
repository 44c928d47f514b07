package tracer

import (
	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

// The kernel's restart codes of include/linux/errno.h that matter here.
const (
	erestartsys    = 512 // restarted unless a handler without SA_RESTART runs
	erestartnointr = 513 // restarted always
	erestartBlock  = 516 // restart_syscall goes on with it
)

// interruptedAsking says whether an exit stop is not that of the call itself: a
// call that waits for its notification to be received can be interrupted by a
// signal, whatever call it is, and then ends with ERESTARTSYS without having
// run. Here it is the second notification of an upgraded call.
func (t *Tracer) interruptedAsking(task *Task, s *syscallInfo) bool {
	u := task.upgrade
	if u == nil || !u.entered || s.rval() != -erestartsys || t.filter == nil {
		return false
	}
	action, _ := t.filter.Decide(s.arch, uint32(task.Call.NR), &task.Call.Args)
	return action == FilterNotify
}

// askAgain makes the call that interruptedAsking found be restarted, after the
// signal's handler if there is one; its entry stop is then shown once more.
func (t *Tracer) askAgain(task *Task) {
	task.upgrade.entered = false
	task.inCall = false
	var r Registers
	if getRegs(task.TID, &r) == 0 {
		restart := -int64(erestartnointr)
		r.setResult(uint64(restart))
		setRegs(task.TID, &r)
	}
	t.Resume(task)
}

// changedCall says whether a notification is that of a call which was changed
// at its entry stop: the kernel asks the filter again about what it became.
func (t *Task) changedCall(n *Notification) bool {
	return t.inCall && t.made != nil && n.ip == t.Call.IP
}

// repairIgnored hides from a call without a timeout that a signal has interrupted which the
// program ignores. Without a tracer the kernel drops such a signal when it is sent; with one it
// wakes the thread to tell the tracer, and the calls that are never restarted (signal(7)) fail with
// EINTR. One that waits for ever can be made again without a difference; one with a timeout
// could wait for ever then, as long as signals come, and keeps its EINTR.
func (t *Tracer) repairIgnored(task *Task) {
	var r Registers
	if t.atSignal.take(task.TID, &r) != 0 || !restartInterrupted(&r) || getSyscallInfo(task.TID, &t.info) != 0 {
		return
	}
	abi := abiOf(t.info.arch, 0)
	nr, args := r.call(abi)
	if !endless(abi, nr, &args) || !ignoresSignal(task.TID, task.signal) || signalsPending(task.TID) {
		return
	}
	setRegs(task.TID, &r)
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
