package source

import (
	"time"

	"golang.org/x/sys/unix"

	"luatrace/internal/slot"
	"luatrace/tracer"
	"luatrace/tracer/procfs"
	"luatrace/tracer/syscalls"
)

// MadeTask is a thread of a process that does not exist.
type MadeTask struct {
	tid     int
	process *Made
	call    tracer.Call
	entered time.Time
	inCall  bool
	skipped bool
	skipRet int64
	signal  unix.Signal
	record  slot.Slot
}

var _ Task = (*MadeTask)(nil)

// Enter makes a call the one in progress, entered at a time.
func (t *MadeTask) Enter(abi syscalls.ABI, nr int, args [6]uint64, at time.Time) {
	t.entered, t.inCall = at, true
	t.call.ABI, t.call.NR, t.call.Args = abi, nr, args
	t.skipped, t.skipRet = false, 0
	t.process.Regs.SetCall(abi, nr, &args)
}

// Leave says that the task is in no call any more.
func (t *MadeTask) Leave() { t.inCall = false }

// Skipped reports whether Skip has prevented the call, and with which result.
func (t *MadeTask) Skipped() (ret int64, skipped bool) { return t.skipRet, t.skipped }

// Pending is the signal that SetSignal or RaiseSignal has left to be delivered.
func (t *MadeTask) Pending() unix.Signal { return t.signal }

// Made returns the process of the thread.
func (t *MadeTask) Made() *Made { return t.process }

// Can returns All.
func (t *MadeTask) Can() Fields { return All }

// TID is that of [Task].
func (t *MadeTask) TID() int { return t.tid }

// Process is that of [Task].
func (t *MadeTask) Process() Process { return t.process }

// Call is that of [Task].
func (t *MadeTask) Call() *tracer.Call { return &t.call }

// Entered is that of [Task].
func (t *MadeTask) Entered() time.Time { return t.entered }

// Duration is that of [Task]: from Enter to the event.
func (t *MadeTask) Duration(exit *Event) time.Duration {
	if exit.Skipped || t.entered.IsZero() || exit.At.IsZero() {
		return 0
	}
	return exit.At.Sub(t.entered)
}

// InProgress is that of [Task]: from Enter to Leave.
func (t *MadeTask) InProgress() (c tracer.Call, followed, ok bool) {
	return t.call, t.inCall, t.inCall
}

// Dead is false: the thread can be used again.
func (t *MadeTask) Dead() bool { return false }

// Notified is false.
func (t *MadeTask) Notified() bool { return false }

// Attaching is false.
func (t *MadeTask) Attaching() bool { return false }

// ParentPID is that of [Task].
func (t *MadeTask) ParentPID() int { return t.process.PPID }

// Comm is that of [Task].
func (t *MadeTask) Comm() string { return t.process.Name }

// Exe is that of [Task].
func (t *MadeTask) Exe() string { return t.process.Program }

// Cwd is that of [Task].
func (t *MadeTask) Cwd() string { return t.process.Dir }

// FD is that of [Task].
func (t *MadeTask) FD(fd int) string { return t.process.FD(fd) }

// CopyFD fails: there is no descriptor to be copied.
func (t *MadeTask) CopyFD(fd int) (int, error) { return t.process.CopyFD(fd) }

// SocketProtocol is not known.
func (t *MadeTask) SocketProtocol(int) string { return "" }

// NetNamespace is not known.
func (t *MadeTask) NetNamespace() string { return "" }

// ScanProcFile is that of [Task].
func (t *MadeTask) ScanProcFile(name string, do func(line []byte) bool) error {
	return t.process.ScanProcFile(name, do)
}

// Look fails: /proc does not show the thread.
func (t *MadeTask) Look(do func(procfs.Place) error) error { return t.process.Look(do) }

// Registers is that of [Task].
func (t *MadeTask) Registers(r *tracer.Registers) error {
	*r = t.process.Regs
	return nil
}

// Siginfo is that of [Task].
func (t *MadeTask) Siginfo(s *tracer.Siginfo) error {
	*s = t.process.Signal
	return nil
}

// SetCall is that of [Task].
func (t *MadeTask) SetCall(nr int, args [6]uint64) error {
	t.call.NR, t.call.Args = nr, args
	return nil
}

// Skip is that of [Task].
func (t *MadeTask) Skip(ret int64) error {
	if syscalls.IsRestart(ret) {
		return unix.EINVAL
	}
	t.skipped, t.skipRet = true, ret
	return nil
}

// SetResult is that of [Task]: the event has the result.
func (t *MadeTask) SetResult(ret int64) error {
	if syscalls.IsRestart(ret) {
		return unix.EINVAL
	}
	return nil
}

// StopAtExit has nothing to do: whoever makes events up makes that of the exit.
func (t *MadeTask) StopAtExit() {}

// SetRegisters is that of [Task].
func (t *MadeTask) SetRegisters(r *tracer.Registers) error {
	t.process.Regs = *r
	return nil
}

// SetSignal is that of [Task].
func (t *MadeTask) SetSignal(sig unix.Signal) error {
	t.signal = sig
	return nil
}

// RaiseSignal is that of [Task].
func (t *MadeTask) RaiseSignal(sig unix.Signal) error {
	t.signal = sig
	return nil
}

// Record is that of [Task].
func (t *MadeTask) Record() *slot.Slot { return &t.record }
