package tracer

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/procfs"
)

// What hooks ask of a process in /proc must be of this process, also when they
// have kept it beyond its end, and its number is another's by then.
//
// As long as a thread is traced, its number is its own: the kernel keeps a dead tracee
// until wait4 has reported it, so the numbers of those whose end was not collected
// are good, and nothing else needs to be asked. Of a thread that was collected nothing is
// read by its number. A process that was let go can end, and its number be given
// again, without a report; and the name of one that has ended can be read until
// its parent collects it. For these the directory in /proc is opened while the number
// is good (keep), which the kernel never takes for that of another process. Descriptors
// are scarce where there are thousands of processes: beyond keptDirs, one that was let
// go is known by its start, which must be earlier than that it was let go.

// keptDir is the directory of a process in /proc, for when it is not traced any more.
type keptDir struct {
	dir *procfs.Dir // nil: not open
	// letGo is when a thread of the process was last stopped before it was let go, in
	// ticks since the system was started; 0 if it is traced, or has ended.
	letGo uint64
}

// keptDirs is how many are kept open at once: an eighth of the descriptors there are.
var keptDirs = sync.OnceValue(func() int32 { return int32(min(mostDescriptors()/8, 1024)) })

var openDirs atomic.Int32

// KeepShown makes what /proc shows of the process stay known when it has ended, until its
// parent collects it, or is let go. It must be called while the process is traced.
func (p *Process) KeepShown() {
	if p.shown.dir != nil || p.tr == nil || !p.owns(p.PID) {
		return
	}
	if openDirs.Add(1) > keptDirs() {
		openDirs.Add(-1)
		return
	}
	dir, err := proc().Hold(p.PID)
	if err != nil {
		openDirs.Add(-1)
		return
	}
	p.shown.dir = dir
	p.tr.kept = append(p.tr.kept, p)
}

// noteLetGo is called before the last request to a thread of a process that is
// being let go.
func (p *Process) noteLetGo() {
	p.KeepShown()
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) == nil {
		p.shown.letGo = uint64(now.Nano()) / 1e7 // USER_HZ is 100
	}
}

// forgetShown closes the directory of a process that has ended.
func (t *Tracer) forgetShown(p *Process) {
	if p.shown.dir == nil {
		return
	}
	p.shown.dir.Close()
	p.shown.dir = nil
	openDirs.Add(-1)
	for i, q := range t.kept {
		if q == p {
			last := len(t.kept) - 1
			t.kept[i], t.kept[last] = t.kept[last], nil
			t.kept = t.kept[:last]
			break
		}
	}
}

func (t *Tracer) forgetAllShown() {
	for len(t.kept) > 0 {
		t.forgetShown(t.kept[0])
	}
}

// owns says whether the thread of this number is one of the process's, whose number
// can't be another's by now. One that no tracer has made is taken as it is.
func (p *Process) owns(tid int) bool {
	if p.tr == nil {
		return true
	}
	if p.tasks == 0 || p.reaped.Load() {
		return false
	}
	task := p.tr.tasks[tid]
	return task != nil && task.Proc == p && !task.life.reaped()
}

// ended says whether the process's memory and number are no longer its own.
func (p *Process) ended() bool { return p.tr != nil && (p.tasks == 0 || p.reaped.Load()) }

// look calls do with the place where /proc shows a thread of the process. The error is
// that of do, or ESRCH if the process is gone.
func (p *Process) look(tid int, do func(procfs.Place) error) error {
	proc().Wanted()
	if !p.owns(tid) {
		return p.lookKept(tid, do)
	}
	// The caller of an execve gives its number away before its report is looked at,
	// so threads are looked for among those of the process.
	place, err := proc().ThreadOf(p.PID, tid)
	if err == nil {
		err = do(place)
	}
	if !p.owns(tid) { // hooks may run on another thread than wait4
		return unix.ESRCH
	}
	return err
}

// lookKept is look for a process that is not traced any more.
func (p *Process) lookKept(tid int, do func(procfs.Place) error) error {
	dir := p.shown.dir
	if dir == nil {
		if p.shown.letGo == 0 || p.reaped.Load() {
			return unix.ESRCH
		}
		var err error
		if dir, err = proc().Hold(p.PID); err != nil {
			return err
		}
		defer dir.Close()
		if started, err := dir.Started(); err != nil || started >= p.shown.letGo {
			return unix.ESRCH // or made in the hundredth of a second in which it was let go
		}
	}
	place := dir.Place()
	if tid != p.PID {
		var err error
		if place, err = dir.Thread(tid); err != nil {
			return err
		}
	}
	return do(place)
}

// look is that of the task's process, for the task's own directory.
func (t *Task) look(do func(procfs.Place) error) error {
	p := t.Proc
	if p.tr != nil && p.owns(t.TID) && p.tr.tasks[t.TID] != t || t.life.reaped() && p.tasks > 0 {
		return unix.ESRCH // the number is that of a newer thread, or of anybody
	}
	return p.look(t.TID, do)
}

// shownTID is the thread by which a process is looked at.
func (p *Process) shownTID() int {
	tid := p.memTID()
	if p.owns(tid) || p.ended() {
		return tid
	}
	for other, task := range p.tr.tasks {
		if task.Proc == p && !task.life.reaped() {
			return other
		}
	}
	return tid
}

