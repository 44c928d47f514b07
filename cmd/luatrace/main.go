// Command luatrace traces programs with Lua scripts: awk for system calls.
package main

import (
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	_ "luatrace/cmd/luatrace/internal/quit" // SIGQUIT ends this process from the start
	"luatrace/tracer"
)

// mostProcs bounds how many threads run Go code at the same time, and with it
// how many the runtime may start. One waits for tracees and one for
// notifications; the garbage collector is content with what is left.
const mostProcs = 4

func main() {
	growStack(false)
	runtime.GOMAXPROCS(min(mostProcs, runtime.GOMAXPROCS(0)))
	st := run(os.Args[1:], os.Environ(), stdio{os.Stdin, &checked{File: os.Stdout}, os.Stderr})
	if st.signal != 0 {
		dieOf(st.signal)
	}
	os.Exit(st.code)
}

// growStack makes the stack of the calling goroutine large at once. Otherwise it is copied
// five times while this program starts, with a walk through all frames each time.
//
//go:noinline
func growStack(never bool) {
	if never { // the size of the frame is what grows the stack; nobody writes to it
		var frame [24 << 10]byte
		fill(frame[:])
	}
}

//go:noinline
func fill(b []byte) {
	for i := range b {
		b[i] = byte(i)
	}
}

// dieOf ends this process by the signal that ended the command, so that
// its parent sees the same. No core is dumped: it would be luatrace's.
func dieOf(sig unix.Signal) {
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	tracer.Die(sig)
	// Another thread may be the one that the kernel takes for it.
	time.Sleep(100 * time.Millisecond)
	os.Exit(128 + int(sig))
}
