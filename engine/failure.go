package engine

import "fmt"

// hookError reports a hook's error and switches the hook off when it has
// failed too often. The event goes on as if the hook had returned.
func (e *Engine) hookError(h *Hook, ev *Event, err error) {
	h.errors++
	e.countError(h.Where, ev.describe(), err, h.errors, &h.disabled)
}

func (e *Engine) countError(where, what string, err error, n int, disabled *bool) {
	e.result.HookErrors++
	e.report(fmt.Sprintf("%v (in the hook of %s, on %s)", err, where, what))
	if n >= maxHookErrors && !*disabled {
		*disabled = true
		e.report(fmt.Sprintf("the hook of %s has failed %d times and is switched off", where, n))
	}
}

// describe names the event for a message, by what the tracer knows: nothing
// here comes from the tracee's memory.
func (ev *Event) describe() string {
	if ev.Task == nil {
		return ev.Name()
	}
	return fmt.Sprintf("%s of task %d", ev.Name(), ev.Task.TID)
}
