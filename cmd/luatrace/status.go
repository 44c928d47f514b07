package main

import (
	"errors"

	"golang.org/x/sys/unix"

	"luatrace/engine"
	"luatrace/tracer"
)

// Exit codes of luatrace's own. Otherwise it ends as the command did.
const (
	exitOK         = 0
	exitFailure    = 1   // could not trace, or not write the output
	exitUsage      = 2   // wrong options, or a script that does not load
	exitHook       = 3   // a hook failed while tracing
	exitCannotExec = 126 // the command was found but can't be run
	exitNotFound   = 127 // the command was not found
)

// status is how luatrace is to end: by a signal, or with a code.
type status struct {
	code   int
	signal unix.Signal
}

// died is the end by a signal.
func died(sig unix.Signal) status { return status{128 + int(sig), sig} }

// statusOf derives the status from the end of a run without an error.
func statusOf(r engine.Result) status {
	switch {
	case r.Finished && r.Exit.Signal != 0:
		return died(r.Exit.Signal)
	case r.Finished:
		return status{code: r.Exit.Code}
	case r.Signal != 0:
		return died(r.Signal)
	}
	return status{}
}

// launchStatus is the end for a command that could not be started: a shell's
// exit code, or the signal that came before its execve.
func launchStatus(err error) status {
	var le *tracer.LaunchError
	switch {
	case !errors.As(err, &le):
	case le.Signal != 0:
		return died(le.Signal)
	case le.Step == "execve" && le.Errno == unix.ENOENT:
		return status{code: exitNotFound}
	case le.Step == "execve":
		return status{code: exitCannotExec}
	}
	return status{code: exitFailure}
}
