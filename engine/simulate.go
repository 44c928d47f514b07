package engine

import (
	"encoding/binary"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine/plan"
	"luatrace/engine/source"
	"luatrace/engine/spec"
	"luatrace/tracer"
	"luatrace/tracer/encode"
	"luatrace/tracer/syscalls"
)

// Simulation raises events that no tracer made, for processes that do not
// exist: hooks run as they do in a trace, what they ask of a process is
// answered from memory, and what they do to it is only noted down. Time stands
// still but for Advance and the durations of calls. A simulation has the engine
// for itself: Run must not be called.
type Simulation struct {
	eng   *Engine
	now   time.Time
	tasks map[int]*source.MadeTask // by thread id
}

// Simulate makes the engine one for made-up events; its clock starts at start.
func (e *Engine) Simulate(start time.Time) *Simulation {
	s := &Simulation{eng: e, now: start, tasks: map[int]*source.MadeTask{}}
	e.timeNow = func() time.Time { return s.now }
	e.simulation = s
	for _, t := range e.timers {
		t.next = start.Add(t.Interval)
	}
	return s
}

// MadeUp describes the thread of a made-up event.
type MadeUp struct {
	PID, TID, PPID int
	ABI            syscalls.ABI
	Comm, Exe, Cwd *string         // nil leaves what was said before
	FDs            map[int]string  // added to those said before
	FDInfos        map[int]*FDInfo // the same in parts; what is left out follows from the rest
	Files          map[string]string
	Registers      map[string]uint64
	NoMemory       bool // what pointers lead to can't be read
}

// task returns the thread of an event, made at first sight.
func (s *Simulation) task(m *MadeUp) *source.MadeTask {
	t := s.tasks[m.TID]
	if t == nil {
		t = s.newTask(m)
	}
	s.update(t, m)
	return t
}

func (s *Simulation) newTask(m *MadeUp) (t *source.MadeTask) {
	if sibling := s.sibling(m.PID); sibling != nil {
		t = sibling.Made().AddThread(m.TID)
	} else {
		p := &source.Made{Name: "test", Program: "/usr/bin/test", Dir: "/", PPID: 1, FDs: map[int]string{}, Texts: map[string]string{}}
		t = p.Start(m.PID, m.TID, m.ABI)
	}
	s.tasks[m.TID] = t
	return t
}

// all are the threads that there are, by number.
func (s *Simulation) all() []source.Task {
	list := make([]source.Task, 0, len(s.tasks))
	for _, t := range s.tasks {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b source.Task) int { return a.TID() - b.TID() })
	return list
}

// attachTo makes a thread one that was attached to in its call.
func (s *Simulation) attachTo(task *source.MadeTask, ch *callHooks) {
	et := s.eng.task(task)
	s.eng.startCall(et, ch, task.Call())
	et.hooks, et.attach, et.attachedAt = nil, attachCall, s.now
}

// sibling finds any thread of a process.
func (s *Simulation) sibling(pid int) *source.MadeTask {
	for _, t := range s.tasks {
		if t.Made().PID() == pid {
			return t
		}
	}
	return nil
}

