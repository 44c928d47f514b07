package engine

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine/fdinfo"
	"luatrace/engine/source"
	"luatrace/internal/slot"
	"luatrace/tracer"
	"luatrace/tracer/decode"
)

// Task is a thread as hooks know it. The record lives as long as the thread.
type Task struct {
	source.Task // what answers for it
	Proc        *Proc
	// Script is the record of the bindings: the object that scripts have.
	Script slot.Slot
	// Output is the record of a printer: what it knows of the present call.
	Output slot.Slot

	callState
	name string // the last one read

	attach     attachState // of the call that it was in when it was attached to
	attachedAt time.Time
	last       *Pending // the call that it was in at the end of the trace

	continued string // call that a restart_syscall goes on with, "" if unknown
}

// callState is what hooks know of the system call that a task is in, or was in last. The
// tracer's words of it are Task.Call.
type callState struct {
	decoded decode.Call
	hooks   *callHooks // of the call; nil between calls or if nobody wants it
	onExit  []exitCall // for this call only
	tamper  Tamper     // what hooks have changed of it
	scratch []tracer.Loan
	closing *FDInfo // the descriptor that the call closes, if hooks may ask for it at the exit
	cwd     string  // at entry, of a call that changes it
}

// copied returns the state as it is now, which later calls of the task leave alone.
func (c *callState) copied() callState {
	kept := *c
	kept.decoded, kept.onExit, kept.scratch = c.decoded.Copy(), slices.Clone(c.onExit), slices.Clone(c.scratch)
	return kept
}

// Proc is a process as hooks know it. The record lives as long as the process
// has a traced thread, also across execve.
type Proc struct {
	source.Process // what answers for it
	// Script is the record of the bindings: the object that scripts have.
	Script slot.Slot

	eng      *Engine
	mem      decode.Memory // the Process; a conversion for each call would cost more
	records  records       // of hooks that failed on events of its program
	startup  startup
	vdsoEnd  uint64 // where the vDSO ends; 0 unknown, see findVDSO
	vdsoFree int    // from where on the last page of the vDSO was empty; 0 unknown
	borrowed *Proc  // whose memory it uses: the parent's after a vfork

	madeUp map[int]*FDInfo // descriptors of a process that does not exist

	exe string // of the program, for when it has ended; see rememberProgram
}

// exitCall is a function to be called at the exit of one call, and the hook
// that asked for it.
type exitCall struct {
	hook *Hook
	fn   Func
}

// known returns the engine's record of a source's task, nil if there is none yet.
func known(t source.Task) *Task { return slot.Of[Task](t.Record()) }

// task returns the engine's record of a source's task, making it at first
// sight.
func (e *Engine) task(t source.Task) *Task {
	if et := known(t); et != nil {
		return et
	}
	et := &Task{Task: t, Proc: e.proc(t.Process())}
	et.decoded.FDName, et.decoded.FDText, et.decoded.PIDName = et.fdName, et.fdText, pidName
	et.decoded.IfName, et.decoded.Netlink = interfaceName, et.netlink
	et.decoded.BufferLimit = e.opts.BufferLimit
	slot.Keep(t.Record(), et)
	return et
}

// fdName says what a descriptor refers to, for JSON. A call that closes one has
// been asked for it before.
func (t *Task) fdName(fd int) string {
	if d := t.closing; d != nil && fd == d.FD {
		return d.Path
	}
	return t.Proc.eng.fdPath(t.Task, fd)
}

// fdText says what a descriptor refers to now, as strace does.
func (t *Task) fdText(fd int, detail decode.FDDetail) string {
	return string(t.Proc.eng.sockets.Append(nil, t.Task, fd, detail))
}

func (e *Engine) proc(p source.Process) *Proc {
	if ep := slot.Of[Proc](p.Record()); ep != nil {
		return ep
	}
	ep := &Proc{Process: p, mem: p, eng: e}
	slot.Keep(p.Record(), ep)
	return ep
}

// DecodedCall returns the system call in progress, or the last one that a hook
// looked at.
func (t *Task) DecodedCall() *decode.Call { return &t.decoded }

// Kill sends the process a signal; ESRCH if it is gone, ErrReadOnly if the
// trace is read-only.
func (p *Proc) Kill(sig unix.Signal) error {
	if p.eng.opts.ReadOnly {
		return ErrReadOnly
	}
	return p.Process.Kill(sig)
}

// WriteMemory writes to the process's memory, also to pages that it can only
// read, and returns how many bytes; ErrReadOnly if the trace is read-only.
func (p *Proc) WriteMemory(addr uint64, b []byte) (int, error) {
	if p.eng.opts.ReadOnly {
		return 0, ErrReadOnly
	}
	return p.Process.WriteMemory(addr, b)
}

// FDPath returns what a descriptor of the process stands for, as [Event.FDPath]
// does.
func (p *Proc) FDPath(fd int) string { return p.eng.fdPath(p.Process, fd) }

// FDInfo returns the same in parts, nil if the descriptor is not open.
func (p *Proc) FDInfo(fd int) *FDInfo { return p.fdInfo(p.Process, fd) }

func (p *Proc) fdInfo(src fdinfo.Source, fd int) *FDInfo {
	if d := p.madeUp[fd]; d != nil && d.Path == src.FD(fd) {
		return d
	}
	return p.eng.fdInfo(src, fd)
}
