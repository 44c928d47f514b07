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

// quits gets SIGQUIT while that is not forwarded.
var quits = make(chan os.Signal, 1)

// dieOfQuit makes SIGQUIT the end of this process, as of others, while it is not
// forwarded. By default a Go program prints the stacks of its goroutines.
func dieOfQuit() {
	notify(quits, unix.SIGQUIT)
	go func() {
		<-quits
		dieOf(unix.SIGQUIT)
	}()
}

// forwardSignals gives the signals that this process receives to the engine,
// and returns the function that stops it.
//
// With a command, all go there that a program can catch, for luatrace stands
// in its place: also those of job control, since it is what stops.
func forwardSignals(s *session, messages *patient, command bool) (stop func()) {
	ch := make(chan os.Signal, 64)
	for _, sig := range forwarded(command) {
		if sig == unix.SIGINT && !command {
			// A shell without job control starts "luatrace -p PID &" with SIGINT
			// ignored. There is no command to be left alone by it, and nothing else
			// than a signal ends this trace.
			signal.Notify(ch, sig)
			continue
		}
		notify(ch, sig)
	}
	signal.Stop(quits)
	// A closed pipe and a file at its limit are errors of writing here, not the
	// end.
	errors := make(chan os.Signal, 1)
	for _, sig := range []unix.Signal{unix.SIGPIPE, unix.SIGXFSZ} {
		notify(errors, sig)
	}
	done := make(chan struct{})
	go func() {
		for {
			select {
			case sig := <-ch:
				s.signal(sig.(syscall.Signal), messages)
			case <-errors:
			case <-done:
				return
			}
		}
	}()
	return func() {
		notify(quits, unix.SIGQUIT)
		signal.Stop(ch)
		signal.Stop(errors)
		close(done)
	}
}

// forwarded are the signals that the engine is to know of.
func forwarded(command bool) []unix.Signal {
	signals := []unix.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT,
		unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGVTALRM, unix.SIGXCPU, unix.SIGIO, unix.SIGPWR, unix.SIGSTKFLT, unix.SIGABRT}
	if command {
		signals = append(signals, unix.SIGTSTP, unix.SIGTTIN, unix.SIGCONT, unix.SIGWINCH)
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
