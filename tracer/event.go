package tracer

import (
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

// EventKind names what happened to a task.
type EventKind uint8

// The kinds of an [Event].
const (
	// EventNone is no event; Next never returns it.
	EventNone EventKind = iota
	// EventEnter is a system call before the kernel runs it. The Task's Call
	// holds ABI, number and arguments.
	EventEnter
	// EventExit is the same call after it: Ret and Errno are set. Task.Call is
	// still as it was at entry.
	EventExit
	// EventSignal is a signal about to be delivered; Signal says which.
	EventSignal
	// EventStopped is a group-stop: the task is stopped as by SIGSTOP.
	EventStopped
	// EventNew is the birth of a task: Task is the parent, Child the new task.
	EventNew
	// EventExec is a successful execve; the process's memory is new.
	EventExec
	// EventDeath is the end of a task; its record is gone after the event.
	EventDeath
	// EventAttached is the first stop of a task that was attached to.
	EventAttached
	// EventCommandEnd is the end of the command after it was let go; Exit says
	// how. Task is nil.
	EventCommandEnd
	// EventWoken says that Wake was called; Task is nil.
	EventWoken
)

// Event is one thing that happened. Next fills it in; it is valid until the
// next call of Next.
type Event struct {
	Kind EventKind
	Task *Task
	// Stop is what Resume takes to let the task run on.
	Stop Stop
	// At is when the tracer got the report of it: wall clock with a monotonic
	// reading. It is zero for EventWoken and for events that are made up without
	// a time.
	At time.Time

	// Upgraded is not nil for an EventEnter that was seen before, by
	// notification: this is the entry stop that Pending.Stop asked for, with its data.
	Upgraded any

	Signal unix.Signal // for EventSignal and EventStopped

	Returned // for EventExit
	Joined   // for EventAttached
	Born     // for EventNew
	Executed // for EventExec
	Ended    // for EventDeath, and Exit for EventCommandEnd
}

// Returned says how a call has ended.
type Returned struct {
	// Ret is the result as the program gets it, sign-extended (on failure -errno).
	Ret   int64
	Errno int // 0 on success, 512 to 516 for the kernel's restart codes
	// Unpaired marks an exit whose entry was not seen (attached in the middle
	// of a call): number and arguments come from the registers.
	Unpaired bool
	// Skipped marks the exit of a call that Skip prevented.
	Skipped bool
}

// Joined says in what a task was interrupted by the attach.
type Joined struct {
	// Interrupted marks a task that was in Task.Call, which it makes again, or goes
	// on with, when it is resumed.
	Interrupted bool
	// Continued marks a task that will go on with that call by restart_syscall.
	Continued bool
}

// Born says whom a task has created.
type Born struct {
	Child      *Task
	CloneEvent int // PTRACE_EVENT_FORK, _VFORK or _CLONE
}

// Executed says what an execve has changed besides the memory.
type Executed struct {
	// Superseded is the old leader that vanished without a report because
	// another thread of its group called execve.
	Superseded *Task
	FormerTID  int // the thread id of the caller before it took the leader's
}

// Ended says how a task has ended.
type Ended struct {
	Exit     Exit
	LastTask bool // of its process
}

// Call is a system call as the kernel showed it at entry.
type Call struct {
	ABI  syscalls.ABI
	NR   int // as given; x32 numbers keep bit 30
	Args [6]uint64
	IP   uint64 // instruction pointer
	SP   uint64 // stack pointer
}

// narrow cuts the argument words to what an i386 call can pass.
func (c *Call) narrow() {
	if c.ABI == syscalls.I386 {
		for i := range c.Args {
			c.Args[i] = uint64(uint32(c.Args[i]))
		}
	}
}
