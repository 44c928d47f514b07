package engine

import (
	"errors"
	"slices"

	"luatrace/engine/spec"
	"luatrace/tracer/seccomp"
	"luatrace/tracer/syscalls"
)

// Errors of Off.
var (
	errNotOn      = errors.New("the hook is not registered")
	errKernelDoes = errors.New("the fault can't be removed any more: the seccomp filter of this run fails the calls itself; add --attachable to run without one")
)

// Off removes a hook: neither it nor what it has asked [Event.OnExit] for is called any more.
// While Run is at work it must be called from a hook, which may be the same one; of the event
// at hand the other hooks still run. Under a filter the calls go on to stop, or to ask, but
// nothing comes of it. The error says that the hook is not registered, or that it is a
// constant fault which the kernel has taken over: it stays.
func (e *Engine) Off(h *Hook) error {
	if e.phase.live() {
		e.mustHold()
	}
	if !slices.Contains(e.allHooks(), h) {
		return errNotOn
	}
	if e.failedByFilter(h) {
		return errKernelDoes
	}
	h.removed, h.absent = true, true
	// New lists: somebody may go through the old ones just now.
	bound := func(list []boundHook) []boundHook {
		return slices.DeleteFunc(slices.Clone(list), func(b boundHook) bool { return b.Hook == h })
	}
	switch h.Spec.Kind {
	case spec.Syscall:
		e.hooks = slices.DeleteFunc(slices.Clone(e.hooks), func(other *Hook) bool { return other == h })
		e.table.reset()
	case spec.Signal:
		e.signalHooks = bound(e.signalHooks)
	case spec.Proc:
		e.procHooks = bound(e.procHooks)
		e.wantsEnds = slices.ContainsFunc(e.procHooks, func(b boundHook) bool { return b.Spec.MatchProc(spec.ProcExit) })
	case spec.Begin:
		e.beginHooks = bound(e.beginHooks)
	case spec.End:
		e.endHooks = bound(e.endHooks)
	}
	if e.opts.Log.Hooks != nil {
		e.opts.Log.Hooks(h.Where + ": off")
	}
	return nil
}

// Named returns the hooks of that name, those on system calls first. It must be called before
// Run, or from a hook.
func (e *Engine) Named(name string) []*Hook {
	return slices.DeleteFunc(e.allHooks(), func(h *Hook) bool { return h.Name != name })
}

// allHooks are the hooks that are registered.
func (e *Engine) allHooks() []*Hook {
	list := slices.Clone(e.hooks)
	for _, kind := range [][]boundHook{e.signalHooks, e.procHooks, e.beginHooks, e.endHooks} {
		for _, b := range kind {
			list = append(list, b.Hook)
		}
	}
	return list
}

// failedByFilter says whether the filter in force fails calls of a fault in the kernel, which
// the engine never hears of.
func (e *Engine) failedByFilter(h *Hook) bool {
	if h.Fault == nil || h.late || !e.phase.live() || e.plan.Filter == nil {
		return false
	}
	for abi := range e.plan.Filter.ABIs {
		for _, r := range e.plan.Filter.ABIs[abi].Rows {
			fails := func(c seccomp.Clause) bool { return c.Action == seccomp.Errno }
			if slices.ContainsFunc(r.Clauses, fails) && h.Spec.MatchNumber(syscalls.ABI(abi), r.NR) {
				return true
			}
		}
	}
	return false
}
