package tracer

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// notification is struct seccomp_notif of linux/seccomp.h, 80 bytes.
type notification struct {
	id    uint64
	pid   uint32 // thread id in the listener's pid namespace, 0 if not visible there
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

// notifyReply is struct seccomp_notif_resp, 24 bytes.
type notifyReply struct {
	id    uint64
	val   int64
	err   int32
	flags uint32
}

// ioctl requests of a seccomp listener: _IOWR('!', n, ...), _IOW('!', n, __u64).
const (
	notifRecv     = 0xc0502100
	notifSend     = 0xc0182101
	notifIDValid  = 0x40082102
	notifSetFlags = 0x40082104

	notifContinue   = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE, Linux 5.5
	notifSyncWakeUp = 1 // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6

	filterNewListener      = 1 << 3 // SECCOMP_FILTER_FLAG_NEW_LISTENER, Linux 5.0
	filterWaitKillableRecv = 1 << 5 // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19
)

// receive waits for a notification, through the scheduler.
func (n *notification) receive(fd int) unix.Errno {
	*n = notification{} // the kernel refuses anything but zeros
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), notifRecv, uintptr(unsafe.Pointer(n)))
	return e
}

func (r *notifyReply) send(fd int) unix.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), notifSend, uintptr(unsafe.Pointer(r)))
	notices.add(entry{id: uint32(r.id), errno: uint16(e), kind: entryAnswer})
	return e
}

// notifyValid says whether the task that sent a notification still waits.
func notifyValid(fd int, id uint64) bool {
	_, _, e := unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), notifIDValid, uintptr(unsafe.Pointer(&id)))
	return e == 0
}

func notifySync(fd int) unix.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), notifSetFlags, notifSyncWakeUp)
	return e
}

// sockFilter converts a program to what seccomp(2) takes. The result refers to
// its own copy.
func sockFprog(prog []unix.SockFilter) *unix.SockFprog {
	return &unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
}
