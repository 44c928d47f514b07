package tracer

import (
	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/sigstate"
)

// InheritedIgnored says whether a signal was ignored when this process was
// started, as nohup(1) and shells without job control arrange it. os/signal
// knows that of SIGHUP and SIGINT only. It is to be asked before os/signal is
// told anything about the signal. In a stripped binary the answer is right for
// SIGHUP, SIGINT and the signals of job control, and false for all others.
func InheritedIgnored(sig unix.Signal) bool { return sigstate.Inherited().Ignored.Has(int(sig)) }
