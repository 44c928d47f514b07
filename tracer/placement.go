package tracer

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
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
// is let go. Pinning the tracer alone would be worse than nothing: the wake-up
// of the tracee would look for another CPU each time.
type placement struct {
	off      bool
	task     *Task       // the placed tracee, or nil
	hot      *Task       // who had the last stops
	stops    int         // how many in a row
	since    time.Time   // when the row began
	need     int         // how long a row must be
	placedAt int         // stops since it was placed
	cpu      unix.CPUSet // the shared CPU
	tracer   unix.CPUSet // masks to put back
	tracee   unix.CPUSet
}

const (
	hotStops  = 64                     // in a row make a tracee hot ...
	hotTime   = 500 * time.Microsecond // ... if they come this close on average
	hotMost   = 4096                   // the row needed after several disturbances
	placedRun = 1 << 14                // after so many stops the scheduler may choose anew
)

// SharedCPU switches placement on or off; it is on at first.
func (t *Tracer) SharedCPU(on bool) {
	t.unplace()
	t.place.off = !on
}

// placeStop notes a system call stop of a task.
func (t *Tracer) placeStop(task *Task) {
	p := &t.place
	if p.off {
		return
	}
	if p.task != nil {
		if p.task != task {
			p.need = min(2*p.need, hotMost)
			t.unplace()
			p.hot, p.stops = task, 0
			return
		}
		if p.placedAt++; p.placedAt >= placedRun {
			t.unplace()
		}
		return
	}
	if p.hot != task {
		p.hot, p.stops = task, 0
		return
	}
	p.stops++
	switch {
	case p.stops == 1:
		p.since = time.Now()
	case p.stops >= max(p.need, hotStops):
		if time.Since(p.since) < time.Duration(p.stops)*hotTime {
			t.placeTask(task)
		}
		p.stops = 0
	}
}

// placeTask puts tracer and task onto the CPU where the task ran last.
func (t *Tracer) placeTask(task *Task) {
	p := &t.place
	cpu := lastCPU(task.TID)
	if cpu < 0 || task.Proc.seesProc() {
		return
	}
	p.need = max(p.need, hotStops)
	if unix.SchedGetaffinity(task.TID, &p.tracee) != nil || unix.SchedGetaffinity(t.inbox.thread, &p.tracer) != nil {
		return
	}
	if p.tracee.Count() < 2 && p.tracer.Count() < 2 || !p.tracer.IsSet(cpu) {
		return // there is nothing to choose
	}
	p.cpu.Zero()
	p.cpu.Set(cpu)
	if unix.SchedSetaffinity(task.TID, &p.cpu) != nil {
		p.off = true // not permitted: never will be
		return
	}
	unix.SchedSetaffinity(t.inbox.thread, &p.cpu)
	p.task, p.placedAt = task, 0
}

// unplace puts the masks back.
func (t *Tracer) unplace() {
	p := &t.place
	task := p.task
	if task == nil {
		return
	}
	p.task = nil
	unix.SchedSetaffinity(t.inbox.thread, &p.tracer)
	var now unix.CPUSet
	if !task.dead && unix.SchedGetaffinity(task.TID, &now) == nil && now == p.cpu {
		unix.SchedSetaffinity(task.TID, &p.tracee) // unless somebody else has changed it
	}
}

// placeCall puts the mask back before a call that could show it. It is called
// at each entry, for any task: one may ask for another's mask.
func (t *Tracer) placeCall(task *Task, c *Call) {
	if t.place.task == nil {
		return
	}
	switch syscallName(c) {
	case "sched_getaffinity", "sched_setaffinity", "execve", "execveat", "unshare", "setns":
		t.unplace()
	case "open":
		t.placeOpen(task, unix.AT_FDCWD, c.Args[0])
	case "openat", "openat2":
		t.placeOpen(task, int(int32(c.Args[0])), c.Args[1])
	}
}

// placeOpen puts the mask back before a file below /proc is opened. A path
// through a symbolic link of the tracee's own making is not noticed.
func (t *Tracer) placeOpen(task *Task, dirfd int, addr uint64) {
	if task != t.place.task {
		return // it may ask for the placed task's status, but not before its own stop unplaced it
	}
	var buf [256]byte
	b, _, err := task.Proc.ReadString(addr, len(buf), buf[:0])
	if err != nil {
		t.unplace()
		return
	}
	path := string(b)
	if !strings.HasPrefix(path, "/") {
		dir := task.Cwd()
		if dirfd != unix.AT_FDCWD {
			dir = task.FD(dirfd)
		}
		path = dir + "/" + path
	}
	if strings.Contains(path, "/..") || strings.Contains(path, "/proc") || strings.HasPrefix(path, "/dev/") {
		t.unplace()
	}
}

// placeChild gives a new child the mask that it would have inherited.
func (t *Tracer) placeChild(parent *Task, childTID int) {
	if p := &t.place; p.task != nil {
		if p.task == parent {
			unix.SchedSetaffinity(childTID, &p.tracee)
		}
		p.need = min(2*p.need, hotMost)
		t.unplace()
	}
}

// seesProc says whether the process has a file below /proc open, in which it
// might read its own mask.
func (p *Process) seesProc() bool {
	fds, err := proc().List(p.memTID(), "fd")
	if err != nil {
		return true
	}
	for _, fd := range fds {
		if to, err := proc().Readlink(p.memTID(), "fd/"+fd); err == nil && strings.HasPrefix(to, "/proc/") {
			return true
		}
	}
	return false
}

// lastCPU is the CPU that a task ran on last, -1 if it is gone.
func lastCPU(tid int) int {
	b, err := proc().ReadFile(tid, "stat")
	if err != nil {
		return -1
	}
	return cpuOf(b)
}

// cpuOf is the CPU that the text of /proc/PID/stat names, -1 if it names none.
func cpuOf(text []byte) int {
	const processor = 39
	cpu, err := strconv.Atoi(procfs.StatField(text, processor))
	if err != nil || cpu < 0 {
		return -1
	}
	return cpu
}

// PlacementCalls are the calls that the tracer must see in order to hide that
// it has placed a tracee.
func PlacementCalls() []string {
	return []string{"sched_getaffinity", "sched_setaffinity", "open", "openat", "openat2"}
}
