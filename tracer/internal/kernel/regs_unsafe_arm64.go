package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

// Registers are a stopped task's general registers (struct user_pt_regs of
// asm/ptrace.h).
type Registers unix.PtraceRegs

var registerNames = []string{
	"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
	"x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
	"sp", "pc", "pstate",
}

// words are the registers in the order of registerNames, which is the struct's.
func (r *Registers) words() *[34]uint64 { return (*[34]uint64)(unsafe.Pointer(r)) }

const (
	ntPrstatus      = 1
	ntArmSystemCall = 0x404 // the only way to change a call's number on arm64
)

// GetRegs reads the registers of a stopped thread.
func GetRegs(tid int, r *Registers) unix.Errno {
	if Modelled(tid) {
		var e unix.Errno
		*r, e = MadeUp.Regs(tid)
		return e
	}
	iov := unix.Iovec{Base: (*byte)(unsafe.Pointer(r)), Len: uint64(unsafe.Sizeof(*r))}
	return noted(unix.PTRACE_GETREGSET, tid, ptraceMemory(unix.PTRACE_GETREGSET, tid, ntPrstatus, uintptr(unsafe.Pointer(&iov))))
}

// SetRegs writes the registers of a stopped thread.
func SetRegs(tid int, r *Registers) unix.Errno {
	if Modelled(tid) {
		return MadeUp.SetRegs(tid, *r)
	}
	iov := unix.Iovec{Base: (*byte)(unsafe.Pointer(r)), Len: uint64(unsafe.Sizeof(*r))}
	return noted(unix.PTRACE_SETREGSET, tid, ptraceMemory(unix.PTRACE_SETREGSET, tid, ntPrstatus, uintptr(unsafe.Pointer(&iov))))
}

// SetNumber changes the number of the call at an entry stop.
func SetNumber(tid int, nr int32) unix.Errno {
	iov := unix.Iovec{Base: (*byte)(unsafe.Pointer(&nr)), Len: 4}
	return noted(unix.PTRACE_SETREGSET, tid, ptraceMemory(unix.PTRACE_SETREGSET, tid, ntArmSystemCall, uintptr(unsafe.Pointer(&iov))))
}

// SetCall changes the arguments in the registers of an entry stop; x8 follows
// for the look of it, the number itself is set by SetNumber.
func (r *Registers) SetCall(_ syscalls.ABI, nr int, args *[6]uint64) {
	copy(r.Regs[:6], args[:])
	r.Regs[8] = uint64(int64(nr))
}

// Call reads number and arguments back from registers. At an exit stop x0 is
// the result, so the first argument is lost there.
func (r *Registers) Call(syscalls.ABI) (nr int, args [6]uint64) {
	copy(args[:], r.Regs[:6])
	return int(int32(r.Regs[8])), args
}

// CallAtEntry is call for an entry stop, where the number is not changed by a
// register.
func (r *Registers) CallAtEntry(_ syscalls.ABI, nr int) (int, [6]uint64) {
	_, args := r.Call(syscalls.ARM64)
	return nr, args
}

// RestoreCall undoes SetCall at an exit stop, except for x0, which has the
// result.
func (r *Registers) RestoreCall(_ syscalls.ABI, made *Registers) {
	copy(r.Regs[1:6], made.Regs[1:6])
	r.Regs[8] = made.Regs[8]
}

// SetResult changes the result of a call at its exit.
func (r *Registers) SetResult(v uint64) { r.Regs[0] = v }

// SetSkip makes the kernel skip the call at an entry stop; x0 then is the result.
func SetSkip(tid int, result uint64) unix.Errno {
	if Modelled(tid) {
		return MadeUp.Skip(tid, result)
	}
	var r Registers
	if e := GetRegs(tid, &r); e != 0 {
		return e
	}
	r.SetResult(result)
	if e := SetRegs(tid, &r); e != 0 {
		return e
	}
	return SetNumber(tid, -1)
}

// InterruptedCall says whether the task may be about to leave a system call
// that a signal interrupted and that SA_RESTART decides about (ERESTARTSYS).
func (r *Registers) InterruptedCall() bool { return int64(r.Regs[0]) == -syscalls.ERESTARTSYS }

// ContinuedLater reports whether the registers are those of a call that a
// signal or a stop interrupted and that restart_syscall goes on with.
func (r *Registers) ContinuedLater() bool { return int64(r.Regs[0]) == -syscalls.ERESTART_RESTARTBLOCK }

// Restarted reports whether the registers are those of a call that a signal or a
// stop interrupted and that the kernel makes again or goes on with.
func (r *Registers) Restarted() bool { return syscalls.IsRestart(int64(r.Regs[0])) }

// RestartInterrupted can't be done on arm64: the interrupted call's first
// argument was in x0, which the result has overwritten.
func RestartInterrupted(*Registers) bool { return false }

// PC returns the address of the instruction that comes next.
func (r *Registers) PC() uint64 { return r.Pc }
