package engine

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer"
)

// command is what the engine knows of the command that it has launched, and how the
// forwarder reaches it.
type command struct {
	*tracer.Process // nil if there is none, or it has not been launched yet
	eng             *Engine
}

func (c *command) runs() bool       { return c.Process != nil && !c.eng.result.Finished }
func (c *command) alive() bool      { return c.Process != nil && c.Process.Tasks() > 0 }
func (c *command) tracees() bool    { return c.eng.tr.Tasks() > 0 }
func (c *command) reported() bool   { return c.eng.tr.Reported(c.Process) }
func (c *command) stopped() bool    { return c.eng.tr.Stopped(c.Process) }
func (c *command) allStopped() bool { return c.eng.tr.Stopped(nil) }
func (c *command) suspends() bool   { return c.Process != nil && c.eng.opts.Suspend != nil }

func (c *command) sentByTerminal(sig unix.Signal) bool { return sentByTerminal(sig, c.PID) }

// send does nothing if the command has just ended.
func (c *command) send(sig unix.Signal) { unix.Kill(c.PID, sig) }

func (c *command) end(sig unix.Signal) {
	c.eng.result.Signal = sig
	c.eng.stop.Store(true)
}

func (c *command) suspend() {
	if c.eng.opts.Suspend != nil {
		c.eng.opts.Suspend()
	}
}

// recordArrival tells the forwarder of signals that a process has sent to the command.
func (e *Engine) recordArrival(tev *tracer.Event) {
	if tev.Task.Proc != e.command.Process || tev.Signal == unix.SIGCHLD || tev.Signal == unix.SIGURG {
		return // those two come by the thousand, and are nothing that this process passes on
	}
	var s tracer.Siginfo
	const user = 0 // SI_USER
	if tev.Task.Siginfo(&s) == nil && s.Code() == user && s.Pid() != os.Getpid() {
		e.forward.arrive(tev.Signal, time.Now())
	}
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
