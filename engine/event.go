package engine

import (
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine/plan"
	"luatrace/engine/source"
	"luatrace/tracer"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// EventKind says what an [Event] is about.
type EventKind uint8

// The kinds of events.
const (
	KindEnter  EventKind = iota // a system call, before it runs
	KindExit                    // a system call, after it ran
	KindSignal                  // a signal, before its delivery
	KindFork                    // a new process or thread
	KindExec                    // a process runs a new program
	KindDeath                   // a task is gone
	KindBegin                   // the trace begins
	KindEnd                     // the trace ends
	KindTimer                   // an interval is over
	KindStop                    // a group-stop; no hook gets it, printers do
	KindAttach                  // a task was attached to; printers only
	KindDetach                  // a task is let go, for another tracer; printers only
)

// Event is what a hook gets. There is one, reused for every stop: it is valid
// until the hook returns. Nothing in it is read or decoded before it is asked
// for. Its methods must be called from the hook.
type Event struct {
	Kind EventKind
	Task *Task // nil for begin, end and timers

	CallResult             // KindExit
	Birth                  // KindFork
	Death                  // KindDeath
	Signal     unix.Signal // KindSignal, KindStop
	FormerTID  int         // KindExec
	Tracer     int         // KindDetach: the process that traces it from here on

	eng     *Engine
	times   eventTimes
	fetched fetched
	act     Action
	arrived unix.Signal // KindSignal: before hooks changed it
	stackAt uint64      // below here the stack holds no argument of ours yet; 0: nowhere
}

// CallResult is the result of a system call.
type CallResult struct {
	Ret      int64 // as the program gets it: -errno on failure
	Errno    int   // or 0
	Returned bool  // false for a call that can't have a result: exit and exit_group
}

// Birth is a new process or thread.
type Birth struct {
	Child      *Task
	CloneEvent int // PTRACE_EVENT_FORK, _VFORK or _CLONE
}

// Death is the end of a task.
type Death struct {
	Exit     tracer.Exit
	LastTask bool // the whole process is gone
}

// eventTimes says when an event happened.
type eventTimes struct {
	now      time.Time     // of the call's entry, or of the event; zero until asked for if nobody has said it
	reported time.Time     // when the tracer got the report of the event itself; zero as now
	duration time.Duration // KindExit
}

// fetched is what hooks have asked for of an event and need not be fetched again.
type fetched struct {
	comm     string
	siginfo  tracer.Siginfo
	regs     tracer.Registers
	haveComm bool
	haveInfo bool
	haveRegs bool
}

// begin prepares the event for another stop. The struct is not cleared as a
// whole: registers and siginfo alone would be 350 bytes each time.
//
// at is when the tracer got the report of it, zero for what it has not reported.
func (ev *Event) begin(kind EventKind, t *Task, at time.Time) {
	ev.Kind, ev.Task = kind, t
	ev.times = eventTimes{now: at, reported: at}
	ev.CallResult = CallResult{}
	ev.Signal, ev.Child = 0, nil
	ev.fetched.haveComm, ev.fetched.haveInfo, ev.fetched.haveRegs = false, false, false
	ev.act = Action{}
	ev.stackAt = 0
}

// Engine returns the engine that raised the event.
func (ev *Event) Engine() *Engine { return ev.eng }

// Call returns the system call of a KindEnter or KindExit event, nil for other
// kinds.
func (ev *Event) Call() *decode.Call {
	if ev.Kind != KindEnter && ev.Kind != KindExit {
		return nil
	}
	return &ev.Task.decoded
}

// Unfinished returns, at a KindDeath event, the system call in which the task
// ended, if hooks wait for its exit; else nil.
func (ev *Event) Unfinished() *decode.Call {
	if ev.Kind != KindDeath || ev.Task.hooks == nil || !ev.Task.hooks.wantExit() {
		return nil
	}
	return &ev.Task.decoded
}

// Ignore says, before a call, that its exit is of no interest to any hook: the
// task need not stop there. It is for a printer, which has all the hooks.
func (ev *Event) Ignore() {
	if ev.Kind == KindEnter {
		ev.act.wants |= wantsNoExit
	}
}

// Name is the system call's name, or for other kinds what the event is about.
func (ev *Event) Name() string {
	switch ev.Kind {
	case KindEnter, KindExit:
		return ev.callName()
	case KindSignal, KindStop:
		return syscalls.SignalName(int(ev.Signal))
	case KindFork:
		switch ev.CloneEvent {
		case unix.PTRACE_EVENT_FORK:
			return "fork"
		case unix.PTRACE_EVENT_VFORK:
			return "vfork"
		}
		return "clone"
	case KindExec:
		return "exec"
	case KindDeath:
		return "exit"
	case KindBegin:
		return "begin"
	case KindEnd:
		return "end"
	default: // named after their kind
	}
	return "timer"
}

// Time returns when the event happened, as the tracer was told: wall clock with a
// monotonic reading. A call has the time of its entry, also after it; the end of
// one whose entry was not seen has its own.
func (ev *Event) Time() time.Time {
	if ev.times.now.IsZero() {
		ev.times.now = ev.eng.timeNow()
	}
	return ev.times.now
}

// Ended returns when the tracer was told of the event itself: at the exit of a
// call that exit, else Time.
func (ev *Event) Ended() time.Time {
	if ev.times.reported.IsZero() {
		return ev.Time()
	}
	return ev.times.reported
}

// Duration is the time that the call of a KindExit event took: from its task's
// resume after the hooks of the entry to the report of its exit, however long
// hooks run before they ask. It is 0 for a call that a hook has prevented and for
// one whose entry was not seen.
func (ev *Event) Duration() time.Duration { return ev.times.duration }

// Comm returns the thread's name now.
func (ev *Event) Comm() string {
	if !ev.fetched.haveComm && ev.Task != nil {
		ev.fetched.comm, ev.fetched.haveComm = ev.Task.Comm(), true
	}
	return ev.fetched.comm
}

// Exe returns the path of the task's program.
func (ev *Event) Exe() string {
	if ev.Task == nil {
		return ""
	}
	if s := ev.Task.Exe(); s != "" || ev.Kind != KindDeath {
		return s
	}
	return ev.Task.Proc.exe
}

// Siginfo returns the siginfo of a KindSignal event, nil if it can't be read.
func (ev *Event) Siginfo() *tracer.Siginfo {
	if !ev.fetched.haveInfo {
		if ev.Kind != KindSignal || ev.lacks(source.Siginfo) || ev.Task.Siginfo(&ev.fetched.siginfo) != nil {
			return nil
		}
		ev.fetched.haveInfo = true
	}
	return &ev.fetched.siginfo
}

// Registers returns the task's registers. After changing them call
// RegistersChanged; they are written back when the hooks are done.
func (ev *Event) Registers() (*tracer.Registers, error) {
	if !ev.fetched.haveRegs {
		if ev.Task == nil || ev.Kind == KindDeath {
			return nil, unix.ESRCH
		}
		if ev.Task.Notified() {
			return nil, errNoRegisters
		}
		if ev.lacks(source.Registers) {
			return nil, source.ErrNotKnown
		}
		if err := ev.Task.Registers(&ev.fetched.regs); err != nil {
			return nil, err
		}
		ev.fetched.haveRegs = true
	}
	return &ev.fetched.regs, nil
}

// RegistersChanged marks the registers to be written back, unless the trace is
// read-only.
func (ev *Event) RegistersChanged() {
	if !ev.eng.opts.ReadOnly {
		ev.act.wants |= wantsRegisters
	}
}

// FDPath returns what a descriptor of the task stands for: a path, or for a
// socket its protocol and addresses; "" if it is not open.
func (ev *Event) FDPath(fd int) string {
	if d := ev.closed(fd); d != nil {
		return d.Path
	}
	return ev.eng.fdPath(ev.Task.Task, fd)
}

// FDInfo returns the same in parts, nil if the descriptor is not open.
func (ev *Event) FDInfo(fd int) *FDInfo {
	if d := ev.closed(fd); d != nil {
		return d
	}
	return ev.Task.Proc.fdInfo(ev.Task.Task, fd)
}

// closed returns what the descriptor was that the call itself has closed, else
// nil.
func (ev *Event) closed(fd int) *FDInfo {
	if ev.Kind != KindExit || ev.Task.closing == nil || ev.Task.closing.FD != fd {
		return nil
	}
	return ev.Task.closing
}

// Returns says whether the call of the event can come back: exit and exit_group
// don't, their hooks for the exit run at entry.
func (ev *Event) Returns() bool {
	c := ev.Call()
	return c == nil || plan.Returns(c.Name)
}
