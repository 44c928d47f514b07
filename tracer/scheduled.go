package tracer

import (
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/tracer/sched"
)

// PlacementCalls are the calls that the tracer must see in order to hide that
// it has placed a tracee.
func PlacementCalls() []string { return sched.Calls() }

// SharedCPU switches the sharing of one CPU with a busy tracee on or off; it is on at first.
func (t *Tracer) SharedCPU(on bool) {
	if t.sched != nil {
		t.sched.Off()
	}
	w := sched.NewWaiting(func() { wakeThread(t.inbox.thread) })
	t.sched = w
	if on {
		t.sched = sched.NewFull(w, t.inbox.thread)
	}
}

// scheduled is a Task as the package sched looks at it.
type scheduled struct{ *Task }

// ID is that of sched.Tracee.
func (t scheduled) ID() int { return t.TID }

// Gone is that of sched.Tracee.
func (t scheduled) Gone() bool { return t.Dead() }

// SeesProc is that of sched.Tracee.
func (t scheduled) SeesProc() bool {
	p := t.Proc
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

// Path is that of sched.Tracee.
func (t scheduled) Path(dirfd int, addr uint64) (string, error) {
	var buf [256]byte
	b, _, err := t.Proc.ReadString(addr, len(buf), buf[:0])
	if err != nil {
		return "", err
	}
	path := string(b)
	if !strings.HasPrefix(path, "/") {
		dir := t.Cwd()
		if dirfd != unix.AT_FDCWD {
			dir = t.FD(dirfd)
		}
		path = dir + "/" + path
	}
	return path, nil
}
