package engine

import (
	"time"

	"luatrace/engine/plan"
	"luatrace/engine/spec"
)

// Func is the Go form of a hook. Its error is reported with the hook's place
// and counts against it; it never hurts the tracee, unless Hook.OnError says so.
type Func func(*Event) error

// Hook is a function and when to call it. A Fault of its rule is all that Fn does.
type Hook struct {
	plan.Rule
	Fn Func
	// Name, if not "", is that by which [Engine.Named] finds the hook. Several may share one.
	Name string
	// Where says where the hook was made, such as "count.lua:12"; for messages.
	Where string
	// OnError says what becomes of an event on which Fn, or a function given to
	// [Event.OnExit] by it, fails.
	OnError OnError

	absent  bool // it is not called for some program, or not at all: see Hook.stands
	late    bool // added while a filter was in force
	removed bool // by Engine.Off
}

// timerState says whether a timer is called.
type timerState uint8

const (
	ticking timerState = iota
	ended              // it has failed too often, or its time is over
)

// Timer calls a function at intervals.
type Timer struct {
	Interval time.Duration // from one call to the next; a late one does not catch up
	Fn       Func          // gets a KindTimer event
	Where    string        // as in Hook

	next   time.Time
	errors int
	state  timerState
}

// On registers a hook, which is also what [Engine.Off] removes. While Run is at work it must
// be called from a hook. The error, often a *plan.LateError, says that the hook's events can't
// arrive any more; it is nil before Run. Other errors are of an OnError that can't be.
func (e *Engine) On(h *Hook) error {
	if h.OnError.Act != ErrorIgnored {
		if e.opts.ReadOnly {
			return ErrReadOnly
		}
		if err := h.OnError.Fits(h.Spec); err != nil {
			return err
		}
		h.Needs.LooksOnly = false // what it does at the exit it can't do at the entry
	}
	if e.opts.ReadOnly {
		h.Fault = nil // its function meets the same refusal as any other
	}
	if h.Spec.Kind == spec.Syscall {
		h.Needs.AddConditions(h.When)
	}
	if err := e.admit(h); err != nil {
		return err
	}
	h.removed = false
	e.logHook(h)
	b := boundHook{Hook: h, when: h.When}
	switch h.Spec.Kind {
	case spec.Syscall:
		e.hooks = append(e.hooks, h)
		e.table.reset()
		if e.phase == tracing && e.plan.Filter == nil {
			e.tr.StopAtCalls()
		}
	case spec.Signal:
		e.signalHooks = append(e.signalHooks, b)
	case spec.Proc:
		e.procHooks = append(e.procHooks, b)
		e.wantsEnds = e.wantsEnds || h.Spec.MatchProc(spec.ProcExit)
	case spec.Begin:
		e.beginHooks = append(e.beginHooks, b)
	case spec.End:
		e.endHooks = append(e.endHooks, b)
	}
	return nil
}

// Every registers a function that is called each interval while the trace
// runs, first after one interval.
func (e *Engine) Every(t *Timer) {
	t.next = time.Now().Add(t.Interval)
	e.timers = append(e.timers, t)
	if e.phase.live() {
		e.armTimers()
	}
}

// AtFinish registers a function that runs once after the end hooks, however
// the trace ended: aggregations are printed there.
func (e *Engine) AtFinish(f func()) { e.finish = append(e.finish, f) }
