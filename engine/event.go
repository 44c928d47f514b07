package engine

import (
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine/plan"
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

	// At KindExit: the result as the program gets it (-errno on failure), and
	// the errno or 0. Returned is false for a call that can't have a result:
	// exit and exit_group.
	Ret      int64
	Errno    int
	Returned bool

	Signal     unix.Signal // KindSignal, KindStop
	Child      *Task       // KindFork
	CloneEvent int         // KindFork: PTRACE_EVENT_FORK, _VFORK or _CLONE
	FormerTID  int         // KindExec
	Tracer     int         // KindDetach: the process that traces it from here on
	Exit       tracer.Exit // KindDeath
	LastTask   bool        // KindDeath: the whole process is gone

	eng *Engine

	now      time.Time     // of the call's entry, or of the event; zero until asked for if nobody has said it
	reported time.Time     // when the tracer got the report of the event itself; zero as now
	duration time.Duration // KindExit
	comm     string
	haveComm bool
	siginfo  tracer.Siginfo
	haveInfo bool
	regs     tracer.Registers
	haveRegs bool

	// What the hooks of this event asked for.
	setArgs   uint8 // bit i: argument i
	setNumber bool
	setRegs   bool
	skip      bool
	skipRet   int64
	setRet    bool
	setSignal bool
	arrived   unix.Signal // KindSignal: before hooks changed it
	delay     time.Duration
	ignored   bool   // nobody wants the exit
	stackAt   uint64 // below here the stack holds no argument of ours yet; 0: nowhere
}

// begin prepares the event for another stop. The struct is not cleared as a
// whole: registers and siginfo alone would be 350 bytes each time.
//
// at is when the tracer got the report of it, zero for what it has not reported.
func (ev *Event) begin(kind EventKind, t *Task, at time.Time) {
	ev.Kind, ev.Task = kind, t
	ev.now, ev.reported, ev.duration = at, at, 0
	ev.Ret, ev.Errno, ev.Returned = 0, 0, false
	ev.Signal, ev.Child = 0, nil
	ev.haveComm, ev.haveInfo, ev.haveRegs = false, false, false
	ev.setArgs, ev.setNumber, ev.setRegs = 0, false, false
	ev.skip, ev.setRet, ev.setSignal = false, false, false
	ev.delay = 0
	ev.ignored = false
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
	return &ev.Task.call
}

// Unfinished returns, at a KindDeath event, the system call in which the task
// ended, if hooks wait for its exit; else nil.
func (ev *Event) Unfinished() *decode.Call {
	if ev.Kind != KindDeath || ev.Task.hooks == nil || len(ev.Task.hooks.exit) == 0 {
		return nil
	}
	return &ev.Task.call
}

// Ignore says, before a call, that its exit is of no interest to any hook: the
// task need not stop there. It is for a printer, which has all the hooks.
func (ev *Event) Ignore() { ev.ignored = ev.Kind == KindEnter }

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
	}
	return "timer"
}

// Time returns when the event happened, as the tracer was told: wall clock with a
// monotonic reading. A call has the time of its entry, also after it; the end of
// one whose entry was not seen has its own.
func (ev *Event) Time() time.Time {
	if ev.now.IsZero() {
		ev.now = ev.eng.timeNow()
	}
	return ev.now
}

// Ended returns when the tracer was told of the event itself: at the exit of a
// call that exit, else Time.
func (ev *Event) Ended() time.Time {
	if ev.reported.IsZero() {
		return ev.Time()
	}
	return ev.reported
}

// Duration is the time that the call of a KindExit event took: from its task's
// resume after the hooks of the entry to the report of its exit, however long
// hooks run before they ask. It is 0 for a call that a hook has prevented and for
// one whose entry was not seen.
func (ev *Event) Duration() time.Duration { return ev.duration }

// Comm returns the thread's name now.
func (ev *Event) Comm() string {
	if !ev.haveComm && ev.Task != nil {
		ev.comm, ev.haveComm = ev.Task.Comm(), true
	}
	return ev.comm
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
	if !ev.haveInfo {
		if ev.Kind != KindSignal || ev.Task.Siginfo(&ev.siginfo) != nil {
			return nil
		}
		ev.haveInfo = true
	}
	return &ev.siginfo
}

// Registers returns the task's registers. After changing them call
// RegistersChanged; they are written back when the hooks are done.
func (ev *Event) Registers() (*tracer.Registers, error) {
	if !ev.haveRegs {
		if ev.Task == nil || ev.Kind == KindDeath {
			return nil, unix.ESRCH
		}
		if ev.Task.Notified() {
			return nil, errNoRegisters
		}
		if err := ev.Task.Registers(&ev.regs); err != nil {
			return nil, err
		}
		ev.haveRegs = true
	}
	return &ev.regs, nil
}

// RegistersChanged marks the registers to be written back, unless the trace is
// read-only.
func (ev *Event) RegistersChanged() { ev.setRegs = !ev.eng.opts.ReadOnly }

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
