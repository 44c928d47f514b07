package engine

import "fmt"

// hookError reports a hook's error and switches the hook off when it has
// failed too often. The event goes on as if the hook had returned.
func (e *Engine) hookError(h *Hook, ev *Event, err error) {
	h.errors++
	e.countError(h.Where, ev.describe(), err, h.errors, &h.disabled)
}

// countError reports an error the first time that the hook raises it; how often
// it came is said at the end.
func (e *Engine) countError(where, what string, err error, n int, disabled *bool) {
	e.result.HookErrors++
	key := failure{where, err.Error()}
	if e.failures == nil {
		e.failures = map[failure]int{}
	}
	if e.failures[key]++; e.failures[key] == 1 {
		e.failed = append(e.failed, key)
		e.report(fmt.Sprintf("%v (in the hook of %s, on %s)", err, where, what))
	}
	if n >= maxHookErrors && !*disabled {
		*disabled = true
		e.report(fmt.Sprintf("the hook of %s has failed %d times and is switched off", where, n))
	}
}

// failure is an error of a hook.
type failure struct{ where, message string }

// reportRepeated says how often errors came of which only the first was
// reported, but for a hook whose only error has been counted already.
func (e *Engine) reportRepeated() {
	for _, f := range e.failed {
		if n := e.failures[f]; n > 1 && n < maxHookErrors {
			e.report(fmt.Sprintf("%d times: %s (in the hook of %s)", n, f.message, f.where))
		}
	}
	e.failed = nil
}

// describe names the event for a message, by what the tracer knows: nothing
// here comes from the tracee's memory.
func (ev *Event) describe() string {
	if ev.Task == nil {
		return ev.Name()
	}
	return fmt.Sprintf("%s of task %d", ev.Name(), ev.Task.TID)
}
