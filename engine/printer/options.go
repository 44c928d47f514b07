package printer

import (
	"time"

	"luatrace/engine"
	"luatrace/internal/slot"
	"luatrace/tracer/decode"
)

// Options of a [Printer]. The letters are those of strace.
type Options struct {
	Text decode.Text
	// Raw, Full and Addresses choose calls whose arguments are printed as words
	// (--raw), whose structs are not abbreviated (--abbrev is for the others),
	// and whose structs are not read at all (--verbose is for the others). A nil
	// function chooses none.
	Raw, Full, Addresses func(*decode.Call) bool
	// Stamps are the time stamps of lines; nil for none.
	Stamps *Stamps
	// Durations adds the time spent in each call (-T).
	Durations      bool
	DurationDigits int
	// PIDs shows the thread id on each line; otherwise it is shown while there
	// are several threads.
	PIDs bool
	// NoPIDs never shows it: each thread has a file of its own.
	NoPIDs bool
	// File is set for a file: there the thread id is a column, "1234  ", and
	// elsewhere "[pid  1234] ".
	File bool
	// Numbers shows the number of each call (-n), Addresses where it was made (-i).
	Numbers, Pointers bool
	// Filter chooses calls by the files they are about.
	Filter Filter
	// Status chooses calls by their results; 0 is all of them.
	Status Status
	// Signals are the signals to be shown, bit n-1 being signal n.
	Signals uint64
	// Read and Write are the descriptors whose data are shown as a dump.
	Read, Write *NumberSet
	// JSON writes an object a line.
	JSON bool
	// Quiet says what is left out.
	Quiet Quiet
	// DetachOnExec lets a process go when it runs another program than the
	// command's first (-b execve).
	DetachOnExec bool
	// Beside is set where other hooks see the calls too: what is not shown must
	// reach them all the same.
	Beside bool
	// Colour makes failures, signals and ends of processes stand out, with the
	// escape sequences of a terminal.
	Colour bool
	// Width, if not nil, says how many columns there are: lines that would wrap
	// are shortened. 0 leaves them as they are.
	Width func() int
	// Limit, if not 0, is the number of calls after which the trace ends.
	Limit int
}

// AllSignals is Options.Signals without a filter.
const AllSignals = ^uint64(0)

// Quiet is a set of messages that are left out, as strace's --quiet names them.
type Quiet uint8

// The messages: attaching and detaching, ends of processes, what a path of -P
// was resolved into, programs of another kind of machine, execve by another
// thread than the first, and how often faults hit.
const (
	QuietAttach Quiet = 1 << iota
	QuietExit
	QuietPathResolution
	QuietPersonality
	QuietThreadExecve
	QuietFaults

	QuietAll = QuietAttach | QuietExit | QuietPathResolution | QuietPersonality | QuietThreadExecve | QuietFaults
)

// Status is a set of results of calls, as strace's --status names them.
type Status uint8

// The results. A call is unfinished when its thread ends in it, detached when
// the thread is let go in it.
const (
	StatusSuccessful Status = 1 << iota
	StatusFailed
	StatusUnfinished
	StatusUnavailable
	StatusDetached

	StatusAll = StatusSuccessful | StatusFailed | StatusUnfinished | StatusUnavailable | StatusDetached
)

// call is what a printer knows of the call a task is in; it is the task's
// Output.
type call struct {
	text       *decode.Text // how it prints
	head       []byte       // arguments as they were printed at entry, if they must be
	tid        int          // the task's at entry
	comm       string       // the task's name at entry, if names are shown
	seen       bool         // its entry was
	hidden     bool         // by the filter
	unfinished bool         // its beginning is on a line of its own
}

// callOf returns the record of the task's present call.
func callOf(t *engine.Task) *call {
	if c := slot.Of[call](&t.Output); c != nil {
		return c
	}
	c := &call{}
	slot.Keep(&t.Output, c)
	return c
}

// start notes a new call.
func (p *Printer) start(ev *engine.Event) *call {
	c := callOf(ev.Task)
	dc := ev.Call()
	*c = call{head: c.head[:0], seen: true, tid: ev.Task.TID(), text: p.textOf(dc)}
	c.hidden = !p.opts.Filter.Match(ev)
	if !c.hidden && (c.text.FDs != 0 || c.text.PIDNames) && !p.opts.JSON {
		// What descriptors refer to is not the same at the exit.
		c.head = c.text.AppendArgs(c.head, dc)
	}
	if p.opts.Text.PIDNames {
		c.comm = ev.Comm()
	}
	return c
}

// textOf returns how a call prints.
func (p *Printer) textOf(c *decode.Call) *decode.Text {
	if !p.varied {
		return &p.opts.Text
	}
	i := 0
	for bit, chosen := range [...]func(*decode.Call) bool{p.opts.Raw, p.opts.Full, p.opts.Addresses} {
		if chosen != nil && chosen(c) {
			i |= 1 << bit
		}
	}
	return &p.texts[i]
}

// makeTexts prepares what textOf returns.
func (p *Printer) makeTexts() {
	o := &p.opts
	p.varied = o.Raw != nil || o.Full != nil || o.Addresses != nil
	for i := range p.texts {
		t := &p.texts[i]
		*t = o.Text
		t.Raw = i&1 != 0
		t.Abbrev = t.Abbrev && i&2 == 0
		t.Addresses = i&4 != 0
	}
}

// statusOf returns what became of a call that has returned.
func statusOf(ev *engine.Event) Status {
	if ev.Errno != 0 {
		return StatusFailed
	}
	return StatusSuccessful
}

// shows says whether calls of this status are shown.
func (p *Printer) shows(s Status) bool { return p.opts.Status&s != 0 }

// holds says whether a call can't be shown before its result is known.
func (p *Printer) holds() bool { return p.opts.Status != StatusAll }

// appendSeconds appends a duration in seconds with so many digits behind the
// point.
func appendSeconds(dst []byte, d time.Duration, width, digits int) []byte {
	d = max(d, 0)
	dst = appendPadded(dst, int64(d/time.Second), width, ' ')
	return appendFraction(dst, int64(d%time.Second), digits)
}

// appendFraction appends nanoseconds as a fraction of a second.
func appendFraction(dst []byte, ns int64, digits int) []byte {
	if digits == 0 {
		return dst
	}
	for i := digits; i < 9; i++ {
		ns /= 10
	}
	return appendPadded(append(dst, '.'), ns, digits, '0')
}
