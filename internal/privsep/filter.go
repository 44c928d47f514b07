package privsep

import (
	"runtime"
	"slices"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// allowed are the system calls of a helper: what the Go runtime (and, with cgo,
// the C library's threads) needs to compute, and what the protocol needs. None
// takes a path, makes a socket, or reaches another process.
var allowed = []uint32{
	unix.SYS_READ, unix.SYS_PREAD64, unix.SYS_WRITE, unix.SYS_CLOSE, unix.SYS_FSTAT, unix.SYS_SENDMSG, unix.SYS_RECVMSG, unix.SYS_PPOLL,
	unix.SYS_FUTEX, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_RESTART_SYSCALL,
	unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_BRK, unix.SYS_MINCORE,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETRANDOM,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
	unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
}

// Offsets in struct seccomp_data (seccomp(2)): arguments have 64 bits, of which
// the filter reads the lower half.
const (
	dataNR   = 0
	dataArch = 4
	dataArgs = 16
)

// argument is a call that is allowed if a bit test of an argument holds.
type argument struct {
	nr    uint32
	index uint32 // of the argument
	bits  uint32
	set   bool // all bits must be set, else none
}

// threadFlags is what makes clone(2) a thread of this process.
const threadFlags = unix.CLONE_VM | unix.CLONE_THREAD | unix.CLONE_SIGHAND

func arguments() []argument {
	return []argument{
		{unix.SYS_MMAP, 2, unix.PROT_EXEC, false},
		{unix.SYS_MPROTECT, 2, unix.PROT_EXEC, false},
		{unix.SYS_CLONE, 0, threadFlags, true},
	}
}

// equals is a call that is allowed if an argument has a value.
type equals struct{ nr, index, value uint32 }

func equalities(pid uint32) []equals {
	return []equals{
		{unix.SYS_TGKILL, 0, pid},            // the runtime preempts its threads by signals
		{unix.SYS_PRCTL, 0, unix.PR_SET_VMA}, // it names its memory
		{unix.SYS_FCNTL, 1, unix.F_GETFL},    // it asks what a descriptor is
	}
}

// filter is the program: everything else is EPERM, so that a runtime that tries something
// new can do without; clone3 is ENOSYS, since a filter can't look at its
// arguments, and the C library then uses clone; a call of another architecture's kills.
func filter(pid uint32) []bpf.Instruction {
	arch := uint32(unix.AUDIT_ARCH_X86_64)
	if runtime.GOARCH == "arm64" {
		arch = unix.AUDIT_ARCH_AARCH64
	}
	var (
		allow  = bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}
		refuse = bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)}
		load   = func(offset uint32) bpf.Instruction { return bpf.LoadAbsolute{Off: offset, Size: 4} }
		unless = func(value uint32, skip uint8) bpf.Instruction {
			return bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: value, SkipTrue: skip}
		}
	)
	p := []bpf.Instruction{
		load(dataArch),
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: arch, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
		load(dataNR),
	}
	for _, nr := range append(slices.Clone(allowed), legacyCalls...) {
		p = append(p, unless(nr, 1), allow)
	}
	p = append(p, unless(unix.SYS_CLONE3, 1), bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)})
	for _, e := range equalities(pid) {
		p = append(p, unless(e.nr, 4), load(dataArgs+8*e.index), unless(e.value, 1), allow, refuse)
	}
	for _, a := range arguments() {
		want := uint32(0)
		if a.set {
			want = a.bits
		}
		p = append(p, unless(a.nr, 5), load(dataArgs+8*a.index), bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: a.bits}, unless(want, 1), allow, refuse)
	}
	return append(p, refuse)
}
