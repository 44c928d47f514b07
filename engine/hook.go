package engine

import (
	"slices"
	"time"

	"luatrace/engine/spec"
	"luatrace/tracer/syscalls"
)

// Func is the Go form of a hook. Its error is reported with the hook's place
// and counts against it; it never hurts the tracee, unless Hook.OnError says so.
type Func func(*Event) error

// Hook is a function and when to call it.
type Hook struct {
	Spec *spec.Spec
	When spec.When // from [spec.When.Resolve] for this Spec
	Fn   Func
	// Where says where the hook was made, such as "count.lua:12"; for messages.
	Where string
	// Needs says what the hook may look at. The zero value is "nothing beyond
	// registers": what lies in memory is then read when it is asked for, at
	// the exit perhaps later than it was meant.
	Needs Needs
	// Fault, if not nil, says that Fn only does this.
	Fault *Fault
	// OnError says what becomes of an event on which Fn, or a function given to
	// [Event.OnExit] by it, fails.
	OnError OnError

	absent bool // it is not called for some program: see Hook.stands
	late   bool // added while a filter was in force
}

// Needs says which fields of an event a hook may read, as far as it is known
// before it runs.
type Needs struct {
	All    bool     // any field
	Fields []string // otherwise these
	// NoDescriptors says that All does not mean what descriptors stand for.
	NoDescriptors bool
	// LooksOnly says that the hook does nothing with the event but read the
	// Fields: it changes nothing and calls no method. Such a hook for the exit
	// may run at the entry if what it reads is the same there.
	LooksOnly bool
	// Registers says that the hook may read or write registers.
	Registers bool
}

// Fault marks a hook that does nothing but fail every call that meets its
// conditions: the kernel can do that by itself.
type Fault struct {
	Errno int // 0 makes the call return 0
}

// has says whether the hook may read a field of one of these names.
func (n *Needs) has(name string, aliases []string) bool {
	if n.All {
		return true
	}
	for _, f := range n.Fields {
		if f == name {
			return true
		}
		for _, a := range aliases {
			if f == a {
				return true
			}
		}
	}
	return false
}

// descriptors says whether the hook may ask, after a call, what its descriptor
// stood for.
func (n *Needs) descriptors() bool {
	if n.All && n.NoDescriptors {
		return false
	}
	return n.has("fdpath", nil) || n.has("fdinfo", nil)
}

// reads says whether the hook may read an argument: by name, or a path by way of
// the fields that look for one.
func (n *Needs) reads(p *syscalls.Param) bool {
	return n.has(p.Name, p.Aliases) || p.Kind == syscalls.KindPath && (n.has("abspath", nil) || n.has("paths", nil) || n.has("unplaced", nil))
}

// addConditions adds the fields that conditions are asked of.
func (n *Needs) addConditions(w spec.When) {
	if n.All {
		return
	}
	n.Fields = slices.Clone(n.Fields)
	for i := range w {
		n.Fields = append(n.Fields, spec.ArgName(w[i].Field))
	}
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

// On registers a hook. While Run is at work it must be called from a hook. The
// error, often a *LateError, says that the hook's events can't arrive any more; it is
// nil before Run. Other errors are of an OnError that can't be.
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
		h.Needs.addConditions(h.When)
	}
	if err := e.admit(h); err != nil {
		return err
	}
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
