package kernel

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

// Set changes a register by name. SetRegs writes them back.
func (r *Registers) Set(name string, v uint64) bool {
	i := slices.Index(registerNames, name)
	if i < 0 {
		return false
	}
	r.words()[i] = v
	return true
}

// ABIOf names the ABI of a system call stop.
func ABIOf(arch uint32, nr uint64) syscalls.ABI {
	if abi := syscalls.ABIOfAudit(arch, nr); abi < syscalls.NumABI {
		return abi
	}
	return syscalls.Native()
}
