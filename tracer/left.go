package tracer

import (
	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// leftBehind are the processes that were let go although their filter asks
// before some calls: the listener must answer as long as there are any.
type leftBehind struct {
	any   bool
	procs []int // pidfds of those that we know
}

// left notes a process that is being let go.
func (t *Tracer) left(p *Process) {
	if t.listener == nil {
		return
	}
	l := &t.leftBehind
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

// Left says whether processes were let go that the listener must still serve,
// as far as is known.
func (t *Tracer) Left() bool { return t.leftBehind.any }

// AwaitLeft waits for the end of the processes that were let go and need the
// listener. It returns false when there are none any more, true when Wake was
// called: then Next returns an EventWoken.
func (t *Tracer) AwaitLeft() bool {
	for t.leftBehind.any {
		if t.inbox.arrived() {
			return true
		}
		// The kernel reports POLLHUP when the last task with the filter is gone.
		listener := []unix.PollFd{{Fd: int32(t.listener.fd)}}
		if n, err := unix.Poll(listener, -1); err == nil && n > 0 {
			t.forgetLeft()
		}
	}
	return false
}

func (t *Tracer) forgetLeft() {
	for _, fd := range t.leftBehind.procs {
		unix.Close(fd)
	}
	t.leftBehind = leftBehind{}
}

func (t *Tracer) killLeft() {
	for _, fd := range t.leftBehind.procs {
		unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}

// endOfCommand makes the event of the end of the command, if it was let go
// before: it is a child of this process all the same.
func (t *Tracer) endOfCommand(tid int, st kernel.Status, ev *Event) bool {
	if tid != t.commandPID || t.detachAll || st.Kind != kernel.StatusExited && st.Kind != kernel.StatusSignaled {
		return false
	}
	ev.Kind, ev.Exit = EventCommandEnd, exitOf(st)
	return true
}

// exitOf is the end that a death report tells of.
func exitOf(st kernel.Status) Exit {
	if st.Kind == kernel.StatusExited {
		return Exit{Code: st.Code}
	}
	return Exit{Signal: st.Signal, Core: st.Core}
}
