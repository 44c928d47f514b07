package engine

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
)

// LimitReads bounds what hooks read of a file of /proc at once, in bytes. poll, if it is
// set, is called between the pieces of a long file, by the thread that runs hooks; its
// error ends the reading. It must be called before Run.
func (e *Engine) LimitReads(most int, poll func() error) {
	e.reading = procfs.Bound{Most: most, Poll: poll}
}

// ProcFile returns the content of a file below /proc/PID, such as "maps". Of one that is
// longer than LimitReads allows it is the beginning, and that is reported once for each
// name. The error is a *procfs.RefusedError for a file that has no end.
func (p *Proc) ProcFile(name string) ([]byte, error) {
	b, err := p.Process.ProcFile(name)
	return b, p.beginningWillDo(err)
}

// List returns the names in a directory below /proc/PID, as ProcFile does.
func (p *Proc) List(dir string) ([]string, error) {
	names, err := p.Process.List(dir)
	return names, p.beginningWillDo(err)
}

// beginningWillDo takes the error that only the beginning was read for none, and reports it.
func (p *Proc) beginningWillDo(err error) error {
	var cut *procfs.CutError
	if !errors.As(err, &cut) {
		return err
	}
	e := p.eng
	if e.cuts[cut.File] {
		return nil
	}
	if e.cuts == nil {
		e.cuts = map[string]bool{}
	}
	e.cuts[cut.File] = true
	what, why := "bytes", " (--max-read)"
	switch cut.Most {
	case procfs.MostWords:
		why = ", as much as execve passes to a program"
	case procfs.MostNames:
		what, why = "names", ""
	}
	e.report(fmt.Sprintf("%q of process %d is longer than what is read of it, %d %s%s: its end is missing. This is said once", cut.File, p.PID(), cut.Most, what, why))
	return nil
}

// IsRefused says whether an error of ProcFile is that the file has no end.
func IsRefused(err error) bool { return errors.As(err, new(*procfs.RefusedError)) }

// IDs are the user and group ids of a process.
type IDs struct {
	UID, EUID int // user: real and effective
	GID, EGID int // group
}

// IDs returns the user and group ids of the process now; false if it is gone, or
// /proc can't tell.
func (p *Proc) IDs() (IDs, bool) {
	text, err := p.ProcFileWithin("status", procfs.Bound{})
	if err != nil {
		return IDs{}, false
	}
	uids, gids := strings.Fields(procfs.FieldOf(text, "Uid")), strings.Fields(procfs.FieldOf(text, "Gid"))
	if len(uids) < 2 || len(gids) < 2 {
		return IDs{}, false
	}
	var n [4]int
	for i, s := range [...]string{uids[0], uids[1], gids[0], gids[1]} {
		if n[i], err = strconv.Atoi(s); err != nil {
			return IDs{}, false
		}
	}
	return IDs{n[0], n[1], n[2], n[3]}, true
}

// ticks is USER_HZ, the unit of times in /proc, which is 100 on all architectures
// that luatrace knows.
const ticks = 100

// booted is when the system was started, by the clock of now.
var booted = sync.OnceValue(func() time.Time {
	var ts unix.Timespec
	now := time.Now()
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) != nil {
		return time.Time{}
	}
	return now.Add(-time.Duration(ts.Nano()))
})

// Start returns when the process was made (the program that it runs may have come
// later), to a hundredth of a second; false if it is gone, or /proc can't tell.
func (p *Proc) Start() (time.Time, bool) {
	text, err := p.ProcFileWithin("stat", procfs.Bound{})
	if err != nil {
		return time.Time{}, false
	}
	n, err := procfs.StartOf(text)
	if err != nil || booted().IsZero() {
		return time.Time{}, false
	}
	return booted().Add(time.Duration(n) * (time.Second / ticks)).Round(time.Second / ticks), true
}

// Environ returns the environment that the process's program was started with,
// as NAME=VALUE; false if it is gone, or /proc can't tell.
func (p *Proc) Environ() ([]string, bool) {
	text, err := p.ProcFile("environ")
	if err != nil {
		return nil, false
	}
	return slices.DeleteFunc(strings.Split(string(text), "\x00"), func(s string) bool { return s == "" }), true
}

// FDs returns the numbers of the open descriptors, in order; false if the process
// is gone, or /proc can't tell.
func (p *Proc) FDs() ([]int, bool) {
	names, err := p.List("fd")
	if err != nil {
		return nil, false
	}
	var fds []int
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil {
			fds = append(fds, fd)
		}
	}
	slices.Sort(fds)
	return fds, true
}

// ParentProc returns the process's parent now, nil if that is not traced. Like the
// next two it must be called from a hook.
func (p *Proc) ParentProc() *Proc {
	ppid := p.ParentPID()
	for _, q := range p.eng.AllProcs() {
		if q.PID() == ppid && ppid != 0 {
			return q
		}
	}
	return nil
}

// ChildProcs returns the traced processes whose parent the process is now.
func (p *Proc) ChildProcs() []*Proc {
	var list []*Proc
	for _, q := range p.eng.AllProcs() {
		if q != p && q.ParentPID() == p.PID() {
			list = append(list, q)
		}
	}
	return list
}

// Threads returns the traced threads of the process.
func (p *Proc) Threads() []*Task {
	return slices.DeleteFunc(slices.Clone(p.eng.AllTasks()), func(t *Task) bool { return t.Proc != p })
}
