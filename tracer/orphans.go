package tracer

import (
	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// orphans are the processes that were detached from although their filter asks
// before some calls: the listener must answer as long as there are any.
type orphans struct {
	any   bool
	procs []int // pidfds of those that we know
}

// orphan records a process that is being detached from.
func (t *Tracer) orphan(p *Process) {
	if t.listener == nil {
		return
	}
	l := &t.orphans
	l.any = true
	kept := l.procs[:0]
	for _, fd := range l.procs {
		ended := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if n, _ := unix.Poll(ended, 0); n > 0 {
			unix.Close(fd)
			continue
		}
		kept = append(kept, fd)
	}
	l.procs = kept
	if fd, err := unix.PidfdOpen(p.PID, 0); err == nil {
		l.procs = append(l.procs, fd)
	}
}

// Orphans says whether the listener must still serve processes that were detached
// from, as far as is known.
func (t *Tracer) Orphans() bool { return t.orphans.any }

// AwaitOrphans waits for the end of the processes that were detached from and need the
// listener. It returns false when there are none any more, true when Wake was
// called: then Next returns an EventWoken.
func (t *Tracer) AwaitOrphans() bool {
	for t.orphans.any {
		if t.inbox.arrived() {
			return true
		}
		// The kernel reports POLLHUP when the last task with the filter is gone.
		listener := []unix.PollFd{{Fd: int32(t.listener.fd)}}
		if n, err := unix.Poll(listener, -1); err == nil && n > 0 {
			t.forgetOrphans()
		}
	}
	return false
}

func (t *Tracer) forgetOrphans() {
	for _, fd := range t.orphans.procs {
		unix.Close(fd)
	}
	t.orphans = orphans{}
}

func (t *Tracer) killOrphans() {
	for _, fd := range t.orphans.procs {
		unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}

// endOfCommand makes the event of the end of the command, if it was detached
// before: it is a child of this process all the same.
func (t *Tracer) endOfCommand(tid int, st kernel.Status, ev *Event) bool {
	if tid != t.commandPID || t.detachAll || st.Kind != kernel.StatusExited && st.Kind != kernel.StatusSignaled {
		return false
	}
	ev.Kind, ev.Exit = EventCommandEnd, exitOf(st)
	return true
}

// exitOf is the end in a report of a death.
func exitOf(st kernel.Status) Exit {
	if st.Kind == kernel.StatusExited {
		return Exit{Code: st.Code}
	}
	return Exit{Signal: st.Signal, Core: st.Core}
}
