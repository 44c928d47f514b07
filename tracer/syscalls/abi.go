package syscalls

import (
	"fmt"
	"runtime"
	"sort"
	"sync"
)

// ABI is a system call convention: which table a call number belongs to, and
// how wide a long is. One process can use several (int $0x80 in a 64-bit
// process), so it is a property of a call and not of a process.
type ABI uint8

// The conventions this package has tables for.
const (
	AMD64  ABI = iota // x86-64 syscall instruction
	I386              // i386, or int $0x80 and sysenter of an x86-64 process
	ARM64             // aarch64
	X32               // x86-64 with bit 30 of the number set; uses AMD64's table
	NumABI            // number of ABIs, not an ABI itself
)

// X32Bit is the bit of the call number that marks the x32 convention
// (__X32_SYSCALL_BIT of asm/unistd.h).
const X32Bit = 0x40000000

var abiNames = [NumABI]string{"amd64", "i386", "arm64", "x32"}

// String returns "amd64", "i386", "arm64" or "x32".
func (a ABI) String() string {
	if a < NumABI {
		return abiNames[a]
	}
	return fmt.Sprintf("ABI(%d)", uint8(a))
}

// WordSize returns the size of a long and of a pointer in bytes: 8, or 4 for
// I386 and X32.
func (a ABI) WordSize() int {
	if a == I386 || a == X32 {
		return 4
	}
	return 8
}

// The kernel's values for architectures (AUDIT_ARCH_* of linux/audit.h), as
// seccomp and ptrace give them.
const (
	AuditX8664   = 0xc000003e
	AuditI386    = 0x40000003
	AuditAArch64 = 0xc00000b7
)

// ABIOfAudit names the ABI of a call from the kernel's value for the
// architecture (AUDIT_ARCH_X86_64) and the call's number; it is NumABI for
// architectures this package has no table for. Bit 30 of an x86-64 number says
// x32; numbers that are negative are nonsense, not x32.
func ABIOfAudit(arch uint32, nr uint64) ABI {
	switch arch {
	case AuditI386:
		return I386
	case AuditAArch64:
		return ARM64
	case AuditX8664:
		if n := int32(nr); n >= 0 && n&X32Bit != 0 {
			return X32
		}
		return AMD64
	}
	return NumABI
}

// AuditOf is the kernel's value for the architecture under which it shows calls of an ABI.
func AuditOf(abi ABI) uint32 {
	switch abi {
	case I386:
		return AuditI386
	case ARM64:
		return AuditAArch64
	}
	return AuditX8664
}

// RegisterSize returns how many bytes of an argument register count: 8, or 4 for
// I386. X32 has pointers of 4 bytes and registers of 8.
func (a ABI) RegisterSize() int {
	if a == I386 {
		return 4
	}
	return 8
}

// Native returns the ABI of the running program itself.
func Native() ABI {
	switch runtime.GOARCH {
	case "arm64":
		return ARM64
	case "386":
		return I386
	}
	return AMD64
}

// table returns the dense table of names of an ABI; X32 has none of its own.
func (a ABI) table() []string {
	switch a {
	case AMD64:
		return namesAMD64[:]
	case I386:
		return namesI386[:]
	case ARM64:
		return namesARM64[:]
	}
	return nil
}

// sorted returns the numbers of table in the order of their names.
func (a ABI) sorted() []uint16 {
	switch a {
	case AMD64:
		return sortedAMD64[:]
	case I386:
		return sortedI386[:]
	case ARM64:
		return sortedARM64[:]
	}
	return nil
}

// Max returns the highest known call number + 1, so that a slice of that
// length can be indexed by number. It is 0 for X32 and for unknown ABIs.
// Calls that are defined later may have higher ones.
func Max(abi ABI) int { return max(len(abi.table()), definedMax(abi)) }

// base maps a call of any ABI to the table that describes it: X32 calls are
// AMD64 calls once bit 30 is gone, and those x32 numbers own are moved to the
// AMD64 call they stand for. The number may not be in that table.
func base(abi ABI, nr int) (ABI, int) {
	if abi != X32 {
		return abi, nr
	}
	nr &^= X32Bit
	if nr >= x32First && nr < x32First+len(x32Own) {
		n, ok := Number(AMD64, x32Own[nr-x32First])
		if ok {
			nr = n
		}
	}
	return AMD64, nr
}

// Known reports whether the table of abi has a call with that number. For X32
// the number may have bit 30 set or not.
func Known(abi ABI, nr int) bool {
	abi, nr = base(abi, nr)
	t := abi.table()
	return nr >= 0 && nr < len(t) && t[nr] != "" || definedCall(abi, nr) != nil
}

// Name returns the kernel's name of a call: "openat", or "x32_openat" for X32
// (whose numbers are accepted with and without bit 30). A number the table
// doesn't have gives "syscall_0x" and its low 32 bits in hexadecimal, as
// strace prints it. Known numbers do not allocate. Safe for any goroutine.
func Name(abi ABI, nr int) string {
	if s := definedCall(abi, nr); s != nil {
		return s.Name
	}
	if abi == X32 {
		if s := x32Name(nr); s != "" {
			return s
		}
	} else if t := abi.table(); nr >= 0 && nr < len(t) && t[nr] != "" {
		return t[nr]
	}
	return fmt.Sprintf("syscall_%#x", uint32(nr))
}

// Number is the inverse of Name for calls in the table; the numbers of X32
// have bit 30 set and its names start with "x32_".
func Number(abi ABI, name string) (int, bool) {
	if abi == X32 {
		return x32Number(name)
	}
	if nr, ok := definedNumber(abi, name); ok {
		return nr, true
	}
	return tableNumber(abi, name)
}

// tableNumber is Number by the generated table.
func tableNumber(abi ABI, name string) (int, bool) {
	names, sorted := abi.table(), abi.sorted()
	i := sort.Search(len(sorted), func(i int) bool { return names[sorted[i]] >= name })
	if i < len(sorted) && names[sorted[i]] == name {
		return int(sorted[i]), true
	}
	return 0, false
}

var sortedNames [NumABI]struct {
	once  sync.Once
	names []string
}

// Names returns the names of all calls of an ABI, sorted. The slice is shared
// by all callers and must not be changed.
func Names(abi ABI) []string {
	if abi >= NumABI {
		return nil
	}
	s := &sortedNames[abi]
	s.once.Do(func() {
		if abi == X32 {
			s.names = x32SortedNames()
			return
		}
		t := abi.table()
		s.names = make([]string, 0, len(abi.sorted()))
		for _, nr := range abi.sorted() {
			s.names = append(s.names, t[nr])
		}
	})
	return s.names
}
