package kernel

import "golang.org/x/sys/unix"

// StopKind names what a wait status says.
type StopKind uint8

// The kinds of a wait status, in the terms of ptrace(2).
const (
	StatusExited       StopKind = iota // the thread ended by itself; Code is its exit code
	StatusSignaled                     // a signal ended it; Signal says which, Core whether it dumped
	StatusSyscall                      // syscall-stop (entry or exit: GET_SYSCALL_INFO knows)
	StatusSignal                       // signal-delivery-stop; Signal is pending delivery
	StatusGroup                        // group-stop; Signal is the stopping signal
	StatusEventStop                    // PTRACE_EVENT_STOP that is no group-stop: first stop of a child, INTERRUPT, end of a group-stop
	StatusFork                         // PTRACE_EVENT_FORK, VFORK or CLONE; Event says which
	StatusExec                         // PTRACE_EVENT_EXEC
	StatusVforkDone                    // PTRACE_EVENT_VFORK_DONE
	StatusExiting                      // PTRACE_EVENT_EXIT
	StatusSeccomp                      // PTRACE_EVENT_SECCOMP
	StatusUnknownEvent                 // an event this tracer did not ask for
	StatusContinued                    // WIFCONTINUED; not reported to a tracer that does not ask
)

// Status is a decoded wait status.
type Status struct {
	Kind   StopKind
	Code   int         // exit code, for StatusExited
	Signal unix.Signal // for StatusSignaled, StatusSignal, StatusGroup, StatusEventStop
	Core   bool        // for StatusSignaled
	Event  int         // the PTRACE_EVENT_* number, or 0
}

// DecodeStatus decodes the status word of wait4(2) for a seized tracee with
// PTRACE_O_TRACESYSGOOD. unix.WaitStatus can't: its TrapCause is blind to
// events whose stop signal is not SIGTRAP, which a group-stop's never is.
func DecodeStatus(ws uint32) Status {
	switch {
	case ws == 0xffff:
		return Status{Kind: StatusContinued}
	case ws&0x7f == 0:
		return Status{Kind: StatusExited, Code: int(ws >> 8 & 0xff)}
	case ws&0xff != 0x7f:
		return Status{Kind: StatusSignaled, Signal: unix.Signal(ws & 0x7f), Core: ws&0x80 != 0}
	}
	sig := unix.Signal(ws >> 8 & 0xff)
	event := int(ws >> 16)
	switch event {
	case 0:
		if sig == unix.SIGTRAP|0x80 {
			return Status{Kind: StatusSyscall}
		}
		return Status{Kind: StatusSignal, Signal: sig}
	case unix.PTRACE_EVENT_STOP:
		switch sig {
		case unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU:
			return Status{Kind: StatusGroup, Signal: sig, Event: event}
		}
		return Status{Kind: StatusEventStop, Signal: sig, Event: event}
	case unix.PTRACE_EVENT_FORK, unix.PTRACE_EVENT_VFORK, unix.PTRACE_EVENT_CLONE:
		return Status{Kind: StatusFork, Event: event}
	case unix.PTRACE_EVENT_EXEC:
		return Status{Kind: StatusExec, Event: event}
	case unix.PTRACE_EVENT_VFORK_DONE:
		return Status{Kind: StatusVforkDone, Event: event}
	case unix.PTRACE_EVENT_EXIT:
		return Status{Kind: StatusExiting, Event: event}
	case unix.PTRACE_EVENT_SECCOMP:
		return Status{Kind: StatusSeccomp, Event: event}
	}
	return Status{Kind: StatusUnknownEvent, Signal: sig, Event: event}
}

// Exit is how a task ended.
type Exit struct {
	Code   int         // exit code; meaningful if Signal is 0
	Signal unix.Signal // the fatal signal, or 0
	Core   bool        // a core was dumped
	// Superseded marks a thread group leader that vanished without a report of
	// its own because another thread of the group called execve.
	Superseded bool
}

// ShellStatus is the status a shell shows: the exit code, or 128 plus the signal.
func (e Exit) ShellStatus() int {
	if e.Signal != 0 {
		return 128 + int(e.Signal)
	}
	return e.Code
}
