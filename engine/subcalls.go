package engine

import (
	"luatrace/engine/spec"
	"luatrace/tracer/syscalls"
)

// bind calls f with the hook as it is for a number, its conditions resolved: once, once
// for each call that the number stands for, or not at all.
func (h *Hook) bind(abi syscalls.ABI, nr int, f func(boundHook)) {
	h.Spec.Bind(h.When, abi, nr, func(when spec.When, sub *syscalls.SubCall) { f(boundHook{h, when, sub}) })
}

// callName is the name of the event's call for the hook that runs: of one that stands
// for another that of the other, unless the hook names the number itself.
func (ev *Event) callName() string {
	c := &ev.Task.call
	if c.Sig == nil || !c.Sig.Multiplexes() {
		return c.Name
	}
	sub := c.Sub()
	if h := ev.eng.running; sub == nil || sub.Name == "" || h != nil && h.Spec.Mentions(c.Name) {
		return c.Name
	}
	return sub.Name
}
