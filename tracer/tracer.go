package tracer

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/internal/reports"
	"luatrace/tracer/procfs"
	"luatrace/tracer/sched"
)

// Options of a [Tracer].
type Options struct {
	// NoFollow leaves children and new threads alone.
	NoFollow bool
}

// Tracer traces processes from one locked OS thread; see the package comment.
type Tracer struct {
	Callbacks
	// Syscalls makes tasks stop at each system call's entry and exit when they
	// are resumed. Without it only signals and process events are seen.
	Syscalls bool
	// Reading is how much hooks may read of a file of /proc at once, and what ends
	// it before.
	Reading procfs.Bound

	lock    recordsLock
	options uintptr // of PTRACE_SEIZE
	tables
	reports reports.Queue // of wait4, not handled yet
	inbox   inbox
	starting
	ourFilter
	parting
	sched sched.Scheduler // makes stops cheaper
	present
	openFiles
	pages pageWatch
}

// tables are the records of the threads and processes that are traced, by id.
type tables struct {
	tasks  map[int]*Task
	procs  map[int]*Process
	births births
}

// present is what was read of the present stop.
type present struct {
	info     kernel.SyscallInfo // the last answer of PTRACE_GET_SYSCALL_INFO
	atSignal signalRegisters
}

// newReport is a report that was collected just now. The clock is read here and not
// where the report is handled: until then hooks of other tasks may run.
func newReport(tid int, status uint32) reports.Report {
	return reports.Report{TID: tid, Status: status, At: kernel.NoteReport(tid, status)}
}

// Run calls f with a new Tracer on an OS thread that has no children, locked
// for the time of the call, and returns f's error. Waiting from a thread that
// had started processes before would take their reports from whoever waits for
// them: if the calling thread has any, another is tried. f must have let go of all tracees when it
// returns: what is left is killed. A command that was let go is collected when it ends.
func Run(opts Options, f func(*Tracer) error) error {
	if err := prepareSignals(); err != nil {
		return err
	}
	if opts.NoFollow {
		reserveThreads() // no birth of a child is seen
	}
	defer time.AfterFunc(reserveAfter, reserveThreads).Stop()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if !kernel.HasChildren() {
		return runHere(opts, f)
	}
	done := make(chan error, 1)
	tryThread(opts, f, done)
	return <-done
}

// tryThread runs f on another thread, and stays on this one until that has the work.
func tryThread(opts Options, f func(*Tracer) error, done chan<- error) {
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if kernel.HasChildren() {
			tryThread(opts, f, done)
			time.Sleep(time.Millisecond)
			return
		}
		done <- runHere(opts, f)
	}()
}

// runHere runs f on the calling thread, which is locked.
func runHere(opts Options, f func(*Tracer) error) error {
	kernel.NoteThread(true)
	defer kernel.NoteThread(false)
	t := newTracer(opts)
	err := f(t)
	defer t.inbox.close()
	t.Do(t.killAll)
	t.collectCommand()
	t.forgetOrphans()
	t.forgetAllShown()
	if t.listener != nil {
		t.listener.close()
	}
	return err
}

func newTracer(opts Options) *Tracer {
	t := &Tracer{
		options:  unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACEEXEC,
		tables:   tables{tasks: map[int]*Task{}, procs: map[int]*Process{}},
		inbox:    inbox{thread: unix.Gettid()},
		starting: starting{canSetInfo: kernel.FeatureSetInfo.Known() != kernel.Missing},
	}
	if !opts.NoFollow {
		t.options |= unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACECLONE
	}
	t.SharedCPU(true)
	return t
}

// Tasks returns the number of threads traced now.
func (t *Tracer) Tasks() int { return len(t.tasks) }

// Task returns the record of a thread, nil if it is not traced.
func (t *Tracer) Task(tid int) *Task { return t.tasks[tid] }

// Process returns the record of a thread group, nil if it is not traced.
func (t *Tracer) Process(pid int) *Process { return t.procs[pid] }

// Descendants returns the traced processes that a process has made, and those
// that these have made, with the process itself.
func (t *Tracer) Descendants(p *Process) []*Process {
	var list []*Process
	for _, other := range t.procs {
		for up := other; up != nil; up = up.Parent {
			if up == p {
				list = append(list, other)
				break
			}
		}
	}
	return list
}

// Stopped says whether all threads of a process, or with nil of all processes,
// are in a group-stop (signal(7)) and have been resumed into it.
func (t *Tracer) Stopped(p *Process) bool {
	for _, task := range t.tasks {
		if task.stop.kind != stopListening && (p == nil || task.Proc == p) {
			return false
		}
	}
	return true
}

