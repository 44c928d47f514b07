package sched

import (
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
	"luatrace/tracer/syscalls"
)

// placement makes tracer and tracee share one CPU while one tracee is hot and
// alone. A ptrace-stop is a switch from one to the other; if the scheduler
// spreads them over two CPUs, each switch waits for an idle CPU to wake up,
// which costs about five times the stop itself. Neither has anything to do
// while the other runs, so nothing is lost by sharing.
//
// The tracee must not see it: its own mask is put back before it can ask for
// it (sched_getaffinity, sched_setaffinity, opening anything below /proc),
// before a child can inherit it, when another tracee has a stop, and before it
// is detached. Pinning the tracer alone would be worse than nothing: the wake-up
// of the tracee would look for another CPU each time.
type placement struct {
	off    bool
	thread int    // the tracer's
	task   Tracee // the placed tracee, or nil
	pace   pace
	count  int
	cpu    unix.CPUSet // the shared CPU
	tracer unix.CPUSet // masks to put back
	tracee unix.CPUSet
}

const (
	hotStops  = 64                     // in a row make a tracee hot ...
	hotTime   = 500 * time.Microsecond // ... if they come this close on average
	hotMost   = 4096                   // the row needed after several disturbances
	placedRun = 1 << 14                // after so many stops the scheduler may choose anew
)

// pace notices which tracee is hot.
type pace struct {
	hot    Tracee    // who had the last stops
	stops  int       // how many in a row
	since  time.Time // when the row began
	need   int       // how long a row must be
	placed int       // stops since the tracee was placed
}

// step is what is to be done at a stop.
type step uint8

const (
	stepNone    step = iota
	stepPlace        // the tracee is hot
	stepUnplace      // the placed one is not alone any more, or has been placed for long
)

// stop counts a stop of t while placed has the tracer's CPU, nil for nobody.
func (p *pace) stop(t, placed Tracee, now func() time.Time) step {
	switch {
	case placed != nil && placed != t:
		p.disturbed()
		p.hot, p.stops = t, 0
		return stepUnplace
	case placed != nil:
		if p.placed++; p.placed >= placedRun {
			return stepUnplace
		}
		return stepNone
	case p.hot != t:
		p.hot, p.stops = t, 0
		return stepNone
	}
	p.stops++
	switch {
	case p.stops == 1:
		p.since = now()
	case p.stops >= max(p.need, hotStops):
		stops := p.stops
		p.stops = 0
		if now().Sub(p.since) < time.Duration(stops)*hotTime {
			return stepPlace
		}
	}
	return stepNone
}

// disturbed makes the next row longer.
func (p *pace) disturbed() { p.need = min(2*p.need, hotMost) }

func (p *placement) stop(t Tracee) {
	if p.off {
		return
	}
	switch p.pace.stop(t, p.task, time.Now) {
	case stepPlace:
		p.place(t)
	case stepUnplace:
		p.unplace()
	default: // stepNone
	}
}

// place puts tracer and task onto the CPU where the task ran last.
func (p *placement) place(t Tracee) {
	cpu := lastCPU(t.ID())
	if cpu < 0 || t.SeesProc() {
		return
	}
	p.pace.need = max(p.pace.need, hotStops)
	if unix.SchedGetaffinity(t.ID(), &p.tracee) != nil || unix.SchedGetaffinity(p.thread, &p.tracer) != nil {
		return
	}
	if p.tracee.Count() < 2 && p.tracer.Count() < 2 || !p.tracer.IsSet(cpu) {
		return // there is nothing to choose
	}
	p.cpu.Zero()
	p.cpu.Set(cpu)
	if unix.SchedSetaffinity(t.ID(), &p.cpu) != nil {
		p.off = true // not permitted: never will be
		return
	}
	unix.SchedSetaffinity(p.thread, &p.cpu)
	p.task, p.pace.placed = t, 0
	p.count++
}

// unplace puts the masks back.
func (p *placement) unplace() {
	t := p.task
	if t == nil {
		return
	}
	p.task = nil
	unix.SchedSetaffinity(p.thread, &p.tracer)
	var now unix.CPUSet
	if !t.Gone() && unix.SchedGetaffinity(t.ID(), &now) == nil && now == p.cpu {
		unix.SchedSetaffinity(t.ID(), &p.tracee) // unless somebody else has changed it
	}
}

// entry puts the mask back before a call that could show it. It is called
// at each entry, for any task: one may ask for another's mask.
func (p *placement) entry(t Tracee, abi syscalls.ABI, nr int, args *[6]uint64) {
	if p.task == nil {
		return
	}
	switch syscalls.Name(abi, nr) {
	case "sched_getaffinity", "sched_setaffinity", "execve", "execveat", "unshare", "setns":
		p.unplace()
	case "open":
		p.open(t, unix.AT_FDCWD, args[0])
	case "openat", "openat2":
		p.open(t, int(int32(args[0])), args[1])
	}
}

// open puts the mask back before a file below /proc is opened. A path
// through a symbolic link of the tracee's own making is not noticed.
func (p *placement) open(t Tracee, dirfd int, addr uint64) {
	if t != p.task {
		return // it may ask for the placed task's status, but not before its own stop unplaced it
	}
	if path, err := t.Path(dirfd, addr); err != nil || reveals(path) {
		p.unplace()
	}
}

// reveals says whether a path may lead below /proc.
func reveals(path string) bool {
	return strings.Contains(path, "/..") || strings.Contains(path, "/proc") || strings.HasPrefix(path, "/dev/")
}

// child gives a new child the mask that it would have inherited.
func (p *placement) child(parent Tracee, child int) {
	if p.task == nil {
		return
	}
	if p.task == parent {
		unix.SchedSetaffinity(child, &p.tracee)
	}
	p.pace.disturbed()
	p.unplace()
}

func (p *placement) gone(t Tracee) {
	if p.task == t {
		p.unplace()
	}
}

// lastCPU is the CPU that a task ran on last, -1 if it is gone.
func lastCPU(tid int) int {
	b, err := procfs.Default().ReadFile(tid, "stat")
	if err != nil {
		return -1
	}
	return procfs.CPUOf(b)
}

// Calls are the calls that the tracer must see in order to hide that it has placed a tracee.
func Calls() []string {
	return []string{"sched_getaffinity", "sched_setaffinity", "open", "openat", "openat2"}
}
