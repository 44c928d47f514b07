package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine"
	"luatrace/tracer"
)

// notify gives a signal to a channel. One that was ignored when luatrace was
// started (nohup) stays so, for luatrace and the command.
func notify(ch chan<- os.Signal, sig unix.Signal) {
	if tracer.InheritedIgnored(sig) {
		signal.Ignore(sig) // the Go runtime has its own handler now
	} else {
		signal.Notify(ch, sig)
	}
}

// dieOfQuit makes SIGQUIT the end of this process, as of others, where nothing is
// traced. By default a Go program prints the stacks of its goroutines.
func dieOfQuit() {
	quits := make(chan os.Signal, 1)
	notify(quits, unix.SIGQUIT)
	go func() {
		<-quits
		dieOf(unix.SIGQUIT)
	}()
}

// arrivals are the signals that this process receives. Before the trace begins
// and after its end they do what they do to any program; meanwhile they go to the engine.
type arrivals struct {
	command bool // there is one, which gets those of job control too
	signals chan os.Signal
	jobs    chan os.Signal  // those of jobSignals
	errors  chan os.Signal  // of writing, which are no more than that while the trace runs
	ready   chan struct{}   // closed when the signals are received
	begin   chan *forwarder // the trace begins
	end     chan struct{}   // it has ended
	idle    chan os.Signal  // see stop
}

// forwarder is who gets the signals while the trace runs.
type forwarder struct {
	session  *session
	messages *patient
}

// receiveSignals begins to receive signals. For each of them the Go runtime switches threads
// twice, so this is done beside the making of the session, as is the making of threads.
//
// With a command, all are received that a program can catch, for luatrace stands in
// its place: also those of job control, since it is what stops.
func receiveSignals(command bool) *arrivals {
	a := &arrivals{
		command: command, signals: make(chan os.Signal, 64), jobs: make(chan os.Signal, 8), errors: make(chan os.Signal, 1), ready: make(chan struct{}),
		begin: make(chan *forwarder), end: make(chan struct{}), idle: make(chan os.Signal, 1),
	}
	go a.deal()
	notify(a.signals, unix.SIGQUIT) // for which a Go program has a default of its own
	go func() {
		defer close(a.ready)
		for _, sig := range forwarded(command) {
			if sig == unix.SIGINT && !command {
				// A shell without job control starts "luatrace -p PID &" with SIGINT
				// ignored. There is no command to be left alone by it, and nothing else
				// than a signal ends this trace.
				signal.Notify(a.signals, sig)
			} else {
				notify(a.signals, sig)
			}
			if !tracer.InheritedIgnored(sig) {
				signal.Notify(a.idle, sig)
			}
		}
		tracer.ReserveThreads()
	}()
	return a
}

// forward gives the signals to the engine from now on, until stop is called.
func (a *arrivals) forward(s *session, messages *patient) (stop func()) {
	<-a.ready
	// Until now the kernel has done what these do to any program.
	for _, sig := range writeErrors {
		notify(a.errors, sig)
	}
	if a.command {
		for _, sig := range jobSignals {
			notify(a.jobs, sig)
		}
	}
	a.begin <- &forwarder{s, messages}
	return a.stop
}

// stop ends the forwarding. What came before belongs to the trace, and doesn't end this process
// any more; with the runtime's way to stop it would, and take a thread switch for each signal.
func (a *arrivals) stop() {
	signal.Stop(a.errors)
	signal.Stop(a.jobs)
	signal.Stop(a.idle) // returns when what came before is in the channels
	a.end <- struct{}{}
}

// deal deals with the signals, for the life of this process.
func (a *arrivals) deal() {
	var to *forwarder
	for {
		select {
		case to = <-a.begin:
		case <-a.end:
			for len(a.signals) > 0 {
				to.session.eng.Signal((<-a.signals).(syscall.Signal))
			}
			to = nil
		case sig := <-a.jobs:
			if to != nil {
				to.session.signal(sig.(syscall.Signal), to.messages)
			}
		case sig := <-a.signals:
			if sig := sig.(syscall.Signal); to != nil {
				to.session.signal(sig, to.messages)
			} else {
				byDefault(sig)
			}
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
		s.lua.Interrupt("broken off by " + unix.SignalName(sig))
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
