package tracer

import (
	"golang.org/x/sys/unix"

	"luatrace/tracer/aside"
	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/syscalls"
)

// given is a process that was detached for another tracer, until it is known
// whether that has got it.
type given struct {
	proc  *Process           // the record that it had
	pidfd int                // says whether the number is still its own; -1 if there is none
	own   map[int]*ownFilter // by thread, of those that have one
}

// noteGiven keeps what the process needs when it comes back.
func (t *Tracer) noteGiven(p *Process) *given {
	g := &given{proc: p, pidfd: -1, own: map[int]*ownFilter{}}
	if fd, err := unix.PidfdOpen(p.PID, 0); err == nil {
		g.pidfd = fd
	}
	for _, task := range p.Threads() {
		if f := task.seccomp.own; f != nil {
			g.own[task.TID] = f
		}
	}
	return g
}

func (g *given) close() {
	if g.pidfd >= 0 {
		unix.Close(g.pidfd)
	}
}

// lives says whether it is there still.
func (g *given) lives() bool {
	if g.pidfd < 0 {
		return unix.Kill(g.proc.PID, 0) != unix.ESRCH
	}
	return unix.PidfdSendSignal(g.pidfd, 0, nil, 0) != unix.ESRCH
}

// settleGiven looks at the exit of a call by which a task wanted to trace a
// process of ours. An error means that the process was detached in vain: the kernel
// knows more than we do, or something has changed meanwhile.
func (t *Tracer) settleGiven(task *Task, s *kernel.SyscallInfo) {
	if !aside.IsPtrace(task.Call.ABI, task.Call.NR) || syscalls.IsRestart(s.Rval()) {
		return // it is made again
	}
	g := task.gives
	task.gives = nil
	if s.IsError() {
		t.takeAgain(task, g, unix.Errno(-s.Rval()))
		return
	}
	g.close()
	t.OnAside(&Aside{Stage: AsideTraced, Caller: task, Tracee: g.proc, Tracer: task.Proc.PID})
}

// takeAgain attaches to a process that was detached in vain.
func (t *Tracer) takeAgain(caller *Task, g *given, err error) {
	defer g.close()
	if !g.lives() {
		return
	}
	caller.Proc.aside.vain++
	lost := t.attachAgain(g)
	t.OnAside(&Aside{Stage: AsideBack, Caller: caller, Tracee: g.proc, Tracer: caller.Proc.PID, Err: err, Lost: lost})
}

func (t *Tracer) attachAgain(g *given) error {
	old := g.proc
	delete(t.letGo, old.PID)
	if old.tasks > 0 { // not all of its threads could be stopped
		old.detaching = false
		t.seizeThreads(old)
		return nil
	}
	p, err := t.Attach(old.PID)
	if err != nil {
		return err
	}
	if !g.lives() { // the number was another's
		t.Detach(p)
		return unix.ESRCH
	}
	p.Command, p.Parent, p.aside.watched = old.Command, old.Parent, p.aside.watched || old.aside.watched
	for _, task := range p.Threads() {
		task.seccomp.own = g.own[task.TID]
	}
	return nil
}
