package tracer

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

var stepNames = [...]string{
	stepSetrlimit: "setrlimit", stepSignals: "signals", stepKeyring: "session keyring", stepGate: "gate", stepNoNewPrivs: "no_new_privs", stepSeccomp: "seccomp", stepSetgroups: "setgroups",
	stepSetgid: "setgid", stepSetuid: "setuid", stepUser: "the kernel did not change the user", stepExecve: "execve",
}

// childPlan is all that the child needs, made before the fork: between fork
// and execve nothing may be allocated.
type childPlan struct {
	path       *byte
	argv, envv []*byte
	gate       int     // read end: the child waits here until it has been seized
	opener     int     // write end of the gate, the tracer's alone: it ends the child by dying
	errors     int     // write end, close-on-exec: a failed step is reported here
	cloneFlags uintptr // CLONE_UNTRACED, or 0
	way        forkWay
	setUser    bool
	keyring    bool // a session keyring of its own
	uid, gid   uint32
	groups     []uint32 // sorted, each once
	gotGroups  []uint32 // room for what getgroups(2) returns, one more than there should be
	setNoFile  bool
	noFile     unix.Rlimit
	setSignals bool
	ignored    [64]bool // by signal number - 1: inherited as ignored
	blocked    uint64
	ignore     kernelSigaction
	filter     *unix.SockFprog // nil: none
	filterArgs uintptr         // SECCOMP_FILTER_FLAG_*

	// Of a child that shares the memory, see fork_shared_unsafe.go.
	steps   []childStep
	failure childFailure
	mask    uint64
	opened  byte // what it has read from the gate
}

// hasGroups says whether the first n of gotGroups are the groups: each is one of
// them, and there are as many.
//
//go:norace
//go:nosplit
//go:nocheckptr
func (p *childPlan) hasGroups(n uintptr) bool {
	if n != uintptr(len(p.groups)) {
		return false
	}
	for _, got := range p.gotGroups[:n] {
		low, high := 0, len(p.groups)
		for low < high {
			if mid := (low + high) / 2; p.groups[mid] < got {
				low = mid + 1
			} else {
				high = mid
			}
		}
		if low == len(p.groups) || p.groups[low] != got {
			return false
		}
	}
	return true
}

// forkWay is how the child is made.
type forkWay uint8

const (
	forkSharing forkWay = iota // with this process's memory until its execve
	forkClone3                 // with a copy of it
	forkClone                  // the same before Linux 5.5
)

// stepFailure is what the child writes to the error pipe.
type stepFailure struct {
	step  int32
	errno int32
}

// cloneArgs is the first version of struct clone_args of linux/sched.h.
type cloneArgs struct {
	flags, pidfd, childTID, parentTID, exitSignal, stack, stackSize, tls uint64
}

