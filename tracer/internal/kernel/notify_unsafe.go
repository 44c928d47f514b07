package kernel

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Notification is struct seccomp_notif of linux/seccomp.h, 80 bytes.
type Notification struct {
	ID    uint64
	PID   uint32 // thread id in the listener's pid namespace, 0 if not visible there
	flags uint32
	NR    int32
	Arch  uint32
	IP    uint64
	Args  [6]uint64
}

// NotifyReply is struct seccomp_notif_resp, 24 bytes.
type NotifyReply struct {
	ID    uint64
	Val   int64  // the call's result, if Err is 0
	Err   int32  // a failure as -errno
	Flags uint32 // NotifContinue, or 0
}

// ioctl requests of a seccomp listener: _IOWR('!', n, ...), _IOW('!', n, __u64).
const (
	NotifRecv     = 0xc0502100
	notifSend     = 0xc0182101
	notifIDValid  = 0x40082102
	notifSetFlags = 0x40082104

	NotifContinue   = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE, Linux 5.5
	notifSyncWakeUp = 1 // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6

	FilterNewListener      = 1 << 3 // SECCOMP_FILTER_FLAG_NEW_LISTENER, Linux 5.0
	FilterWaitKillableRecv = 1 << 5 // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19
)

// Receive waits for a notification, through the scheduler, and returns the time of its receipt.
// ENOENT means that its thread was interrupted or killed before it could be received, EINTR that
// a signal has ended the wait.
func (n *Notification) Receive(fd int) (at time.Time, e unix.Errno) {
	*n = Notification{} // the kernel refuses anything but zeros
	if _, _, e = unix.Syscall(unix.SYS_IOCTL, uintptr(fd), NotifRecv, uintptr(unsafe.Pointer(n))); e == 0 {
		at = notices.now()
		notices.add(entry{tid: int32(n.PID), what: uint32(n.NR), id: uint32(n.ID), kind: entryNotice})
	}
	return at, e
}

// Send answers a notification. ENOENT means that its thread was killed meanwhile.
func (r *NotifyReply) Send(fd int) unix.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), notifSend, uintptr(unsafe.Pointer(r)))
	notices.add(entry{id: uint32(r.ID), errno: uint16(e), kind: entryAnswer})
	return e
}

// NotifyValid says whether the task that sent a notification still waits.
func NotifyValid(fd int, id uint64) bool {
	_, _, e := unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), notifIDValid, uintptr(unsafe.Pointer(&id)))
	return e == 0
}

// NotifySync makes the kernel wake the listener on the CPU of the thread that asks
// (SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP).
func NotifySync(fd int) unix.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), notifSetFlags, notifSyncWakeUp)
	FeatureSyncWake.note(e)
	return e
}

// SockFprog converts a program to what seccomp(2) takes. The result refers to
// its own copy.
func SockFprog(prog []unix.SockFilter) *unix.SockFprog {
	return &unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
}
