package engine

import (
	"fmt"
	"time"

	"luatrace/tracer"
)

// stepAside is told of a process that a tracee traces, or wants to trace.
func (e *Engine) stepAside(a *tracer.Aside) {
	tracee, other := processName(a.Tracee.PID), processName(a.Tracer)
	switch a.Stage {
	case tracer.AsideRefused:
		why := "the seccomp filter of this run stops calls for their results"
		if a.Err == tracer.ErrStrict {
			why = "a thread of it is in seccomp's strict mode, which luatrace enforces beside its filter"
		}
		e.sayOnce(saidOnce{saidRefused, a.Tracer}, fmt.Sprintf("%s can't be traced by %s: %s; --attachable runs without one", tracee, other, why))
	case tracer.AsideLeaves:
		for _, t := range a.Tracee.Threads() {
			ev := &e.ev
			ev.begin(KindDetach, e.task(t), time.Time{})
			ev.Tracer = a.Tracer
			e.observe(ev)
		}
	case tracer.AsideTraced:
		if !e.opts.QuietTracees {
			e.sayOnce(saidOnce{saidTraced, a.Tracer}, fmt.Sprintf("%s is traced by %s from here on, not by luatrace (--keep-tracing refuses it)", tracee, other))
		}
	case tracer.AsideBack:
		then := "it is traced by luatrace again, and what it did meanwhile is missing"
		if a.Lost != nil {
			then = "it is not traced any more: " + a.Lost.Error()
		}
		e.report(fmt.Sprintf("%s was let go for %s, whose ptrace failed (%v); %s", tracee, other, a.Err, then))
	}
}

// saidOnce is what is reported once: for each tracer, or, with 0, at all.
type saidOnce struct {
	what   remark
	tracer int
}

type remark uint8

const (
	saidRefused remark = iota // a process can't be let go for this tracer
	saidTraced                // one is traced by it
	saidStray                 // a process was found that nobody traced
	saidLost                  // there is one that nobody can trace
	saidBusy                  // a tracee can't have a listener
	saidHidden                // a tracee's filter hides calls
)

func (e *Engine) sayOnce(key saidOnce, message string) {
	if e.said[key] {
		return
	}
	if e.said == nil {
		e.said = map[saidOnce]bool{}
	}
	e.said[key] = true
	e.report(message)
}

// foundStray reports, once each, that there was a process which nobody traced, and
// that there is one which nobody can trace.
func (e *Engine) foundStray(pid int, err error) {
	what := saidStray
	message := "is traced from here on: it was born untraced, as another thread wrote CLONE_UNTRACED while clone3 was called; what it did before is missing, as of others that are born so"
	if err != nil {
		what = saidLost
		message = fmt.Sprintf("has a thread or child that is not traced: another thread wrote CLONE_UNTRACED while clone3 was called, and it can't be attached to (%v); there may be more", err)
	}
	e.sayOnce(saidOnce{what: what}, processName(pid)+" "+message)
}

// processName is a process id with the name of the process.
func processName(pid int) string {
	return fmt.Sprintf("process %d (%s)", pid, tracer.EscapeName(tracer.ProcessComm(pid)))
}
