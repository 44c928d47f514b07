package engine

import (
	"context"
	"errors"
	"time"

	"luatrace/tracer"
	"luatrace/tracer/procfs"
)

// Run traces the target until nothing is left to trace, Stop is called, or the context is
// done, which means the same as Stop. It runs the begin hooks before the command starts, and
// whatever happens the end hooks and AtFinish functions once, in that order. The error is
// why the command could not be started (*tracer.LaunchError) or no process be attached to
// (*tracer.AttachError; if some could, the others are reported); hook errors are counted in
// the result instead. An Engine runs once.
func (e *Engine) Run(ctx context.Context, target Target) (Result, error) {
	defer context.AfterFunc(ctx, e.Stop)()
	if ctx.Err() != nil {
		e.Stop() // before anything is started
	}
	procfs.OnBlind(func(why string) {
		e.report("/proc is of no use here: " + why + "; names of programs, working directories and what descriptors stand for are not known (mount -t proc proc /proc)")
	})
	defer procfs.OnBlind(nil)
	err := tracer.Run(tracer.Options{NoFollow: e.opts.NoFollow}, func(tr *tracer.Tracer) error {
		e.tr = tr
		e.waking.Store(tr)
		tr.Reading = e.reading
		return e.trace(tr, target)
	})
	return e.result, err
}

func (e *Engine) trace(tr *tracer.Tracer, target Target) error {
	e.enter(starting)
	e.guarded(func() { e.runPlain(KindBegin, e.beginHooks) })
	err := e.startTracees(tr, target)
	if err == nil {
		tr.Do(e.begin)
		err = e.loop(tr)
	}
	e.recordLast()
	if e.askedToEnd() {
		tr.OnFinished = e.showFinished
	}
	tr.DetachAll()
	if e.clock != nil {
		e.clock.Stop()
	}
	e.end()
	tr.Do(func() {
		e.sockets.Close()
		if e.crash != nil && err == nil {
			err = e.crash
		}
	})
	return err
}

// begin is done once there is something to trace. The listener is at work
// already, and may delay the first call.
func (e *Engine) begin() {
	now := time.Now()
	if e.opts.For > 0 {
		t := &Timer{Interval: e.opts.For, Where: "the end of the time"}
		t.Fn = func(*Event) error { e.timeUp(t); return nil }
		e.timers = append(e.timers, t)
	}
	for _, t := range e.timers { // the trace's own start-up is no interval
		t.next = now.Add(t.Interval)
	}
	e.forward.take(now) // those that came before there was anything to end
	e.armTimers()
}

// end runs what comes last, however the trace ended.
func (e *Engine) end() {
	e.enter(over)
	e.guarded(func() { e.runPlain(KindEnd, e.endHooks) })
	for _, f := range e.finish {
		e.guarded(f)
	}
	e.guarded(e.reportRepeated)
}

func (e *Engine) startTracees(tr *tracer.Tracer, target Target) error {
	if e.stop.Load() { // a begin hook has seen enough
		return nil
	}
	if !e.keepsTracing() {
		tr.OnAside = e.stepAside
	}
	tr.OnStray = e.reportStray
	if err := e.attach(tr, target.PIDs); err != nil {
		return err
	}
	if target.Command == nil {
		e.usePlan(tr, e.Plan(target))
		e.enter(tracing)
		return nil
	}
	return e.launch(tr, target)
}

// attach attaches to all that can be. Processes end at any time: those that can't
// are reported, and an error only if there is no other.
func (e *Engine) attach(tr *tracer.Tracer, pids []int) error {
	var failed []error
	for _, pid := range pids {
		if _, err := tr.Attach(pid); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	var last error
	if len(failed) == len(pids) {
		last = failed[len(failed)-1]
		failed = failed[:len(failed)-1]
	}
	for _, err := range failed {
		e.report(err.Error())
	}
	return last
}

func (e *Engine) loop(tr *tracer.Tracer) error {
	var tev tracer.Event
	for {
		if e.ranOut() {
			e.stop.Store(true)
		}
		if e.stop.Load() && !e.drain(tr) {
			return nil
		}
		err := e.turn(tr, &tev)
		if errors.Is(err, tracer.ErrNoTracees) {
			if tr.AwaitOrphans() {
				continue
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// turn waits for one event of the tracer and deals with it.
func (e *Engine) turn(tr *tracer.Tracer, tev *tracer.Event) error {
	defer e.caught(tr, tev)
	if e.opts.Flush != nil && !tr.Ready() {
		tr.Do(e.opts.Flush)
	}
	err := tr.Next(tev)
	if err == nil {
		tr.Do(func() { e.step(tr, tev) })
	}
	return err
}

// step deals with one event of the tracer.
func (e *Engine) step(tr *tracer.Tracer, tev *tracer.Event) {
	switch tev.Kind {
	case tracer.EventWoken:
		e.handleWoken(tr)
		return
	case tracer.EventCommandEnd:
		e.result.Exit, e.result.Finished = tev.Exit, true
		return
	case tracer.EventSignal:
		e.recordArrival(tev)
	default: // about a task
	}
	if delay := e.handleLive(tev); delay > 0 {
		e.delayTask(delayedTask{stop: tev.Stop}, delay)
		return
	}
	tr.Resume(tev.Stop)
}

func (e *Engine) handleWoken(tr *tracer.Tracer) {
	now := time.Now()
	e.forward.take(now)
	e.forward.followJob(now)
	n := 0
	for n < len(e.delayed) && !e.delayed[n].at.After(now) {
		e.delayed[n].release(tr)
		n++
	}
	e.delayed = e.delayed[:copy(e.delayed, e.delayed[n:])]
	for _, t := range e.timers {
		if t.state == ended || t.next.After(now) {
			continue
		}
		// A timer that is late (a hook took long) does not catch up.
		for !t.next.After(now) {
			t.next = t.next.Add(t.Interval)
		}
		e.runTimer(t)
	}
	e.armTimers()
}

// delayTask keeps a stopped task stopped for d.
func (e *Engine) delayTask(t delayedTask, d time.Duration) {
	e.mustHold()
	at := time.Now().Add(d)
	t.at = at
	i := len(e.delayed)
	for i > 0 && e.delayed[i-1].at.After(at) {
		i--
	}
	e.delayed = append(e.delayed, delayedTask{})
	copy(e.delayed[i+1:], e.delayed[i:])
	e.delayed[i] = t
	e.armTimers()
}

// armTimers makes the tracer wake up for what is to be done next.
func (e *Engine) armTimers() {
	var next time.Time
	by := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if len(e.delayed) > 0 {
		by(e.delayed[0].at)
	}
	for _, t := range e.timers {
		if t.state == ticking {
			by(t.next)
		}
	}
	by(e.forward.next())
	if next.IsZero() {
		return
	}
	d := max(time.Until(next), 0)
	if e.clock == nil {
		e.clock = time.AfterFunc(d, e.tr.Wake)
		return
	}
	e.clock.Reset(d)
}

func (e *Engine) runTimer(t *Timer) {
	e.ev.begin(KindTimer, nil, time.Time{})
	if err := t.Fn(&e.ev); err != nil {
		e.timerError(t, err)
	}
}

// runPlain runs hooks that have no task: begin and end.
func (e *Engine) runPlain(kind EventKind, hooks []boundHook) {
	e.exclusive(func() {
		for i := range hooks {
			e.guarded(func() {
				e.ev.begin(kind, nil, time.Time{})
				e.run(&hooks[i], &e.ev)
			})
		}
	})
}
