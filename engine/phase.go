package engine

import (
	"fmt"

	"luatrace/tracer"
)

// phase is how far a trace is. It decides what may still be asked for, and what
// becomes of events. [Engine.enter] is the only way from one to the next.
//
//	loading ──> starting ──> tracing ──> draining ──> over
//	   │            │                    │      ↑       ↑
//	   │            └────────────────────┼──────┘       │
//	   │                                 └──> killing ──┤
//	   └────────────────── (made-up events) ────────────┘
type phase uint8

const (
	loading  phase = iota // hooks are registered, nothing has begun
	starting              // the begin hooks run, tracees are attached to or launched
	tracing               // the plan is in force: events come, and hooks get them
	draining              // the tracees have been noted; they are detached, or run on without hooks under a filter
	killing               // as draining, after SIGKILL to the tracees
	over                  // the end hooks run, and what comes after them
)

// String is the phase's name, for messages.
func (p phase) String() string {
	return [...]string{"loading", "starting", "tracing", "draining", "killing", "over"}[p]
}

// follows says whether a trace may go from the phase before to p.
func (p phase) follows(before phase) bool {
	switch p {
	case starting:
		return before == loading
	case tracing:
		return before == starting
	case draining: // from starting: a begin hook has seen enough, or the launch failed
		return before == starting || before == tracing
	case killing:
		return before == draining
	case over: // from loading: events were made up
		return before == draining || before == killing || before == loading
	default: // loading, which none is before
	}
	return false
}

// live says whether the tracer may report events.
func (p phase) live() bool { return p >= tracing && p <= killing }

// ended says whether hooks get no events of tracees any more.
func (p phase) ended() bool { return p >= draining }

// enter goes on to another phase. While tracees run, the caller holds the
// engine's lock. A step that no trace takes is a bug: it panics while rules are
// checked, and is ignored otherwise.
func (e *Engine) enter(p phase) {
	if e.phase.live() && p != over {
		e.mustHold()
	}
	if !p.follows(e.phase) {
		if tracer.ChecksRules() {
			panic(fmt.Sprintf("a trace can't go from %s to %s", e.phase, p))
		}
		return
	}
	e.phase = p
}
