package engine

import (
	"errors"

	"golang.org/x/sys/unix"

	"luatrace/engine/plan"
	"luatrace/tracer"
	"luatrace/tracer/procfs"
	"luatrace/tracer/seccomp"
)

// Plan returns how the target would be traced with the hooks registered now.
func (e *Engine) Plan(target Target) plan.Plan {
	return e.makePlan(e.planMode(target))
}

func (e *Engine) makePlan(mode plan.Mode) plan.Plan {
	rules := make([]*plan.Rule, len(e.hooks))
	for i, h := range e.hooks {
		rules[i] = &h.Rule
	}
	return plan.Make(rules, mode)
}

func (e *Engine) planMode(target Target) plan.Mode {
	m := plan.Mode{NoFilter: e.opts.NoFilter, NoNotify: e.opts.NoNotify, CountFaults: e.opts.CountFaults || e.opts.SkipStartup}
	aside := !e.keepsTracing()
	m.Internal = internalCalls(!e.opts.NoPlacement, aside)
	if m.NoNotify == "" && procfs.Default().View() == procfs.None {
		// Of a task that waits for an answer only /proc knows where its stack is.
		m.NoNotify = plan.Reason("/proc is of no use: " + procfs.Default().Why())
	}
	switch {
	case m.NoFilter != "":
	case aside && target.Command != nil && target.Command.TracesOthers():
		m.NoFilter = "the command may trace processes itself"
	case len(target.PIDs) > 0:
		m.NoFilter = "a filter can't be put on a process that runs already"
	case e.opts.NoFollow:
		m.NoFilter = "--no-follow: children would keep the filter without a tracer"
	}
	return m
}

// internalCalls are the calls that the tracer itself must see.
func internalCalls(placement, aside bool) []plan.Internal {
	var calls []plan.Internal
	if placement {
		for _, name := range tracer.PlacementCalls() {
			calls = append(calls, plan.Internal{Name: name, Show: plan.ShowWithStops})
		}
	}
	for _, g := range tracer.Guards(seccomp.Trace, seccomp.Notify) {
		show := plan.ShowLikeHooks
		if g.Clause.Action == seccomp.Notify { // clone3, whose flags lie in memory
			show = plan.ShowToHooks
		}
		calls = append(calls, plan.Internal{Name: g.Name, Tests: g.Clause.Tests, Show: show})
	}
	for _, g := range tracer.PageHolders(seccomp.Notify) {
		calls = append(calls, plan.Internal{Name: g.Name, Tests: g.Clause.Tests})
	}
	if aside {
		tests := []seccomp.ArgTest{{Arg: 0, Op: seccomp.TestOneOf, Words: tracer.AsideRequests()}}
		calls = append(calls, plan.Internal{Name: "ptrace", Tests: tests, Show: plan.ShowLikeHooks})
	}
	return calls
}

func (e *Engine) usePlan(tr *tracer.Tracer, p plan.Plan) {
	e.plan = p
	e.logPlan(p)
	e.table.reset()
	tr.Syscalls = p.Calls && p.Filter == nil
	tr.OwnFilter = e.reportOwnFilter
	tr.SharedCPU(!e.opts.NoPlacement)
}

// launch starts the command with the best plan that the kernel accepts.
func (e *Engine) launch(tr *tracer.Tracer, target Target) error {
	mode := e.planMode(target)
	for {
		e.usePlan(tr, e.makePlan(mode))
		c := *target.Command
		c.Filter = e.plan.Filter
		p, err := tr.Launch(c)
		if err == nil {
			e.command.Process = p
			e.enter(tracing)
			tr.Serve(e.handleNotified, e.failedNotified)
			return nil
		}
		if c.Filter == nil || !degrade(&mode, c.Filter, err) {
			return err
		}
	}
}

// degrade takes from the mode what the kernel has refused, and says whether it
// was that: an old kernel, or a listener that is there already (a container's,
// or that of a luatrace around this one).
func degrade(m *plan.Mode, filter *seccomp.Filter, err error) bool {
	var le *tracer.LaunchError
	if !errors.As(err, &le) || le.Step != "seccomp" && le.Step != "no_new_privs" && le.Step != "listener" {
		return false
	}
	why := plan.Reason(le.Step + ": " + le.Errno.Error())
	switch {
	case le.Errno == unix.EBUSY:
		m.NoFilter = "a seccomp listener of somebody else is asked before some calls: a filter of ours would not see those"
	case filter.Notifies() && le.Step == "seccomp" && le.Errno == unix.EINVAL:
		m.NoNotify = plan.Reason("the kernel refuses them, they need Linux "+tracer.Notifications().Since+": ") + why
	case filter.Notifies():
		m.NoNotify = "the kernel refuses them: " + why
	default:
		m.NoFilter = "the kernel refuses a filter: " + why
	}
	return true
}

// KernelPlan is Plan, after asking the kernel whether it accepts the filter: a
// child installs it and goes no further. The error, a *tracer.LaunchError or
// *tracer.AttachError, is why nothing can be traced here at all. It must not be
// called while Run is at work.
func (e *Engine) KernelPlan(target Target) (plan.Plan, error) {
	mode := e.planMode(target)
	for {
		p := e.makePlan(mode)
		err := tryFilter(p.Filter)
		var le *tracer.LaunchError
		switch {
		case !errors.As(err, &le) || le.Step == "execve": // as far as it was to come
			return p, nil
		case p.Filter != nil && degrade(&mode, p.Filter, err):
			continue
		case target.Command != nil:
			le.Path = target.Command.Path
			return p, le
		}
		return p, &tracer.AttachError{PID: target.PIDs[0], Errno: le.Errno, Reason: le.Reason}
	}
}

// tryFilter starts a command that does not exist, with the filter if there is
// one, and returns why that failed: in the end because of the command.
func tryFilter(filter *seccomp.Filter) error {
	return tracer.Run(tracer.Options{}, func(tr *tracer.Tracer) error {
		if _, err := tr.Launch(tracer.Command{Path: "/proc/self/nothing", Argv: []string{"nothing"}, Filter: filter}); err != nil {
			return err
		}
		tr.Serve(func(_ *tracer.Event, p tracer.Pending) { p.Run() }, func(_ tracer.Pending, value any) { panic(value) })
		var ev tracer.Event
		for {
			if err := tr.Next(&ev); err != nil {
				return err
			}
			tr.Do(func() { tr.Resume(ev.Stop) })
		}
	})
}

// drain says whether the loop must go on although the trace is to end: tracees with a filter
// can't be detached, since every call that it traces would fail. The engine goes on to answer
// for the filter, without hooks, until they end by themselves; after a second signal they are
// killed.
func (e *Engine) drain(tr *tracer.Tracer) bool {
	if e.plan.Filter == nil || tr.Tasks() == 0 && !tr.Orphans() {
		return false
	}
	if !e.phase.ended() {
		e.recordLast()
		e.releaseDelayed(tr)
	}
	if e.result.Signal != 0 && e.phase != killing {
		tr.Do(func() {
			e.enter(killing)
			tr.Kill()
		})
	}
	return true
}

// releaseDelayed resumes the delayed tasks at once.
func (e *Engine) releaseDelayed(tr *tracer.Tracer) {
	tr.Do(func() {
		for i := range e.delayed {
			e.delayed[i].release(tr)
		}
		e.delayed = e.delayed[:0]
	})
}
