package tracer

import (
	"runtime"
	"sync"
)

// spareThreads is how many OS threads a trace has in reserve: more than block
// at the same time (the tracer's, the listener's, that of a write) besides those
// that run Go code, and os/signal's two, which are there before.
const spareThreads = 4

// ReserveThreads makes the Go runtime start the threads that it will need. It
// ends the process when it gets none later, and the tracees may have taken all
// that the user, or the container, may have (RLIMIT_NPROC, pids.max). The
// runtime keeps threads that have nothing to do. One may still be in the making
// when this returns. Each costs some 50 us. [Run] calls it if nobody has; it may be
// called from any goroutine.
var ReserveThreads = sync.OnceFunc(func() {
	n := spareThreads + runtime.GOMAXPROCS(0)
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
	// One by one: if all were let go at once, more threads would be started for them.
	for range n {
		next <- struct{}{}
		<-step
	}
})
