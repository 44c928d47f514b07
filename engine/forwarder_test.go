package engine

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fakeCommand is a command for a forwarder, without a process. What was done to it is in log.
type fakeCommand struct {
	exists     bool
	gone       bool // no tracees at all
	pending    bool // reports of it wait
	standsStop bool
	othersRun  bool
	terminal   bool // signals come from the terminal
	log        []string
}

func (c *fakeCommand) runs() bool                        { return c.exists }
func (c *fakeCommand) alive() bool                       { return c.exists }
func (c *fakeCommand) tracees() bool                     { return !c.gone }
func (c *fakeCommand) reported() bool                    { return c.pending }
func (c *fakeCommand) stopped() bool                     { return c.standsStop }
func (c *fakeCommand) allStopped() bool                  { return c.standsStop && !c.othersRun }
func (c *fakeCommand) sentByTerminal(_ unix.Signal) bool { return c.terminal }
func (c *fakeCommand) send(sig unix.Signal)              { c.log = append(c.log, "send "+unix.SignalName(sig)) }
func (c *fakeCommand) end(sig unix.Signal)               { c.log = append(c.log, "end "+unix.SignalName(sig)) }
func (c *fakeCommand) suspends() bool                    { return c.exists }
func (c *fakeCommand) suspend()                          { c.log = append(c.log, "suspend") }

// forwarding is a forwarder whose clock the test moves.
type forwarding struct {
	forwarder
	now time.Time
}

// forward has a forwarder do something around a command, and checks what becomes of that.
func forward(t *testing.T, command fakeCommand, do func(*forwarding, *fakeCommand), want []string) *forwarding {
	t.Helper()
	f := &forwarding{now: time.Unix(1000, 0)}
	f.around = &command
	do(f, &command)
	if !slices.Equal(command.log, want) {
		t.Errorf("got %q, want %q", command.log, want)
	}
	return f
}

// pass lets time go by, with a look whenever the forwarder asks for one.
func (f *forwarding) pass(d time.Duration) {
	until := f.now.Add(d)
	for {
		f.take(f.now)
		f.followJob(f.now)
		at := f.next()
		if at.IsZero() || at.After(until) {
			break
		}
		if at.After(f.now) {
			f.now = at
		}
	}
	f.now = until
}

// TestForwarder: each signal to luatrace goes to the command, ends the trace, or is taken for
// one of a pair.
func TestForwarder(t *testing.T) {
	t.Parallel()
	const long = time.Second
	for _, c := range []struct {
		name string
		with fakeCommand
		do   func(*forwarding, *fakeCommand)
		want []string
	}{
		{"the first signal is for the command, the second ends the trace", fakeCommand{exists: true}, func(f *forwarding, _ *fakeCommand) {
			f.receive(unix.SIGTERM, f.now)
			f.pass(long)
			f.receive(unix.SIGINT, f.now)
			f.pass(long)
		}, []string{"send SIGTERM", "end SIGINT"}},
		{"two at once", fakeCommand{exists: true}, func(f *forwarding, _ *fakeCommand) {
			if n := f.receive(unix.SIGINT, f.now); n != 1 {
				t.Errorf("%d wait", n)
			}
			if n := f.receive(unix.SIGUSR1, f.now); n != 1 {
				t.Errorf("%d wait with SIGUSR1", n)
			}
			if n := f.receive(unix.SIGINT, f.now); n != 2 {
				t.Errorf("%d wait", n)
			}
			f.pass(long)
			if len(f.signals) > 0 {
				t.Error("some are not looked at")
			}
		}, []string{"send SIGINT", "send SIGUSR1", "end SIGINT"}},
		{"without a command", fakeCommand{}, func(f *forwarding, _ *fakeCommand) {
			f.receive(unix.SIGUSR1, f.now)
			f.take(f.now)
		}, []string{"end SIGUSR1"}},
		{"a window that changes its size ends nothing", fakeCommand{}, func(f *forwarding, _ *fakeCommand) {
			f.receive(unix.SIGWINCH, f.now)
			f.take(f.now)
		}, nil},
		{"the terminal has sent it to the command too", fakeCommand{exists: true, terminal: true}, func(f *forwarding, _ *fakeCommand) {
			f.receive(unix.SIGINT, f.now)
			f.receive(unix.SIGWINCH, f.now)
			f.pass(long)
		}, nil},
		{"others are passed on each time", fakeCommand{exists: true}, func(f *forwarding, _ *fakeCommand) {
			for range 3 {
				f.receive(unix.SIGUSR2, f.now)
				f.pass(long)
			}
		}, []string{"send SIGUSR2", "send SIGUSR2", "send SIGUSR2"}},
		{"the command got its own before", fakeCommand{exists: true}, func(f *forwarding, _ *fakeCommand) {
			f.arrive(unix.SIGTERM, f.now)
			f.now = f.now.Add(arrivalMemory / 2)
			f.receive(unix.SIGTERM, f.now)
			f.pass(long)
		}, nil},
		{"long before", fakeCommand{exists: true}, func(f *forwarding, _ *fakeCommand) {
			f.arrive(unix.SIGTERM, f.now)
			f.now = f.now.Add(2 * arrivalMemory)
			f.receive(unix.SIGTERM, f.now)
			f.pass(long)
		}, []string{"send SIGTERM"}},
		{"it gets its own while this one waits", fakeCommand{exists: true}, func(f *forwarding, _ *fakeCommand) {
			f.receive(unix.SIGTERM, f.now)
			f.pass(propagation / 2)
			f.arrive(unix.SIGTERM, f.now)
			f.pass(long)
		}, nil},
		{"what is reported of it is looked at once more", fakeCommand{exists: true, pending: true}, func(f *forwarding, c *fakeCommand) {
			f.receive(unix.SIGTERM, f.now)
			f.pass(propagation)
			if len(c.log) > 0 {
				t.Errorf("decided before the reports: %v", c.log)
			}
			f.pass(long)
		}, []string{"send SIGTERM"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			forward(t, c.with, c.do, c.want)
		})
	}
}