// newTask makes the record of a thread in a thread group.
func (t *Tracer) newTask(tid, pid int, parent *Process, begins life) *Task {
	t.records()
	p := t.procs[pid]
	if p == nil {
		p = &Process{PID: pid, Parent: parent, tr: t}
		t.procs[pid] = p
	}
	p.tasks++
	task := &Task{TID: tid, Proc: p, tr: t}
	task.life.become(begins)
	t.tasks[tid] = task
	t.births.join(task, len(t.tasks))
	return task
}

// forget ends the record of a task and, with the last one, of its process.
func (t *Tracer) forget(task *Task) (last bool) {
	t.records()
	switch {
	case task.life.over():
		return false
	case task.life.reaped():
		task.life.become(lifeDead)
	default:
		task.life.become(lifeReleased)
	}
	t.reports.Ended(task.TID, time.Now())
	if t.tasks[task.TID] == task {
		delete(t.tasks, task.TID)
	}
	t.forgetAside(task)
	p := task.Proc
	p.tasks--
	if p.tasks > 0 {
		if p.lastTID == task.TID {
			p.lastTID = t.anyTask(p)
		}
		return false
	}
	p.mem.close()
	p.pidfd.close()
	t.continueCallers(p)
	if t.procs[p.PID] == p {
		delete(t.procs, p.PID)
	}
	return true
}

// forgetThreads ends the records of the other threads of a leader that has
// called execve or died: it is the last to be reported. There are some left if
// the leader was another thread, killed before its execve that made it one
// could be looked at.
func (t *Tracer) forgetThreads(leader *Task) {
	if leader.Proc.tasks == 1 {
		return
	}
	for _, task := range t.tasks {
		if task.Proc == leader.Proc && task != leader {
			t.forget(task)
		}
	}
}

// Threads returns the threads of a process that are alive and traced.
func (p *Process) Threads() []*Task {
	var tasks []*Task
	for _, task := range p.tr.tasks {
		if task.Proc == p {
			tasks = append(tasks, task)
		}
	}
	return tasks
}

// anyTask returns a thread of the process that has not ended, 0 if none is
// known.
func (t *Tracer) anyTask(p *Process) int {
	for tid, task := range t.tasks {
		if task.Proc == p {
			return tid
		}
	}
	return 0
}

// next takes the oldest wait report. With several tracees all that is ready is
// collected first: otherwise one busy thread, always first in the kernel's
// list, could starve the others.
func (t *Tracer) next() (reports.Report, error) {
	q := &t.reports
	if len(q.Waiting()) > 0 && len(t.tasks) < drainMost && q.Stale(time.Now()) {
		t.drain() // hooks took long: what came meanwhile came now, not when they are through with the queue
	}
	if r, ok := q.Next(); ok {
		return r, nil
	}
	if r, ok := t.nextOfStreak(); ok {
		return r, nil
	}
	if q.Holds() {
		return t.waitHeld()
	}
	const flags = unix.WALL | unix.WNOTHREAD
	var status uint32
	for {
		if t.inbox.arrived() {
			return reports.Report{}, unix.EINTR
		}
		tid, e := kernel.Wait4(-1, &status, flags)
		switch e {
		case 0:
			t.sched.Reported(tid)
			t.enqueue(newReport(tid, status))
			if len(t.tasks) > 1 {
				t.drain()
			}
			r, _ := q.Next()
			return r, nil
		case unix.EINTR:
			continue
		case unix.ECHILD:
			return reports.Report{}, ErrNoTracees
		default:
			return reports.Report{}, e
		}
	}
}

// drainMost is the number of tracees from which on a look for reports between two costs more than it
// is worth.
const drainMost = 32

// enqueue appends a wait report to the queue.
func (t *Tracer) enqueue(r reports.Report) {
	t.noteEnd(r)
	t.reports.Enqueue(r)
}

// noteEnd is for a report that was just collected: after some its thread's id is free, or
// another's.
func (t *Tracer) noteEnd(r reports.Report) {
	if r.FreesID() {
		t.freed.Add(1)
	}
	if task := t.tasks[r.TID]; task != nil && r.IsDeath() {
		task.noteReaped()
	}
}

// noteReaped is for a task whose death was collected: its id may be another's.
func (t *Task) noteReaped() {
	if !t.life.reaped() {
		t.life.become(lifeReaped)
	}
	if t.TID == t.Proc.PID { // the leader's is the last report of a group
		t.Proc.reaped.Store(true)
	}
}

// Ready says whether Next can return without waiting, as far as that is known
// without asking the kernel.
func (t *Tracer) Ready() bool { return len(t.reports.Waiting()) > 0 || t.inbox.arrived() }

// Reported says whether there is something to tell of a process that Next has
// not looked at yet.
func (t *Tracer) Reported(p *Process) bool {
	for _, r := range t.reports.Waiting() {
		if task := t.tasks[r.TID]; task != nil && task.Proc == p {
			return true
		}
	}
	for _, task := range t.tasks {
		if task.Proc == p && !task.stop.here() && kernel.IsReported(task.TID) {
			return true
		}
	}
	return false
}