func (s *Simulation) update(t *source.MadeTask, m *MadeUp) {
	made := t.Made()
	for _, f := range []struct{ to, from *string }{{&made.Name, m.Comm}, {&made.Program, m.Exe}, {&made.Dir, m.Cwd}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if m.PPID != 0 {
		made.PPID = m.PPID
	}
	made.NoMemory = m.NoMemory
	for fd, name := range m.FDs {
		made.FDs[fd] = name
	}
	for fd, d := range m.FDInfos {
		d.FD = fd
		d.takeApart()
		made.FDs[fd] = d.Path
		p := s.eng.proc(made)
		if p.madeUp == nil {
			p.madeUp = map[int]*FDInfo{}
		}
		p.madeUp[fd] = d
	}
	for name, text := range m.Files {
		made.Texts[name] = text
	}
	for name, v := range m.Registers {
		made.Regs.Set(name, v)
	}
}

// Outcome is what hooks made of an event.
type Outcome struct {
	Task     *Task
	Skipped  bool
	Ret      int64 // of a call, as the program gets it
	Delay    time.Duration
	Signal   unix.Signal // that is delivered: 0 for none
	Killed   []unix.Signal
	Detached bool
	Stopped  bool // the trace is to end
	Returned bool // the call came back
}

// Return says whether a made-up call comes back.
type Return uint8

// The ways of a made-up call.
const (
	Returns     Return = iota
	Stays              // it stays in progress, until something else happens to its thread
	StaysUnseen        // the same, and it was in progress at the attach: no hook sees its entry
)

// MadeUpResult says what a made-up call comes to.
type MadeUpResult struct {
	Return   Return
	Ret      int64 // -errno for a failure
	Given    bool  // otherwise Ret is what the buffers suggest
	Duration time.Duration
	Before   map[string]any // arguments that go in and come out, as they go in
}

// Call makes a system call: hooks for its entry, then, unless it never
// returns, those for its exit. between is called after the entry with what the
// hooks have made of the call.
func (s *Simulation) Call(m *MadeUp, name string, values map[string]any, res MadeUpResult, between func(*Task)) (Outcome, error) {
	nr, ok := syscalls.Number(m.ABI, name)
	if !ok {
		return Outcome{}, spec.UnknownCall(name)
	}
	t := s.task(m)
	made, err := encode.Args(m.ABI, syscalls.Lookup(m.ABI, nr), values, res.Before, t.Made())
	if err != nil {
		return Outcome{}, err
	}
	t.Enter(m.ABI, nr, made.Args, s.now)
	if res.Return == StaysUnseen {
		s.attachTo(t, &callHooks{name: name, sig: syscalls.Lookup(m.ABI, nr)})
		return Outcome{Task: s.eng.task(t)}, nil
	}
	killed := len(t.Made().Killed)
	tev := &source.Event{Event: &tracer.Event{Kind: tracer.EventEnter, At: s.now}, Task: t, Call: t.Call()}
	delay := s.feed(tev)
	et := s.eng.task(t)
	if et.hooks == nil { // nobody wants it: there is nothing to look at
		s.eng.startCall(et, &callHooks{name: name, sig: syscalls.Lookup(m.ABI, nr)}, t.Call())
		et.hooks = nil
	}
	if between != nil {
		between(et)
	}
	out := Outcome{Task: et}
	out.Ret, out.Skipped = t.Skipped()
	if res.Return == Stays && !out.Skipped {
		out.Delay = delay
		s.conclude(&out, t, killed)
		return out, nil
	}
	if !out.Skipped {
		out.Ret = s.result(made, res)
		for _, l := range made.After {
			t.Made().WriteMemory(l.Addr, l.Bytes)
		}
	}
	if plan.Returns(et.decoded.Name) {
		s.now = s.now.Add(res.Duration)
		t.Leave()
		tev.Kind, tev.At, tev.Ret, tev.Errno, tev.Skipped = tracer.EventExit, s.now, out.Ret, syscalls.ResultErrno(out.Ret), out.Skipped
		had := et.hooks != nil
		delay += s.feed(tev)
		if had {
			out.Ret = s.eng.ev.Ret
		} else {
			et.decoded.Exited, et.decoded.Ret, et.decoded.Errno = true, out.Ret, tev.Errno
		}
		out.Returned = true
	}
	out.Delay = delay
	s.conclude(&out, t, killed)
	return out, nil
}

func (s *Simulation) result(made *encode.Call, res MadeUpResult) int64 {
	if res.Given {
		return res.Ret
	}
	return int64(made.Counted)
}

func (s *Simulation) conclude(out *Outcome, t *source.MadeTask, killed int) {
	out.Killed = t.Made().Killed[killed:]
	out.Detached = t.Made().Detached
	out.Stopped = s.eng.Stopping()
}

// raise runs the hooks of an event that is no call.
func (s *Simulation) raise(t *source.MadeTask, ev tracer.Event, child ...source.Task) Outcome {
	killed := len(t.Made().Killed)
	tev := &source.Event{Event: &ev, Task: t, Call: t.Call()}
	if len(child) > 0 {
		tev.Child = child[0]
	}
	if tev.Kind != tracer.EventDeath {
		t.Leave()
	}
	delay := s.feed(tev)
	out := Outcome{Task: s.eng.task(t), Delay: delay}
	s.conclude(&out, t, killed)
	return out
}

func (s *Simulation) feed(tev *source.Event) time.Duration {
	return s.eng.handle(tev)
}

// Signal delivers a signal; code, sender and addr are what siginfo says.
func (s *Simulation) Signal(m *MadeUp, sig unix.Signal, code, sender int, addr uint64) Outcome {
	t := s.task(m)
	le := binary.LittleEndian
	t.Made().Signal = tracer.Siginfo{}
	le.PutUint32(t.Made().Signal[0:], uint32(sig))
	le.PutUint32(t.Made().Signal[8:], uint32(code))
	if addr != 0 {
		le.PutUint64(t.Made().Signal[16:], addr)
	} else {
		le.PutUint32(t.Made().Signal[16:], uint32(sender))
	}
	t.SetSignal(sig)
	out := s.raise(t, tracer.Event{Kind: tracer.EventSignal, Signal: sig})
	out.Signal = t.Pending()
	return out
}

// Fork makes a process or, if child has the parent's PID, a thread.
func (s *Simulation) Fork(m, child *MadeUp, event int) Outcome {
	t := s.task(m)
	if s.tasks[child.TID] == nil {
		if child.PPID == 0 && child.PID != m.PID {
			child.PPID = m.PID
		}
		if child.Comm == nil {
			child.Comm = &t.Made().Name
		}
	}
	return s.raise(t, tracer.Event{Kind: tracer.EventNew, Born: tracer.Born{CloneEvent: event}}, s.task(child))
}

// Exec lets a process run a new program: the new exe and comm are m's.
func (s *Simulation) Exec(m *MadeUp, formerTID int) Outcome {
	return s.raise(s.task(m), tracer.Event{Kind: tracer.EventExec, Executed: tracer.Executed{FormerTID: formerTID}})
}

// Exit ends a thread, and with the last one its process.
func (s *Simulation) Exit(m *MadeUp, exit tracer.Exit) Outcome {
	t := s.task(m)
	delete(s.tasks, m.TID)
	last := s.sibling(m.PID) == nil
	if last { // /proc is empty then
		p := t.Made()
		p.Program, p.Dir, p.Name, p.Texts = "", "", "", nil
	}
	return s.raise(t, tracer.Event{Kind: tracer.EventDeath, Ended: tracer.Ended{Exit: exit, LastTask: last}})
}

// Begin runs the hooks for the beginning of the trace.
func (s *Simulation) Begin() { s.eng.runPlain(KindBegin, s.eng.beginHooks) }

// End runs the hooks for the end of the trace and what comes after them:
// aggregations are printed.
func (s *Simulation) End() { s.eng.end() }

// Now is the time of the simulation's clock.
func (s *Simulation) Now() time.Time { return s.now }

// Advance lets time pass: timers run when they are due.
func (s *Simulation) Advance(d time.Duration) {
	until := s.now.Add(d)
	for {
		var due *Timer
		for _, t := range s.eng.timers {
			if t.state == ticking && !t.next.After(until) && (due == nil || t.next.Before(due.next)) {
				due = t
			}
		}
		if due == nil {
			break
		}
		s.now = due.next
		due.next = due.next.Add(due.Interval)
		s.eng.runTimer(due)
	}
	s.now = until
}
