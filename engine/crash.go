package engine

import (
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

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

// recordsLock guards what both the tracer's and the listener's thread touch: the
// records of tasks, the hooks, the event.
type recordsLock struct {
	mu     sync.Mutex
	holder atomic.Int64 // the thread that has it, while rules are checked
}

// Lock takes it, on any thread.
func (l *recordsLock) Lock() {
	l.mu.Lock()
	if tracer.ChecksRules() {
		l.holder.Store(int64(unix.Gettid()))
	}
}

// Unlock gives it back.
func (l *recordsLock) Unlock() {
	if tracer.ChecksRules() {
		l.holder.Store(0)
	}
	l.mu.Unlock()
}

// Held says, while rules are checked, whether the calling thread has it; else
// true.
func (l *recordsLock) Held() bool {
	return !tracer.ChecksRules() || l.holder.Load() == int64(unix.Gettid())
}

// mustHold panics, while rules are checked, if the caller uses what the lock
// guards without it.
func (e *Engine) mustHold() {
	if e.tr != nil && !e.mu.Held() {
		panic("the engine's records are used without its lock")
	}
}

// ownLock is that lock as the tracer's thread takes it. It knows
// whether that thread has it, which tells what a panic has left locked.
type ownLock struct {
	*recordsLock
	held bool
}

// Lock is for the tracer's thread only, as is Unlock.
func (l *ownLock) Lock() {
	l.recordsLock.Lock()
	l.held = true
}

// Unlock gives it back.
func (l *ownLock) Unlock() {
	l.held = false
	l.recordsLock.Unlock()
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
		if tev.Kind == tracer.EventEnter {
			if ret, ok := e.refusal(tev.Task.Call.ABI, tev.Task.Call.NR); ok {
				tev.Task.Skip(ret) // an error means that the task is gone
			}
		}
		tr.Resume(tev.Task)
	}
}

// crashed notes a panic and makes the trace end. The caller holds the engine's
// mutex, but at the very end.
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
