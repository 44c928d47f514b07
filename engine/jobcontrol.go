package engine

import (
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer"
)

// Job control. A shell that waits for this process takes the terminal back
// when the process stops; but what it means to wait for is the command. So a
// stop signal from the terminal does not stop this process: the command, which
// got it too, decides what to make of it (an editor first tidies the screen up,
// and needs its tracer for that), and when the command has stopped, this
// process follows.

const (
	// settleTime is given to what a stop or a continue sets off.
	settleTime = 20 * time.Millisecond
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
func (e *Engine) jobSignal(sig unix.Signal) bool {
	running := e.command != nil && e.command.Tasks() > 0
	switch sig {
	case unix.SIGTSTP, unix.SIGTTIN:
		switch {
		case e.tr.Tasks() == 0: // about to end
		case !running:
			e.suspend()
		case sig == unix.SIGTTIN || sentByTerminal(sig, e.command.PID):
			e.job.terminal, e.job.continued = true, false
			e.job.at = time.Now().Add(settleTime)
		default:
			unix.Kill(e.command.PID, sig)
		}
	case unix.SIGCONT:
		e.job = job{}
		if running {
			// Time to see whether the command got one as well.
			e.job.continued, e.job.at = true, time.Now().Add(settleTime)
		}
	default:
		return false
	}
	return true
}

// noteStop is called at each group-stop. A SIGCONT that came before it does not
// mean it.
func (e *Engine) noteStop() {
	if e.job.continued {
		e.job = job{}
	}
	if e.opts.Suspend != nil && e.command != nil && e.job.at.IsZero() {
		e.job.at = time.Now().Add(settleTime)
		e.armTimers()
	}
}

// checkJob stops this process if the command has stopped, or continues the
// command if this process was continued alone.
func (e *Engine) checkJob(tr *tracer.Tracer, now time.Time) {
	j := &e.job
	if j.at.IsZero() || j.at.After(now) {
		return
	}
	j.at = time.Time{}
	if e.command.Tasks() == 0 || !tr.Stopped(e.command) {
		j.continued, j.since = false, time.Time{}
		return
	}
	if j.continued {
		j.continued = false
		unix.Kill(e.command.PID, unix.SIGCONT)
		return
	}
	if j.since.IsZero() {
		j.since = now
	}
	switch {
	case tr.Stopped(nil), j.terminal && now.Sub(j.since) >= stopPatience:
		*j = job{}
		e.suspend()
	case j.terminal:
		j.at = now.Add(settleTime)
	}
}

func (e *Engine) suspend() {
	if e.opts.Suspend != nil {
		e.opts.Suspend()
	}
}
