package tracer

import (
	"slices"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/syscalls"
)

// Strict mode (seccomp(2)) leaves a thread nothing but read, write, exit and
// sigreturn; any other call kills it. The kernel refuses it to a thread that
// has a filter, so for tracees with ours the tracer does what the kernel would
// do: the thread then stops at each call.
//
// All of it stands here, so that it can be taken out. It stays because SECURITY.md promises that being
// traced does not free a program from strict mode, and without it the program's own call would fail.

// enterStrict lets the call in progress enter strict mode, if the kernel would
// not refuse it without our filter. What takes its place does the rest of what
// the kernel does: the time stamp counter can't be read in strict mode either.
func (t *Tracer) enterStrict(task *Task) exitDuty {
	if !t.filtered || task.seccomp.own != nil || seccompMode() != unix.SECCOMP_MODE_DISABLED {
		return nil
	}
	args := [6]uint64{unix.PR_SET_TSC, unix.PR_TSC_SIGSEGV}
	if syscalls.Native() == syscalls.ARM64 { // has none of that
		args = [6]uint64{unix.PR_GET_DUMPABLE}
	}
	if task.SetCall(prctlNR[task.Call.ABI], args) != nil {
		return nil
	}
	task.seccomp.strict = strictEntering
	return strictEntered
}

func strictEntered(_ *Tracer, task *Task, s *kernel.SyscallInfo) {
	task.seccomp.strict = strictOn
	task.answer(s, 0)
}

// confinesItself says whether a thread is in strict mode, or about to enter it.
func (t *Task) confinesItself() bool { return t.seccomp.confinesItself() }

// isStrict says whether a thread of a process is: the process must stay ours then.
func (p *Process) isStrict() bool { return slices.ContainsFunc(p.Threads(), (*Task).confinesItself) }

// seccompMode is the mode of this process, which its children inherit.
func seccompMode() int {
	mode, _ := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0)
	return mode
}

// strictAllows says whether strict mode allows a call.
func strictAllows(abi syscalls.ABI, nr int) bool {
	switch name := syscalls.Name(abi, nr); name {
	case "read", "write", "exit":
		return abi != syscalls.X32
	case "rt_sigreturn":
		return abi != syscalls.X32 && abi != syscalls.I386
	case "sigreturn":
		return abi == syscalls.I386
	}
	return false
}

// enforceStrict looks at an entry stop of a thread in strict mode. It returns
// false if the call kills the thread, which is then to be resumed: a process
// with other threads loses only this one.
func (t *Tracer) enforceStrict(task *Task, s *kernel.SyscallInfo) bool {
	abi, nr := kernel.ABIOf(s.Arch, s.NR), int(int32(s.NR))
	if strictAllows(abi, nr) {
		return true
	}
	if task.Proc.tasks == 1 {
		unix.Kill(task.Proc.PID, unix.SIGKILL)
		return false
	}
	task.stop = task.stop.named(kernel.SysInfoEntry)
	task.progress.begin(callUnseen)
	task.Call.ABI, task.Call.NR = abi, nr
	if exit, ok := syscalls.Number(abi, "exit"); ok {
		task.SetCall(exit, [6]uint64{uint64(unix.SIGKILL)})
	}
	return false
}
