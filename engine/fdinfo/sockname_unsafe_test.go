package fdinfo

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// connectUnspec ends what connect(2) has made: x/sys knows no such address.
func connectUnspec(fd int) unix.Errno {
	var sa unix.RawSockaddr
	_, _, e := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&sa)), unsafe.Sizeof(sa))
	return e
}

// bindUnix binds a socket to a path that may hold zero bytes.
func bindUnix(fd int, path string) error {
	sa := unix.RawSockaddrUnix{Family: unix.AF_UNIX}
	for i := range path {
		sa.Path[i] = int8(path[i])
	}
	_, _, e := unix.Syscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&sa)), uintptr(2+len(path)))
	if e != 0 {
		return e
	}
	return nil
}
