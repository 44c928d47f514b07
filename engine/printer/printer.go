// Package printer shows events as lines: in strace's form, or as JSON. It is
// what luatrace does without a script, and what tostring(ev) uses.
package printer

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"luatrace/engine"
	"luatrace/tracer"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// Options of a [Printer]. The letters are those of strace.
type Options struct {
	Text decode.Text
	// Time is how lines are stamped.
	Time TimeFormat
	// Durations adds the time spent in each call (-T).
	Durations bool
	// PIDs shows the thread id on each line; otherwise it is shown while there
	// are several threads.
	PIDs bool
	// File is set for a file: there the thread id is a column, "1234  ", and
	// elsewhere "[pid  1234] ".
	File bool
	// Successful and Failed restrict calls by their result (-z, -Z).
	Successful, Failed bool
	// JSON writes an object a line.
	JSON bool
	// Quiet leaves out the ends of processes and threads.
	Quiet bool
}

// TimeFormat is a format of time stamps.
type TimeFormat uint8

// The formats: none, 15:04:05 (-t), with microseconds (-tt), seconds since 1970
// (-ttt), seconds since the line before (-r).
const (
	TimeNone TimeFormat = iota
	TimeClock
	TimeMicro
	TimeUnix
	TimeRelative
)

// A Printer writes events as lines. Its methods run on the engine's thread.
type Printer struct {
	opts    Options
	w       io.Writer
	line    []byte
	open    *engine.Task // whose call has begun and is not on the output yet
	partial bool         // the open call's beginning is on the output, without a newline
	began   int          // its length
	ticks   int          // of the idle timer since it began
	last    time.Time    // of the line before
	several bool         // more than one task was seen alive
	json    JSON
}

// New makes a printer that writes to w.
func New(w io.Writer, opts Options) *Printer {
	return &Printer{opts: opts, w: w, json: JSON{FDs: opts.Text.FDPaths}}
}

// IdleInterval is how often Idle should be called.
const IdleInterval = 100 * time.Millisecond

// Idle shows the beginning of a call that has not returned for a while, so that
// one sees what a program waits for.
func (p *Printer) Idle() {
	if p.open == nil || p.partial || p.opts.JSON || p.opts.Successful || p.opts.Failed {
		return
	}
	if p.ticks++; p.ticks < 2 {
		return
	}
	p.begin(p.open)
	p.line = p.opts.Text.AppendArgs(p.line, p.open.DecodedCall())
	p.began = len(p.line)
	p.write()
	p.partial = true
}

// Enter notes that a call has begun.
func (p *Printer) Enter(ev *engine.Event) error {
	if !ev.Returns() {
		p.settle(nil)
		p.begin(ev.Task)
		if p.opts.JSON {
			p.line = p.json.Append(p.line[:0], ev)
		} else {
			p.line = p.opts.Text.AppendCallFrom(p.line, ev.Call(), 0)
		}
		p.end()
		return nil
	}
	if p.opts.JSON {
		return nil
	}
	p.settle(ev.Task)
	p.open, p.partial, p.ticks = ev.Task, false, 0
	return nil
}

// EnterOnly shows a call of which only the entry is wanted: the arguments that
// are known then.
func (p *Printer) EnterOnly(ev *engine.Event) error {
	p.settle(nil)
	p.begin(ev.Task)
	if p.opts.JSON {
		p.line = p.json.Append(p.line[:0], ev)
	} else {
		p.line = AppendLine(p.line, &p.opts.Text, ev)
	}
	p.end()
	return nil
}

// Exit shows a call that has returned.
func (p *Printer) Exit(ev *engine.Event) error {
	if ev.Kind != engine.KindExit {
		return nil // of exit_group, which Enter has shown
	}
	t := ev.Task
	if p.opts.Successful && ev.Errno != 0 || p.opts.Failed && ev.Errno == 0 {
		if p.open == t {
			p.open = nil
		}
		return nil
	}
	if p.opts.JSON {
		p.line = p.json.Append(p.line[:0], ev)
		p.end()
		return nil
	}
	if p.open != t {
		p.settle(t)
	}
	if p.open == t && p.partial {
		// Its beginning is on the output already: only the rest follows.
		p.line = p.appendRest(p.line[:0], ev.Call(), p.began)
	} else {
		p.begin(t)
		if t.Unfinished {
			p.line = append(p.line, "<... "...)
			p.line = append(p.line, ev.Name()...)
			p.line = append(p.line, " resumed>"...)
			p.line = p.appendRest(p.line, ev.Call(), 0)
			t.Unfinished = false
		} else {
			p.line = p.opts.Text.AppendCallFrom(p.line, ev.Call(), 0)
		}
	}
	p.open, p.partial = nil, false
	if p.opts.Durations {
		d := ev.Duration()
		p.line = fmt.Appendf(p.line, " <%d.%06d>", int(d/time.Second), int(d%time.Second/time.Microsecond))
	}
	p.end()
	return nil
}

