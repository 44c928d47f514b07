package tracer

// Loan is memory of a process that holds something else for a while, mostly as long as a call
// takes: what the kernel is to read instead of what the program has given it.
type Loan struct {
	// Addr is where it lies.
	Addr uint64
	// Old is what the program has there. A Loan without it is none.
	Old []byte
}

// redZone is what a program may use below its stack pointer without moving it: 128 bytes on
// amd64, none on arm64.
const redZone = 256

// BelowStack returns where size bytes can be lent below a stack pointer, or below what has been
// lent there before.
func BelowStack(sp, size uint64) uint64 { return (sp - size) &^ 15 }

// FreeStack is where the memory below a stack pointer begins that the program does not use.
func FreeStack(sp uint64) uint64 { return sp - redZone }

// Borrow reads what a process has in n bytes at addr, before something else is put there. An error
// is that of ReadMemory.
func Borrow(m Memory, addr uint64, n int) (Loan, error) {
	l := Loan{Addr: addr, Old: make([]byte, n)}
	if _, err := m.ReadMemory(addr, l.Old); err != nil {
		return Loan{}, err
	}
	return l, nil
}

// Put writes to borrowed memory: all of b, or nothing. An error is that of WriteMemory.
func (l Loan) Put(m Memory, b []byte) error {
	n, err := m.WriteMemory(l.Addr, b)
	if err != nil && n > 0 {
		m.WriteMemory(l.Addr, l.Old[:n])
	}
	return err
}

// Return puts back what was there, into m: that of the borrower, or the copy that a
// child got of it.
func (l Loan) Return(m Memory) {
	if l.Old != nil {
		m.WriteMemory(l.Addr, l.Old)
	}
}
