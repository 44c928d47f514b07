package engine

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer"
)

// Run traces the target until nothing is left to trace or Stop is called. It
// runs the begin hooks before the command starts, and whatever happens the end
// hooks and AtFinish functions once, in that order. The error is why the
// command could not be started (*tracer.LaunchError) or a process not be
// attached to (*tracer.AttachError); hook errors are counted in the result
// instead. An Engine runs once.
func (e *Engine) Run(target Target) (Result, error) {
	err := tracer.Run(tracer.Options{NoFollow: e.opts.NoFollow}, func(tr *tracer.Tracer) error {
		e.signalMu.Lock()
		e.tr = tr
		e.signalMu.Unlock()
		return e.trace(tr, target)
	})
	return e.result, err
}

func (e *Engine) trace(tr *tracer.Tracer, target Target) error {
	e.guarded(func() { e.runPlain(KindBegin, e.beginHooks) })
	err := e.startTracees(tr, target)
	if err == nil {
		for _, t := range e.timers { // the trace's own start-up is no interval
			t.next = time.Now().Add(t.Interval)
		}
		e.takeSignals() // those that came before there was anything to end
		e.armTimers()
		err = e.loop(tr)
	}
	tr.DetachAll()
	if e.clock != nil {
		e.clock.Stop()
	}
	e.end()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.crash != nil && err == nil {
		err = e.crash
	}
	return err
}

// end runs what comes last, however the trace ended.
func (e *Engine) end() {
	e.guarded(func() { e.runPlain(KindEnd, e.endHooks) })
	for _, f := range e.finish {
		e.guarded(f)
	}
}

func (e *Engine) startTracees(tr *tracer.Tracer, target Target) error {
	if e.stop.Load() { // a begin hook has seen enough
		return nil
	}
	if !e.opts.KeepTracing {
		tr.OnAside = e.stepAside
	}
	for _, pid := range target.PIDs {
		if _, err := tr.Attach(pid); err != nil {
			return err
		}
	}
	if target.Command == nil {
		e.usePlan(tr, e.Plan(target))
		return nil
	}
	return e.launch(tr, target)
}

func (e *Engine) loop(tr *tracer.Tracer) error {
	var tev tracer.Event
	for {
		if e.stop.Load() && !e.keep(tr) {
			return nil
		}
		err := e.turn(tr, &tev)
		if errors.Is(err, tracer.ErrNoTracees) {
			if tr.AwaitLeft() {
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
		e.own.Lock()
		e.opts.Flush()
		e.own.Unlock()
	}
	err := tr.Next(tev, &e.own)
	if err == nil {
		e.step(tr, tev)
	}
	e.own.Unlock()
	return err
}

// step deals with one event of the tracer.
func (e *Engine) step(tr *tracer.Tracer, tev *tracer.Event) {
	if tev.Kind == tracer.EventWoken {
		e.handleWoken(tr)
		return
	}
	if tev.Kind == tracer.EventCommandEnd {
		e.result.Exit, e.result.Finished = tev.Exit, true
		return
	}
	if delay := e.handle(tev); delay > 0 {
		e.delayTask(delayedTask{task: tev.Task}, delay)
		return
	}
	tr.Resume(tev.Task)
}

func (e *Engine) handleWoken(tr *tracer.Tracer) {
	e.takeSignals()
	now := time.Now()
	e.checkJob(tr, now)
	n := 0
	for n < len(e.delayed) && !e.delayed[n].at.After(now) {
		e.delayed[n].release(tr)
		n++
	}
	e.delayed = e.delayed[:copy(e.delayed, e.delayed[n:])]
	for _, t := range e.timers {
		if t.disabled || t.next.After(now) {
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

// armTimers makes the tracer wake up for the next timer or delay.
func (e *Engine) armTimers() {
	var next time.Time
	if len(e.delayed) > 0 {
		next = e.delayed[0].at
	}
	for _, t := range e.timers {
		if !t.disabled && (next.IsZero() || t.next.Before(next)) {
			next = t.next
		}
	}
	if at := e.job.at; !at.IsZero() && (next.IsZero() || at.Before(next)) {
		next = at
	}
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
	e.ev.begin(KindTimer, nil)
	err := t.Fn(&e.ev)
	if err == nil {
		return
	}
	t.errors++
	e.countError(t.Where, "timer", err, t.errors, &t.disabled)
}

// runPlain runs hooks that have no task: begin and end.
func (e *Engine) runPlain(kind EventKind, hooks []boundHook) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range hooks {
		e.guarded(func() {
			e.ev.begin(kind, nil)
			e.run(&hooks[i], &e.ev)
		})
	}
}

// Signal tells the engine that this process received a signal, and returns how
// many that ask it to end ([AsksToEnd]) wait to be dealt with: more than one
// says that the tracer's thread is busy, with a hook or with output. It may be
// called from any goroutine.
//
// A command gets the first signal that asks to end itself (unless the terminal has sent it
// to the command already) and the trace goes on until it ends; a second one
// ends the trace. Without a command, the first one ends it. Tracees are let go
// then; those with a seccomp filter, which can't be, are killed.
//
// All other signals are passed on to the command each time, as if it had been
// started in this process's place. When there is none any more, they too ask to end.
//
// SIGTSTP and SIGTTIN are for the command too; when the command has stopped,
// whatever by, Options.Suspend is called. SIGCONT continues a command that is
// still stopped.
func (e *Engine) Signal(sig unix.Signal) (waiting int) {
	e.signalMu.Lock()
	e.signals = append(e.signals, sig)
	e.urgent.Store(true)
	for _, s := range e.signals {
		if AsksToEnd(s) {
			waiting++
		}
	}
	e.signalMu.Unlock()
	e.wake()
	return waiting
}

// AsksToEnd says whether a signal is one by which a user, a terminal or a service
// manager asks a program to end.
func AsksToEnd(sig unix.Signal) bool {
	switch sig {
	case unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT:
		return true
	}
	return false
}

func (e *Engine) takeSignals() {
	e.signalMu.Lock()
	signals := e.signals
	e.signals = nil
	e.urgent.Store(false)
	e.signalMu.Unlock()
	for _, sig := range signals {
		if e.jobSignal(sig) {
			continue
		}
		running := e.command != nil && !e.result.Finished
		if running && sentByTerminal(sig, e.command.PID) {
			continue
		}
		if running && !AsksToEnd(sig) {
			unix.Kill(e.command.PID, sig)
			continue
		}
		if sig == unix.SIGWINCH {
			continue
		}
		e.counted++
		if running && e.counted == 1 {
			unix.Kill(e.command.PID, sig)
			continue
		}
		e.result.Signal = sig
		e.stop.Store(true)
	}
}

// sentByTerminal says whether a signal that reached this process must have
// reached the command too, because the terminal sends it to the foreground
// process group and both are in it.
func sentByTerminal(sig unix.Signal, pid int) bool {
	if sig != unix.SIGINT && sig != unix.SIGQUIT && sig != unix.SIGHUP && sig != unix.SIGTSTP && sig != unix.SIGWINCH {
		return false
	}
	group := unix.Getpgrp()
	if g, err := unix.Getpgid(pid); err != nil || g != group {
		return false
	}
	fd, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	foreground, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err == nil && foreground == group
}
