package engine

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer"
)

// received is a signal to this process.
type received struct {
	sig    unix.Signal
	at     time.Time
	until  time.Time // when it is to be decided on
	waited bool      // for what was reported then
}

func newReceived(sig unix.Signal) received {
	now := time.Now()
	return received{sig: sig, at: now, until: now.Add(settleTime)}
}

// arrivalMemory is how long before a signal to this process the command may
// have got its own of a pair: what sends them sends them at once, but it
// can take a while until this process hears of its one.
const arrivalMemory = 200 * time.Millisecond

// Signal tells the engine that this process received a signal, and returns how
// many that ask it to end ([AsksToEnd]) wait to be dealt with: more than one
// says that the tracer's thread is busy, with a hook or with output. It may be
// called from any goroutine.
//
// A command gets the first signal that asks to end itself (unless the terminal has sent it
// to the command already) and the trace goes on until it ends; a second one
// ends the trace. Without a command, the first one ends it. Tracees are let go
// then; those with a seccomp filter, which can't be, are killed.
//
// All other signals are passed on to the command each time, as if it had been
// started in this process's place. When there is none any more, they too ask to end.
//
// What the command has got itself (see noteArrival) is neither passed on nor
// counted.
//
// SIGTSTP and SIGTTIN are for the command too; when the command has stopped,
// whatever by, Options.Suspend is called. SIGCONT continues a command that is
// still stopped.
func (e *Engine) Signal(sig unix.Signal) (waiting int) {
	e.signalMu.Lock()
	e.signals = append(e.signals, newReceived(sig))
	for _, s := range e.signals {
		if AsksToEnd(s.sig) {
			waiting++
		}
	}
	e.signalMu.Unlock()
	e.wake()
	return waiting
}

// AsksToEnd says whether a signal is one by which a user, a terminal or a service
// manager asks a program to end.
func AsksToEnd(sig unix.Signal) bool {
	switch sig {
	case unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT:
		return true
	}
	return false
}

// takeSignals deals with the signals that came. A sender may have meant more
// processes than this one, so what is for the command waits until it is known
// whether it got one as well.
func (e *Engine) takeSignals(now time.Time) {
	e.signalMu.Lock()
	signals := e.signals
	e.signals = nil
	e.signalMu.Unlock()
	for _, s := range signals {
		if !e.jobSignal(s.sig) {
			e.undecided = append(e.undecided, s)
		}
	}
	for len(e.undecided) > 0 {
		s := &e.undecided[0]
		arrived := e.arrived(s)
		if !arrived && e.commandRuns() && !e.settled(s, now) {
			break
		}
		sig := s.sig
		e.undecided = e.undecided[1:]
		if !arrived {
			e.decide(sig)
		}
	}
}

// settled says whether the command's own signal would have been seen by now. What
// is reported of the command at the last moment is looked at first, once: of a
// busy one there always is something.
func (e *Engine) settled(s *received, now time.Time) bool {
	if now.Before(s.until) {
		return false
	}
	if s.waited || !e.tr.Reported(e.command) {
		return true
	}
	s.until, s.waited = now.Add(time.Millisecond), true
	return false
}

// decide passes a signal on, or lets it end the trace.
func (e *Engine) decide(sig unix.Signal) {
	running := e.commandRuns()
	if running && sentByTerminal(sig, e.command.PID) {
		return
	}
	if running && !AsksToEnd(sig) {
		unix.Kill(e.command.PID, sig)
		return
	}
	if sig == unix.SIGWINCH {
		return
	}
	e.counted++
	if running && e.counted == 1 {
		unix.Kill(e.command.PID, sig)
		return
	}
	e.result.Signal = sig
	e.stop.Store(true)
}

// commandRuns says whether there is a command to pass signals on to.
func (e *Engine) commandRuns() bool { return e.command != nil && !e.result.Finished }

// noteArrival notes that the command gets a signal that a process has sent it
// by kill(2). This one may have got its own at the same time: kill can mean a
// process group or everybody, pkill(1) goes by names, and service managers stop
// all that belongs to a service.
func (e *Engine) noteArrival(tev *tracer.Event) {
	if tev.Task.Proc != e.command || tev.Signal == unix.SIGCHLD || tev.Signal == unix.SIGURG {
		return // those two come by the thousand, and are nothing that this process passes on
	}
	var s tracer.Siginfo
	const user = 0 // SI_USER
	if tev.Task.Siginfo(&s) == nil && s.Code() == user && s.Pid() != os.Getpid() {
		e.arrivals[tev.Signal-1] = time.Now()
	}
}

// arrived says whether the command got the signal too.
func (e *Engine) arrived(s *received) bool {
	at := e.arrivals[s.sig-1]
	return !at.IsZero() && at.After(s.at.Add(-arrivalMemory))
}

// sentByTerminal says whether a signal that reached this process must have
// reached the command too, because the terminal sends it to the foreground
// process group and both are in it.
func sentByTerminal(sig unix.Signal, pid int) bool {
	if sig != unix.SIGINT && sig != unix.SIGQUIT && sig != unix.SIGHUP && sig != unix.SIGTSTP && sig != unix.SIGWINCH {
		return false
	}
	group := unix.Getpgrp()
	if g, err := unix.Getpgid(pid); err != nil || g != group {
		return false
	}
	fd, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	foreground, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err == nil && foreground == group
}
