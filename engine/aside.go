package engine

import (
	"fmt"
	"time"

	"luatrace/tracer"
)

// stepAside is told of a process that a tracee traces, or wants to trace.
func (e *Engine) stepAside(a *tracer.Aside) {
	tracee := processName(a.Tracee.PID)
	switch a.Err {
	case nil:
	case tracer.ErrStrict:
		e.sayOnce(a.Tracer, fmt.Sprintf("%s can't be traced by %s: a thread of it is in seccomp's strict mode, which luatrace enforces beside its filter; --attachable runs without one", tracee, processName(a.Tracer)))
		return
	default:
		e.sayOnce(a.Tracer, fmt.Sprintf("%s can't be traced by %s: the seccomp filter of this run stops calls for their results; --attachable runs without one", tracee, processName(a.Tracer)))
		return
	}
	if !e.opts.QuietTracees {
		e.sayOnce(a.Tracer, fmt.Sprintf("%s is traced by %s from here on, not by luatrace (--keep-tracing refuses it)", tracee, processName(a.Tracer)))
	}
	for _, t := range a.Tracee.Threads() {
		ev := &e.ev
		ev.begin(KindDetach, e.task(t), time.Time{})
		ev.Tracer = a.Tracer
		e.observe(ev)
	}
}

// sayOnce reports what is to be said of a tracer once.
func (e *Engine) sayOnce(tracer int, message string) {
	if e.asides[tracer] {
		return
	}
	if e.asides == nil {
		e.asides = map[int]bool{}
	}
	e.asides[tracer] = true
	e.report(message)
}

// processName is a process id with the name of the process.
func processName(pid int) string {
	return fmt.Sprintf("process %d (%s)", pid, tracer.EscapeName(tracer.ProcessComm(pid)))
}
