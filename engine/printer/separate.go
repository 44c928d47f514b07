package printer

import (
	"io"

	"luatrace/engine"
)

// Separate prints the events of each thread to a file of its own (-ff). Its
// methods are those of a [Printer].
type Separate struct {
	opts  Options
	open  func(tid int) io.WriteCloser
	files map[*engine.Task]*separateFile
	byTID map[int]*separateFile
}

type separateFile struct {
	*Printer
	tid int
	w   io.WriteCloser
}

// NewSeparate makes a printer that asks open for a file when a thread is first
// seen, and closes it when the thread has ended.
func NewSeparate(open func(tid int) io.WriteCloser, opts Options) *Separate {
	return &Separate{opts: opts, open: open, files: map[*engine.Task]*separateFile{}, byTID: map[int]*separateFile{}}
}

// of returns the file of a thread.
func (s *Separate) of(t *engine.Task) *separateFile {
	f := s.files[t]
	if f == nil {
		w := s.open(t.TID())
		opts := s.opts
		if opts.Stamps != nil { // the line before is the one in the same file
			own := *opts.Stamps
			opts.Stamps = &own
		}
		f = &separateFile{New(w, opts), t.TID(), w}
		s.files[t], s.byTID[t.TID()] = f, f
	}
	return f
}

// Enter is [Printer.Enter].
func (s *Separate) Enter(ev *engine.Event) error { return s.of(ev.Task).Enter(ev) }

// EnterOnly is [Printer.EnterOnly].
func (s *Separate) EnterOnly(ev *engine.Event) error { return s.of(ev.Task).EnterOnly(ev) }

// Exit is [Printer.Exit].
func (s *Separate) Exit(ev *engine.Event) error { return s.of(ev.Task).Exit(ev) }

// Signal is [Printer.Signal].
func (s *Separate) Signal(ev *engine.Event) error { return s.of(ev.Task).Signal(ev) }

// Idle is [Printer.Idle], and writes out what is buffered.
func (s *Separate) Idle() {
	for _, f := range s.files {
		f.Idle()
		if b, ok := f.w.(interface{ Flush() error }); ok {
			b.Flush()
		}
	}
}

// Observe is [Printer.Observe]. A thread that becomes the leader by an execve
// goes on in the leader's file.
func (s *Separate) Observe(ev *engine.Event) {
	if ev.Kind == engine.KindDeath && ev.Exit.Superseded {
		s.of(ev.Task).Observe(ev)
		delete(s.files, ev.Task) // the file stays open, for the thread that takes its id
		return
	}
	if ev.Kind == engine.KindExec && ev.FormerTID != ev.Task.TID() {
		if leaders := s.byTID[ev.Task.TID()]; leaders != nil {
			if own := s.files[ev.Task]; own != nil {
				own.closeLine(nil)
				own.w.Close()
				delete(s.byTID, own.tid)
			}
			s.files[ev.Task] = leaders
		}
	}
	f := s.of(ev.Task)
	f.Observe(ev)
	if ev.Kind == engine.KindDeath {
		f.w.Close()
		delete(s.files, ev.Task)
		delete(s.byTID, f.tid)
	}
}

// Detached is [Printer.Detached].
func (s *Separate) Detached(t *engine.Task) { s.of(t).Detached(t) }

// Interrupt is [Printer.Interrupt]. Nobody else writes to these files.
func (s *Separate) Interrupt() {}

// Finish closes all files.
func (s *Separate) Finish() {
	for t, f := range s.files {
		f.Finish()
		f.w.Close()
		delete(s.files, t)
	}
}
