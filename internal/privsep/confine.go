package privsep

import (
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// limits is what a helper may use.
type limits struct {
	memory uint64 // bytes, beyond what the program has when it starts
	cpu    uint64 // seconds, in all
}

// nobody is the overflow uid and gid of Linux, which owns nothing.
const nobody = 65534

// mostFiles is enough for the standard descriptors, the socket, the file of a job and the
// runtime's own.
const mostFiles = 16

// confine takes this process's rights away, and returns what could be taken.
// The order matters: each step needs what a later one forbids.
func confine(l limits) (held Confinement) {
	if closeInherited() && setLimits(l) {
		held |= Limits
	}
	if prctlAll(unix.PR_SET_NO_NEW_PRIVS, 1) {
		held |= NoNewPrivs
	}
	if landlock() {
		held |= Landlock
	}
	if leaveRoot() {
		held |= User
	}
	if dropCapabilities() {
		held |= Capabilities
	}
	if unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) == nil {
		held |= Undumpable
	}
	if installFilter() {
		held |= Seccomp
	}
	return held
}

// closeInherited closes what the program that luatrace was started from left
// open. What this process has opened itself is marked close-on-exec, so what is
// not came through an execve.
func closeInherited() bool {
	dir, err := unix.Open("/proc/self/fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(dir)
	b := make([]byte, 4096)
	for {
		n, err := unix.ReadDirent(dir, b)
		if err != nil || n <= 0 {
			return err == nil
		}
		_, _, names := unix.ParseDirent(b[:n], -1, nil)
		for _, name := range names {
			fd, err := strconv.Atoi(name)
			if err != nil || fd <= socketFD {
				continue
			}
			if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
				unix.Close(fd)
			}
		}
	}
}

func setLimits(l limits) bool {
	size, data, ok := ownSize()
	if !ok {
		return false
	}
	for _, lim := range []struct {
		resource int
		value    uint64
	}{
		{unix.RLIMIT_CORE, 0}, {unix.RLIMIT_FSIZE, 0}, {unix.RLIMIT_NOFILE, mostFiles}, {unix.RLIMIT_CPU, l.cpu},
		// The runtime reserves address space that it never uses: RLIMIT_DATA (Linux 4.7) counts what it uses.
		{unix.RLIMIT_DATA, data + l.memory}, {unix.RLIMIT_AS, size + 4*l.memory},
	} {
		if err := unix.Setrlimit(lim.resource, &unix.Rlimit{Cur: lim.value, Max: lim.value}); err != nil {
			return false
		}
	}
	return true
}

// ownSize is the address space and the private writable part of it, in bytes
// (proc_pid_statm(5)).
func ownSize() (size, data uint64, ok bool) {
	fd, err := unix.Open("/proc/self/statm", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, 0, false
	}
	defer unix.Close(fd)
	b := make([]byte, 256)
	n, err := unix.Read(fd, b)
	if err != nil {
		return 0, 0, false
	}
	var fields [7]uint64
	i, within := 0, false
	for _, c := range b[:n] {
		if c < '0' || c > '9' {
			if within {
				i++
			}
			within = false
			continue
		}
		if i == len(fields) {
			return 0, 0, false
		}
		within = true
		fields[i] = fields[i]*10 + uint64(c-'0')
	}
	page := uint64(unix.Getpagesize())
	return fields[0] * page, fields[5] * page, i >= 6
}

// prctlAll makes a prctl of each thread.
func prctlAll(option, arg uintptr) bool {
	_, _, e := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, option, arg, 0, 0, 0, 0)
	if e == syscall.ENOTSUP { // with cgo: seccomp's TSYNC hands it on
		return unix.Prctl(int(option), arg, 0, 0, 0) == nil
	}
	return e == 0
}

// leaveRoot makes root a user that owns nothing. It is true for who was none before.
func leaveRoot() bool {
	if unix.Geteuid() != 0 && unix.Getuid() != 0 {
		return true
	}
	return syscall.Setgroups(nil) == nil && syscall.Setresgid(nobody, nobody, nobody) == nil && syscall.Setresuid(nobody, nobody, nobody) == nil
}
