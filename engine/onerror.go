package engine

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"luatrace/engine/plan"
	"luatrace/engine/spec"
	"luatrace/tracer/syscalls"
)

// ErrorAct says what becomes of an event whose hook fails.
type ErrorAct uint8

// What may become of it.
const (
	ErrorIgnored ErrorAct = iota // it goes on as if the hook had returned
	ErrorFails                   // the call fails
	ErrorKills                   // the process gets SIGKILL, and the call is not made
)

// OnError is what is done for a hook that fails: it raised an error, was cut off
// because it ran too long, or is not called any more for that reason. The zero
// value does nothing. A hook that has something here fails closed: it is never
// switched off for a program that makes it fail.
type OnError struct {
	Act   ErrorAct
	Errno int // with ErrorFails
}

// String is what a script writes: "continue", "kill" or the name of an errno.
func (o OnError) String() string {
	switch o.Act {
	case ErrorFails:
		return syscalls.ErrnoName(o.Errno)
	case ErrorKills:
		return "kill"
	default: // ErrorIgnored
	}
	return "continue"
}

// instead says what becomes of the events of a hook that is not called any more.
func (o OnError) instead() string {
	if o.Act == ErrorKills {
		return "it is killed"
	}
	return "its calls fail with " + o.String()
}

// Errors of an OnError that does not fit its hook.
var (
	errNoCall    = errors.New(`an errno is for hooks on system calls; elsewhere there are "kill" and "continue"`)
	errNoProcess = errors.New(`no process belongs to this hook: only "continue" is possible`)
)

// Fits says why hooks of a spec can't have this, nil if they can.
func (o OnError) Fits(sel *spec.Spec) error {
	switch {
	case o.Act == ErrorIgnored:
	case sel.Kind == spec.Begin || sel.Kind == spec.End:
		return errNoProcess
	case o.Act == ErrorFails && sel.Kind != spec.Syscall:
		return errNoCall
	}
	return nil
}

// keepsTracing says whether tracees that ask for another tracer are refused.
func (e *Engine) keepsTracing() bool {
	closes := func(h *Hook) bool { return h.OnError.Act != ErrorIgnored }
	bound := func(h boundHook) bool { return closes(h.Hook) }
	return e.opts.KeepTracing || slices.ContainsFunc(e.hooks, closes) || slices.ContainsFunc(e.procHooks, bound) || slices.ContainsFunc(e.signalHooks, bound)
}

// close does what a hook has for errors. Before the call it is prevented, after
// it the program gets the error in place of the result. A call that does not come
// back ends the thread: that is let be.
func (e *Engine) close(h *Hook, ev *Event) {
	var err error
	switch h.OnError.Act {
	case ErrorFails:
		if ev.Returns() {
			err = ev.SetRet(-int64(h.OnError.Errno))
		}
	case ErrorKills:
		if ev.Kind == KindEnter && ev.Returns() {
			err = ev.Skip(-int64(unix.EPERM))
		}
		err = errors.Join(err, gone(ev.Task.Proc.Kill(unix.SIGKILL)))
		if ev.Kind == KindFork { // what the hook did not look at
			err = errors.Join(err, gone(ev.Child.Proc.Kill(unix.SIGKILL)))
		}
	default: // ErrorIgnored
	}
	if err != nil {
		e.report(fmt.Sprintf("%s: on_error of the hook of %s: %v", ev.describe(), h.Where, err))
	}
}

// gone takes the error of a process that has ended for none.
func gone(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// refusal is what a call gets in whose hooks luatrace itself has failed,
// and whether it gets that: some hook of its entry has something for errors.
func (e *Engine) refusal(abi syscalls.ABI, nr int) (ret int64, ok bool) {
	ch := e.lookup(abi, nr)
	if ch == nil || !plan.Returns(ch.name) {
		return 0, false
	}
	for i := range ch.enter {
		switch o := ch.enter[i].OnError; o.Act {
		case ErrorFails:
			return -int64(o.Errno), true
		case ErrorKills:
			return -int64(unix.EPERM), true
		default: // ErrorIgnored
		}
	}
	return 0, false
}
