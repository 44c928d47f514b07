package engine

import (
	"slices"
	"time"

	"luatrace/engine/source"
	"luatrace/tracer"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// Pending is a system call that has not returned.
type Pending struct {
	// Event is like the one that a hook before the call gets. It is not for
	// changing anything.
	Event *Event
	// Since is when the call began; zero if that is not known, because nothing
	// has looked at its entry.
	Since time.Time
	// FromAttach says that the task was in this call when it was attached to:
	// Since is the time of the attach then.
	FromAttach bool
}

// attachState is what became of the call that a task was in when it was attached
// to. The attach has interrupted it, and the kernel makes it again.
type attachState uint8

const (
	attachNone  attachState = iota // there was none, or it has returned
	attachAgain                    // its entry is still to come
	attachCall                     // it is the call in progress
)

// recordAttach remembers the call that the attach has interrupted.
func (t *Task) recordAttach(tev *source.Event) {
	if tev.Interrupted {
		t.attach, t.attachedAt = attachAgain, tev.At
	}
}

// recordEntry is told of each entry that is seen of a task.
func (t *Task) recordEntry() {
	switch t.attach {
	case attachAgain:
		t.attach = attachCall
	case attachCall:
		t.attach = attachNone
	default: // attachNone
	}
}

// Pending returns the call that the task is in now, nil if it is in none or that
// can't be known. It must be called from a hook, or when the trace has ended and
// [Engine.KeepTasks] was called: then it is the call that the task was in at the
// end.
func (t *Task) Pending() *Pending {
	if t.Proc.eng.isGone() {
		return t.last
	}
	tc, followed, ok := t.Task.InProgress()
	if !ok {
		return nil
	}
	own := *t
	own.hooks, own.onExit, own.scratch = nil, nil, nil
	own.decoded = t.callOf(&tc)
	e := t.Proc.eng
	p := &Pending{Event: &Event{Kind: KindEnter, Task: &own, eng: e}}
	switch {
	case t.Attaching(): // the attach is going on
		p.Since, p.FromAttach = e.timeNow(), true
	case t.attach == attachCall && followed, t.attach == attachAgain && e.seesAll():
		p.Since, p.FromAttach = t.attachedAt, true
	case followed, e.ev.Task == t && e.ev.Kind == KindEnter: // its hooks run now
		p.Since = t.Entered()
	}
	return p
}

// callOf makes the record of a call in progress from what the tracer knows of it.
func (t *Task) callOf(tc *tracer.Call) decode.Call {
	c := t.decoded.Copy()
	c.ABI, c.NR, c.Args, c.SP = tc.ABI, tc.NR, tc.Args, tc.SP
	c.Name, c.Sig, c.Mem = syscalls.Name(tc.ABI, tc.NR), syscalls.Lookup(tc.ABI, tc.NR), t.Proc.mem
	// What restart_syscall goes on with has the same arguments.
	if was := t.resumed(c.Name); was != "" {
		if nr, ok := syscalls.Number(tc.ABI, was); ok {
			c.NR, c.Name, c.Sig = nr, was, syscalls.Lookup(tc.ABI, nr)
		}
	}
	c.Continues = ""
	return c
}

// resumed is the call that the one of this name goes on with, "" if it is none
// that does, or unknown.
func (t *Task) resumed(name string) string {
	switch {
	case name != "restart_syscall":
		return ""
	case t.hooks != nil:
		return t.decoded.Continues
	}
	return t.continued
}

// seesAll says whether every entry of a call is seen by the engine.
func (e *Engine) seesAll() bool { return e.phase.live() && e.plan.Filter == nil && e.tr.Syscalls }

// AllTasks returns the threads that are traced now, by number; after the trace,
// if [Engine.KeepTasks] was called, those that were traced at its end. It must be
// called from a hook.
func (e *Engine) AllTasks() []*Task {
	var list []source.Task
	switch {
	case e.isGone():
		return e.last
	case e.simulation != nil:
		list = e.simulation.all()
	case e.tr != nil:
		for _, t := range e.tr.AllTasks() {
			list = append(list, source.Live(t))
		}
	}
	tasks := make([]*Task, len(list))
	for i, t := range list {
		tasks[i] = e.task(t)
	}
	return tasks
}

// AllProcs returns the processes of AllTasks, by number.
func (e *Engine) AllProcs() []*Proc {
	var list []*Proc
	seen := map[*Proc]bool{}
	for _, t := range e.AllTasks() {
		if !seen[t.Proc] {
			seen[t.Proc] = true
			list = append(list, t.Proc)
		}
	}
	slices.SortFunc(list, func(a, b *Proc) int { return a.PID() - b.PID() })
	return list
}

// KeepTasks makes AllTasks, AllProcs and Pending answer end hooks too: tasks and
// calls in progress are noted when the trace ends, before anything is let go.
func (e *Engine) KeepTasks() { e.keepTasks = true }

// isGone says whether what was traced is let go, or being so, and only what was
// noted of it answers. Made-up tasks stay.
func (e *Engine) isGone() bool { return e.phase.ended() && e.simulation == nil }

// recordLast notes what is traced, and which calls are in progress, as the trace
// ends.
func (e *Engine) recordLast() {
	e.exclusive(func() {
		if e.isGone() {
			return
		}
		if e.keepTasks {
			e.guarded(e.recordTasks) // whatever happens, the tracees must be let go
		}
		e.enter(draining)
	})
}

func (e *Engine) recordTasks() {
	e.ev.begin(KindEnd, nil, e.timeNow())
	e.last = e.AllTasks()
	for _, t := range e.last {
		if t.last = t.Pending(); t.last != nil {
			t.last.Event.Task.decoded.LatchAll()
		}
	}
}

// askedToEnd says whether it was a user who ended the trace, with a signal or by
// Options.For, while hooks wanted more.
func (e *Engine) askedToEnd() bool { return e.result.Signal != 0 || e.timeIsUp }

// showFinished shows hooks what had happened when the trace was ended, and was
// not yet looked at: exits of calls, and ends of tasks. They are no longer in
// progress then.
func (e *Engine) showFinished(reported *tracer.Event) {
	e.mustHold()
	tev := &e.live
	tev.SetLive(reported)
	t := known(tev.Task)
	if t == nil {
		return
	}
	t.last = nil
	e.guarded(func() {
		if tev.Kind == tracer.EventExit {
			e.handleExit(tev)
			return
		}
		e.last = slices.DeleteFunc(e.last, func(other *Task) bool { return other == t })
		e.handleDeath(tev)
	})
}
