// Package source is the interface through which events and what hooks ask about them come
// into the engine. Two sources exist: live ones (live.go), which are the tracer's tasks, and
// made-up ones (made.go, made_task.go, made_memory.go), which answer from memory.
//
// A source hands each [Event] to the engine, which calls hooks with it. While they run, they
// read fields and ask for changes: the engine passes both on to the event's [Task] and its
// [Process]. Nothing is read before a hook asks for it, so a source that has the answers
// already and one that must fetch them are alike.
//
// A source need not answer everything. [Task.Can] says what it can; a method outside of that
// returns its zero value, or the error [ErrNotKnown]. A task need not be stopped, or exist:
// changes of one that has run on already fail with [ErrNotKnown] too, and [Act] is not
// among what it can.
package source

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine/fdinfo"
	"luatrace/internal/slot"
	"luatrace/tracer"
	"luatrace/tracer/procfs"
)

// ErrNotKnown is the error of what the source of an event can't answer or do.
var ErrNotKnown = errors.New("this is not known of the event, or not possible any more")

// Fields is a set of what a source can answer, or do.
type Fields uint16

// What hooks may ask for beside the words, the times and the result of a call, which every
// source knows.
const (
	Memory      Fields = 1 << iota // ReadMemory and ReadString
	Names                          // Comm and Exe
	Places                         // Cwd
	Descriptors                    // FD and what sockets are
	Files                          // ProcFile and its like
	Registers                      // Task.Registers
	Siginfo                        // Task.Siginfo
	Act                            // everything that changes the task, its process or its memory

	All = Memory | Names | Places | Descriptors | Files | Registers | Siginfo | Act
)

var fieldNames = [...]string{"memory", "names", "working directories", "descriptors", "files of /proc", "registers", "siginfo", "changes"}

// String names the fields: "registers", "memory and siginfo".
func (f Fields) String() string {
	var names []string
	for i, name := range fieldNames {
		if f>>i&1 != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " and ")
}

// Event is one thing that happened: a tracer's event whose tasks are those of any source. The
// embedded event's own Task, Child and Superseded are set for live ones alone.
type Event struct {
	*tracer.Event
	Task       Task
	Call       *tracer.Call // of Task, as it was at the entry
	Child      Task
	Superseded Task
}

// Process answers for a process. Its methods must be called by whoever holds the engine's
// lock, as must those of [Task].
type Process interface {
	fdinfo.Source

	// PID is the number of the process. It never changes.
	PID() int
	// IsCommand reports whether it is the command that luatrace has started.
	IsCommand() bool
	// ParentPID returns the parent's number now, 0 if it is not known any more.
	ParentPID() int
	// Creator returns the process that has created it, nil if that was not traced.
	Creator() Process
	// Tasks returns how many of its threads are alive and traced.
	Tasks() int
	// Comm returns the name of its first thread, "" if it is gone.
	Comm() string
	// Exe returns the path of its program, "" if it is gone.
	Exe() string
	// Cwd returns its working directory, "" if it is gone.
	Cwd() string

	// ReadMemory copies len(b) bytes at addr into b. It returns how many could be read; if that is
	// less, the error says why: EFAULT for an address without memory.
	ReadMemory(addr uint64, b []byte) (int, error)
	// ReadString reads the NUL-terminated string at addr, of at most max bytes, appending to
	// buf[:0]. terminated is false if max was reached first, or memory ended.
	ReadString(addr uint64, max int, buf []byte) (s []byte, terminated bool, err error)
	// ProcFile returns the content of a file below /proc/PID, such as "maps". The error is
	// ENOENT or ESRCH if there is none, a *procfs.CutError if only the beginning was read, and
	// a *procfs.RefusedError for a file that has no end.
	ProcFile(name string) ([]byte, error)
	// ProcFileWithin is ProcFile within another bound than that of hooks.
	ProcFileWithin(name string, bound procfs.Bound) ([]byte, error)
	// List returns the names in a directory below /proc/PID, such as "fd".
	List(dir string) ([]string, error)
	// KeepShown makes Comm, Exe and the files stay known when the process has ended, as far
	// as that is possible.
	KeepShown()

	// WriteMemory copies b to addr, also onto pages that the process can only read. It returns as
	// ReadMemory does.
	WriteMemory(addr uint64, b []byte) (int, error)
	// Kill sends the process a signal; ESRCH if it is gone.
	Kill(sig unix.Signal) error

	// Record is the room for the engine's record of the process, always the same.
	Record() *slot.Slot
}

// Task answers for a thread, and takes what hooks want of it. It is comparable: two values
// are equal if they are of the same thread.
type Task interface {
	fdinfo.Source

	// Can returns what can be answered of the task's events, and done to it. It is the same as long
	// as the task lives.
	Can() Fields

	// TID is the thread's number. It changes when a thread that is not the first one of its
	// process calls execve.
	TID() int
	// Process returns the process of the thread, always the same one.
	Process() Process
	// Call is the system call in progress, or the last one. An event's hooks see it as it was
	// at the entry, also at the exit.
	Call() *tracer.Call
	// Entered is when the call was entered, zero if that was not seen.
	Entered() time.Time
	// Duration is how long the call took up to the event of its exit, 0 for one that did not
	// run or whose entry was not seen.
	Duration(exit *Event) time.Duration
	// InProgress returns the call that the task is in now; ok is false if it is in none, or
	// that can't be known. followed says that its entry was an event, and its exit will be one.
	InProgress() (c tracer.Call, followed, ok bool)
	// Dead reports whether the end of the task was seen.
	Dead() bool
	// Notified reports whether the task waits in a seccomp notification: it has no registers
	// then.
	Notified() bool
	// Attaching reports whether the task is being attached to: the call that it is in was
	// there before.
	Attaching() bool

	// ParentPID is that of [Process], for the thread.
	ParentPID() int
	// Comm is that of [Process], for the thread.
	Comm() string
	// Exe is that of [Process], for the thread.
	Exe() string
	// Cwd is that of [Process], for the thread.
	Cwd() string
	// Registers reads the general registers into r, which is whole if there is no error.
	Registers(r *tracer.Registers) error
	// Siginfo reads what the kernel knows of the signal of an EventSignal into s, which is
	// whole if there is no error.
	Siginfo(s *tracer.Siginfo) error

	// SetCall changes number and arguments of a call at its entry; they become Call.
	SetCall(nr int, args [6]uint64) error
	// Skip prevents the call at its entry; its result is ret. The kernel's restart codes are
	// refused with EINVAL.
	Skip(ret int64) error
	// SetResult changes the result at the exit, and refuses as Skip does.
	SetResult(ret int64) error
	// StopAtExit asks for an event of the exit of the call in progress.
	StopAtExit()
	// SetRegisters writes the general registers. At an entry Call becomes what they say.
	SetRegisters(r *tracer.Registers) error
	// SetSignal changes the signal of an EventSignal, 0 for none.
	SetSignal(sig unix.Signal) error
	// RaiseSignal sends the task a signal when it runs on from the entry or the exit of a call.
	RaiseSignal(sig unix.Signal) error

	// Record is the room for the engine's record of the thread, always the same.
	Record() *slot.Slot
}
