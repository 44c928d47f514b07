package tracer

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// ptrace issues one request that passes no pointer.
func ptrace(req int, tid int, addr, data uintptr) unix.Errno {
	if modelled(tid) {
		return model.request(req, tid, data)
	}
	return noted(req, tid, ptraceMemory(req, tid, addr, data))
}

// ptraceMemory issues one request by RawSyscall: every request returns at once,
// so the scheduler need not know, which saves some 30 ns each. It must stay small
// enough to be inlined, so that no stack grows, and moves, between the
// conversion of a pointer and the request.
func ptraceMemory(req int, tid int, addr, data uintptr) unix.Errno {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(req), uintptr(tid), addr, data, 0, 0)
	return e
}

// syscallInfo is struct ptrace_syscall_info of linux/ptrace.h. The union is
// laid out as its longest member, seccomp; an exit's rval and is_error lie in
// nr and the first byte of args[0].
type syscallInfo struct {
	op       uint8
	_        uint8
	flags    uint16
	arch     uint32
	ip, sp   uint64
	nr       uint64
	args     [6]uint64
	retData  uint32
	reserved uint32
}

const (
	sysInfoNone    = 0
	sysInfoEntry   = 1
	sysInfoExit    = 2
	sysInfoSeccomp = 3

	ptraceSetSyscallInfo = 0x4212 // PTRACE_SET_SYSCALL_INFO, Linux 6.16
)

func (s *syscallInfo) rval() int64   { return int64(s.nr) }
func (s *syscallInfo) isError() bool { return uint8(s.args[0]) != 0 }

func (s *syscallInfo) setExit(rval int64, isError bool) {
	s.op, s.flags, s.reserved = sysInfoExit, 0, 0
	s.nr = uint64(rval)
	s.args = [6]uint64{}
	if isError {
		s.args[0] = 1
	}
}

// getSyscallInfo is PTRACE_GET_SYSCALL_INFO (Linux 5.3).
func getSyscallInfo(tid int, s *syscallInfo) unix.Errno {
	if modelled(tid) {
		var e unix.Errno
		*s, e = model.syscallInfo(tid)
		return e
	}
	return noted(unix.PTRACE_GET_SYSCALL_INFO, tid, ptraceMemory(unix.PTRACE_GET_SYSCALL_INFO, tid, unsafe.Sizeof(*s), uintptr(unsafe.Pointer(s))))
}

func setSyscallInfo(tid int, s *syscallInfo) unix.Errno {
	if modelled(tid) {
		return model.setSyscallInfo(tid, *s)
	}
	return noted(ptraceSetSyscallInfo, tid, ptraceMemory(ptraceSetSyscallInfo, tid, unsafe.Sizeof(*s), uintptr(unsafe.Pointer(s))))
}

func getEventMsg(tid int) (uint64, unix.Errno) {
	if modelled(tid) {
		return model.eventMsg(tid)
	}
	var msg uint64
	e := noted(unix.PTRACE_GETEVENTMSG, tid, ptraceMemory(unix.PTRACE_GETEVENTMSG, tid, 0, uintptr(unsafe.Pointer(&msg))))
	return msg, e
}

// Siginfo is the kernel's 128 byte siginfo_t as PTRACE_GETSIGINFO gives it
// (signal.h, sigaction(2)); it is in the native layout of the tracer.
type Siginfo [128]byte

func (s *Siginfo) i32(off int) int32 { return *(*int32)(unsafe.Pointer(&s[off])) }

// Signo returns si_signo.
func (s *Siginfo) Signo() int { return int(s.i32(0)) }

// Errno returns si_errno.
func (s *Siginfo) Errno() int { return int(s.i32(4)) }

// Code returns si_code: who sent it (SI_USER 0, SI_KERNEL 128, SI_QUEUE -1, ...).
func (s *Siginfo) Code() int { return int(s.i32(8)) }

// Pid returns si_pid; meaningful for signals that a process sent and for SIGCHLD.
func (s *Siginfo) Pid() int { return int(s.i32(16)) }

// UID returns si_uid; meaningful as Pid is.
func (s *Siginfo) UID() int { return int(s.i32(20)) }

// Status returns si_status of a SIGCHLD: exit code or signal number.
func (s *Siginfo) Status() int { return int(s.i32(24)) }

// Addr returns si_addr; meaningful for SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP.
func (s *Siginfo) Addr() uint64 { return *(*uint64)(unsafe.Pointer(&s[16])) }

