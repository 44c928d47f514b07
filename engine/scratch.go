package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/tracer"
	"luatrace/tracer/elffile"
	"luatrace/tracer/procfs"
)

// SetArgBytes makes pointer argument i point to a copy of b until the call
// returns. A string that fits goes into the unused end of the vDSO, which no
// code of the program ever looks at; all else below the thread's stack, where
// what was there comes back when the call returns. The stack is the second
// choice because a goroutine's or coroutine's may be so small that other
// threads use what lies below it.
func (ev *Event) SetArgBytes(i int, b []byte) error {
	if err := ev.mayAct(KindEnter); err != nil {
		return err
	}
	t := ev.Task
	loan, err := ev.scratchPlace(b)
	if err == nil {
		if err = loan.Put(t.Proc.Process, b); err != nil {
			err = fmt.Errorf("cannot write the %d bytes of an argument: %w", len(b), err)
		}
	}
	if errors.Is(err, unix.ESRCH) {
		return nil // killed meanwhile: the call does not run
	}
	if err != nil {
		return err
	}
	t.scratch = append(t.scratch, loan)
	return ev.SetArg(i, loan.Addr)
}

// scratchPlace finds memory for a changed argument and borrows it.
func (ev *Event) scratchPlace(b []byte) (tracer.Loan, error) {
	t := ev.Task
	// A string ends with its only zero byte; so a run of zeros is free, also
	// if another process that shares the memory has put a string there.
	if bytes.IndexByte(b, 0) == len(b)-1 {
		if addr := t.Proc.vdsoRoom(len(b)); addr != 0 && t.reaches(addr) {
			return tracer.Loan{Addr: addr, Old: make([]byte, len(b))}, nil
		}
	}
	if ev.stackAt == 0 {
		sp, err := t.stackPointer()
		if err != nil {
			return tracer.Loan{}, err
		}
		ev.stackAt = tracer.FreeStack(sp)
	}
	addr := tracer.BelowStack(ev.stackAt, uint64(len(b)))
	if !t.reaches(addr) {
		return tracer.Loan{}, errors.New("a 32-bit call can't reach the stack of this 64-bit program")
	}
	loan, err := tracer.Borrow(t.Proc.Process, addr, len(b))
	if err != nil {
		return loan, fmt.Errorf("no room for %d bytes below the stack: %w", len(b), err)
	}
	ev.stackAt = addr
	return loan, nil
}

// reaches says whether the call can take the address: an i386 call of a 64-bit
// program can't name all of its memory.
func (t *Task) reaches(addr uint64) bool {
	return t.decoded.ABI.WordSize() == 8 || addr>>32 == 0
}

// restoreScratch puts back what SetArgBytes wrote over, last first, in the
// memory of p.
func (t *Task) restoreScratch(p *Proc) {
	for i := len(t.scratch) - 1; i >= 0; i-- {
		t.scratch[i].Return(p.Process)
	}
	t.scratch = t.scratch[:0]
}

// newMemory is called after an execve: what was put into the old memory is
// gone, unless a vfork's parent goes on using it.
func (t *Task) newMemory() {
	if t.Proc.borrowed != nil {
		t.restoreScratch(t.Proc.borrowed)
	}
	t.scratch = t.scratch[:0]
	t.Proc.borrowed, t.Proc.vdsoEnd, t.Proc.vdsoFree, t.Proc.startup = nil, 0, 0, startup{}
}

const vdsoPage = 4096

// vdsoRoom returns where n bytes of zero behind another one lie at the end of
// the vDSO, 0 if there are none. The kernel maps whole pages of it, of which
// the last is hardly ever full.
func (p *Proc) vdsoRoom(n int) uint64 {
	if p.vdsoEnd == 0 {
		p.vdsoEnd = p.findVDSO()
	}
	if p.vdsoEnd <= vdsoPage {
		return 0
	}
	var page [vdsoPage]byte
	if got, err := p.ReadMemory(p.vdsoEnd-vdsoPage, page[:]); err != nil || got < vdsoPage {
		return 0
	}
	if p.vdsoFree == 0 {
		// What is there may itself end with zeros.
		const margin = 64
		p.vdsoFree = len(bytes.TrimRight(page[:], "\x00")) + margin
	}
	at := zeroRun(page[:], p.vdsoFree, n)
	if at < 0 {
		return 0
	}
	return p.vdsoEnd - vdsoPage + uint64(at)
}

// zeroRun returns the first offset in b, not before from, of n zero bytes that
// do not begin with the end of another string; -1 if there are none.
func zeroRun(b []byte, from, n int) int {
	for from+n <= len(b) {
		used := len(bytes.TrimRight(b[from:from+n], "\x00"))
		if used == 0 {
			return from
		}
		from += used + 1
	}
	return -1
}

// noVDSO marks a process that was searched in vain.
const noVDSO = 1

// findVDSO finds where the vDSO ends: /proc/PID/auxv says where it begins, and it is
// an ELF file in memory. What a process that has unmapped or moved it has there now is
// not taken for it.
func (p *Proc) findVDSO() uint64 {
	b, err := p.ProcFileWithin("auxv", procfs.Bound{})
	if err != nil {
		return noVDSO
	}
	const sysinfoHeader = 33 // AT_SYSINFO_EHDR
	start := auxiliary(b, sysinfoHeader)
	if start == 0 || start%vdsoPage != 0 {
		return noVDSO
	}
	f, err := elffile.New(vdsoImage{p, start}, mostVDSO)
	if err != nil {
		return noVDSO
	}
	if name, err := f.Soname(); err != nil || !strings.HasPrefix(name, "linux-vdso") && !strings.HasPrefix(name, "linux-gate") {
		return noVDSO
	}
	size := f.SectionsEnd // behind all that is loaded
	for _, s := range f.Segments {
		if s.Type == elffile.Load {
			size = max(size, s.Offset+s.FileSize)
		}
	}
	if size > mostVDSO {
		return noVDSO
	}
	return start + (size+vdsoPage-1)&^(vdsoPage-1)
}

// mostVDSO is more than any kernel's.
const mostVDSO = 16 * vdsoPage

// vdsoImage reads the vDSO as a file.
type vdsoImage struct {
	p     *Proc
	start uint64
}

// ReadAt is that of io.ReaderAt.
func (v vdsoImage) ReadAt(b []byte, offset int64) (int, error) {
	return v.p.ReadMemory(v.start+uint64(offset), b)
}

// auxiliary returns the value of a type in the text of /proc/PID/auxv, which are pairs of
// words of the program's size; 0 if it has none.
func auxiliary(b []byte, kind uint64) uint64 {
	words := func(size int, word func([]byte) uint64) (value uint64, ok bool) {
		for b := b; len(b) >= 2*size; b = b[2*size:] {
			switch at := word(b); {
			case at == 0: // AT_NULL
				return value, true
			case at > 0xffff: // pairs of the other size
				return 0, false
			case at == kind:
				value = word(b[size:])
			}
		}
		return 0, false
	}
	order := binary.NativeEndian
	if value, ok := words(8, order.Uint64); ok {
		return value
	}
	value, _ := words(4, func(b []byte) uint64 { return uint64(order.Uint32(b)) })
	return value
}
