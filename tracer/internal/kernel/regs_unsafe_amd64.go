package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

// Registers are a stopped task's general registers (struct user_regs_struct
// of sys/user.h). A 32-bit tracee's registers stand in the low halves.
type Registers unix.PtraceRegs

var registerNames = []string{
	"r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi",
	"orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs",
}

// words are the registers in the order of registerNames, which is the struct's.
func (r *Registers) words() *[27]uint64 { return (*[27]uint64)(unsafe.Pointer(r)) }

// GetRegs reads the registers of a stopped thread.
func GetRegs(tid int, r *Registers) unix.Errno {
	if Modelled(tid) {
		var e unix.Errno
		*r, e = MadeUp.Regs(tid)
		return e
	}
	return noted(unix.PTRACE_GETREGS, tid, ptraceMemory(unix.PTRACE_GETREGS, tid, 0, uintptr(unsafe.Pointer(r))))
}

// SetRegs writes the registers of a stopped thread.
func SetRegs(tid int, r *Registers) unix.Errno {
	if Modelled(tid) {
		return MadeUp.SetRegs(tid, *r)
	}
	return noted(unix.PTRACE_SETREGS, tid, ptraceMemory(unix.PTRACE_SETREGS, tid, 0, uintptr(unsafe.Pointer(r))))
}

// SetCall changes number and arguments in the registers of an entry stop.
func (r *Registers) SetCall(abi syscalls.ABI, nr int, args *[6]uint64) {
	r.Orig_rax = uint64(int64(nr))
	if abi == syscalls.I386 {
		r.Rbx, r.Rcx, r.Rdx, r.Rsi, r.Rdi, r.Rbp = args[0], args[1], args[2], args[3], args[4], args[5]
		return
	}
	r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9 = args[0], args[1], args[2], args[3], args[4], args[5]
}

// Call reads number and arguments back from registers, also at an exit stop:
// the kernel preserves the argument registers.
func (r *Registers) Call(abi syscalls.ABI) (nr int, args [6]uint64) {
	nr = int(int32(r.Orig_rax))
	if abi == syscalls.I386 {
		return nr, [6]uint64{uint64(uint32(r.Rbx)), uint64(uint32(r.Rcx)), uint64(uint32(r.Rdx)), uint64(uint32(r.Rsi)), uint64(uint32(r.Rdi)), uint64(uint32(r.Rbp))}
	}
	return nr, [6]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9}
}

// CallAtEntry is call for an entry stop.
func (r *Registers) CallAtEntry(abi syscalls.ABI, _ int) (int, [6]uint64) { return r.Call(abi) }

// RestoreCall undoes SetCall at an exit stop. The number too: the kernel takes
// it from here when it restarts the call, but not if the call was skipped.
func (r *Registers) RestoreCall(abi syscalls.ABI, made *Registers) {
	if int64(r.Orig_rax) >= 0 {
		r.Orig_rax = made.Orig_rax
	}
	if abi == syscalls.I386 {
		r.Rbx, r.Rcx, r.Rdx, r.Rsi, r.Rdi, r.Rbp = made.Rbx, made.Rcx, made.Rdx, made.Rsi, made.Rdi, made.Rbp
		return
	}
	r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9 = made.Rdi, made.Rsi, made.Rdx, made.R10, made.R8, made.R9
}

// SetResult changes the result of a call at its exit.
func (r *Registers) SetResult(v uint64) { r.Rax = v }

// SetSkip makes the kernel skip the call at an entry stop: number -1 is never
// found, and what stands in rax then is the result.
func SetSkip(tid int, result uint64) unix.Errno {
	if Modelled(tid) {
		return MadeUp.Skip(tid, result)
	}
	const offOrigRax, offRax = 15 * 8, 10 * 8
	if e := Ptrace(unix.PTRACE_POKEUSR, tid, offRax, uintptr(result)); e != 0 {
		return e
	}
	return Ptrace(unix.PTRACE_POKEUSR, tid, offOrigRax, ^uintptr(0))
}

// InterruptedCall says whether the task is about to leave a system call that a
// signal interrupted and that SA_RESTART decides about (ERESTARTSYS).
func (r *Registers) InterruptedCall() bool {
	return int64(r.Orig_rax) >= 0 && int32(r.Rax) == -syscalls.ERESTARTSYS
}

// ContinuedLater reports whether the registers are those of a call that a
// signal or a stop interrupted and that restart_syscall goes on with.
func (r *Registers) ContinuedLater() bool {
	return int64(r.Orig_rax) >= 0 && int32(r.Rax) == -syscalls.ERESTART_RESTARTBLOCK
}

// Restarted reports whether the registers are those of a call that a signal or a
// stop interrupted and that the kernel makes again or goes on with.
func (r *Registers) Restarted() bool {
	return int64(r.Orig_rax) >= 0 && syscalls.IsRestart(int64(int32(r.Rax)))
}

// RestartInterrupted undoes an EINTR that only our own interruption caused:
// the program counter goes back onto the system call instruction (2 bytes, also
// for int 0x80) with the call's number in rax, as the kernel itself does for
// ERESTARTNOINTR. It reports whether there was such a call.
func RestartInterrupted(r *Registers) bool {
	if int64(r.Orig_rax) < 0 || int64(r.Rax) != -int64(unix.EINTR) {
		return false
	}
	r.Rax = r.Orig_rax
	r.Rip -= 2
	return true
}

// SetNumber has nothing to do on amd64: orig_rax is a register like the others.
func SetNumber(int, int32) unix.Errno { return 0 }

// PC returns the address of the instruction that comes next.
func (r *Registers) PC() uint64 { return r.Rip }
