package tracer

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/procfs"
)

// memFile keeps /proc/PID/mem open: one read costs less through it than
// through process_vm_readv up to a page, and it writes to read-only pages. An
// execve gives the process a new address space, on which the old file reads
// nothing, so it is closed then.
type memFile struct {
	fd     int
	open   bool
	used   bool      // since memFiles looked for one to close
	denied error     // why opening failed; tried again after an execve
	files  *memFiles // it is one of these, or nil
	at     int       // where
}

// bulkRead is where process_vm_readv overtakes /proc/PID/mem.
const bulkRead = 8 << 10

func (m *memFile) get(tid int, files *memFiles) (int, error) {
	if m.open {
		m.used = true
		return m.fd, nil
	}
	if m.denied != nil {
		return -1, m.denied
	}
	fd, err := proc().Open(tid, "mem", unix.O_RDWR)
	for procfs.OutOfDescriptors(err) && files != nil && files.closeOne() {
		fd, err = proc().Open(tid, "mem", unix.O_RDWR)
	}
	if err != nil {
		procfs.NoteExhausted(err)
		if !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ESRCH) && !procfs.OutOfDescriptors(err) { // those are not the process's
			m.denied = err
		}
		return -1, err
	}
	if files != nil {
		files.add(m)
	}
	m.fd, m.open, m.files = fd, true, files
	return fd, nil
}

func (m *memFile) close() {
	if m.open {
		unix.Close(m.fd)
		if m.files != nil {
			m.files.remove(m)
		}
	}
	*m = memFile{}
}

// CloseMemory closes the file through which memory was read. The tracer does
// that when a process ends; it is for a Process that no tracer has made.
func (p *Process) CloseMemory() { p.mem.close() }

// memTID is the thread through which memory is reached: the leader's number
// leads nowhere once the leader has exited before the other threads.
func (p *Process) memTID() int {
	if p.lastTID != 0 {
		return p.lastTID
	}
	return p.PID
}

// ReadMemory copies len(p) bytes at addr of the process into p. It returns how
// many could be read; if that is less, the error says why (EFAULT for an
// address without memory). Partial reads are ordinary.
func (p *Process) ReadMemory(addr uint64, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if int64(addr) < 0 { // a kernel address: no file offset, and never readable
		return 0, unix.EFAULT
	}
	if p.ended() {
		return 0, unix.ESRCH // its number may be another's by now
	}
	if len(b) > bulkRead && !p.holdsPages() {
		n, e := kernel.ProcessVMReadv(p.memTID(), b, addr)
		if e == 0 && n == len(b) {
			return n, nil
		}
		if e == 0 || e == unix.EFAULT {
			// It stops at the first bad page of the remote range; the rest
			// (none, or the part before the bad page) is settled below.
			b, addr = b[n:], addr+uint64(n)
			m, err := p.pread(addr, b)
			return n + m, err
		}
	}
	return p.pread(addr, b)
}

// memFiles are those of its tracer.
func (p *Process) memFiles() *memFiles {
	if p.tr == nil {
		return nil
	}
	return &p.tr.memFiles
}

// holdsPages says whether reading by process_vm_readv may never return.
func (p *Process) holdsPages() bool {
	return p.tr != nil && p.tr.pages.mayHold(p.tr.Syscalls || p.tr.filtered)
}

func (p *Process) pread(addr uint64, b []byte) (int, error) {
	fd, err := p.mem.get(p.memTID(), p.memFiles())
	if err == nil {
		return transfer(unix.Pread, fd, addr, b)
	}
	if p.holdsPages() {
		return 0, fmt.Errorf("its memory can't be read, as userfaultfd may hold back pages of it: %w", err)
	}
	return moveDirectly(kernel.ProcessVMReadv, p.memTID(), b, addr, err)
}

// moveDirectly is the way to memory without /proc/PID/mem, which could not be
// opened because of err: process_vm_readv or process_vm_writev.
func moveDirectly(move func(pid int, b []byte, addr uint64) (int, unix.Errno), tid int, b []byte, addr uint64, err error) (int, error) {
	n, e := move(tid, b, addr)
	switch {
	case e == 0 && n < len(b):
		return n, unix.EFAULT
	case e == 0:
		return n, nil
	case e == unix.EFAULT || e == unix.ESRCH:
		return 0, e
	case errors.As(err, new(*procfs.Unavailable)):
		proc().Wanted()
		return 0, fmt.Errorf("%w, and %s", e, err)
	}
	return 0, err
}

// transfer moves all of b by a call that may move less. The kernel says EIO for
// an address without memory.
func transfer(move func(fd int, b []byte, offset int64) (int, error), fd int, addr uint64, b []byte) (int, error) {
	n := 0
	for n < len(b) {
		r, err := move(fd, b[n:], int64(addr)+int64(n))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EIO):
			return n, unix.EFAULT
		case err != nil:
			return n, err
		case r == 0:
			return n, unix.ESRCH // the address space is gone
		}
		n += r
	}
	return n, nil
}

// WriteMemory copies b to addr of the process, also onto read-only pages (a
// private copy is made then, as for a debugger's breakpoint). Where /proc does
// not show the process, read-only pages can't be written: EFAULT.
func (p *Process) WriteMemory(addr uint64, b []byte) (int, error) {
	if int64(addr) < 0 {
		return 0, unix.EFAULT
	}
	if len(b) == 0 {
		return 0, nil
	}
	if p.ended() {
		return 0, unix.ESRCH
	}
	fd, err := p.mem.get(p.memTID(), p.memFiles())
	if err == nil {
		return transfer(unix.Pwrite, fd, addr, b)
	}
	if p.holdsPages() {
		return 0, fmt.Errorf("its memory can't be written, as userfaultfd may hold back pages of it: %w", err)
	}
	return moveDirectly(kernel.ProcessVMWritev, p.memTID(), b, addr, err)
}

const pageSize = 4096

// ReadString reads the NUL-terminated string at addr, of at most max bytes
// without the NUL, appending to buf[:0]. It reads to the end of the page and
// then on, so a string that ends before memory without a mapping is whole.
// terminated is false if max was reached first.
func (p *Process) ReadString(addr uint64, max int, buf []byte) (s []byte, terminated bool, err error) {
	return ReadString(p, addr, max, buf)
}

// Memory is that of a [Process], or is made up.
type Memory interface {
	// ReadMemory is as that of [Process].
	ReadMemory(addr uint64, b []byte) (int, error)
	// WriteMemory is as that of [Process].
	WriteMemory(addr uint64, b []byte) (int, error)
}

// ReadString is that of [Process] for any memory.
func ReadString(m Memory, addr uint64, max int, buf []byte) (s []byte, terminated bool, err error) {
	s = buf[:0]
	for len(s) < max {
		at := addr + uint64(len(s))
		// The first read is short: most strings are paths below 256 bytes.
		n := min(max-len(s), pageSize-int(at%pageSize))
		if len(s) == 0 {
			n = min(n, 256)
		}
		start := len(s)
		s = grow(s, n)
		got, e := m.ReadMemory(at, s[start:])
		for i, c := range s[start : start+got] {
			if c == 0 {
				return s[:start+i], true, nil
			}
		}
		s = s[:start+got]
		if e != nil {
			return s, false, e
		}
	}
	return s, false, nil
}

func grow(s []byte, n int) []byte {
	for cap(s)-len(s) < n {
		s = append(s[:cap(s)], 0)[:len(s)]
	}
	return s[:len(s)+n]
}