// appendRest appends what follows the arguments known at entry; shift is how
// much of the line is on the output already.
func (p *Printer) appendRest(dst []byte, c *decode.Call, shift int) []byte {
	dst = p.opts.Text.AppendRest(dst, c)
	dst = append(dst, ") "...)
	for len(dst)+shift < p.opts.Text.Columns {
		dst = append(dst, ' ')
	}
	return p.opts.Text.AppendResult(dst, c)
}

// settle closes the line of an open call of another task.
func (p *Printer) settle(t *engine.Task) {
	o := p.open
	if o == nil || o == t {
		return
	}
	if !p.partial {
		p.begin(o)
		p.line = p.opts.Text.AppendArgs(p.line, o.DecodedCall())
	} else {
		p.line = p.line[:0]
	}
	p.line = append(p.line, " <unfinished ...>"...)
	o.Unfinished = true
	p.open, p.partial = nil, false
	p.end()
}

// begin starts a line: thread id and time stamp.
func (p *Printer) begin(t *engine.Task) {
	p.line = p.line[:0]
	switch {
	case !p.opts.PIDs && !p.several:
	case p.opts.File:
		p.line = fmt.Appendf(p.line, "%-5d ", t.TID)
	default:
		p.line = fmt.Appendf(p.line, "[pid %5d] ", t.TID)
	}
	if p.opts.Time == TimeNone {
		return
	}
	now := time.Now()
	switch p.opts.Time {
	case TimeClock:
		p.line = now.AppendFormat(p.line, "15:04:05 ")
	case TimeMicro:
		p.line = now.AppendFormat(p.line, "15:04:05.000000 ")
	case TimeUnix:
		p.line = fmt.Appendf(p.line, "%d.%06d ", now.Unix(), now.Nanosecond()/1000)
	case TimeRelative:
		d := time.Duration(0)
		if !p.last.IsZero() {
			d = now.Sub(p.last)
		}
		p.last = now
		p.line = fmt.Appendf(p.line, "%6d.%06d ", int(d/time.Second), int(d%time.Second/time.Microsecond))
	}
}

func (p *Printer) end() {
	p.line = append(p.line, '\n')
	p.write()
}

func (p *Printer) write() {
	p.w.Write(p.line)
	p.line = p.line[:0]
}

// Signal shows a signal before its delivery.
func (p *Printer) Signal(ev *engine.Event) error {
	if p.opts.JSON {
		p.line = p.json.Append(p.line[:0], ev)
		p.end()
		return nil
	}
	p.settleOwn(ev.Task)
	p.begin(ev.Task)
	p.line = append(p.line, "--- "...)
	p.line = append(p.line, syscalls.SignalName(int(ev.Signal))...)
	if si := ev.Siginfo(); si != nil {
		p.line = append(p.line, ' ')
		p.line = p.opts.Text.AppendValue(p.line, decode.Siginfo(syscalls.Native(), si[:]))
	}
	p.line = append(p.line, " ---"...)
	p.end()
	return nil
}

// settleOwn closes the open call's line, whosever it is: a signal interrupts
// even the own one's.
func (p *Printer) settleOwn(t *engine.Task) {
	if p.open == t && !p.partial {
		// Not on the output yet; it will be printed whole at its exit.
		return
	}
	p.settle(nil)
}