// fork makes the child in the way that the plan says, or that there is.
func fork(p *childPlan) (pid uintptr, errno syscall.Errno) {
	if p.way == forkSharing {
		if pid, e := forkShared(p); !withoutClone3(e) {
			return pid, e
		}
		p.way = forkClone
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
func forkChild(p *childPlan) (pid uintptr, errno syscall.Errno) {
	var (
		e       syscall.Errno
		b       [1]byte
		n       uintptr
		failure stepFailure
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
	args := cloneArgs{flags: uint64(p.cloneFlags) | unix.CLONE_CLEAR_SIGHAND, exitSignal: uint64(syscall.SIGCHLD)}
	syscall.ForkLock.Lock()
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, 0, 0, uintptr(unsafe.Pointer(&mask)), 8, 0, 0)
	runtimeBeforeFork()
	e = syscall.ENOSYS
	if p.way != forkClone {
		pid, _, e = syscall.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args), 0)
	}
	if withoutClone3(e) {
		cleared = false
		pid, _, e = syscall.RawSyscall6(unix.SYS_CLONE, uintptr(syscall.SIGCHLD)|p.cloneFlags, 0, 0, 0, 0, 0)
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
	syscall.RawSyscall(unix.SYS_CLOSE, uintptr(p.opener), 0, 0)
	if p.setNoFile {
		if _, _, e = syscall.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&p.noFile)), 0, 0, 0); e != 0 {
			failure.step = stepSetrlimit
		}
	}
	if p.setSignals && failure.step == 0 {
		for i := 0; i < len(p.ignored); i++ {
			if p.ignored[i] {
				if _, _, e = syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(i+1), uintptr(unsafe.Pointer(&p.ignore)), 0, 8, 0, 0); e != 0 {
					failure.step = stepSignals
				}
			}
		}
		mask = p.blocked
	}
	if cleared || p.setSignals {
		syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&mask)), 0, 8, 0, 0)
	}
	if p.keyring && failure.step == 0 {
		// Where a policy forbids keyctl, or there are no keys, the command can't use them either.
		if _, _, e = syscall.RawSyscall(unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0); e == syscall.ENOSYS || e == syscall.EPERM {
			e = 0
		}
		if e != 0 {
			failure.step = stepKeyring
		}
	}
	failure.errno = int32(e)

	for {
		n, _, e = syscall.RawSyscall(unix.SYS_READ, uintptr(p.gate), uintptr(unsafe.Pointer(&b[0])), 1)
		if e != syscall.EINTR {
			break
		}
	}
	if failure.step != 0 {
		e = syscall.Errno(failure.errno)
		goto fail
	}
	if n != 1 { // the tracer is gone
		failure.step = stepGate
		goto fail
	}
	// The user changes before the filter goes in, which could make these calls fail, or
	// only seem to succeed.
	if p.setUser {
		if p.filter != nil {
			syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_KEEPCAPS, 1, 0, 0, 0, 0)
		}
		syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0, 0)
		var groups unsafe.Pointer
		if len(p.groups) > 0 {
			groups = unsafe.Pointer(&p.groups[0])
		}
		if _, _, e = syscall.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(p.groups)), uintptr(groups), 0); e != 0 {
			failure.step = stepSetgroups
			goto fail
		}
		if _, _, e = syscall.RawSyscall(unix.SYS_SETRESGID, uintptr(p.gid), uintptr(p.gid), uintptr(p.gid)); e != 0 {
			failure.step = stepSetgid
			goto fail
		}
		if _, _, e = syscall.RawSyscall(unix.SYS_SETRESUID, uintptr(p.uid), uintptr(p.uid), uintptr(p.uid)); e != 0 {
			failure.step = stepSetuid
			goto fail
		}
		// The id -1 means "leave it" (setresuid(2)), and is not the only reason to look.
		failure.step = stepUser
		if _, _, e = syscall.RawSyscall(unix.SYS_GETRESUID, uintptr(unsafe.Pointer(&r)), uintptr(unsafe.Pointer(&eff)), uintptr(unsafe.Pointer(&saved))); e != 0 {
			goto fail
		}
		if e = syscall.EPERM; r != p.uid || eff != p.uid || saved != p.uid {
			goto fail
		}
		if _, _, e = syscall.RawSyscall(unix.SYS_GETRESGID, uintptr(unsafe.Pointer(&r)), uintptr(unsafe.Pointer(&eff)), uintptr(unsafe.Pointer(&saved))); e != 0 {
			goto fail
		}
		if e = syscall.EPERM; r != p.gid || eff != p.gid || saved != p.gid {
			goto fail
		}
		if n, _, e = syscall.RawSyscall(unix.SYS_GETGROUPS, uintptr(len(p.gotGroups)), uintptr(unsafe.Pointer(&p.gotGroups[0])), 0); e != 0 {
			goto fail
		}
		if !p.hasGroups(n) {
			e = syscall.EPERM
			goto fail
		}
		failure.step = 0
		if p.filter != nil {
			// Of root's capabilities the one stays, until the execve, with which the filter
			// needs no no_new_privs: that would break set-user-id programs.
			if _, _, e = syscall.RawSyscall(unix.SYS_CAPGET, uintptr(unsafe.Pointer(&capsFor)), uintptr(unsafe.Pointer(&caps)), 0); e == 0 {
				caps[0].Permitted &= 1 << unix.CAP_SYS_ADMIN
				caps[0].Effective = caps[0].Permitted
				caps[1].Permitted, caps[1].Effective = 0, 0
				_, _, e = syscall.RawSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&capsFor)), uintptr(unsafe.Pointer(&caps)), 0)
			}
			if e != 0 {
				failure.step = stepUser
				goto fail
			}
		}
	}
	if p.filter != nil {
		_, _, e = syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, p.filterArgs, uintptr(unsafe.Pointer(p.filter)))
		if e == syscall.EACCES { // not privileged: the kernel asks for it
			if _, _, e = syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); e != 0 {
				failure.step = stepNoNewPrivs
				goto fail
			}
			_, _, e = syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, p.filterArgs, uintptr(unsafe.Pointer(p.filter)))
		}
		if e != 0 {
			failure.step = stepSeccomp
			goto fail
		}
	}
	_, _, e = syscall.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(p.path)), uintptr(unsafe.Pointer(&p.argv[0])), uintptr(unsafe.Pointer(&p.envv[0])))
	failure.step = stepExecve
fail:
	failure.errno = int32(e)
	syscall.RawSyscall(unix.SYS_WRITE, uintptr(p.errors), uintptr(unsafe.Pointer(&failure)), unsafe.Sizeof(failure))
	for {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 127, 0, 0)
	}
}

// bytes is the failure as it comes out of the pipe.
func (f *stepFailure) bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(f)), unsafe.Sizeof(*f))
}
