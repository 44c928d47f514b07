package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// registerFiles is IORING_REGISTER_FILES of linux/io_uring.h.
const registerFiles = 2

// Outlive makes the file behind a descriptor live a little longer than this process, and
// returns a descriptor that stands for it, -1 where the kernel or a policy has no io_uring.
//
// A killed process closes its files before it kills its tracees (PTRACE_O_EXITKILL), and a call
// that waits for the answer to its notification fails with ENOSYS as soon as the listener is
// closed: for a moment the tracee could act on a failure that is none. A ring's files are let go
// later, by a thread of the kernel's that first waits until no CPU uses the ring any more; by
// then the tracees are dead. The ring does no work.
//
// Nothing else knows of the ring. It stays because docs/limits.md promises that calls fail in that
// moment only where there is no io_uring.
func Outlive(fd int) int {
	var params [120]byte // struct io_uring_params; zeros ask for nothing special
	ring, _, e := unix.RawSyscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if e != 0 {
		return -1
	}
	files := [1]int32{int32(fd)}
	if _, _, e := unix.RawSyscall6(unix.SYS_IO_URING_REGISTER, ring, registerFiles, uintptr(unsafe.Pointer(&files)), 1, 0, 0); e != 0 {
		unix.Close(int(ring))
		return -1
	}
	return int(ring)
}
