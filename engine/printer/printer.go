// Package printer shows events as lines: in strace's form, or as JSON. It is
// what luatrace does without a script, and what tostring(ev) uses.
package printer

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"luatrace/engine"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// A Printer writes events as lines. Its methods run on the engine's thread.
type Printer struct {
	opts    Options
	varied  bool           // calls print in different ways
	texts   [8]decode.Text // by textOf
	w       io.Writer
	line    []byte
	open    openCall
	several bool // more than one task was seen alive
	json    JSON
	tid     int    // the task's id for the line that begins, if it is not that of now
	comm    string // the task's name for the line that begins, if it is not that of now
	count   int    // of calls shown, for the limit
	over    bool   // the limit is reached
	paint   paint  // of the line that ends next
	tail    int    // where in it stands what is not shortened; 0 for nowhere
}

// openCall is a call that has begun and whose line is not complete.
type openCall struct {
	task    *engine.Task // nil if there is none
	partial bool         // its beginning is on the output, without a newline
	width   int          // of that
	ticks   int          // of the idle timer since it began
}

// New makes a printer that writes to w.
func New(w io.Writer, opts Options) *Printer {
	p := &Printer{opts: opts, w: w, json: JSON{FDs: opts.Text.FDs != 0}}
	if p.opts.Status == 0 {
		p.opts.Status = StatusAll
	}
	p.makeTexts()
	return p
}

// IdleInterval is how often Idle should be called.
const IdleInterval = 100 * time.Millisecond

// Idle shows the beginning of a call that has not returned for a while, so that
// one sees what a program waits for.
func (p *Printer) Idle() {
	if p.open.task == nil || p.open.partial || p.opts.JSON {
		return
	}
	if p.open.ticks++; p.open.ticks < 2 {
		return
	}
	p.beginCall(p.open.task)
	p.line = p.appendHead(p.line, p.open.task)
	if p.opts.Width != nil {
		const result = 16 // what will follow is not known
		p.line = fit(p.line, len(p.line), p.opts.Width()-result)
	}
	p.line = decode.CutLine(p.line, 0, 0)
	p.open.width = len(p.line)
	p.write()
	p.open.partial = true
}

// appendHead appends the arguments known at entry.
func (p *Printer) appendHead(dst []byte, t *engine.Task) []byte {
	c := callOf(t)
	if len(c.head) > 0 {
		return append(dst, c.head...)
	}
	return c.text.AppendArgs(dst, t.DecodedCall())
}

// Enter notes that a call has begun.
func (p *Printer) Enter(ev *engine.Event) error {
	t := ev.Task
	if p.start(ev).hidden || p.over {
		if !p.opts.Beside {
			ev.Ignore()
		}
		return nil
	}
	if !ev.Returns() {
		callOf(t).seen = false
		if !p.shows(StatusUnfinished) {
			return nil
		}
		p.closeLine(nil)
		if p.opts.JSON {
			p.line = p.json.Append(p.line[:0], ev)
		} else {
			p.beginCall(t)
			p.line = p.appendHead(p.line, t)
			p.line = p.appendRest(p.line, t, 0)
		}
		p.end()
		p.counted(ev)
		return nil
	}
	if p.opts.JSON || p.holds() {
		return nil
	}
	p.closeLine(t)
	p.open.task, p.open.partial, p.open.ticks = t, false, 0
	return nil
}

// EnterOnly shows a call of which only the entry is wanted: the arguments that
// are known then.
func (p *Printer) EnterOnly(ev *engine.Event) error {
	c := p.start(ev)
	c.seen = false // its end is not shown, not even that of the thread in it
	if c.hidden || p.over {
		return nil
	}
	p.closeLine(nil)
	if p.opts.JSON {
		p.line = p.json.Append(p.line[:0], ev)
	} else {
		p.beginCall(ev.Task)
		p.line = AppendLine(p.line, c.text, ev)
	}
	p.end()
	p.counted(ev)
	return nil
}

// Exit shows a call that has returned.
func (p *Printer) Exit(ev *engine.Event) error {
	if ev.Kind != engine.KindExit {
		return nil // of exit_group, which Enter has shown
	}
	t := ev.Task
	c := callOf(t)
	if !c.seen { // attached to in the middle of it
		c = p.start(ev)
	}
	c.seen = false
	if c.hidden || p.over || !p.shows(statusOf(ev)) {
		return nil
	}
	if p.opts.JSON {
		p.line = p.json.Append(p.line[:0], ev)
		p.end()
		p.counted(ev)
		return nil
	}
	if p.open.task != t {
		p.closeLine(t)
	}
	if p.open.task == t && p.open.partial {
		// Its beginning is on the output already: only the rest follows.
		p.line = p.appendRest(p.line[:0], t, p.open.width)
	} else {
		if c.unfinished {
			p.beginCallAt(t, ev.Ended())
			p.line = append(p.line, "<... "...)
			p.line = append(p.line, ev.Name()...)
			p.line = append(p.line, " resumed>"...)
			c.unfinished = false
		} else {
			p.beginCallAt(t, ev.Time())
			p.line = p.appendHead(p.line, t)
		}
		p.line = p.appendRest(p.line, t, 0)
	}
	p.open.task, p.open.partial = nil, false
	if ev.Errno != 0 {
		p.paint = paintFailure
	}
	if p.opts.Durations {
		p.line = append(appendSeconds(append(p.line, " <"...), ev.Duration(), 0, p.opts.DurationDigits), '>')
	}
	p.end()
	p.dump(ev)
	p.counted(ev)
	return nil
}

