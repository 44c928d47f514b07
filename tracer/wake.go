package tracer

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// wakeSignal interrupts the tracer's wait4. All handlers of the Go runtime have
// SA_RESTART, which would put wait4 back to sleep, so one real-time signal that
// nothing else uses loses the flag.
const wakeSignal = unix.Signal(62)

// Flags of rt_sigaction(2), the same on amd64 and arm64.
const (
	saNoCldStop = 0x1
	saRestart   = 0x10000000
)

// prepareSignals adapts two of the Go runtime's signal actions, once for the
// whole process. SA_NOCLDSTOP for SIGCHLD spares the runtime's handler at each
// ptrace-stop, a quarter of the stop's cost.
var prepareSignals = sync.OnceValue(func() error {
	if err := changeSigactionFlags(unix.SIGCHLD, saNoCldStop, 0); err != nil {
		return err
	}
	return changeSigactionFlags(wakeSignal, 0, saRestart)
})

// Wake makes Next return an EventWoken soon, also when it is waiting now. It
// may be called from any goroutine, any number of times; several calls before
// the event count as one.
func (t *Tracer) Wake() {
	t.woken.Store(true)
	if !t.waking.CompareAndSwap(false, true) {
		return
	}
	go func() {
		// The signal may come just before wait4 and be lost, so it is sent
		// until the tracer has seen the flag.
		for pause := 50 * time.Microsecond; t.woken.Load(); pause = min(2*pause, 10*time.Millisecond) {
			if unix.Tgkill(unix.Getpid(), t.threadID, wakeSignal) != nil {
				t.woken.Store(false) // the thread is gone
				break
			}
			time.Sleep(pause)
		}
		t.waking.Store(false)
		if t.woken.Load() { // a Wake that still saw this goroutine at work
			t.Wake()
		}
	}()
}
