package engine

import (
	"time"

	"golang.org/x/sys/unix"
)

// overtime is how long the command may take to end after the SIGTERM at the end
// of Options.For.
const overtime = 10 * time.Second

// timeUp is called at the end of Options.For, and again when the overtime is
// over. Processes that were attached to run on untraced. What the command has
// started gets SIGTERM first, as from timeout(1), so that its end is part of the
// trace.
func (e *Engine) timeUp(t *Timer) {
	switch {
	case e.timeIsUp: // as a second signal does
		e.result.Signal = unix.SIGTERM
		e.stop.Store(true)
		t.state = ended
	case !e.command.runs():
		e.timeIsUp = true
		e.stop.Store(true)
		t.state = ended
	default:
		e.timeIsUp = true
		e.forward.counted++
		group, err := unix.Getpgid(e.command.PID)
		if err != nil {
			group = unix.Getpgrp() // it has just ended
		}
		for _, p := range e.tr.Descendants(e.command.Process) {
			if g, err := unix.Getpgid(p.PID); p == e.command.Process || err == nil && g == group {
				p.Kill(unix.SIGTERM)
			}
		}
		t.Interval, t.next = overtime, time.Now().Add(overtime)
	}
}

// ranOut says whether the time is up and the command has ended: whatever it has
// left running is not to be waited for.
func (e *Engine) ranOut() bool { return e.timeIsUp && !e.command.runs() }
