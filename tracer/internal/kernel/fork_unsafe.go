package kernel

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The runtime's fork protocol. The Go project keeps these three names stable
// for programs that fork by themselves (runtime/proc.go says so).

//go:linkname runtimeBeforeFork syscall.runtime_BeforeFork
func runtimeBeforeFork()

//go:linkname runtimeAfterFork syscall.runtime_AfterFork
func runtimeAfterFork()

//go:linkname runtimeAfterForkInChild syscall.runtime_AfterForkInChild
func runtimeAfterForkInChild()

// The steps of the child, as reported through the error pipe.
const (
	stepSetrlimit = iota + 1
	stepSignals
	stepKeyring
	stepGate
	stepNoNewPrivs
	stepSeccomp
	stepSetgroups
	stepSetgid
	stepSetuid
	stepUser
	stepExecve
)

// StepNames are those of the steps, by what a StepFailure says.
var StepNames = [...]string{
	stepSetrlimit: "setrlimit", stepSignals: "signals", stepKeyring: "session keyring", stepGate: "gate", stepNoNewPrivs: "no_new_privs", stepSeccomp: "seccomp", stepSetgroups: "setgroups",
	stepSetgid: "setgid", stepSetuid: "setuid", stepUser: "the kernel did not change the user", stepExecve: "execve",
}

// ChildPlan is all that the child needs, made before the fork: between fork
// and execve nothing may be allocated.
type ChildPlan struct {
	Path       *byte
	Argv, Env  []*byte
	Gate       int     // read end: the child waits here until it has been seized
	Opener     int     // write end of the gate, the tracer's alone: it ends the child by dying
	Errors     int     // write end, close-on-exec: a failed step is reported here
	CloneFlags uintptr // CLONE_UNTRACED, or 0
	Way        ForkWay
	SetUser    bool
	Keyring    bool // a session keyring of its own
	UID, GID   uint32
	Groups     []uint32 // sorted, each once
	GotGroups  []uint32 // room for what getgroups(2) returns, one more than there should be
	SetNoFile  bool
	NoFile     unix.Rlimit
	SetSignals bool
	Ignored    [64]bool // by signal number - 1: inherited as ignored
	Blocked    uint64
	Ignore     Sigaction
	Filter     *unix.SockFprog // nil: none
	FilterArgs uintptr         // SECCOMP_FILTER_FLAG_*

	// Of a child that shares the memory, see fork_shared_unsafe.go.
	steps   []childStep
	failure childFailure
	mask    uint64
	opened  byte // what it has read from the gate
}

// hasGroups says whether the first n of GotGroups are the groups: each is one of
// them, and there are as many.
//
//go:norace
//go:nosplit
//go:nocheckptr
func (p *ChildPlan) hasGroups(n uintptr) bool {
	if n != uintptr(len(p.Groups)) {
		return false
	}
	for _, got := range p.GotGroups[:n] {
		low, high := 0, len(p.Groups)
		for low < high {
			if mid := (low + high) / 2; p.Groups[mid] < got {
				low = mid + 1
			} else {
				high = mid
			}
		}
		if low == len(p.Groups) || p.Groups[low] != got {
			return false
		}
	}
	return true
}

// ForkWay is how the child is made.
type ForkWay uint8

const (
	ForkSharing ForkWay = iota // with this process's memory until its execve
	ForkClone3                 // with a copy of it
	ForkClone                  // the same before Linux 5.5
)

// StepFailure is what the child writes to the error pipe.
type StepFailure struct {
	Step  int32
	Errno int32
}

// cloneArgs is the first version of struct clone_args of linux/sched.h.
type cloneArgs struct {
	flags, pidfd, childTID, parentTID, exitSignal, stack, stackSize, tls uint64
}

// Fork makes the child in the way that the plan says, or that there is.
func Fork(p *ChildPlan) (pid uintptr, errno syscall.Errno) {
	if p.Way == ForkSharing {
		if pid, e := forkShared(p); !withoutClone3(e) {
			return pid, e
		}
		p.Way = ForkClone
	}
	return forkChild(p)
}

