package engine

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// forwarder decides what becomes of the signals that this process gets: whether they are
// passed on to the command, end the trace, or stop and continue a job of a shell. Its
// methods are called on the tracer's thread, but for receive.
type forwarder struct {
	around surroundings

	mu      sync.Mutex
	signals []received // not yet looked at

	undecided []received    // oldest first
	arrivals  [64]time.Time // by signal number - 1: when the command last got one from a process
	counted   int           // how many signals asked the trace to end
	job       job
}

// surroundings are those whom signals may be for.
type surroundings interface {
	runs() bool       // the command has not ended, as far as the engine has heard
	alive() bool      // it has traced threads
	tracees() bool    // somebody has
	reported() bool   // there is a report about the command that nobody has looked at
	stopped() bool    // all threads of the command are in a group-stop
	allStopped() bool // those of everybody
	// sentByTerminal says whether the command must have got the signal too, because the
	// terminal sends it to the foreground process group and both are in it.
	sentByTerminal(unix.Signal) bool
	send(unix.Signal) // to the command
	end(unix.Signal)  // ends the trace
	suspends() bool   // suspend does something
	suspend()         // stops this process
}

// received is a signal to this process.
type received struct {
	sig    unix.Signal
	at     time.Time
	until  time.Time // when it is to be decided on
	waited bool      // for what was reported then
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
// ends the trace. Without a command, the first one ends it. Tracees are detached
// then; those with a seccomp filter, which can't be, are killed.
//
// All other signals are passed on to the command each time, as if it had been
// started in this process's place. When there is none any more, they too ask to end.
//
// What the command has got itself (see forwarder.arrive) is neither passed on nor
// counted.
//
// SIGTSTP and SIGTTIN are for the command too; when the command has stopped,
// whatever by, Options.Suspend is called. SIGCONT continues a command that is
// still stopped.
func (e *Engine) Signal(sig unix.Signal) (waiting int) {
	waiting = e.forward.receive(sig, time.Now())
	e.wake()
	return waiting
}

// receive takes a signal in, on any thread, and returns how many that ask to end wait.
func (f *forwarder) receive(sig unix.Signal, now time.Time) (waiting int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.signals = append(f.signals, received{sig: sig, at: now, until: now.Add(propagation)})
	for _, s := range f.signals {
		if AsksToEnd(s.sig) {
			waiting++
		}
	}
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

// take deals with the signals that came. A sender may have meant more
// processes than this one, so what is for the command waits until it is known
// whether it got one as well.
func (f *forwarder) take(now time.Time) {
	f.mu.Lock()
	signals := f.signals
	f.signals = nil
	f.mu.Unlock()
	for _, s := range signals {
		if !f.jobSignal(s.sig, now) {
			f.undecided = append(f.undecided, s)
		}
	}
	for len(f.undecided) > 0 {
		s := &f.undecided[0]
		arrived := f.arrived(s)
		if !arrived && f.around.runs() && !f.settled(s, now) {
			break
		}
		sig := s.sig
		f.undecided = f.undecided[1:]
		if !arrived {
			f.decide(sig)
		}
	}
}

// settled says whether the command's own signal would have been seen by now. What
// is reported of the command at the last moment is looked at first, once: a busy
// command always has pending reports.
func (f *forwarder) settled(s *received, now time.Time) bool {
	if now.Before(s.until) {
		return false
	}
	if s.waited || !f.around.reported() {
		return true
	}
	s.until, s.waited = now.Add(time.Millisecond), true
	return false
}

// decide passes a signal on, or lets it end the trace.
func (f *forwarder) decide(sig unix.Signal) {
	running := f.around.runs()
	if running && f.around.sentByTerminal(sig) {
		return
	}
	if running && !AsksToEnd(sig) {
		f.around.send(sig)
		return
	}
	if sig == unix.SIGWINCH {
		return
	}
	f.counted++
	if running && f.counted == 1 {
		f.around.send(sig)
		return
	}
	f.around.end(sig)
}

// arrive notes that the command gets a signal that a process has sent it
// by kill(2). This one may have got its own at the same time: kill can mean a
// process group or everybody, pkill(1) goes by names, and service managers stop
// all that belongs to a service.
func (f *forwarder) arrive(sig unix.Signal, now time.Time) { f.arrivals[sig-1] = now }

// arrived says whether the command got the signal too.
func (f *forwarder) arrived(s *received) bool {
	at := f.arrivals[s.sig-1]
	return !at.IsZero() && at.After(s.at.Add(-arrivalMemory))
}

// next is when to look again, zero for never.
func (f *forwarder) next() time.Time {
	if len(f.undecided) > 0 && (f.job.at.IsZero() || f.undecided[0].until.Before(f.job.at)) {
		return f.undecided[0].until
	}
	return f.job.at
}
