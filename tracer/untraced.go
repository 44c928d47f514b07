package tracer

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// A child made with CLONE_UNTRACED would not be traced, and what a filter
// stops would fail there with ENOSYS. So the flag is taken out of the call:
// nobody but a tracer can tell the difference.

// followClone takes the flag out of a clone's first argument.
func (t *Task) followClone() {
	args := t.Call.Args
	args[0] &^= unix.CLONE_UNTRACED
	t.SetCall(t.Call.NR, args) // ESRCH: killed
}

// clone3Flags reads the flags of a clone3: the first member of its struct.
func (t *Task) clone3Flags() (uint64, bool) {
	var b [8]byte
	if n, err := t.Proc.ReadMemory(t.Call.Args[0], b[:]); n < len(b) || err != nil {
		return 0, false
	}
	return binary.LittleEndian.Uint64(b[:]), true
}

// lentMemory is memory of the caller's that holds something else while its call
// runs.
type lentMemory struct {
	addr uint64
	old  []byte
}

// followClone3 takes the flag out of a clone3's struct, which may lie in
// memory that can't be written even by a tracer (a shared mapping of a file):
// then a copy below the thread's stack is given to the kernel.
func (t *Task) followClone3() {
	flags, ok := t.clone3Flags()
	if !ok || flags&unix.CLONE_UNTRACED == 0 {
		return
	}
	args := t.Call.Args
	flags &^= unix.CLONE_UNTRACED
	if !t.lend(args[0], binary.LittleEndian.AppendUint64(nil, flags)) {
		size := args[1]
		if size > pageSize { // E2BIG
			return
		}
		b := make([]byte, size)
		if n, err := t.Proc.ReadMemory(args[0], b); n < len(b) || err != nil || len(b) < 8 {
			return
		}
		binary.LittleEndian.PutUint64(b, flags)
		const redZone = 256
		at := (t.Call.SP - redZone - size) &^ 15
		if !t.lend(at, b) {
			return
		}
		args[0] = at
	}
	// Also if the arguments stay as they are: it makes the call stop at its exit.
	t.SetCall(t.Call.NR, args)
}

// lend writes to the caller's memory until takeBack.
func (t *Task) lend(addr uint64, b []byte) bool {
	old := make([]byte, len(b))
	if n, err := t.Proc.ReadMemory(addr, old); n < len(old) || err != nil {
		return false
	}
	if n, err := t.Proc.WriteMemory(addr, b); n < len(b) || err != nil {
		if n > 0 {
			t.Proc.WriteMemory(addr, old[:n])
		}
		return false
	}
	t.lent = &lentMemory{addr, old}
	return true
}

// takeBack puts back what lend wrote over: in the caller's memory, and in the
// copy that its child got of it.
func (t *Task) takeBack(child *Task) {
	l := t.lent
	if l == nil {
		return
	}
	t.lent = nil
	t.Proc.WriteMemory(l.addr, l.old)
	if child != nil && child.Proc != t.Proc {
		child.Proc.WriteMemory(l.addr, l.old)
	}
}

// settleIn gives a new task at its first stop the registers that it would have
// if its parent's call had not been changed.
func (t *Task) settleIn() {
	made := t.inherits
	t.inherits = nil
	var r Registers
	if kernel.GetRegs(t.TID, &r) == 0 {
		r.RestoreCall(t.Call.ABI, made)
		kernel.SetRegs(t.TID, &r)
	}
}
