package engine

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
)

// IDs are the user and group ids of a process.
type IDs struct {
	UID, EUID int // user: real and effective
	GID, EGID int // group
}

// IDs returns the user and group ids of the process now; false if it is gone, or
// /proc can't tell.
func (p *Proc) IDs() (IDs, bool) {
	text, err := p.ProcFile("status")
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
	text, err := p.ProcFile("stat")
	if err != nil {
		return time.Time{}, false
	}
	// The name may hold anything; after its parenthesis starttime is the 20th
	// field (proc_pid_stat(5)).
	f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(f) < 20 || booted().IsZero() {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(f[19], 10, 64)
	if err != nil {
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
		if q.PID == ppid && ppid != 0 {
			return q
		}
	}
	return nil
}

// ChildProcs returns the traced processes whose parent the process is now.
func (p *Proc) ChildProcs() []*Proc {
	var list []*Proc
	for _, q := range p.eng.AllProcs() {
		if q != p && q.ParentPID() == p.PID {
			list = append(list, q)
		}
	}
	return list
}

// Threads returns the traced threads of the process.
func (p *Proc) Threads() []*Task {
	return slices.DeleteFunc(slices.Clone(p.eng.AllTasks()), func(t *Task) bool { return t.Proc != p })
}
