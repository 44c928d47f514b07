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

// Values of the arch field of struct ptrace_syscall_info (linux/audit.h).
const (
	auditX8664   = 0xc000003e
	auditI386    = 0x40000003
	auditAArch64 = 0xc00000b7
)

// abiOf names the ABI of a system call stop. On amd64, bit 30 of the number
// says x32; numbers that are negative are nonsense, not x32.
func abiOf(arch uint32, nr uint64) syscalls.ABI {
	switch arch {
	case auditI386:
		return syscalls.I386
	case auditAArch64:
		return syscalls.ARM64
	case auditX8664:
		if n := int32(nr); n >= 0 && n&x32Bit != 0 {
			return syscalls.X32
		}
		return syscalls.AMD64
	}
	return nativeABI
}

const x32Bit = 0x40000000
