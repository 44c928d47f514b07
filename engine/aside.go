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
		e.sayOnce(a, fmt.Sprintf("%s can't be traced by %s: %s; --attachable runs without one", tracee, other, why))
	case tracer.AsideLeaves:
		for _, t := range a.Tracee.Threads() {
			ev := &e.ev
			ev.begin(KindDetach, e.task(t), time.Time{})
			ev.Tracer = a.Tracer
			e.observe(ev)
		}
	case tracer.AsideTraced:
		if !e.opts.QuietTracees {
			e.sayOnce(a, fmt.Sprintf("%s is traced by %s from here on, not by luatrace (--keep-tracing refuses it)", tracee, other))
		}
	case tracer.AsideBack:
		then := "it is traced by luatrace again, and what it did meanwhile is missing"
		if a.Lost != nil {
			then = "it is not traced any more: " + a.Lost.Error()
		}
		e.report(fmt.Sprintf("%s was let go for %s, whose ptrace failed (%v); %s", tracee, other, a.Err, then))
	}
}

// sayOnce reports what is to be said of a tracer once.
func (e *Engine) sayOnce(a *tracer.Aside, message string) {
	e.sayOnceOf(saidAside{a.Tracer, a.Stage}, message)
}

func (e *Engine) sayOnceOf(key saidAside, message string) {
	if e.asides[key] {
		return
	}
	if e.asides == nil {
		e.asides = map[saidAside]bool{}
	}
	e.asides[key] = true
	e.report(message)
}

// saidAside is what was said of a tracer.
type saidAside struct {
	tracer int
	stage  tracer.AsideStage
}

// What was said of no tracer.
const (
	strayFound tracer.AsideStage = 0x80 + iota
	strayLost
)

// foundStray reports, once each, that there was a process which nobody traced, and
// that there is one which nobody can trace.
func (e *Engine) foundStray(pid int, err error) {
	key := saidAside{stage: strayFound}
	message := "is traced from here on: it was born untraced, as another thread wrote CLONE_UNTRACED while clone3 was called; what it did before is missing, as of others that are born so"
	if err != nil {
		key.stage = strayLost
		message = fmt.Sprintf("has a thread or child that is not traced: another thread wrote CLONE_UNTRACED while clone3 was called, and it can't be attached to (%v); there may be more", err)
	}
	e.sayOnceOf(key, processName(pid)+" "+message)
}

// processName is a process id with the name of the process.
func processName(pid int) string {
	return fmt.Sprintf("process %d (%s)", pid, tracer.EscapeName(tracer.ProcessComm(pid)))
}
