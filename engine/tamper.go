package engine

import "golang.org/x/sys/unix"

// Tamper is a set of what hooks have changed of a system call. Lines show it, so
// that nobody takes for the kernel's what is a script's.
type Tamper uint8

// What may be changed: what the call gets, before it or in memory after it; what
// the program gets of it; when it runs.
const (
	TamperArgs Tamper = 1 << iota
	TamperResult
	TamperDelay
)

// Tampered returns what hooks have changed of the task's present or last call.
func (t *Task) Tampered() Tamper { return t.tamper }

// tampered notes a change; only of calls, in which lines show it.
func (ev *Event) tampered(what Tamper) {
	if ev.Kind == KindEnter || ev.Kind == KindExit {
		ev.Task.tamper |= what
	}
}

// ArgumentChanged notes that memory of the call's arguments was written to by
// somebody who keeps the decoded values in step; otherwise it is MemoryChanged.
func (ev *Event) ArgumentChanged() { ev.tampered(TamperArgs) }

// Arrived returns the signal of a KindSignal event as it came; Signal is what is
// to be delivered in its place, 0 for none.
func (ev *Event) Arrived() unix.Signal { return ev.arrived }

// RaiseSignal sends the task a signal before the call, which it interrupts if it
// waits, as from the kernel. The trace must be one without a filter, see
// [Engine.Unfilter].
func (ev *Event) RaiseSignal(sig unix.Signal) error {
	if err := ev.mayAct(KindEnter); err != nil {
		return err
	}
	return ev.Task.Task.RaiseSignal(sig)
}

// A Tally counts what became of the calls that a fault is for.
type Tally struct {
	Title string // what makes the calls fail, and where that stands
	Done  string // what becomes of a call: "failed"
	Calls uint64 // that came, and meet the conditions
	Hits  uint64 // of them, those that were made to fail
}

// NewTally returns the tally of that name, which becomes one of the trace the
// first time it is asked for: a script may make the same fault again and again.
// It must be called before Run, or from a hook.
func (e *Engine) NewTally(title, done string) *Tally {
	for _, t := range e.tallies {
		if t.Title == title && t.Done == done {
			return t
		}
	}
	t := &Tally{Title: title, Done: done}
	e.tallies = append(e.tallies, t)
	return t
}

// Tallies returns what became of the faults of this trace, in the order in which
// they were made.
func (e *Engine) Tallies() []*Tally { return e.tallies }
