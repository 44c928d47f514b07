package tracer

import (
	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/syscalls"
)

// restartReason is why a call is made again although the program has not asked for that.
type restartReason uint8

const (
	// restartUnasked: a signal has interrupted the call before its notification was received, so it
	// never ran. The kernel makes it again, behind the signal's handler, whatever the handler's flags.
	restartUnasked restartReason = iota
	// restartStopped: our PTRACE_INTERRUPT has made a call fail with EINTR that the kernel does not
	// restart by itself: epoll_wait, semop, sigtimedwait and a few others do that when a thread is
	// stopped and continued (signal(7)). If no signal waits for the thread, nobody but us caused it.
	restartStopped
	// restartIgnored: a signal that the program ignores did. Without a tracer the kernel drops such a
	// signal when it is sent; with one it wakes the thread to tell the tracer. A call that waits for
	// ever can be made again without a difference; one with a timeout could wait for ever then, as
	// long as signals come, and keeps its EINTR.
	restartIgnored
)

// restart makes the call again that a stopped task is about to leave, whose registers are r, if the
// reason holds. It says whether it has.
func (t *Tracer) restart(tid int, r *Registers, why restartReason) bool {
	switch why {
	case restartUnasked:
		again := -int64(syscalls.ERESTARTNOINTR)
		r.SetResult(uint64(again))
	case restartStopped:
		if !kernel.RestartInterrupted(r) || signalsPending(tid) {
			return false
		}
	case restartIgnored:
		if !kernel.RestartInterrupted(r) || !t.onlyIgnored(tid, r) {
			return false
		}
	}
	return kernel.SetRegs(tid, r) == 0
}

// onlyIgnored says whether a call without a timeout was interrupted by a signal that the program
// ignores, and by nothing else.
func (t *Tracer) onlyIgnored(tid int, r *Registers) bool {
	if kernel.GetSyscallInfo(tid, &t.info) != 0 {
		return false
	}
	abi := kernel.ABIOf(t.info.Arch, 0)
	nr, args := r.Call(abi)
	return endless(abi, nr, &args) && ignoresSignal(tid, t.tasks[tid].stop.signal) && !signalsPending(tid)
}

// repairInterrupted restarts a call for restartStopped.
func (t *Tracer) repairInterrupted(task *Task) bool {
	var r Registers
	return kernel.GetRegs(task.TID, &r) == 0 && t.restart(task.TID, &r, restartStopped)
}

// repairIgnored restarts a call for restartIgnored, at a signal stop.
func (t *Tracer) repairIgnored(task *Task) {
	var r Registers
	if t.atSignal.take(task.TID, &r) == 0 {
		t.restart(task.TID, &r, restartIgnored)
	}
}
