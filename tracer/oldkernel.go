package tracer

import (
	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// PTRACE_GET_SYSCALL_INFO, by which a stop is told to be an entry or an exit,
// is kernel.FeatureGetInfo. Before, the kernel takes it for an unknown request (EIO),
// at any stop: so it is asked at the first one of a tracee, before anything was
// done to it.

// kernelFits says whether the kernel knows what the tracer cannot do without. The
// thread is stopped.
func (t *Tracer) kernelFits(tid int) bool {
	if t.kernelKnown {
		return true
	}
	e := kernel.GetSyscallInfo(tid, &t.info)
	t.kernelKnown = e == 0
	return e != unix.EIO // ESRCH is for a thread that was killed
}

// refuseLaunch ends the command's process, which has not come as far as its
// execve.
func (t *Tracer) refuseLaunch(task *Task) *LaunchError {
	path := t.launch.path
	t.launch.finish()
	endChild(task.TID)
	t.launch = nil
	t.forget(task)
	return &LaunchError{Step: "ptrace", Path: path, Errno: unix.EIO, Reason: kernel.FeatureGetInfo.Missing().Error()}
}
