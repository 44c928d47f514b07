package engine

import (
	"bytes"
	"errors"
	"fmt"
)

// savedMemory is what stood where a changed argument was put.
type savedMemory struct {
	addr uint64
	old  []byte
}

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
	addr, old, err := ev.scratchPlace(b)
	if err != nil {
		return err
	}
	t := ev.Task
	if _, err := t.Proc.Process.WriteMemory(addr, b); err != nil {
		return fmt.Errorf("cannot write the %d bytes of an argument: %w", len(b), err)
	}
	t.scratch = append(t.scratch, savedMemory{addr, old})
	return ev.SetArg(i, addr)
}

// scratchPlace finds memory for a changed argument and returns what is there.
func (ev *Event) scratchPlace(b []byte) (addr uint64, old []byte, err error) {
	t := ev.Task
	// A string ends with its only zero byte; so a run of zeros is free, also
	// if another process that shares the memory has put a string there.
	if bytes.IndexByte(b, 0) == len(b)-1 {
		if addr := t.Proc.vdsoRoom(len(b)); addr != 0 && t.reaches(addr) {
			return addr, make([]byte, len(b)), nil
		}
	}
	const redZone = 256 // 128 on amd64, none on arm64
	if ev.stackAt == 0 {
		ev.stackAt = t.stackPointer() - redZone
	}
	addr = (ev.stackAt - uint64(len(b))) &^ 15
	if !t.reaches(addr) {
		return 0, nil, errors.New("a 32-bit call can't reach the stack of this 64-bit program")
	}
	old = make([]byte, len(b))
	if _, err := t.Proc.ReadMemory(addr, old); err != nil {
		return 0, nil, fmt.Errorf("no room for %d bytes below the stack: %w", len(b), err)
	}
	ev.stackAt = addr
	return addr, old, nil
}

// reaches says whether the call can take the address: an i386 call of a 64-bit
// program can't name all of its memory.
func (t *Task) reaches(addr uint64) bool {
	return t.call.ABI.WordSize() == 8 || addr>>32 == 0
}

// restoreScratch puts back what SetArgBytes wrote over, last first, in the
// memory of p.
func (t *Task) restoreScratch(p *Proc) {
	for i := len(t.scratch) - 1; i >= 0; i-- {
		s := t.scratch[i]
		p.WriteMemory(s.addr, s.old)
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
	t.Proc.borrowed, t.Proc.vdsoEnd = nil, 0
}

// vdsoRoom returns where n zero bytes behind another one lie at the end of the
// vDSO, 0 if there are none. The kernel maps whole pages of it, of which the
// last is hardly ever full.
func (p *Proc) vdsoRoom(n int) uint64 {
	const page = 4096
	if p.vdsoEnd == 0 {
		p.vdsoEnd = p.findVDSO()
	}
	if p.vdsoEnd <= page {
		return 0
	}
	var buf [page]byte
	if got, err := p.ReadMemory(p.vdsoEnd-page, buf[:]); err != nil || got < page {
		return 0
	}
	// What is there may itself end with zeros.
	const margin = 64
	start := len(bytes.TrimRight(buf[:], "\x00")) + margin
	if start+n > page {
		return 0
	}
	return p.vdsoEnd - page + uint64(start)
}

// noVDSO marks a process that was searched in vain.
const noVDSO = 1

func (p *Proc) findVDSO() uint64 {
	maps, err := p.ProcFile("maps")
	if err != nil {
		return noVDSO
	}
	for line := range bytes.Lines(maps) {
		var start, end uint64
		if !bytes.HasSuffix(bytes.TrimSpace(line), []byte("[vdso]")) {
			continue
		}
		if _, err := fmt.Sscanf(string(line), "%x-%x", &start, &end); err == nil {
			return end
		}
	}
	return noVDSO
}
