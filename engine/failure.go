package engine

import (
	"errors"
	"fmt"
	"slices"

	"luatrace/tracer/procfs"
)

// The bounds of what failing hooks may cost.
const (
	// maxHookErrors is how often a hook may fail on events of one program before
	// it is switched off for that program.
	maxHookErrors = 10
	// maxMessages is how many different errors of a hook are reported. A program
	// can choose their text.
	maxMessages = 10
	// maxPrograms is how many programs are named for which a hook is switched
	// off.
	maxPrograms = 5
)

// standing says whether a hook is called for the events of a program.
type standing uint8

const (
	standsCalled standing = iota // it is called
	standsOff                    // it has failed too often: its events pass it by
	standsClosed                 // it has run too long too often: what it has for errors is done in its place
)

// record is what a program keeps of a hook that has failed on its events.
type record struct {
	hook     *Hook
	standing standing
	errors   int // how often it failed
	overruns int // how often of those it ran too long
}

// records are those of one program: of the memory image that execve has made,
// and of what it has forked. Only a few hooks ever fail, so a list will do.
type records []record

// of returns the record of a hook, nil if it never failed.
func (r records) of(h *Hook) *record {
	for i := range r {
		if r[i].hook == h {
			return &r[i]
		}
	}
	return nil
}

// failed takes down an error of a hook.
func (r *records) failed(h *Hook, err error) *record {
	rec := r.of(h)
	if rec == nil {
		*r = append(*r, record{hook: h})
		rec = &(*r)[len(*r)-1]
	}
	rec.errors++
	if ranTooLong(err) {
		rec.overruns++
	}
	return rec
}

// inherit gives the child of a fork what its parent's program has: it is the same
// program. An execve begins anew.
func (p *Proc) inherit(parent *Proc) {
	if p != parent && len(parent.records) > 0 {
		p.records = slices.Clone(parent.records)
	}
}

// ranTooLong says whether a hook was cut off. Errors may have the method Timeout,
// as in package net.
func ranTooLong(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// stands says whether a hook is called for an event. It is asked only of hooks that
// were removed, or switched off for some program.
func (h *Hook) stands(ev *Event) standing {
	if h.removed {
		return standsOff
	}
	if ev.Task == nil {
		return standsCalled
	}
	if rec := ev.Task.Proc.records.of(h); rec != nil {
		return rec.standing
	}
	return standsCalled
}

// hookError deals with a hook's error: it is reported, and what the hook has for
// errors is done. Without that the event goes on as if the hook had returned, and
// the hook is switched off for a program in which it fails too often; for others
// it stays. What fails for want of descriptors is not counted. One that has something for errors keeps being called, unless it runs
// too long too often: all would wait for it.
func (e *Engine) hookError(h *Hook, ev *Event, err error) {
	n := e.recordError(h.Where, ev.describe(), err)
	if ev.Task == nil { // there is no program to blame, nor many such events
		return
	}
	if times := procfs.Exhausted(); times != e.exhausted {
		// It is nobody's fault, and may be over soon.
		e.exhausted = times
		e.close(h, ev)
		return
	}
	rec := ev.Task.Proc.records.failed(h, err)
	closes := h.OnError.Act != ErrorIgnored
	switch {
	case rec.standing != standsCalled:
	case !closes && rec.errors >= maxHookErrors:
		rec.standing = standsOff
		e.nameProgram(n, fmt.Sprintf("the hook of %s has failed %d times in process %d and is switched off for it", h.Where, rec.errors, ev.Task.Proc.PID()))
	case closes && rec.overruns >= maxHookErrors:
		rec.standing = standsClosed
		e.nameProgram(n, fmt.Sprintf("the hook of %s has run too long %d times in process %d and is not called for it any more: %s", h.Where, rec.overruns, ev.Task.Proc.PID(), h.OnError.instead()))
	}
	h.absent = h.absent || rec.standing != standsCalled
	e.close(h, ev)
}

// failures are the errors that came of one place of a script.
type failures struct {
	where    string
	messages []failure // those that were reported
	others   int       // errors whose messages were not
	programs int       // for which it was switched off
}

// failure is an error that was reported, and how often it came.
type failure struct {
	message string
	n       int
}

// recordError counts an error and reports it the first time that it comes of this
// place; how often it came is said at the end.
func (e *Engine) recordError(where, what string, err error) *failures {
	e.result.HookErrors++
	f := e.failuresOf(where)
	message := err.Error()
	for i := range f.messages {
		if f.messages[i].message == message {
			f.messages[i].n++
			return f
		}
	}
	if len(f.messages) == maxMessages {
		if f.others++; f.others == 1 {
			e.report(fmt.Sprintf("the hook of %s fails in ever new ways; its other errors are counted, not shown", where))
		}
		return f
	}
	f.messages = append(f.messages, failure{message, 1})
	e.report(fmt.Sprintf("%s (in the hook of %s, on %s)", message, where, what))
	return f
}

func (e *Engine) failuresOf(where string) *failures {
	for _, f := range e.failures {
		if f.where == where {
			return f
		}
	}
	f := &failures{where: where}
	e.failures = append(e.failures, f)
	return f
}

// told says whether the lines of nameProgram have said that the only error of a
// hook came n times.
func (f *failures) told(n int) bool {
	return len(f.messages) == 1 && f.programs <= maxPrograms && n == f.programs*maxHookErrors
}

// nameProgram reports for which program a hook is switched off, unless there are
// many.
func (e *Engine) nameProgram(f *failures, message string) {
	switch f.programs++; {
	case f.programs <= maxPrograms:
		e.report(message)
	case f.programs == maxPrograms+1:
		e.report(fmt.Sprintf("the hook of %s is switched off for more processes, which are not named", f.where))
	}
}

// timerError is hookError for a timer, which belongs to no program: after ten
// errors it is switched off for good.
func (e *Engine) timerError(t *Timer, err error) {
	f := e.recordError(t.Where, "timer", err)
	if t.errors++; t.errors >= maxHookErrors && t.state == ticking {
		t.state = ended
		e.nameProgram(f, fmt.Sprintf("the hook of %s has failed %d times and is switched off", t.Where, t.errors))
	}
}

// reportRepeated says how often errors came of which only the first was
// reported.
func (e *Engine) reportRepeated() {
	for _, f := range e.failures {
		for _, m := range f.messages {
			if m.n > 1 && !f.told(m.n) {
				e.report(fmt.Sprintf("%d times: %s (in the hook of %s)", m.n, m.message, f.where))
			}
		}
		if f.others > 1 {
			e.report(fmt.Sprintf("%d times: other errors (in the hook of %s)", f.others, f.where))
		}
		if f.programs > maxPrograms {
			e.report(fmt.Sprintf("the hook of %s was switched off for %d processes", f.where, f.programs))
		}
	}
	e.failures = nil
}

// describe names the event for a message, by what the tracer knows: nothing
// here comes from the tracee's memory.
func (ev *Event) describe() string {
	if ev.Task == nil {
		return ev.Name()
	}
	return fmt.Sprintf("%s of task %d", ev.Name(), ev.Task.TID())
}
