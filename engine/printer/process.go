package printer

import (
	"fmt"

	"luatrace/engine"
	"luatrace/tracer/syscalls"
)

// Observe shows process events and group-stops; register it with
// [engine.Engine.Observe].
func (p *Printer) Observe(ev *engine.Event) {
	if p.over {
		return
	}
	if p.opts.JSON {
		p.observeJSON(ev)
		return
	}
	switch ev.Kind {
	case engine.KindFork, engine.KindAttach:
		p.several = p.several || ev.Kind == engine.KindFork || ev.Engine().Tasks() > 1
	case engine.KindDetach:
		p.Detached(ev.Task)
	case engine.KindStop:
		p.closeOwnLine(ev.Task)
		p.begin(ev.Task, 0, ev.Time())
		p.line = fmt.Appendf(p.line, "--- stopped by %s ---", syscalls.SignalName(int(ev.Signal)))
		p.end()
	case engine.KindExec:
		if ev.FormerTID == ev.Task.TID() {
			break
		}
		p.closeLine(nil)
		if !p.quiet(QuietThreadExecve) {
			p.begin(ev.Task, 0, ev.Time())
			p.line = fmt.Appendf(p.line, "+++ superseded by execve in pid %d +++", ev.FormerTID)
			p.end()
		}
	case engine.KindDeath:
		p.death(ev)
		p.several = ev.Engine().Tasks() > 1
	default: // no change of who is traced
	}
}

// observeJSON is Observe for JSON. The call in which a task ended comes before
// its end.
func (p *Printer) observeJSON(ev *engine.Event) {
	if c := callOf(ev.Task); ev.Kind == engine.KindDeath && c.seen && !c.hidden && p.shows(StatusUnfinished) {
		if p.line = p.json.Unfinished(p.line[:0], ev); len(p.line) > 0 {
			p.end()
		}
	}
	if ev.Kind == engine.KindAttach || p.quiet(QuietExit) {
		return
	}
	p.line = p.json.Append(p.line[:0], ev)
	p.end()
}

func (p *Printer) quiet(q Quiet) bool { return p.opts.Quiet&q != 0 }

func (p *Printer) death(ev *engine.Event) {
	t := ev.Task
	if c := callOf(t); c.seen && !c.hidden && p.shows(StatusUnfinished) {
		p.diedInside(ev)
	}
	if p.open.task == t {
		p.open.task, p.open.partial = nil, false
	}
	callOf(t).seen = false
	if p.quiet(QuietExit) || ev.Exit.Superseded {
		return
	}
	p.closeLine(nil)
	p.begin(t, 0, ev.Time())
	p.line = AppendExit(p.line, ev.Exit)
	if p.paint = paintEnd; ev.Exit.Signal != 0 {
		p.paint = paintFailure
	}
	p.end()
}

// diedInside ends the line of the call in which a task died.
func (p *Printer) diedInside(ev *engine.Event) {
	t := ev.Task
	p.closeLine(t)
	c, o := t.DecodedCall(), callOf(t)
	shift := 0
	switch {
	case p.open.task == t && p.open.partial:
		p.line, shift = p.line[:0], p.open.width
	case o.unfinished:
		p.beginCallAt(t, ev.Time())
		p.line = append(p.line, "<... "...)
		p.line = append(p.line, c.CallName()...)
		p.line = append(p.line, " resumed>"...)
	default:
		p.beginCall(t)
		p.line = p.appendHead(p.line, t)
	}
	p.line = o.text.AppendNoReturn(p.line, c, shift)
	p.open.task, p.open.partial, o.unfinished = nil, false, false
	p.end()
}
