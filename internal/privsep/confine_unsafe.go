package privsep

import (
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// dropCapabilities empties the sets of all threads.
func dropCapabilities() bool {
	h := &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(h)), uintptr(unsafe.Pointer(&none)), 0)
	var now [2]unix.CapUserData
	if err := unix.Capget(h, &now[0]); err != nil {
		return false
	}
	return now == none
}

// Access rights of Landlock by the version of its interface (landlock(7)).
var fsAccess = []uint64{0, 1<<13 - 1, 1<<14 - 1, 1<<15 - 1, 1<<15 - 1, 1<<16 - 1}

// landlock forbids all that the kernel's Landlock can forbid: there is no rule
// that allows anything.
func landlock() bool {
	version, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if e != 0 || int(version) < 1 {
		return false
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: fsAccess[min(int(version), len(fsAccess)-1)]}
	size := unsafe.Offsetof(attr.Handled_access_net)
	if version >= 4 {
		attr.Handled_access_net, size = unix.LANDLOCK_ACCESS_NET_BIND_TCP|unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, unsafe.Offsetof(attr.Scoped)
	}
	if version >= 6 {
		// Not LANDLOCK_SCOPE_SIGNAL: threads that restrict themselves one by one could no
		// longer signal each other before Linux 6.15, and the runtime does.
		attr.Scoped, size = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, unsafe.Offsetof(attr.Scoped)+unsafe.Sizeof(attr.Scoped)
	}
	fd, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if e != 0 {
		return false
	}
	defer unix.Close(int(fd))
	if _, _, e := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, unix.LANDLOCK_RESTRICT_SELF_TSYNC, 0); e == 0 {
		return true
	}
	_, _, e = syscall.AllThreadsSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0)
	runtime.KeepAlive(&attr)
	return e == 0
}

// installFilter puts the filter on all threads (SECCOMP_FILTER_FLAG_TSYNC, Linux 3.17).
func installFilter() bool {
	raw, err := bpf.Assemble(filter(uint32(unix.Getpid())))
	if err != nil {
		return false
	}
	p := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		p[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	prog := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(p)
	return e == 0
}
