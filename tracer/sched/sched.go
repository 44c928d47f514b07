// Package sched makes the stops of tracees cheaper: it puts the tracer and a busy tracee onto one
// CPU (placement.go), and says whose reports are waited for when there are many tracees (streak.go,
// crowd.go). All of that is policy: a tracer with [None] does the same work, only slower.
//
// It makes no ptrace request and waits for nobody. All methods are for the tracer's thread.
package sched

import "luatrace/tracer/syscalls"

// Tracee is what a scheduler asks of a thread.
type Tracee interface {
	// ID is its number.
	ID() int
	// Gone says whether it is dead, or no tracee any more.
	Gone() bool
	// SeesProc says whether it has a file below /proc open, in which it might read its own CPU mask.
	SeesProc() bool
	// Path is what it is about to open: the string at addr, behind the path of dirfd where it is
	// relative.
	Path(dirfd int, addr uint64) (string, error)
}

// Scheduler is told what happens to tracees, and says how the tracer is to wait.
type Scheduler interface {
	// Stop is called for each entry stop.
	Stop(t Tracee)
	// Entry is called for each call before it runs, also for one that comes by notification.
	Entry(t Tracee, abi syscalls.ABI, nr int, args *[6]uint64)
	// Child is called at a birth, before the child runs.
	Child(parent Tracee, child int)
	// Gone is called for a tracee that is dead or is being detached.
	Gone(t Tracee)

	// Off puts everything back as it was. The Scheduler may be used on.
	Off()

	// Reported is told whose report a wait for all tracees has returned first.
	Reported(id int)
	// Ready is told how many reports were found at once.
	Ready(reports int)
	// Alone returns the tracee that is to be waited for alone, of so many, 0 for none; look says
	// that all reports that are ready are to be collected before.
	Alone(tracees int) (id int, look bool)
	// Waits is told that the wait for one tracee begins. If it lasts too long, it is interrupted.
	Waits()
	// Waited is told that it has ended, and whether with a report.
	Waited(reported bool)
	// Each says whether each of so many tracees is to be asked for its report by its id.
	Each(tracees int) bool
}

// None is a Scheduler that does nothing. Another can be made of it by embedding.
type None struct{}

// Stop does nothing.
func (None) Stop(Tracee) {}

// Entry does nothing.
func (None) Entry(Tracee, syscalls.ABI, int, *[6]uint64) {}

// Child does nothing.
func (None) Child(Tracee, int) {}

// Gone does nothing.
func (None) Gone(Tracee) {}

// Off does nothing.
func (None) Off() {}

// Reported does nothing.
func (None) Reported(int) {}

// Ready does nothing.
func (None) Ready(int) {}

// Alone returns 0.
func (None) Alone(int) (id int, look bool) { return 0, false }

// Waits does nothing.
func (None) Waits() {}

// Waited does nothing.
func (None) Waited(bool) {}

// Each returns false.
func (None) Each(int) bool { return false }

// Waiting is a Scheduler that only says how to wait. The zero value is none: see NewWaiting.
type Waiting struct {
	None
	// Many is the number of tracees with which a streak or a crowd is worth it.
	Many int
	// Crowd is how many reports at once make a crowd.
	Crowd int

	streak  streak
	crowded bool
	counts  Counts
	wake    func()
}

// Counts says how often something was done.
type Counts struct {
	// Alone is for the waits for one tracee, Turns for the times when each was asked, Placed for
	// the times when a tracee was put onto the tracer's CPU.
	Alone, Turns, Placed int
}

// NewWaiting makes a Waiting. It calls wake, on another thread, to interrupt a wait for one tracee.
func NewWaiting(wake func()) *Waiting {
	return &Waiting{Many: manyTracees, Crowd: crowdStops, wake: wake}
}

// Counts returns what was done so far.
func (w *Waiting) Counts() Counts { return w.counts }

// Full is a Scheduler that does all there is.
type Full struct {
	*Waiting
	placement
}

// NewFull makes a Full of a Waiting. thread is the tracer's.
func NewFull(w *Waiting, thread int) *Full {
	return &Full{Waiting: w, placement: placement{thread: thread}}
}

// Counts returns what was done so far.
func (f *Full) Counts() Counts {
	c := f.Waiting.Counts()
	c.Placed = f.placement.count
	return c
}

// Stop is that of Scheduler.
func (f *Full) Stop(t Tracee) { f.placement.stop(t) }

// Entry is that of Scheduler.
func (f *Full) Entry(t Tracee, abi syscalls.ABI, nr int, args *[6]uint64) {
	f.placement.entry(t, abi, nr, args)
}

// Child is that of Scheduler.
func (f *Full) Child(parent Tracee, child int) { f.placement.child(parent, child) }

// Gone is that of Scheduler.
func (f *Full) Gone(t Tracee) { f.placement.gone(t) }

// Off is that of Scheduler.
func (f *Full) Off() { f.placement.unplace() }

// Placed says whether a tracee is on the tracer's CPU now.
func (f *Full) Placed() bool { return f.placement.task != nil }
