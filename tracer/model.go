package tracer

import "golang.org/x/sys/unix"

// A kernelModel answers requests about threads in place of the kernel, so that
// a test can bring the tracer into situations that real threads reach once in a
// million stops. It is asked only about thread ids that the kernel never gives
// to anybody, from firstModelled on, and only where a test has set one. Values
// go in and out without pointers: they would move the caller's to the heap.
type kernelModel interface {
	// request is any request that passes no memory: CONT, SYSCALL, LISTEN,
	// DETACH, INTERRUPT, SEIZE.
	request(req, tid int, data uintptr) unix.Errno
	syscallInfo(tid int) (syscallInfo, unix.Errno)
	setSyscallInfo(tid int, s syscallInfo) unix.Errno
	eventMsg(tid int) (uint64, unix.Errno)
	regs(tid int) (Registers, unix.Errno)
	setRegs(tid int, r Registers) unix.Errno
	siginfo(tid int) (Siginfo, unix.Errno)
	setSiginfo(tid int, s Siginfo) unix.Errno
	// skip prevents the call at an entry stop.
	skip(tid int, result uint64) unix.Errno
	// statusField is a field of /proc/TID/status.
	statusField(tid int, name string) string
}

// firstModelled is above PID_MAX_LIMIT, 1<<22 on a 64-bit kernel (proc_pid_sysctl(5)).
const firstModelled = 1 << 23

// model is nil but in tests, which set it before any tracer runs.
var model kernelModel

// modelled says whether a thread is one of the model's.
func modelled(tid int) bool { return tid >= firstModelled && model != nil }