// counted ends the trace when enough calls have been shown.
func (p *Printer) counted(ev *engine.Event) {
	if p.count++; p.count == p.opts.Limit {
		p.over = true
		ev.Engine().Stop()
	}
}

// appendRest appends what follows the arguments known at entry; shift is how
// much of the line is on the output already.
func (p *Printer) appendRest(dst []byte, t *engine.Task, shift int) []byte {
	text, c := callOf(t).text, t.DecodedCall()
	dst = text.AppendRest(dst, c)
	if shift == 0 {
		p.tail = len(dst)
	}
	dst = append(dst, ") "...)
	for len(dst)+shift < text.Columns {
		dst = append(dst, ' ')
	}
	return appendTamper(text.AppendResult(dst, c), t.Tampered())
}

// closeLine closes the line of an open call of another task.
func (p *Printer) closeLine(t *engine.Task) {
	o := p.open.task
	if o == nil || o == t {
		return
	}
	words := " <unfinished ...>"
	if p.opts.NoPIDs && callOf(o).tid != o.TID() { // an execve made it the leader, with its file
		words = fmt.Sprintf(" <pid changed to %d ...>", o.TID())
	}
	p.closeOpen(words)
	callOf(o).unfinished = true
}

// Interrupt ends the line on the output that waits for its call's result: what
// somebody else writes there now stands on a line of its own.
func (p *Printer) Interrupt() {
	if p.open.partial {
		p.closeLine(nil)
	}
}

// closeOpen ends the open call's line with these words.
func (p *Printer) closeOpen(words string) {
	if !p.open.partial {
		p.beginCall(p.open.task)
		p.line = p.appendHead(p.line, p.open.task)
	} else {
		p.line = p.line[:0]
	}
	p.tail = len(p.line)
	p.line = append(p.line, words...)
	p.open.task, p.open.partial = nil, false
	p.end()
}

// end finishes a line: on a terminal it is shortened and coloured.
func (p *Printer) end() {
	if !p.opts.JSON { // objects are bounded by what is put into them
		p.line = decode.CutLine(p.line, 0, p.tail)
	}
	if p.opts.Width != nil {
		p.line = fit(p.line, p.tail, p.opts.Width())
	}
	if p.opts.Colour {
		p.line = p.paint.append(p.line)
	}
	p.paint, p.tail = paintNone, 0
	p.line = append(p.line, '\n')
	p.write()
}

func (p *Printer) write() {
	p.w.Write(p.line)
	p.line = p.line[:0]
}

// Signal shows a signal before its delivery.
func (p *Printer) Signal(ev *engine.Event) error {
	if p.over || p.opts.Signals>>(ev.Arrived()-1)&1 == 0 {
		return nil
	}
	if p.opts.JSON {
		p.line = p.json.Append(p.line[:0], ev)
		p.end()
		return nil
	}
	p.closeOwnLine(ev.Task)
	ip := uint64(0)
	if p.opts.Pointers {
		if r, err := ev.Registers(); err == nil {
			ip = r.PC()
		}
	}
	p.begin(ev.Task, ip, ev.Time())
	p.line = appendSignal(p.line, &p.opts.Text, ev)
	p.tail, p.paint = max(0, bytes.LastIndex(p.line, []byte("} ---"))), paintSignal
	p.end()
	return nil
}

func appendSignal(dst []byte, text *decode.Text, ev *engine.Event) []byte {
	dst = append(dst, "--- "...)
	dst = append(dst, syscalls.SignalName(int(ev.Arrived()))...)
	if si := ev.Siginfo(); si != nil {
		dst = text.AppendValue(append(dst, ' '), decode.Siginfo(syscalls.Native(), si[:]))
	}
	return appendSignalTamper(append(dst, " ---"...), ev)
}

// closeOwnLine closes the open call's line, whosever it is: a signal interrupts
// even the own one's.
func (p *Printer) closeOwnLine(t *engine.Task) {
	if p.open.task == t && !p.open.partial {
		// Not on the output yet; it will be printed whole at its exit.
		return
	}
	p.closeLine(nil)
}

// Detached shows that a task is let go in its call, if it is in one.
func (p *Printer) Detached(t *engine.Task) {
	c := callOf(t)
	if !c.seen || c.hidden || p.opts.JSON || !p.shows(StatusDetached) {
		return
	}
	switch {
	case p.open.task == t:
		p.closeOpen(" <detached ...>")
	case p.holds():
		p.beginCall(t)
		p.line = append(p.appendHead(p.line, t), " <detached ...>"...)
		p.end()
	}
	c.seen = false
}

// Finish closes the line of a call that was open when the trace ended.
func (p *Printer) Finish() {
	if p.open.task != nil && !p.over {
		p.Detached(p.open.task)
	}
}
