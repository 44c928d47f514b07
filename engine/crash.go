package engine

import (
	"fmt"
	"runtime/debug"
	"strings"

	"luatrace/tracer"
)

// CrashError is a panic of luatrace itself: a bug. The trace ends, and the
// tracees are treated as at any other end.
type CrashError struct {
	Value any    // of the panic
	Stack string // where it happened
	// Requests are the last requests to the kernel before it, see
	// tracer.LastRequests.
	Requests string
}

// Error is a line, and behind it the stack and the requests.
func (e *CrashError) Error() string {
	return fmt.Sprintf("internal error: %v; the trace ends here. Please report this, with the lines that follow\n%s\nthe last requests to the kernel (seconds, thread, what):\n%s",
		e.Value, strings.TrimSuffix(e.Stack, "\n"), e.Requests)
}

// exclusive calls f as hooks are called: on no two threads at once, see [tracer.Tracer.Do].
// Without a tracer there is one thread.
func (e *Engine) exclusive(f func()) {
	if e.tr == nil {
		f()
		return
	}
	e.tr.Do(f)
}

// mustHold panics, while rules are checked, if the caller is not in exclusive.
func (e *Engine) mustHold() {
	if e.tr != nil && !e.tr.Holds() {
		panic("the engine's records are used without the lock that guards them")
	}
}

// caught is deferred on the tracer's thread, around what deals with one event,
// tev, and with it whatever runs in hooks. A panic ends the trace in order: the
// event's task runs on, the others are let go or kept as at any end, and what
// was counted is printed. A second one is not caught: the process then ends, and
// the kernel lets go of the tracees, or kills those with a filter.
func (e *Engine) caught(tr *tracer.Tracer, tev *tracer.Event) {
	value := recover()
	if value == nil {
		return
	}
	tr.Do(func() {
		if e.crash != nil {
			panic(value)
		}
		e.crashed(value)
		if tev.Task != nil {
			if tev.Kind == tracer.EventEnter {
				if ret, ok := e.refusal(tev.Task.Call.ABI, tev.Task.Call.NR); ok {
					tev.Task.Skip(ret) // an error means that the task is gone
				}
			}
			tr.Resume(tev.Stop)
		}
	})
}

// crashed notes a panic and makes the trace end. The caller is in
// exclusive, but at the very end.
func (e *Engine) crashed(value any) {
	e.crash = &CrashError{Value: value, Stack: string(debug.Stack()), Requests: tracer.LastRequests()}
	e.stop.Store(true)
}

// guarded runs one of the things that come last; that one of them panics must
// not keep the others from running.
func (e *Engine) guarded(f func()) {
	defer func() {
		if value := recover(); value != nil {
			e.crashed(value)
		}
	}()
	f()
}
