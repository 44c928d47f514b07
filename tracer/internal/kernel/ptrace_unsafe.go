package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ptrace issues one request that passes no pointer.
func Ptrace(req int, tid int, addr, data uintptr) unix.Errno {
	if Modelled(tid) {
		return MadeUp.Request(req, tid, data)
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

// SyscallInfo is struct ptrace_syscall_info of linux/ptrace.h. The union is
// laid out as its longest member, seccomp; an exit's rval and is_error lie in
// nr and the first byte of args[0].
type SyscallInfo struct {
	Op       uint8 // one of SysInfo*
	_        uint8
	Flags    uint16
	Arch     uint32
	IP, SP   uint64
	NR       uint64
	Args     [6]uint64
	RetData  uint32 // at a stop of a filter's: SECCOMP_RET_DATA
	Reserved uint32
}

// The kinds of stop that PTRACE_GET_SYSCALL_INFO distinguishes.
const (
	SysInfoNone    = 0
	SysInfoEntry   = 1
	SysInfoExit    = 2
	SysInfoSeccomp = 3

	ptraceSetSyscallInfo = 0x4212 // PTRACE_SET_SYSCALL_INFO, Linux 6.16
)

// Rval is the result at an exit: what the call returned, or -errno.
func (s *SyscallInfo) Rval() int64 { return int64(s.NR) }

// IsError says whether the call failed; it is meaningful at an exit.
func (s *SyscallInfo) IsError() bool { return uint8(s.Args[0]) != 0 }

// SetExit makes it what PTRACE_SET_SYSCALL_INFO takes for another result.
func (s *SyscallInfo) SetExit(rval int64, isError bool) {
	s.Op, s.Flags, s.Reserved = SysInfoExit, 0, 0
	s.NR = uint64(rval)
	s.Args = [6]uint64{}
	if isError {
		s.Args[0] = 1
	}
}

// GetSyscallInfo is PTRACE_GET_SYSCALL_INFO (Linux 5.3).
func GetSyscallInfo(tid int, s *SyscallInfo) unix.Errno {
	if Modelled(tid) {
		var e unix.Errno
		*s, e = MadeUp.SyscallInfo(tid)
		return e
	}
	return noted(unix.PTRACE_GET_SYSCALL_INFO, tid, ptraceMemory(unix.PTRACE_GET_SYSCALL_INFO, tid, unsafe.Sizeof(*s), uintptr(unsafe.Pointer(s))))
}

// SetSyscallInfo is PTRACE_SET_SYSCALL_INFO (Linux 6.16).
func SetSyscallInfo(tid int, s *SyscallInfo) unix.Errno {
	if Modelled(tid) {
		return MadeUp.SetSyscallInfo(tid, *s)
	}
	e := noted(ptraceSetSyscallInfo, tid, ptraceMemory(ptraceSetSyscallInfo, tid, unsafe.Sizeof(*s), uintptr(unsafe.Pointer(s))))
	if e == unix.EIO {
		FeatureSetInfo.note(e)
	}
	return e
}

// GetEventMsg is PTRACE_GETEVENTMSG: what a stop for an event is about.
func GetEventMsg(tid int) (uint64, unix.Errno) {
	if Modelled(tid) {
		return MadeUp.EventMsg(tid)
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

// GetSiginfo is PTRACE_GETSIGINFO.
func GetSiginfo(tid int, s *Siginfo) unix.Errno {
	if Modelled(tid) {
		var e unix.Errno
		*s, e = MadeUp.Siginfo(tid)
		return e
	}
	return noted(unix.PTRACE_GETSIGINFO, tid, ptraceMemory(unix.PTRACE_GETSIGINFO, tid, 0, uintptr(unsafe.Pointer(s))))
}

// SetSiginfo is PTRACE_SETSIGINFO.
func SetSiginfo(tid int, s *Siginfo) unix.Errno {
	if Modelled(tid) {
		return MadeUp.SetSiginfo(tid, *s)
	}
	return noted(unix.PTRACE_SETSIGINFO, tid, ptraceMemory(unix.PTRACE_SETSIGINFO, tid, 0, uintptr(unsafe.Pointer(s))))
}

// SetSigno changes si_signo.
func (s *Siginfo) SetSigno(sig int) { *(*int32)(unsafe.Pointer(&s[0])) = int32(sig) }

// Sigaction is the struct that rt_sigaction(2) itself takes on amd64 and
// arm64 (not libc's).
type Sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// IgnoringAction is SIG_IGN.
var IgnoringAction = Sigaction{handler: 1}

// ChangeSigactionFlags sets and clears flags of a signal's present action and
// leaves the handler, the Go runtime's, alone. x/sys has no wrapper for it.
func ChangeSigactionFlags(sig unix.Signal, set, clear uint64) error {
	var a Sigaction
	if _, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), 0, uintptr(unsafe.Pointer(&a)), 8, 0, 0); e != 0 {
		return e
	}
	a.flags = a.flags&^clear | set
	if _, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&a)), 0, 8, 0, 0); e != 0 {
		return e
	}
	return nil
}

// Wait4 blocks (through the scheduler: a raw blocking call would stop the
// garbage collector until a tracee stops).
func Wait4(pid int, status *uint32, options int) (int, unix.Errno) {
	r, _, e := unix.Syscall6(unix.SYS_WAIT4, uintptr(pid), uintptr(unsafe.Pointer(status)), uintptr(options), 0, 0, 0)
	return int(r), e
}

// Wait4Now is wait4 with WNOHANG, which returns at once.
func Wait4Now(pid int, status *uint32, options int) (int, unix.Errno) {
	r, _, e := unix.RawSyscall6(unix.SYS_WAIT4, uintptr(pid), uintptr(unsafe.Pointer(status)), uintptr(options|unix.WNOHANG), 0, 0, 0)
	return int(r), e
}

// HasChildren says whether the calling thread has children or tracees of its
// own, without collecting any.
func HasChildren() bool {
	_, e := peek(unix.P_ALL, 0)
	return e != unix.ECHILD
}

// IsReported says whether wait4 has something to report about a thread.
func IsReported(tid int) bool {
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

// ProcessVMReadv fills p, which is not empty, with another process's memory (process_vm_readv(2)).
func ProcessVMReadv(pid int, p []byte, addr uint64) (int, unix.Errno) {
	return processVM(unix.SYS_PROCESS_VM_READV, pid, p, addr)
}

// ProcessVMWritev writes p, which is not empty, to another process's memory.
func ProcessVMWritev(pid int, p []byte, addr uint64) (int, unix.Errno) {
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
