package engine

import (
	"fmt"
	"runtime/debug"
	"sync"

	"luatrace/tracer"
)

// CrashError is a panic of luatrace itself: a bug. The trace ends, and the
// tracees are treated as at any other end.
type CrashError struct {
	Value any    // of the panic
	Stack string // where it happened
}

// Error is a line, and the stack behind it.
func (e *CrashError) Error() string {
	return fmt.Sprintf("internal error: %v; the trace ends here. Please report this, with the lines that follow\n%s", e.Value, e.Stack)
}

// ownLock is the engine's mutex as the tracer's thread takes it. It knows
// whether that thread has it, which tells what a panic has left locked.
type ownLock struct {
	mu   *sync.Mutex
	held bool
}

// Lock is for the tracer's thread only, as is Unlock.
func (l *ownLock) Lock() {
	l.mu.Lock()
	l.held = true
}

// Unlock gives it back.
func (l *ownLock) Unlock() {
	l.held = false
	l.mu.Unlock()
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
	if !e.own.held {
		e.own.Lock()
	}
	defer e.own.Unlock()
	if e.crash != nil {
		panic(value)
	}
	e.crashed(value)
	if tev.Task != nil {
		tr.Resume(tev.Task)
	}
}

// crashed notes a panic and makes the trace end. The caller holds the engine's
// mutex, but at the very end.
func (e *Engine) crashed(value any) {
	e.crash = &CrashError{Value: value, Stack: string(debug.Stack())}
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
