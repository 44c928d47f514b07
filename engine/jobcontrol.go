package engine

import (
	"time"

	"golang.org/x/sys/unix"
)

// Job control. A shell that waits for this process takes the terminal back
// when the process stops; but what it means to wait for is the command. So a
// stop signal from the terminal does not stop this process: the command, which
// got it too, decides what to make of it (an editor first tidies the screen up,
// and needs its tracer for that), and when the command has stopped, this
// process follows.

const (
	// propagation is how long a stop or continue may take to propagate.
	propagation = 20 * time.Millisecond
	// stopPatience is how long other processes may keep this one from
	// stopping after the terminal's signal. Those that ignore it stand still
	// then, at their next event, until the job is continued.
	stopPatience = 200 * time.Millisecond
)

// job is the state of that.
type job struct {
	at        time.Time // when to look again, zero for never
	since     time.Time // when the command was first seen stopped
	terminal  bool      // a terminal's stop signal came
	continued bool      // SIGCONT came
}

// jobSignal deals with the signals of job control and says whether sig was one.
func (f *forwarder) jobSignal(sig unix.Signal, now time.Time) bool {
	running := f.around.alive()
	switch sig {
	case unix.SIGTSTP, unix.SIGTTIN:
		switch {
		case !f.around.tracees(): // about to end
		case !running:
			f.around.suspend()
		case sig == unix.SIGTTIN || f.around.sentByTerminal(sig):
			f.job.terminal, f.job.continued = true, false
			f.job.at = now.Add(propagation)
		default:
			f.around.send(sig)
		}
	case unix.SIGCONT:
		f.job = job{}
		if running {
			// Time to see whether the command got one as well.
			f.job.continued, f.job.at = true, now.Add(propagation)
		}
	default:
		return false
	}
	return true
}

// groupStop is called at each group-stop, and says whether next is another time now. A
// SIGCONT that came before the stop does not mean it.
func (f *forwarder) groupStop(now time.Time) bool {
	if f.job.continued {
		f.job = job{}
	}
	if !f.around.suspends() || !f.job.at.IsZero() {
		return false
	}
	f.job.at = now.Add(propagation)
	return true
}

// followJob stops this process if the command has stopped, or continues the
// command if this process was continued alone.
func (f *forwarder) followJob(now time.Time) {
	j := &f.job
	if j.at.IsZero() || j.at.After(now) {
		return
	}
	j.at = time.Time{}
	if !f.around.alive() || !f.around.stopped() {
		j.continued, j.since = false, time.Time{}
		return
	}
	if j.continued {
		j.continued = false
		f.around.send(unix.SIGCONT)
		return
	}
	if j.since.IsZero() {
		j.since = now
	}
	switch {
	case f.around.allStopped(), j.terminal && now.Sub(j.since) >= stopPatience:
		*j = job{}
		f.around.suspend()
	case j.terminal:
		j.at = now.Add(propagation)
	}
}
