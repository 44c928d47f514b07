package tracer

import (
	"fmt"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// stopKind says in which ptrace-stop a task is, and so what may be asked of the kernel.
type stopKind uint8

const (
	stopNone        stopKind = iota // it runs
	stopListening                   // in a group-stop under PTRACE_LISTEN
	stopCall                        // a syscall-stop that PTRACE_GET_SYSCALL_INFO has not named
	stopEntry                       // the entry of a system call
	stopFilterEntry                 // the same, asked for by a filter: SECCOMP_RET_TRACE
	stopExit                        // the exit of a system call
	stopSignal                      // signal-delivery-stop
	stopGroup                       // group-stop
	stopEvent                       // PTRACE_EVENT_STOP that is no group-stop
	stopFork                        // PTRACE_EVENT_FORK, _VFORK or _CLONE
	stopExec                        // PTRACE_EVENT_EXEC
	stopOther                       // any other event: PTRACE_EVENT_VFORK_DONE
)

var stopNames = [...]string{"none", "listening", "call", "entry", "filter entry", "exit", "signal", "group", "event", "fork", "exec", "other"}

// String names the kind.
func (k stopKind) String() string { return stopNames[k] }

// stop is a task's present ptrace-stop. Each report replaces it whole.
type stop struct {
	kind     stopKind
	event    int         // the PTRACE_EVENT_* number, 0 for none
	reported unix.Signal // of stopSignal: the signal of the report
	signal   unix.Signal // what the task gets when it is resumed; 0 for none
}

// stopOf is the stop that a wait status reports.
func stopOf(st kernel.Status) stop {
	switch st.Kind {
	case kernel.StatusSyscall, kernel.StatusSeccomp:
		return stop{kind: stopCall}
	case kernel.StatusSignal:
		return stop{kind: stopSignal, reported: st.Signal, signal: st.Signal}
	case kernel.StatusGroup:
		return stop{kind: stopGroup, event: st.Event}
	case kernel.StatusEventStop:
		return stop{kind: stopEvent, event: st.Event}
	case kernel.StatusFork:
		return stop{kind: stopFork, event: st.Event}
	case kernel.StatusExec:
		return stop{kind: stopExec, event: st.Event}
	default: // deaths, and stops that luatrace does not ask for
	}
	return stop{kind: stopOther, event: st.Event}
}

// named is the stop once PTRACE_GET_SYSCALL_INFO has said which it is.
func (s stop) named(op uint8) stop {
	switch op {
	case kernel.SysInfoEntry:
		s.kind = stopEntry
	case kernel.SysInfoSeccomp:
		s.kind = stopFilterEntry
	case kernel.SysInfoExit:
		s.kind = stopExit
	}
	return s
}

// here says whether the task is in a ptrace-stop that we may act on.
func (s stop) here() bool { return s.kind > stopListening }

// isEntry says whether it is the entry of a call.
func (s stop) isEntry() bool { return s.kind == stopEntry || s.kind == stopFilterEntry }

// change is something that a hook may want at a stop.
type change uint8

const (
	changeCall   change = iota // number and arguments, or to skip the call
	changeResult               // the result
	changeSignal               // the signal that is about to be delivered
	raiseSignal                // a signal where there is none
)

// stopChanges has a bit for each change that a kind of stop allows.
var stopChanges = [len(stopNames)]uint8{
	stopEntry:       1<<changeCall | 1<<raiseSignal,
	stopFilterEntry: 1 << changeCall, // the kernel takes no signal here
	stopExit:        1<<changeResult | 1<<raiseSignal,
	stopSignal:      1 << changeSignal,
}

// changeErrors say why a stop does not allow a change.
var changeErrors = [...]error{
	changeCall:   errNotAtEntry,
	changeResult: errNotAtExit,
	changeSignal: errNotAtSignal,
	raiseSignal:  errNoSignal,
}

// allows says why a change can't be made at the stop, nil if it can.
func (s stop) allows(c change) error {
	if stopChanges[s.kind]>>c&1 == 0 {
		return changeErrors[c]
	}
	return nil
}

// Stop names the stop that an [Event] reports, for [Tracer.Resume]. It is over when the task is
// resumed, and does not name a later stop of the same task. The zero Stop names none.
type Stop struct {
	task  *Task
	count uint64
}

// thisStop names the present stop of a task.
func (t *Task) thisStop() Stop { return Stop{t, t.stops} }

// stopsAs notes a new stop.
func (t *Task) stopsAs(s stop) { t.stop, t.stops = s, t.stops+1 }

// isOld says whether the task has had another stop since. A task that has ended has no later one.
func (s Stop) isOld() bool { return s.count != s.task.stops && !s.task.life.ended() }

// checkOld panics, where rules are checked, for a stop that is over.
func (s Stop) checkOld() {
	if ChecksRules() {
		panic(fmt.Sprintf("%d is resumed from stop %d, but is in stop %d", s.task.TID, s.count, s.task.stops))
	}
}
