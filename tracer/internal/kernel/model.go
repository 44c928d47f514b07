package kernel

import "golang.org/x/sys/unix"

// A Model answers requests about threads in place of the kernel, so that
// a test can bring the tracer into situations that real threads reach once in a
// million stops. It is asked only about thread ids that the kernel never gives
// to anybody, from FirstModelled on, and only where a test has set one. Values
// go in and out without pointers: they would move the caller's to the heap.
type Model interface {
	// Request is any request that passes no memory: CONT, SYSCALL, LISTEN,
	// DETACH, INTERRUPT, SEIZE.
	Request(req, tid int, data uintptr) unix.Errno
	// SyscallInfo is PTRACE_GET_SYSCALL_INFO.
	SyscallInfo(tid int) (SyscallInfo, unix.Errno)
	// SetSyscallInfo is PTRACE_SET_SYSCALL_INFO.
	SetSyscallInfo(tid int, s SyscallInfo) unix.Errno
	// EventMsg is PTRACE_GETEVENTMSG.
	EventMsg(tid int) (uint64, unix.Errno)
	// Regs is PTRACE_GETREGSET.
	Regs(tid int) (Registers, unix.Errno)
	// SetRegs is PTRACE_SETREGSET.
	SetRegs(tid int, r Registers) unix.Errno
	// Siginfo is PTRACE_GETSIGINFO.
	Siginfo(tid int) (Siginfo, unix.Errno)
	// SetSiginfo is PTRACE_SETSIGINFO.
	SetSiginfo(tid int, s Siginfo) unix.Errno
	// Skip prevents the call at an entry stop.
	Skip(tid int, result uint64) unix.Errno
	// StatusField is a field of /proc/TID/status.
	StatusField(tid int, name string) string
}

// FirstModelled is above PID_MAX_LIMIT, 1<<22 on a 64-bit kernel (proc_pid_sysctl(5)).
const FirstModelled = 1 << 23

// MadeUp is nil but in tests, which set it before any tracer runs.
var MadeUp Model

// Modelled says whether a thread is one of the model's.
func Modelled(tid int) bool { return tid >= FirstModelled && MadeUp != nil }