// withoutClone3 says whether a failure may be that of an older kernel, or of a container that
// keeps clone3 from us. The child of forkChild may call it.
//
//go:norace
//go:nosplit
func withoutClone3(e syscall.Errno) bool {
	return e == syscall.ENOSYS || e == syscall.EINVAL || e == syscall.EPERM
}

// forkChild forks. The child waits at the gate and then does the plan's steps;
// it never returns. It must run nothing but raw system calls: the other threads
// of this process, and with them every lock they held, do not exist there.
//
//go:norace
//go:noinline
//go:nocheckptr
func forkChild(p *ChildPlan) (pid uintptr, errno syscall.Errno) {
	var (
		e       syscall.Errno
		b       [1]byte
		n       uintptr
		failure StepFailure
		mask    uint64 // of the thread that forks
		cleared = true
		r, eff  uint32 // ids: real, effective
		saved   uint32
		caps    = [2]unix.CapUserData{}
		capsFor = unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	)
	// CLONE_CLEAR_SIGHAND (Linux 5.5) spares the child the runtime's way to put
	// its handlers away: sixty calls of rt_sigaction, and each has two stops when the
	// tracer was quick enough to seize it before.
	args := cloneArgs{flags: uint64(p.CloneFlags) | unix.CLONE_CLEAR_SIGHAND, exitSignal: uint64(syscall.SIGCHLD)}
	syscall.ForkLock.Lock()
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, 0, 0, uintptr(unsafe.Pointer(&mask)), 8, 0, 0)
	runtimeBeforeFork()
	e = syscall.ENOSYS
	if p.Way != ForkClone {
		pid, _, e = syscall.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args), 0)
	}
	if withoutClone3(e) {
		cleared = false
		pid, _, e = syscall.RawSyscall6(unix.SYS_CLONE, uintptr(syscall.SIGCHLD)|p.CloneFlags, 0, 0, 0, 0, 0)
	}
	if e != 0 || pid != 0 {
		runtimeAfterFork()
		syscall.ForkLock.Unlock()
		return pid, e
	}
	if !cleared {
		runtimeAfterForkInChild()
	}

	// What needs no tracer comes before the gate: behind it each call has two stops.
	syscall.RawSyscall(unix.SYS_CLOSE, uintptr(p.Opener), 0, 0)
	if p.SetNoFile {
		if _, _, e = syscall.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&p.NoFile)), 0, 0, 0); e != 0 {
			failure.Step = stepSetrlimit
		}
	}
	if p.SetSignals && failure.Step == 0 {
		for i := 0; i < len(p.Ignored); i++ {
			if p.Ignored[i] {
				if _, _, e = syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(i+1), uintptr(unsafe.Pointer(&p.Ignore)), 0, 8, 0, 0); e != 0 {
					failure.Step = stepSignals
				}
			}
		}
		mask = p.Blocked
	}
	if cleared || p.SetSignals {
		syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&mask)), 0, 8, 0, 0)
	}
	if p.Keyring && failure.Step == 0 {
		// Where a policy forbids keyctl, or there are no keys, the command can't use them either.
		if _, _, e = syscall.RawSyscall(unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0); e == syscall.ENOSYS || e == syscall.EPERM {
			e = 0
		}
		if e != 0 {
			failure.Step = stepKeyring
		}
	}
	failure.Errno = int32(e)

	for {
		n, _, e = syscall.RawSyscall(unix.SYS_READ, uintptr(p.Gate), uintptr(unsafe.Pointer(&b[0])), 1)
		if e != syscall.EINTR {
			break
		}
	}
	if failure.Step != 0 {
		e = syscall.Errno(failure.Errno)
		goto fail
	}
	if n != 1 { // the tracer is gone
		failure.Step = stepGate
		goto fail
	}
	// The user changes before the filter goes in, which could make these calls fail, or
	// only seem to succeed.
	if p.SetUser {
		if p.Filter != nil {
			syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_KEEPCAPS, 1, 0, 0, 0, 0)
		}
		syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0, 0)
		var groups unsafe.Pointer
		if len(p.Groups) > 0 {
			groups = unsafe.Pointer(&p.Groups[0])
		}
		if _, _, e = syscall.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(p.Groups)), uintptr(groups), 0); e != 0 {
			failure.Step = stepSetgroups
			goto fail
		}
		if _, _, e = syscall.RawSyscall(unix.SYS_SETRESGID, uintptr(p.GID), uintptr(p.GID), uintptr(p.GID)); e != 0 {
			failure.Step = stepSetgid
			goto fail
		}
		if _, _, e = syscall.RawSyscall(unix.SYS_SETRESUID, uintptr(p.UID), uintptr(p.UID), uintptr(p.UID)); e != 0 {
			failure.Step = stepSetuid
			goto fail
		}
		// The id -1 means "leave it" (setresuid(2)), and is not the only reason to look.
		failure.Step = stepUser
		if _, _, e = syscall.RawSyscall(unix.SYS_GETRESUID, uintptr(unsafe.Pointer(&r)), uintptr(unsafe.Pointer(&eff)), uintptr(unsafe.Pointer(&saved))); e != 0 {
			goto fail
		}
		if e = syscall.EPERM; r != p.UID || eff != p.UID || saved != p.UID {
			goto fail
		}
		if _, _, e = syscall.RawSyscall(unix.SYS_GETRESGID, uintptr(unsafe.Pointer(&r)), uintptr(unsafe.Pointer(&eff)), uintptr(unsafe.Pointer(&saved))); e != 0 {
			goto fail
		}
		if e = syscall.EPERM; r != p.GID || eff != p.GID || saved != p.GID {
			goto fail
		}
		if n, _, e = syscall.RawSyscall(unix.SYS_GETGROUPS, uintptr(len(p.GotGroups)), uintptr(unsafe.Pointer(&p.GotGroups[0])), 0); e != 0 {
			goto fail
		}
		if !p.hasGroups(n) {
			e = syscall.EPERM
			goto fail
		}
		failure.Step = 0
		if p.Filter != nil {
			// Of root's capabilities the one stays, until the execve, with which the filter
			// needs no no_new_privs: that would break set-user-id programs.
			if _, _, e = syscall.RawSyscall(unix.SYS_CAPGET, uintptr(unsafe.Pointer(&capsFor)), uintptr(unsafe.Pointer(&caps)), 0); e == 0 {
				caps[0].Permitted &= 1 << unix.CAP_SYS_ADMIN
				caps[0].Effective = caps[0].Permitted
				caps[1].Permitted, caps[1].Effective = 0, 0
				_, _, e = syscall.RawSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&capsFor)), uintptr(unsafe.Pointer(&caps)), 0)
			}
			if e != 0 {
				failure.Step = stepUser
				goto fail
			}
		}
	}
	if p.Filter != nil {
		_, _, e = syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, p.FilterArgs, uintptr(unsafe.Pointer(p.Filter)))
		if e == syscall.EACCES { // not privileged: the kernel asks for it
			if _, _, e = syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); e != 0 {
				failure.Step = stepNoNewPrivs
				goto fail
			}
			_, _, e = syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, p.FilterArgs, uintptr(unsafe.Pointer(p.Filter)))
		}
		if e != 0 {
			failure.Step = stepSeccomp
			goto fail
		}
	}
	_, _, e = syscall.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(p.Path)), uintptr(unsafe.Pointer(&p.Argv[0])), uintptr(unsafe.Pointer(&p.Env[0])))
	failure.Step = stepExecve
fail:
	failure.Errno = int32(e)
	syscall.RawSyscall(unix.SYS_WRITE, uintptr(p.Errors), uintptr(unsafe.Pointer(&failure)), unsafe.Sizeof(failure))
	for {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 127, 0, 0)
	}
}

// Bytes is the failure as it comes out of the pipe.
func (f *StepFailure) Bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(f)), unsafe.Sizeof(*f))
}
