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
func followClone(t *Tracer, task *Task) exitDuty {
	if t.follows() {
		args := task.Call.Args
		args[0] &^= unix.CLONE_UNTRACED
		task.SetCall(task.Call.NR, args) // ESRCH: killed
	}
	return nil
}

// clone3Flags reads the flags of a clone3: the first member of its struct.
func (t *Task) clone3Flags() (uint64, bool) {
	var b [8]byte
	if n, err := t.Proc.ReadMemory(t.Call.Args[0], b[:]); n < len(b) || err != nil {
		return 0, false
	}
	return binary.LittleEndian.Uint64(b[:]), true
}

// clonesUntraced says whether a clone3 has the flag.
func (t *Task) clonesUntraced() bool {
	flags, ok := t.clone3Flags()
	return ok && flags&unix.CLONE_UNTRACED != 0
}

// followClone3 takes the flag out of a clone3, and has its child looked for if nobody tells of it,
// see stray.go.
func followClone3(t *Tracer, task *Task) exitDuty {
	if t.follows() {
		task.followClone3()
		task.progress.birth = birthAwaited
	}
	return nil
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
		at := BelowStack(FreeStack(t.Call.SP), size)
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
	l, err := Borrow(t.Proc, addr, len(b))
	if err != nil || l.Put(t.Proc, b) != nil {
		return false
	}
	t.progress.loan = l
	return true
}

// takeBack puts back what lend wrote over: in the caller's memory, and in the
// copy that its child got of it.
func (t *Task) takeBack(child *Task) {
	l := t.progress.loan
	if l.Old == nil {
		return
	}
	t.progress.loan = Loan{}
	l.Return(t.Proc)
	if child != nil && child.Proc != t.Proc {
		l.Return(child.Proc)
	}
}

// settleIn gives a new task at its first stop the registers that it would have
// if its parent's call had not been changed. It does nothing for others.
func (t *Task) settleIn() {
	if t.progress.state != callInherited {
		return
	}
	before := t.progress.before
	t.progress.begin(callUnseen)
	var r Registers
	if kernel.GetRegs(t.TID, &r) == 0 {
		r.RestoreCall(t.Call.ABI, before)
		kernel.SetRegs(t.TID, &r)
	}
}
