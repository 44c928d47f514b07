package engine

import (
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine/source"
	"luatrace/engine/spec"
	"luatrace/tracer"
	"luatrace/tracer/syscalls"
)

// handleLive is handle for what the tracer has reported.
func (e *Engine) handleLive(tev *tracer.Event) time.Duration {
	e.live.SetLive(tev)
	return e.handle(&e.live)
}

// handle turns one event of a source into hook calls and applies what they
// want. It returns how long the task is to stay stopped. It may be called from
// any thread that holds the engine's mutex, never twice at once.
func (e *Engine) handle(tev *source.Event) time.Duration {
	e.mustHold()
	ev := &e.ev
	if e.phase.ended() {
		e.recordEnd(tev)
		return 0
	}
	switch tev.Kind {
	case tracer.EventEnter:
		return e.handleEnter(tev)
	case tracer.EventExit:
		return e.handleExit(tev)
	case tracer.EventSignal:
		if len(e.signalHooks) == 0 {
			return 0
		}
		ev.begin(KindSignal, e.task(tev.Task), tev.At)
		ev.Signal, ev.arrived = tev.Signal, tev.Signal
		hooks := e.signalHooks // Off makes new lists
		for i := range hooks {
			if h := &hooks[i]; h.Spec.MatchSignal(int(tev.Signal)) {
				e.run(h, ev)
			}
		}
		e.applyEvent(ev)
		return ev.act.delay
	case tracer.EventNew:
		ev.begin(KindFork, e.task(tev.Task), tev.At)
		ev.Child, ev.CloneEvent = e.task(tev.Child), tev.CloneEvent
		ev.Child.Proc.inherit(ev.Task.Proc)
		e.rememberProgram(ev.Child)
		if tev.CloneEvent == unix.PTRACE_EVENT_VFORK {
			ev.Child.Proc.borrowed = ev.Task.Proc
		}
		e.runProc(ev, spec.ProcFork)
		e.applyEvent(ev)
		return ev.act.delay
	case tracer.EventExec:
		t := e.task(tev.Task)
		if s := tev.Superseded; s != nil {
			ev.begin(KindDeath, e.task(s), tev.At)
			ev.Exit = tracer.Exit{Superseded: true}
			ev.LastTask = false
			e.runProc(ev, spec.ProcExit)
		}
		t.newMemory()
		t.Proc.records = nil
		e.rememberProgram(t)
		ev.begin(KindExec, t, tev.At)
		ev.FormerTID = tev.FormerTID
		e.runProc(ev, spec.ProcExec)
		e.applyEvent(ev)
		return ev.act.delay
	case tracer.EventDeath:
		e.recordEnd(tev)
		e.handleDeath(tev)
	case tracer.EventStopped:
		ev.begin(KindStop, e.task(tev.Task), tev.At)
		ev.Signal = tev.Signal
		e.observe(ev)
		if e.forward.groupStop(time.Now()) {
			e.armTimers()
		}
	case tracer.EventAttached:
		t := e.task(tev.Task)
		if c := tev.Call; tev.Continued {
			t.continued = syscalls.Name(c.ABI, c.NR)
		}
		t.recordAttach(tev)
		ev.begin(KindAttach, t, tev.At)
		e.rememberProgram(ev.Task)
		e.observe(ev)
	default: // not about a task
	}
	return 0
}

func (e *Engine) handleDeath(tev *source.Event) {
	ev := &e.ev
	ev.begin(KindDeath, e.task(tev.Task), tev.At)
	ev.Exit, ev.LastTask = tev.Exit, tev.LastTask
	e.runProc(ev, spec.ProcExit)
}

// recordEnd keeps how the command ended.
func (e *Engine) recordEnd(tev *source.Event) {
	if tev.Kind == tracer.EventDeath && tev.LastTask && tev.Task.Process().IsCommand() && e.phase != killing {
		e.result.Exit, e.result.Finished = tev.Exit, true
	}
}

func (e *Engine) handleEnter(tev *source.Event) time.Duration {
	if tev.Upgraded != nil {
		return e.handleUpgraded(tev)
	}
	tc := tev.Call
	ch := e.lookup(tc.ABI, tc.NR)
	if ch == nil {
		if t := known(tev.Task); t != nil {
			t.hooks = nil
			t.recordEntry()
		}
		return 0
	}
	t := e.task(tev.Task)
	t.recordEntry()
	e.startCall(t, ch, tc)
	if e.opts.SkipStartup && t.ofStartup(tc.IP) {
		t.hooks = nil
		return 0
	}
	ev := &e.ev
	ev.begin(KindEnter, t, tev.At)
	for i := range ch.enter {
		e.run(&ch.enter[i], ev)
	}
	e.applyEvent(ev)
	if ev.act.has(wantsNoExit) && len(t.onExit) == 0 && len(t.scratch) == 0 {
		t.hooks = nil
		return ev.act.delay
	}
	// After the hooks: they may have changed what is to be kept.
	if ch.is(latches) || len(t.onExit) > 0 {
		e.latch(t, ch)
	}
	if ch.is(closes) {
		t.closing = t.Proc.fdInfo(t.Task, int(int32(t.decoded.Args[0])))
		if ch.is(asksInParts) && t.closing != nil {
			t.closing.KnownPeer = t.closing.PeerInode()
		}
	}
	if ch.is(moves) {
		t.cwd = t.Cwd()
	}
	if len(ch.exit) > 0 || len(t.onExit) > 0 {
		t.StopAtExit()
	}
	if len(t.scratch) > 0 {
		t.StopAtExit()
	}
	return ev.act.delay
}

