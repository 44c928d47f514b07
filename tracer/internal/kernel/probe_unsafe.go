package kernel

import (
	"os"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The probes ask for each feature by a request that does nothing: it is refused for another
// reason where the kernel knows the feature.

func probeRing() unix.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_IO_URING_SETUP, 1, 0, 0) // no parameters: EFAULT
	return e
}

func probeGetFD() unix.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_PIDFD_GETFD, ^uintptr(0), 0, 0) // of no process: EBADF
	return e
}

func probeNotify() unix.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, FilterNewListener|FilterWaitKillableRecv, 0) // no program: EFAULT
	return e
}

func probeThreadFD() unix.Errno {
	fd, _, e := unix.RawSyscall(unix.SYS_PIDFD_OPEN, uintptr(os.Getpid()), unix.O_EXCL, 0)
	if e == 0 {
		unix.Close(int(fd))
	}
	return e
}

func probeGetInfo() unix.Errno { return probeTracee().get }
func probeSetInfo() unix.Errno { return probeTracee().set }
func probeClone3() unix.Errno  { return probeTracee().clone3 }

// traceeAnswers are those that need a tracee.
type traceeAnswers struct{ get, set, clone3 unix.Errno }

// probeTracee starts a child, which waits at its gate, stops and asks it, and ends it.
var probeTracee = sync.OnceValue(func() (a traceeAnswers) {
	done := make(chan struct{})
	go func() { // a request must come from the thread that seized
		defer close(done)
		runtime.LockOSThread() // and ends with the goroutine
		NoteThread(true)
		defer NoteThread(false)
		a = askTracee()
	}()
	<-done
	return a
})

func askTracee() traceeAnswers {
	fail := func(e unix.Errno) traceeAnswers { return traceeAnswers{e, e, e} }
	var gate, errs [2]int
	for _, p := range []*[2]int{&gate, &errs} {
		if unix.Pipe2(p[:], unix.O_CLOEXEC) != nil {
			return fail(unix.EPERM)
		}
		defer unix.Close(p[0])
		defer unix.Close(p[1])
	}
	name, _ := unix.BytePtrFromString("/proc/self/nothing")
	plan := &ChildPlan{Path: name, Argv: []*byte{name, nil}, Env: []*byte{nil}, Gate: gate[0], Opener: gate[1], Errors: errs[1]}
	pid, e := Fork(plan)
	if e != 0 {
		return fail(unix.EPERM)
	}
	tid := int(pid)
	defer runtime.KeepAlive(plan) // the child may read it until it is dead
	defer func() {
		unix.Kill(tid, unix.SIGKILL)
		for {
			var status uint32
			if _, e := Wait4(tid, &status, unix.WALL|unix.WNOTHREAD); e == unix.ECHILD || e == 0 && status&0x7f != 0x7f {
				return
			}
		}
	}()
	a := traceeAnswers{}
	if plan.Way == ForkClone {
		a.clone3 = unix.ENOSYS
	}
	e = Ptrace(unix.PTRACE_SEIZE, tid, 0, 0)
	if e == 0 {
		e = Ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0)
	}
	var status uint32
	for e == 0 {
		if _, e = Wait4(tid, &status, unix.WALL|unix.WNOTHREAD); e != unix.EINTR {
			break
		}
		e = 0
	}
	if e != 0 {
		a.get, a.set = unix.EPERM, unix.EPERM
		return a
	}
	var s SyscallInfo
	a.get = GetSyscallInfo(tid, &s)
	// A structure of no size: EINVAL.
	a.set = noted(ptraceSetSyscallInfo, tid, ptraceMemory(ptraceSetSyscallInfo, tid, 0, uintptr(unsafe.Pointer(&s))))
	return a
}
