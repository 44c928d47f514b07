package kernel

import (
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A fork copies the page tables, and makes each page that this process writes to
// afterwards fault once more. A child that shares the memory until its execve (CLONE_VM) spares both. It
// can't run Go code: this process runs on meanwhile, and with it everything that Go code relies
// on. So its calls are made up before, as a list, and a loop in assembler makes them.

// childStep is a call of the child; fork_ARCH.s knows the layout.
type childStep struct {
	kind childStepKind
	step int32 // of stepNames, for the failure
	nr   uintptr
	args [6]uintptr
}

// childStepKind says what a failure of a step means.
type childStepKind int32

const (
	stepTry    childStepKind = iota // nothing
	stepNote                        // the end, but behind the gate only
	stepWait                        // read(2) at the gate: any other result than 1 is a failure
	stepMust                        // the end
	stepFilter                      // EACCES: the next step comes; else it is the end. Success skips two steps
)

// childFailure is where the child notes its failure, and the descriptor it is written to.
type childFailure struct {
	//lint:ignore U1000 fork_ARCH.s writes it
	StepFailure
	errors uintptr
}

// cloneShared makes the child, which never returns.
//
//go:noescape
func cloneShared(args *cloneArgs, size uintptr, steps *childStep, failure *childFailure) (pid, errno uintptr)

// forkShared is forkChild with shared memory. ENOSYS, EINVAL and EPERM may mean that the
// kernel or a container has no clone3. The plan must be kept until the child has called
// execve or is dead, and lie in the heap, which does not move.
func forkShared(p *ChildPlan) (pid uintptr, errno syscall.Errno) {
	args := cloneArgs{flags: uint64(p.CloneFlags) | unix.CLONE_VM | unix.CLONE_CLEAR_SIGHAND, exitSignal: uint64(syscall.SIGCHLD)}
	all := ^uint64(0)
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	// Its first calls are made with all signals blocked; then it gets its own mask.
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&all)), uintptr(unsafe.Pointer(&p.mask)), 8, 0, 0)
	own := p.mask
	p.share()
	pid, e := cloneShared(&args, unsafe.Sizeof(args), &p.steps[0], &p.failure)
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&own)), 0, 8, 0, 0)
	return pid, syscall.Errno(e)
}

// leftPlans are those of children that were detached before their execve: they still read them.
var leftPlans struct {
	sync.Mutex
	list []*ChildPlan
}

// KeepPlan keeps a plan for ever.
func KeepPlan(p *ChildPlan) {
	leftPlans.Lock()
	defer leftPlans.Unlock()
	leftPlans.list = append(leftPlans.list, p)
}

// share makes the list of the calls that forkChild's child makes, in the same order.
func (p *ChildPlan) share() {
	add := func(kind childStepKind, step int32, nr uintptr, args ...uintptr) {
		s := childStep{kind: kind, step: step, nr: nr}
		copy(s.args[:], args)
		p.steps = append(p.steps, s)
	}
	p.steps = p.steps[:0]
	p.failure = childFailure{errors: uintptr(p.Errors)}
	add(stepTry, 0, unix.SYS_CLOSE, uintptr(p.Opener))
	if p.SetNoFile {
		add(stepNote, stepSetrlimit, unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&p.NoFile)))
	}
	if p.SetSignals {
		for i, ignored := range p.Ignored {
			if ignored {
				add(stepNote, stepSignals, unix.SYS_RT_SIGACTION, uintptr(i+1), uintptr(unsafe.Pointer(&p.Ignore)), 0, 8)
			}
		}
		p.mask = p.Blocked
	}
	add(stepTry, 0, unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&p.mask)), 0, 8)
	add(stepWait, stepGate, unix.SYS_READ, uintptr(p.Gate), uintptr(unsafe.Pointer(&p.opened)), 1)
	if p.Filter != nil {
		add(stepFilter, stepSeccomp, unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, p.FilterArgs, uintptr(unsafe.Pointer(p.Filter)))
		add(stepMust, stepNoNewPrivs, unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1)
		add(stepMust, stepSeccomp, unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, p.FilterArgs, uintptr(unsafe.Pointer(p.Filter)))
	}
	add(stepMust, stepExecve, unix.SYS_EXECVE, uintptr(unsafe.Pointer(p.Path)), uintptr(unsafe.Pointer(&p.Argv[0])), uintptr(unsafe.Pointer(&p.Env[0])))
}
