package engine

import (
	"fmt"
	"strings"
	"time"

	"luatrace/engine/plan"
	"luatrace/engine/spec"
)

// Log is for whoever develops this program. Its functions, if set, are called on the threads
// that run hooks.
type Log struct {
	Plan  func(line string) // the plans that are made, and what they refuse
	Hooks func(line string) // the hooks that are registered, called, switched off and removed
}

// logPlan logs a plan that is put to use.
func (e *Engine) logPlan(p plan.Plan) {
	if e.opts.Log.Plan == nil {
		return
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(p.String(), "\n"), "\n") {
		e.opts.Log.Plan(line)
	}
}

// logHook logs that a hook is registered.
func (e *Engine) logHook(h *Hook) {
	if e.opts.Log.Hooks == nil {
		return
	}
	line := fmt.Sprintf("%s: on %q", h.Where, h.Spec.Text)
	for i := range h.When {
		line += fmt.Sprintf(", when %s", h.When[i].Field)
	}
	switch n := &h.Needs; {
	case h.Spec.Kind != spec.Syscall:
	case n.All:
		line += ", reads any field"
	case n.LooksOnly:
		line += ", reads only: " + strings.Join(n.Fields, " ")
	default:
		line += ", reads: " + strings.Join(n.Fields, " ")
	}
	if h.late {
		line += ", added under a filter"
	}
	e.opts.Log.Hooks(line)
}

// logged is f with its calls logged.
func (e *Engine) logged(h *Hook, f Func) Func {
	return func(ev *Event) error {
		begun, what := time.Now(), ev.describe()
		err := f(ev)
		e.opts.Log.Hooks(fmt.Sprintf("%s: %s, %v", h.Where, what, time.Since(begun)))
		return err
	}
}
