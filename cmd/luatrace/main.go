// Command luatrace traces programs with Lua scripts: awk for system calls.
package main

import (
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	st := run(os.Args[1:], os.Environ(), stdio{os.Stdin, os.Stdout, os.Stderr})
	if st.signal != 0 {
		dieOf(st.signal)
	}
	os.Exit(st.code)
}

// dieOf ends this process by the signal that ended the command, so that
// whoever waits sees the same. No core is dumped: it would be luatrace's.
func dieOf(sig unix.Signal) {
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	signal.Reset(sig)
	unix.Kill(unix.Getpid(), sig)
	// The signal may be ignored here, or its default may not be fatal.
	time.Sleep(100 * time.Millisecond)
	os.Exit(128 + int(sig))
}