// Observe shows process events and group-stops; register it with
// [engine.Engine.Observe].
func (p *Printer) Observe(ev *engine.Event) {
	if p.opts.JSON {
		p.observeJSON(ev)
		return
	}
	switch ev.Kind {
	case engine.KindFork, engine.KindAttach:
		p.several = p.several || ev.Kind == engine.KindFork || ev.Engine().Tasks() > 1
	case engine.KindStop:
		p.settleOwn(ev.Task)
		p.begin(ev.Task)
		p.line = fmt.Appendf(p.line, "--- stopped by %s ---", syscalls.SignalName(int(ev.Signal)))
		p.end()
	case engine.KindExec:
		if ev.FormerTID != ev.Task.TID {
			p.settle(nil)
			p.begin(ev.Task)
			p.line = fmt.Appendf(p.line, "+++ superseded by execve in pid %d +++", ev.FormerTID)
			p.end()
		}
	case engine.KindDeath:
		p.death(ev)
		p.several = ev.Engine().Tasks() > 1
	}
}

// observeJSON is Observe for JSON. The call in which a task ended comes before
// its end.
func (p *Printer) observeJSON(ev *engine.Event) {
	if ev.Kind == engine.KindDeath && !p.opts.Successful && !p.opts.Failed {
		if p.line = p.json.Unfinished(p.line[:0], ev); len(p.line) > 0 {
			p.end()
		}
	}
	if ev.Kind == engine.KindAttach || p.opts.Quiet {
		return
	}
	p.line = p.json.Append(p.line[:0], ev)
	p.end()
}

func (p *Printer) death(ev *engine.Event) {
	t := ev.Task
	if p.open == t || t.Unfinished {
		p.diedInside(t)
	}
	if p.opts.Quiet || ev.Exit.Superseded {
		return
	}
	p.settle(nil)
	p.begin(t)
	p.line = AppendExit(p.line, ev.Exit)
	p.end()
}

// diedInside ends the line of the call in which a task died.
func (p *Printer) diedInside(t *engine.Task) {
	p.settle(t)
	c := t.DecodedCall()
	shift := 0
	switch {
	case p.open == t && p.partial:
		p.line, shift = p.line[:0], p.began
	case t.Unfinished:
		p.begin(t)
		p.line = append(p.line, "<... "...)
		p.line = append(p.line, c.Name...)
		p.line = append(p.line, " resumed>"...)
	default:
		p.begin(t)
		p.line = p.opts.Text.AppendArgs(p.line, c)
	}
	p.line = p.opts.Text.AppendNoReturn(p.line, c, shift)
	p.open, p.partial, t.Unfinished = nil, false, false
	p.end()
}

// AppendExit appends strace's words for the end of a task.
func AppendExit(dst []byte, e tracer.Exit) []byte {
	if e.Signal == 0 {
		dst = append(dst, "+++ exited with "...)
		dst = strconv.AppendInt(dst, int64(e.Code), 10)
		return append(dst, " +++"...)
	}
	dst = append(dst, "+++ killed by "...)
	dst = append(dst, syscalls.SignalName(int(e.Signal))...)
	if e.Core {
		dst = append(dst, " (core dumped)"...)
	}
	return append(dst, " +++"...)
}

// AppendLine appends one event as tostring(ev) shows it: without thread id,
// time and newline.
func AppendLine(dst []byte, text *decode.Text, ev *engine.Event) []byte {
	switch ev.Kind {
	case engine.KindExit:
		return text.AppendCall(dst, ev.Call())
	case engine.KindEnter:
		if !ev.Returns() {
			return text.AppendCall(dst, ev.Call())
		}
		return append(text.AppendArgs(dst, ev.Call()), ')')
	case engine.KindSignal:
		dst = append(dst, "--- "...)
		dst = append(dst, syscalls.SignalName(int(ev.Signal))...)
		if si := ev.Siginfo(); si != nil {
			dst = text.AppendValue(append(dst, ' '), decode.Siginfo(syscalls.Native(), si[:]))
		}
		return append(dst, " ---"...)
	case engine.KindDeath:
		return AppendExit(dst, ev.Exit)
	case engine.KindFork:
		what := "process"
		if ev.Child.Proc == ev.Task.Proc {
			what = "thread"
		}
		return fmt.Appendf(dst, "+++ %s: new %s %d +++", ev.Name(), what, ev.Child.TID)
	case engine.KindExec:
		return append(dst, "+++ exec +++"...)
	}
	return append(dst, ev.Name()...)
}
