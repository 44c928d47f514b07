package tracer

import (
	"sync"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// wakeSignal interrupts the tracer's wait4. All handlers of the Go runtime have
// SA_RESTART, which would put wait4 back to sleep, so one signal loses the flag.
// The runtime takes SIGPROF for its profiler's, from any sender, unblocks it in
// every thread, and shows it to nobody. It must not be a real-time signal: those
// need room in a queue that all processes of the user share
// (RLIMIT_SIGPENDING), and any of them can fill it.
const wakeSignal = unix.SIGPROF

// Flags of rt_sigaction(2), the same on amd64 and arm64.
const (
	saNoCldStop = 0x1
	saRestart   = 0x10000000
)

// prepareSignals adapts two of the Go runtime's signal actions, once for the
// whole process. SA_NOCLDSTOP for SIGCHLD spares the runtime's handler at each
// ptrace-stop, a quarter of the stop's cost.
var prepareSignals = sync.OnceValue(func() error {
	if err := kernel.ChangeSigactionFlags(unix.SIGCHLD, saNoCldStop, 0); err != nil {
		return err
	}
	return kernel.ChangeSigactionFlags(wakeSignal, 0, saRestart)
})

// wakeThread interrupts a thread's system call, ESRCH if there is no such thread.
func wakeThread(tid int) error { return unix.Tgkill(unix.Getpid(), tid, wakeSignal) }