// startCall makes the task's call record ready for a new call.
func (e *Engine) startCall(t *Task, ch *callHooks, tc *tracer.Call) {
	t.hooks, t.onExit, t.closing, t.cwd = ch, t.onExit[:0], nil, ""
	t.scratch, t.tamper = nil, 0
	c := &t.decoded
	c.Reset()
	c.ABI, c.NR, c.Args, c.SP = tc.ABI, tc.NR, tc.Args, tc.SP
	c.Name, c.Sig, c.Mem = ch.name, ch.sig, t.Proc.mem
	c.Exited, c.Ret, c.Errno = false, 0, 0
	c.Continues, t.continued = t.continued, ""
}

// latch copies the memory arguments that hooks at exit may look at.
func (e *Engine) latch(t *Task, ch *callHooks) {
	c := &t.decoded
	all := len(t.onExit) > 0 || ch.is(execs)
	for i := range c.NumArgs() {
		p := c.Param(i)
		if p == nil || !latchParam(p) {
			continue
		}
		wanted := all
		for _, h := range ch.exit {
			wanted = wanted || h.Needs.Reads(p)
		}
		if wanted {
			c.Latch(i)
		}
	}
}

func (e *Engine) handleExit(tev *source.Event) time.Duration {
	t := known(tev.Task)
	if tev.Unpaired || t == nil {
		// Its entry was before the attach: the registers still tell the call.
		tc := tev.Call
		ch := e.lookup(tc.ABI, tc.NR)
		if ch == nil {
			return 0
		}
		t = e.task(tev.Task)
		e.startCall(t, ch, tc)
	}
	ch := t.hooks
	if ch == nil {
		return 0
	}
	t.hooks = nil
	ev := &e.ev
	ev.begin(KindExit, t, tev.At)
	if at := t.Entered(); !at.IsZero() {
		ev.times.now = at
	}
	ev.times.duration = t.Task.Duration(tev)
	ev.setResult(tev.Ret)
	ev.Errno = tev.Errno
	t.decoded.Errno = tev.Errno
	if tev.Errno == syscalls.ERESTART_RESTARTBLOCK {
		t.continued = t.decoded.Name
	}
	for i := range ch.exit {
		e.run(&ch.exit[i], ev)
	}
	for i := 0; i < len(t.onExit); i++ {
		e.call(t.onExit[i].hook, t.onExit[i].fn, ev)
	}
	t.onExit = t.onExit[:0]
	e.applyEvent(ev)
	if len(t.scratch) > 0 {
		t.restoreScratch(t.Proc)
	}
	return ev.act.delay
}

func (e *Engine) applyEvent(ev *Event) {
	if err := ev.act.apply(ev.Kind, ev.Task, &ev.fetched.regs); err != nil {
		e.report(ev.Name() + ": " + err.Error())
	}
}

func (e *Engine) runProc(ev *Event, kind spec.ProcKind) {
	hooks := e.procHooks // Off makes new lists
	for i := range hooks {
		if h := &hooks[i]; h.Spec.MatchProc(kind) {
			e.run(h, ev)
		}
	}
	e.observe(ev)
}

// observe shows events to printers that are no hooks: group-stops, attaches
// and process events in their order among the calls.
func (e *Engine) observe(ev *Event) {
	for _, f := range e.observers {
		f(ev)
	}
}

// Observe registers a function that sees process events, group-stops and
// attaches, after the hooks. It is meant for printers.
func (e *Engine) Observe(f func(*Event)) { e.observers = append(e.observers, f) }

// run calls a hook if its conditions hold.
func (e *Engine) run(h *boundHook, ev *Event) {
	if len(h.when) > 0 && !h.when.Eval(ev) {
		return
	}
	if h.sub != nil && h.sub != ev.Task.decoded.Sub() {
		if ev.Task.decoded.Hidden(h.sub) {
			e.close(h.Hook, ev) // it can't look at what the kernel may be able to read
		}
		return
	}
	e.call(h.Hook, h.Fn, ev)
}

// call calls a function for a hook and deals with its errors.
func (e *Engine) call(h *Hook, f Func, ev *Event) {
	if h.absent {
		switch h.stands(ev) {
		case standsOff:
			return
		case standsClosed:
			e.close(h, ev)
			return
		default: // standsCalled
		}
	}
	e.running = h
	call := f
	if e.opts.Log.Hooks != nil {
		call = e.logged(h, f)
	}
	err := call(ev)
	if err != nil {
		e.hookError(h, ev, err)
	}
}

// Known ABIs must have an index in the table.
var _ [syscalls.NumABI - syscalls.X32]struct{}