// Look calls do with the place where /proc shows the task. The error is that of do, or
// ESRCH if the task is gone. Like all of the record it needs the lock.
func (t *Task) Look(do func(procfs.Place) error) error {
	return t.look(do)
}

// Look is that of a task.
func (p *Process) Look(do func(procfs.Place) error) error {
	return p.look(p.shownTID(), do)
}

// Comm returns the thread's name (at most 15 bytes), "" if it is gone.
func (t *Task) Comm() (name string) {
	t.look(func(at procfs.Place) error { name = at.Comm(); return nil })
	return name
}

// Comm returns the name of the process's first thread (at most 15 bytes), "" if it is
// gone.
func (p *Process) Comm() (name string) {
	tid := p.PID
	if !p.owns(tid) && !p.ended() { // not traced, or not any more
		tid = p.shownTID()
	}
	p.look(tid, func(at procfs.Place) error { name = at.Comm(); return nil })
	return name
}

// link returns where a link leads to; "" if that is not known.
func link(look func(func(procfs.Place) error) error, name string) (to string) {
	err := look(func(at procfs.Place) (err error) { to, err = at.Readlink(name); return err })
	if err != nil {
		return ""
	}
	return to
}

func (t *Task) link(name string) string {
	return link(t.look, name)
}

func (p *Process) link(name string) string {
	return link(p.Look, name)
}

// Exe returns the path of the process's program as the kernel shows it.
func (t *Task) Exe() string { return t.link("exe") }

// Cwd returns the task's working directory as the kernel shows it.
func (t *Task) Cwd() string { return t.link("cwd") }

// FD returns what a file descriptor stands for as /proc shows it: a path, or
// "pipe:[...]", "socket:[...]", "anon_inode:...". "" if it is not open.
func (t *Task) FD(fd int) string {
	return link(t.look, "fd/"+strconv.Itoa(fd))
}

// Exe returns the path of the process's program.
func (p *Process) Exe() string { return p.link("exe") }

// Cwd returns the process's working directory.
func (p *Process) Cwd() string { return p.link("cwd") }

// FD returns what a file descriptor stands for, as Task.FD does.
func (p *Process) FD(fd int) string {
	return link(p.Look, "fd/"+strconv.Itoa(fd))
}

// bound is how much hooks may read of a file of the process at once.
func (p *Process) bound() procfs.Bound {
	if p.tr == nil {
		return procfs.Bound{}
	}
	return p.tr.Reading
}

func (p *Process) scanned() procfs.Bound {
	return procfs.Bound{Most: procfs.MostScanned, Poll: p.bound().Poll}
}

// ProcFile returns the content of a file below /proc/PID, such as "maps", within
// the tracer's Reading: with a *procfs.CutError only the beginning. The error is a
// *procfs.RefusedError for a file that has no end, ESRCH if the process is gone.
func (p *Process) ProcFile(name string) ([]byte, error) { return p.ProcFileWithin(name, p.bound()) }

// ProcFileWithin is ProcFile within another bound.
func (p *Process) ProcFileWithin(name string, bound procfs.Bound) (b []byte, err error) {
	tid := p.shownTID()
	if first, _, _ := strings.Cut(name, "/"); slices.Contains(ofProcesses, first) && p.owns(p.PID) {
		tid = p.PID
	}
	read := func(at procfs.Place) (err error) { b, err = at.ReadWanted(name, bound); return err }
	err = p.look(tid, read)
	if errors.Is(err, unix.ENOENT) && tid != p.PID && p.owns(p.PID) { // threads have not all that processes have
		err = p.look(p.PID, read)
	}
	if errors.Is(err, unix.ESRCH) {
		b = nil
	}
	return b, err
}

// ofProcesses are the files that say of a thread what it has done, and not what its
// process has. The others are asked of a thread that is alive: a process's first
// thread knows little after its end.
var ofProcesses = []string{"stat", "io", "task"}

// ScanProcFile calls do with each line of a file of the process, until that returns
// false. It is for what luatrace itself looks up, and reads procfs.MostScanned.
func (p *Process) ScanProcFile(name string, do func(line []byte) bool) error {
	return p.Look(func(at procfs.Place) error { return at.Scan(name, p.scanned(), do) })
}

// ScanProcFile is that of a process, for a task.
func (t *Task) ScanProcFile(name string, do func(line []byte) bool) error {
	return t.look(func(at procfs.Place) error { return at.Scan(name, t.Proc.scanned(), do) })
}

// List returns the names in a directory below /proc/PID, such as "fd".
func (p *Process) List(dir string) (names []string, err error) {
	err = p.Look(func(at procfs.Place) (err error) { names, err = at.List(dir, p.bound()); return err })
	return names, err
}

// ParentPID returns the parent's process id now, 0 if the process is gone.
func (p *Process) ParentPID() (pid int) {
	if kernel.Modelled(p.PID) {
		return parentOf(p.PID)
	}
	p.Look(func(at procfs.Place) error { pid = at.Parent(); return nil })
	return pid
}

// ParentPID returns the parent's process id now, 0 if the task is gone.
func (t *Task) ParentPID() (pid int) {
	if kernel.Modelled(t.TID) {
		return parentOf(t.TID)
	}
	t.look(func(at procfs.Place) error { pid = at.Parent(); return nil })
	return pid
}
