package engine

import "luatrace/tracer"

// Feed runs the hooks of an event that no tracer made, as for a call of a
// program that does not exist: for benchmarks and tests of hooks. The event's
// task needs a Proc; hooks may look at what the event itself holds (numbers,
// names, register arguments, results), and what they ask of a process fails. It
// must not be called while Run is at work.
func (e *Engine) Feed(tev *tracer.Event) {
	e.handleLive(tev)
}
