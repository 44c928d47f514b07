package tracer

import (
	"runtime"
	"sync"
	"time"
)

// spareThreads is how many OS threads a trace has in reserve: more than block
// at the same time (the tracer's, the listener's, that of a write) besides those
// that run Go code.
const spareThreads = 4

// reserveAfter is how long a trace that makes no thread or process waits with that: most
// of those that end before have no use for a reserve, which takes as long as half their start.
const reserveAfter = 20 * time.Millisecond

// reserveThreads makes the Go runtime start the threads that it will need. It
// ends the process when it gets none later, and the tracees may have taken all
// that the user, or the container, may have (RLIMIT_NPROC, pids.max). So it is called before a
// process is attached to, while a tracee waits for its first child, and in any case soon. The
// runtime keeps threads that have nothing to do. One may still be in the making
// when this returns. Each costs some 50 us. It may be called from any goroutine.
var reserveThreads = sync.OnceFunc(func() {
	n := spareThreads + runtime.GOMAXPROCS(0)
	reserved := make(chan struct{})
	// The tracer's own goroutine is locked to its thread, and would hand over at each step.
	go func() {
		defer close(reserved)
		reserve(n)
	}()
	<-reserved
})

func reserve(n int) {
	step, next := make(chan struct{}), make(chan struct{})
	for range n {
		go func() {
			runtime.LockOSThread()
			step <- struct{}{}
			<-next
			runtime.UnlockOSThread()
			step <- struct{}{}
		}()
	}
	for range n {
		<-step
	}
	// One by one: if all were detached at once, more threads would be started for them.
	for range n {
		next <- struct{}{}
		<-step
	}
}