// Value returns si_value of a queued signal (sigqueue(3)) as its 64-bit word.
func (s *Siginfo) Value() uint64 { return *(*uint64)(unsafe.Pointer(&s[24])) }

func getSiginfo(tid int, s *Siginfo) unix.Errno {
	if modelled(tid) {
		var e unix.Errno
		*s, e = model.siginfo(tid)
		return e
	}
	return noted(unix.PTRACE_GETSIGINFO, tid, ptraceMemory(unix.PTRACE_GETSIGINFO, tid, 0, uintptr(unsafe.Pointer(s))))
}

func setSiginfo(tid int, s *Siginfo) unix.Errno {
	if modelled(tid) {
		return model.setSiginfo(tid, *s)
	}
	return noted(unix.PTRACE_SETSIGINFO, tid, ptraceMemory(unix.PTRACE_SETSIGINFO, tid, 0, uintptr(unsafe.Pointer(s))))
}

func (s *Siginfo) setSigno(sig int) { *(*int32)(unsafe.Pointer(&s[0])) = int32(sig) }

// kernelSigaction is the struct that rt_sigaction(2) itself takes on amd64 and
// arm64 (not libc's).
type kernelSigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// ignoringAction is SIG_IGN.
var ignoringAction = kernelSigaction{handler: 1}

// changeSigactionFlags sets and clears flags of a signal's present action and
// leaves the handler, the Go runtime's, alone. x/sys has no wrapper for it.
func changeSigactionFlags(sig unix.Signal, set, clear uint64) error {
	var a kernelSigaction
	if _, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), 0, uintptr(unsafe.Pointer(&a)), 8, 0, 0); e != 0 {
		return e
	}
	a.flags = a.flags&^clear | set
	if _, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&a)), 0, 8, 0, 0); e != 0 {
		return e
	}
	return nil
}

// wait4 blocks (through the scheduler: a raw blocking call would stop the
// garbage collector until a tracee stops).
func wait4(pid int, status *uint32, options int) (int, unix.Errno) {
	r, _, e := unix.Syscall6(unix.SYS_WAIT4, uintptr(pid), uintptr(unsafe.Pointer(status)), uintptr(options), 0, 0, 0)
	return int(r), e
}

// wait4Now is wait4 with WNOHANG, which returns at once.
func wait4Now(pid int, status *uint32, options int) (int, unix.Errno) {
	r, _, e := unix.RawSyscall6(unix.SYS_WAIT4, uintptr(pid), uintptr(unsafe.Pointer(status)), uintptr(options|unix.WNOHANG), 0, 0, 0)
	return int(r), e
}

// hasChildren says whether the calling thread has children or tracees of its
// own, without collecting any.
func hasChildren() bool {
	_, e := peek(unix.P_ALL, 0)
	return e != unix.ECHILD
}

// isReported says whether wait4 has something to tell of a thread.
func isReported(tid int) bool {
	reported, e := peek(unix.P_PID, tid)
	return reported && e == 0
}

// peek asks waitid(2) for a report of the calling thread's children and
// tracees, or one of them, and leaves it where it is.
func peek(kind, id int) (reported bool, e unix.Errno) {
	var info Siginfo
	for {
		_, _, e = unix.RawSyscall6(unix.SYS_WAITID, uintptr(kind), uintptr(id), uintptr(unsafe.Pointer(&info)),
			unix.WEXITED|unix.WSTOPPED|unix.WNOHANG|unix.WNOWAIT|unix.WALL|unix.WNOTHREAD, 0, 0)
		if e != unix.EINTR {
			return info.Signo() != 0, e
		}
	}
}

func processVMReadv(pid int, p []byte, addr uint64) (int, unix.Errno) {
	return processVM(unix.SYS_PROCESS_VM_READV, pid, p, addr)
}

func processVMWritev(pid int, p []byte, addr uint64) (int, unix.Errno) {
	return processVM(unix.SYS_PROCESS_VM_WRITEV, pid, p, addr)
}

// processVM moves bytes between p, which is not empty, and another process.
func processVM(call uintptr, pid int, p []byte, addr uint64) (int, unix.Errno) {
	local := unix.Iovec{Base: &p[0], Len: uint64(len(p))}
	remote := unix.RemoteIovec{Base: uintptr(addr), Len: len(p)}
	r, _, e := unix.Syscall6(call, uintptr(pid), uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1, 0)
	if e != 0 {
		return 0, e
	}
	return int(r), 0
}
