package tracer

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

var (
	errNotAtEntry  = errors.New("the task is not at the entry of a system call")
	errNotAtExit   = errors.New("the task is not at the exit of a system call")
	errNotAtSignal = errors.New("the task is not about to receive a signal")
	errNoSignal    = errors.New("the kernel takes no signal for the task at this stop")
)

// ErrNoTracees is what Next returns when nothing is left to trace.
var ErrNoTracees = errors.New("no tracees left")

// LaunchError says which step of launching the command failed.
type LaunchError struct {
	Step  string // "fork", "setgroups", "setgid", "setuid", "execve", "seize", ...
	Path  string // of the command, where there is one
	Errno unix.Errno
	// Reason is what the errno means here, "" if it says enough.
	Reason string
	// Signal ended the child before its execve; the Errno is ECHILD then. It is 0 otherwise.
	Signal unix.Signal
}

// Error names the command, the step and the errno.
func (e *LaunchError) Error() string {
	switch {
	case e.Signal != 0:
		return fmt.Sprintf("%q was ended by %s before it could start", e.Path, syscalls.SignalName(int(e.Signal)))
	case e.Reason != "":
		return fmt.Sprintf("cannot trace %q: %s", e.Path, e.Reason)
	case e.Step == "execve" && e.Errno == unix.ENOEXEC:
		return fmt.Sprintf("cannot run %q: %v (a script needs a first line like #!/bin/sh)", e.Path, e.Errno)
	case e.Step == "execve" && e.Errno == unix.ENOENT:
		// LookPath has seen the file itself.
		return fmt.Sprintf("cannot run %q: the interpreter that its first line or its ELF header names does not exist", e.Path)
	case e.Step == "execve":
		return fmt.Sprintf("cannot run %q: %v", e.Path, e.Errno)
	}
	return fmt.Sprintf("cannot start %q: %s: %v", e.Path, e.Step, e.Errno)
}

// Unwrap gives the errno, for errors.Is.
func (e *LaunchError) Unwrap() error { return e.Errno }

// AttachError says why a process could not be attached to.
type AttachError struct {
	PID    int
	Errno  unix.Errno
	Reason string // what the kernel's errno means here, and what would help
}

// Error is one line: the process, and why.
func (e *AttachError) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("cannot attach to process %d: %s", e.PID, e.Reason)
	}
	return fmt.Sprintf("cannot attach to process %d: %v", e.PID, e.Errno)
}

// Unwrap gives the errno, for errors.Is.
func (e *AttachError) Unwrap() error { return e.Errno }

// errnoOf returns the errno that an error of package unix is.
func errnoOf(err error) unix.Errno {
	e, ok := errors.AsType[unix.Errno](err)
	if !ok {
		return unix.EIO
	}
	return e
}
