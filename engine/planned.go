package engine

import (
	"errors"

	"luatrace/tracer"
)

// Plan returns how the target would be traced with the hooks registered now.
func (e *Engine) Plan(target Target) Plan {
	return MakePlan(e.hooks, e.planMode(target))
}

func (e *Engine) planMode(target Target) PlanMode {
	m := PlanMode{Unfiltered: e.opts.Unfiltered, NoNotify: e.opts.NoNotify, Placement: !e.opts.NoPlacement}
	switch {
	case m.Unfiltered != "":
	case len(target.PIDs) > 0:
		m.Unfiltered = "a filter can't be put on a process that runs already"
	case e.opts.NoFollow:
		m.Unfiltered = "--no-follow: children would keep the filter without a tracer"
	}
	return m
}

func (e *Engine) usePlan(tr *tracer.Tracer, p Plan) {
	e.plan = p
	e.early = p.Filter != nil
	e.table.reset()
	tr.Syscalls = p.Calls && p.Filter == nil
	tr.SharedCPU(!e.opts.NoPlacement)
}

// launch starts the command with the best plan that the kernel accepts.
func (e *Engine) launch(tr *tracer.Tracer, target Target) error {
	mode := e.planMode(target)
	for {
		e.usePlan(tr, MakePlan(e.hooks, mode))
		c := *target.Command
		c.Filter = e.plan.Filter
		p, err := tr.Launch(c)
		if err == nil {
			e.command = p
			if l := tr.Listener(); l != nil {
				l.Serve(e.handleNotified)
			}
			return nil
		}
		var le *tracer.LaunchError
		if c.Filter == nil || !errors.As(err, &le) || !refused(le.Step) {
			return err
		}
		// An old kernel, or a listener that is there already (a container's).
		if c.Filter.Notifies() {
			mode.NoNotify = "the kernel refuses them: " + le.Step + ": " + le.Errno.Error()
			continue
		}
		mode.Unfiltered = "the kernel refuses a filter: " + le.Step + ": " + le.Errno.Error()
	}
}

func refused(step string) bool {
	return step == "seccomp" || step == "no_new_privs" || step == "listener"
}

// keep says whether the loop must go on although the trace is to end: tracees
// with a filter can't be let go, since every call that it traces would fail.
// The engine then stays as a silent keeper until they end by themselves; after
// a second signal they are killed.
func (e *Engine) keep(tr *tracer.Tracer) bool {
	if e.plan.Filter == nil || tr.Tasks() == 0 {
		return false
	}
	if !e.quiet {
		e.mu.Lock()
		e.quiet = true
		e.mu.Unlock()
		e.settleDelayed(tr)
		if e.result.Signal != 0 {
			tr.Kill()
		}
	}
	return true
}

// settleDelayed lets delayed tasks run on at once.
func (e *Engine) settleDelayed(tr *tracer.Tracer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.delayed {
		e.delayed[i].release(tr)
	}
	e.delayed = e.delayed[:0]
}