// TestForwarderJobs: luatrace stops when the command has, and continues it.
func TestForwarderJobs(t *testing.T) {
	t.Parallel()
	const long = time.Second
	for _, c := range []struct {
		name string
		with fakeCommand
		do   func(*forwarding, *fakeCommand)
		want []string
	}{
		{"the terminal stops the job", fakeCommand{exists: true, terminal: true}, func(f *forwarding, c *fakeCommand) {
			f.receive(unix.SIGTSTP, f.now)
			f.take(f.now)
			c.standsStop = true
			f.groupStop(f.now)
			f.pass(long)
		}, []string{"suspend"}},
		{"the command takes its time", fakeCommand{exists: true, terminal: true}, func(f *forwarding, c *fakeCommand) {
			f.receive(unix.SIGTSTP, f.now)
			f.pass(long)
			c.standsStop = true
			f.groupStop(f.now)
			f.pass(long)
		}, []string{"suspend"}},
		{"another process ignores the terminal's signal", fakeCommand{exists: true, terminal: true, standsStop: true, othersRun: true}, func(f *forwarding, c *fakeCommand) {
			f.receive(unix.SIGTSTP, f.now)
			f.pass(stopPatience / 2)
			if len(c.log) > 0 {
				t.Errorf("not patient: %v", c.log)
			}
			f.pass(long)
		}, []string{"suspend"}},
		{"a stop of the command alone", fakeCommand{exists: true, standsStop: true, othersRun: true}, func(f *forwarding, _ *fakeCommand) {
			if !f.groupStop(f.now) || f.groupStop(f.now) {
				t.Error("not one new time to look")
			}
			f.pass(long)
		}, nil},
		{"somebody's SIGTSTP to luatrace alone", fakeCommand{exists: true}, func(f *forwarding, _ *fakeCommand) {
			f.receive(unix.SIGTSTP, f.now)
			f.pass(long)
		}, []string{"send SIGTSTP"}},
		{"SIGTTIN", fakeCommand{exists: true, standsStop: true}, func(f *forwarding, _ *fakeCommand) {
			f.receive(unix.SIGTTIN, f.now)
			f.pass(long)
		}, []string{"suspend"}},
		{"without a command", fakeCommand{}, func(f *forwarding, _ *fakeCommand) {
			f.receive(unix.SIGTSTP, f.now)
			f.pass(long)
		}, []string{"suspend"}},
		{"about to end", fakeCommand{gone: true}, func(f *forwarding, _ *fakeCommand) {
			f.receive(unix.SIGTSTP, f.now)
			f.pass(long)
		}, nil},
		{"SIGCONT of luatrace alone", fakeCommand{exists: true, standsStop: true}, func(f *forwarding, _ *fakeCommand) {
			f.receive(unix.SIGCONT, f.now)
			f.pass(long)
		}, []string{"send SIGCONT"}},
		{"the command was continued too", fakeCommand{exists: true, standsStop: true}, func(f *forwarding, c *fakeCommand) {
			f.receive(unix.SIGCONT, f.now)
			f.take(f.now)
			c.standsStop = false
			f.pass(long)
		}, nil},
		{"a stop after SIGCONT is a new one", fakeCommand{exists: true, standsStop: true}, func(f *forwarding, _ *fakeCommand) {
			f.receive(unix.SIGCONT, f.now)
			f.take(f.now)
			f.groupStop(f.now)
			f.pass(long)
		}, []string{"suspend"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := forward(t, c.with, c.do, c.want)
			if at := f.next(); !at.IsZero() {
				t.Errorf("still waits for %v", at.Sub(f.now))
			}
		})
	}
}
