package engine

import (
	"errors"
	"fmt"
	"time"

	"luatrace/engine/source"
	"luatrace/tracer"
)

// stepAside is told of a process that a tracee traces, or wants to trace.
func (e *Engine) stepAside(a *tracer.Aside) {
	tracee, other := processName(a.Tracee.PID), processName(a.Tracer)
	switch a.Stage {
	case tracer.AsideRefused:
		why := "the seccomp filter of this run stops calls for their results"
		if errors.Is(a.Err, tracer.ErrStrict) {
			why = "a thread of it is in seccomp's strict mode, which luatrace enforces beside its filter"
		}
		e.reportOnce(remarkKey{remarkRefused, a.Tracer}, fmt.Sprintf("%s can't be traced by %s: %s; --attachable runs without one", tracee, other, why))
	case tracer.AsideLeaves:
		for _, t := range a.Tracee.Threads() {
			ev := &e.ev
			ev.begin(KindDetach, e.task(source.Live(t)), time.Time{})
			ev.Tracer = a.Tracer
			e.observe(ev)
		}
	case tracer.AsideTraced:
		if !e.opts.QuietTracees {
			e.reportOnce(remarkKey{remarkTraced, a.Tracer}, fmt.Sprintf("%s is traced by %s from here on, not by luatrace (--keep-tracing refuses it)", tracee, other))
		}
	case tracer.AsideBack:
		then := "it is traced by luatrace again, and what it did meanwhile is missing"
		if a.Lost != nil {
			then = "it is not traced any more: " + a.Lost.Error()
		}
		e.report(fmt.Sprintf("%s was let go for %s, whose ptrace failed (%v); %s", tracee, other, a.Err, then))
	}
}

// remarkKey is what is reported once: for each tracer or set of fields, or, with 0, at all.
type remarkKey struct {
	what remark
	of   int
}

type remark uint8

const (
	remarkRefused remark = iota // a process can't be let go for this tracer
	remarkTraced                // one is traced by it
	remarkStray                 // a process was found that nobody traced
	remarkLost                  // there is one that nobody can trace
	remarkBusy                  // a tracee can't have a listener
	remarkHidden                // a tracee's filter hides calls
	remarkLacking               // a source can't answer these fields
)

func (e *Engine) reportOnce(key remarkKey, message string) {
	if e.remarks[key] {
		return
	}
	if e.remarks == nil {
		e.remarks = map[remarkKey]bool{}
	}
	e.remarks[key] = true
	e.report(message)
}

// reportStray reports, once each, that there was a process which nobody traced, and
// that there is one which nobody can trace.
func (e *Engine) reportStray(pid int, err error) {
	what := remarkStray
	message := "is traced from here on: it was born untraced, as another thread wrote CLONE_UNTRACED while clone3 was called; what it did before is missing, as of others that are born so"
	if err != nil {
		what = remarkLost
		message = fmt.Sprintf("has a thread or child that is not traced: another thread wrote CLONE_UNTRACED while clone3 was called, and it can't be attached to (%v); there may be more", err)
	}
	e.reportOnce(remarkKey{what: what}, processName(pid)+" "+message)
}

// processName is a process id with the name of the process.
func processName(pid int) string {
	return fmt.Sprintf("process %d (%s)", pid, tracer.EscapeName(tracer.ProcessComm(pid)))
}
