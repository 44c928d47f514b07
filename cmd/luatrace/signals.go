package main

import (
	"fmt"
	"os/signal"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine"
	"luatrace/tracer"
)

// dieOfQuit makes SIGQUIT the end of this process, as of others, where nothing is
// traced. By default a Go program prints the stacks of its goroutines.
func dieOfQuit() {
	if a, err := newArrivals(false); err == nil {
		a.receive(unix.SIGQUIT)
		go a.deal()
	}
}

// arrivals are the signals that this process receives. Before the trace begins
// and after its end they do what they do to any program; meanwhile they go to the engine.
type arrivals struct {
	command bool // there is one, which gets those of job control too
	queue   *tracer.Signals
	ended   chan struct{} // closed when what came before the end was dealt with

	mu     sync.Mutex
	to     *forwarder // nil while nothing is traced
	ending bool
}

// forwarder is who gets the signals while the trace runs.
type forwarder struct {
	session  *session
	messages *patient
}

func newArrivals(command bool) (*arrivals, error) {
	queue, err := tracer.NewSignals()
	if err != nil {
		return nil, fmt.Errorf("cannot receive signals: %w", err)
	}
	return &arrivals{command: command, queue: queue, ended: make(chan struct{})}, nil
}

// receive makes signals arrive.
func (a *arrivals) receive(signals ...unix.Signal) { take(a.queue.Receive, signals) }

// take does something with signals. One that was ignored when luatrace was
// started (nohup) stays so, for luatrace and the command.
func take(do func(unix.Signal), signals []unix.Signal) {
	for _, sig := range signals {
		if tracer.InheritedIgnored(sig) {
			signal.Ignore(sig) // the Go runtime has its own handler now
		} else {
			do(sig)
		}
	}
}

// receiveSignals begins to receive signals.
//
// With a command, all are received that a program can catch, for luatrace stands in
// its place: also those of job control, since it is what stops.
func receiveSignals(command bool) (*arrivals, error) {
	a, err := newArrivals(command)
	if err != nil {
		return nil, err
	}
	a.receive(forwarded(command)...)
	if !command {
		// A shell without job control starts "luatrace -p PID &" with SIGINT
		// ignored. There is no command to be left alone by it, and nothing else
		// than a signal ends this trace.
		a.queue.Receive(unix.SIGINT)
	}
	go a.deal()
	return a, nil
}

// forward gives the signals to the engine from now on, until stop is called.
func (a *arrivals) forward(s *session, messages *patient) (stop func()) {
	// Until now the kernel has done what these do to any program.
	take(a.queue.Forget, writeErrors)
	if a.command {
		a.receive(jobSignals...)
		if a.queue.Blocked() {
			a.queue.Mark() // for deal to unblock these too
		}
	}
	a.mu.Lock()
	a.to = &forwarder{s, messages}
	a.mu.Unlock()
	return a.stop
}

// stop ends the forwarding. What came before belongs to the trace, and doesn't end this process
// any more.
func (a *arrivals) stop() {
	for _, sig := range jobSignals {
		a.queue.Release(sig)
	}
	a.mu.Lock()
	a.ending = true
	a.mu.Unlock()
	a.queue.Mark()
	<-a.ended
}

// deal deals with the signals, for the life of this process.
func (a *arrivals) deal() {
	// All threads may block a signal that this process was started with blocked; this one does not.
	runtime.LockOSThread()
	a.queue.Unblock()
	for {
		sig := a.queue.Next()
		a.mu.Lock()
		to, ending := a.to, a.ending
		if ending && sig == 0 {
			a.to = nil
		}
		a.mu.Unlock()
		switch {
		case sig == 0 && ending:
			close(a.ended)
		case sig == 0:
			a.queue.Unblock()
		case to == nil:
			byDefault(sig)
		case ending:
			to.session.eng.Signal(sig)
		default:
			to.session.signal(sig, to.messages)
		}
	}
}

// byDefault does what a signal does while nothing is traced.
func byDefault(sig unix.Signal) {
	if tracer.InheritedIgnored(sig) {
		return
	}
	switch sig {
	case unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGABRT:
		dieOf(sig)
	}
}

// jobSignals stop a program, and continue it. Where a command is traced, it is what stops.
var jobSignals = []unix.Signal{unix.SIGTSTP, unix.SIGTTIN, unix.SIGCONT}

// writeErrors are a closed pipe and a file at its limit.
var writeErrors = []unix.Signal{unix.SIGPIPE, unix.SIGXFSZ}

// forwarded are the signals that the engine is to know of from the start, besides jobSignals.
func forwarded(command bool) []unix.Signal {
	signals := []unix.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT,
		unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGVTALRM, unix.SIGXCPU, unix.SIGIO, unix.SIGPWR, unix.SIGSTKFLT, unix.SIGABRT}
	if command {
		signals = append(signals, unix.SIGWINCH)
		for sig := unix.Signal(firstRealTime); sig <= lastSignal; sig++ {
			signals = append(signals, sig)
		}
	}
	return signals
}

const (
	firstRealTime = 35 // 32 to 34 are the C library's and the Go runtime's
	lastSignal    = 64
)

// signal deals with one signal. While the tracer's thread sits in a hook, or in
// a write to an output that takes nothing, those that ask to end pile up: the
// first makes the output wait in memory, the second gives it up and breaks the
// hook off, the third ends this process as it is; the kernel then lets the
// tracees go, or kills those with a filter.
func (s *session) signal(sig unix.Signal, messages *patient) {
	waiting := s.eng.Signal(sig)
	if !engine.AsksToEnd(sig) {
		return
	}
	streams := []*patient{messages}
	if s.out.stream != nil && s.out.stream != messages {
		streams = append(streams, s.out.stream)
	}
	blocked := false
	for _, p := range streams {
		p.urge()
		blocked = blocked || p.waits.Load()
	}
	if waiting > 1 && !blocked {
		s.lua.Interrupt("interrupted by " + unix.SignalName(sig))
	}
	if waiting > 2 {
		said := make(chan struct{})
		go func() {
			s.say("ended at once by %s: the trace could not be ended in order", unix.SignalName(sig))
			close(said)
		}()
		select {
		case <-said:
		case <-time.After(100 * time.Millisecond):
		}
		dieOf(sig)
	}
}
