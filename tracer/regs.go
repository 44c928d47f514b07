package tracer

import (
	"slices"

	"luatrace/tracer/syscalls"
)

// RegisterNames returns the names that Get and Set know, the kernel's own.
func RegisterNames() []string { return slices.Clone(registerNames) }

// Get returns a register by the kernel's name for it ("rip", "orig_rax"; "x0",
// "pc").
func (r *Registers) Get(name string) (uint64, bool) {
	i := slices.Index(registerNames, name)
	if i < 0 {
		return 0, false
	}
	return r.words()[i], true
}

// Set changes a register by name. [Task.SetRegisters] writes them back.
func (r *Registers) Set(name string, v uint64) bool {
	i := slices.Index(registerNames, name)
	if i < 0 {
		return false
	}
	r.words()[i] = v
	return true
}

// Values of the arch field of struct ptrace_syscall_info.
const (
	auditX8664   = syscalls.AuditX8664
	auditI386    = syscalls.AuditI386
	auditAArch64 = syscalls.AuditAArch64
)

// abiOf names the ABI of a system call stop.
func abiOf(arch uint32, nr uint64) syscalls.ABI {
	if abi := syscalls.ABIOfAudit(arch, nr); abi < syscalls.NumABI {
		return abi
	}
	return nativeABI
}

// auditOf is the architecture under which the kernel shows calls of an ABI.
func auditOf(abi syscalls.ABI) uint32 {
	switch abi {
	case syscalls.I386:
		return auditI386
	case syscalls.ARM64:
		return auditAArch64
	}
	return auditX8664
}

const x32Bit = 0x40000000
