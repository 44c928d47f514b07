package kernel

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Signals arrive in the order in which they came, marks between them; what is
// forgotten does nothing, and what is released is the runtime's again.
func TestSignals(t *testing.T) {
	q, err := NewSignals()
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	send := func(sig unix.Signal) { // to this very thread: it has arrived when this returns
		if err := unix.Tgkill(os.Getpid(), unix.Gettid(), sig); err != nil {
			t.Fatal(err)
		}
	}
	q.Receive(unix.SIGUSR1)
	q.Receive(40)
	q.Forget(unix.SIGUSR2)
	q.Forget(unix.SIGXFSZ) // by default the runtime throws
	if q.Blocked() {
		t.Error("signals are blocked")
	}
	send(unix.SIGUSR1)
	send(unix.SIGUSR2)
	send(unix.SIGXFSZ)
	send(40)
	q.Mark()
	send(40)
	q.Release(unix.SIGUSR1)
	send(unix.SIGUSR1) // the runtime drops it
	q.Mark()
	for i, want := range []unix.Signal{unix.SIGUSR1, 40, 0, 40, 0} {
		if got := q.Next(); got != want {
			t.Errorf("%d: %d, want %d", i, got, want)
		}
	}
	for range 100_000 { // more than the pipe holds: nobody waits
		send(40)
	}
}
