package fdinfo

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// sockName is getsockname(2) or getpeername(2): it returns how many bytes of raw
// the address takes, -1 if there is none. Those of x/sys lose how long an abstract
// path is.
func sockName(fd int, peer bool, raw *[128]byte) int {
	call := uintptr(unix.SYS_GETSOCKNAME)
	if peer {
		call = unix.SYS_GETPEERNAME
	}
	size := uint32(len(raw))
	if _, _, e := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(raw)), uintptr(unsafe.Pointer(&size))); e != 0 {
		return -1
	}
	return int(min(size, uint32(len(raw))))
}
