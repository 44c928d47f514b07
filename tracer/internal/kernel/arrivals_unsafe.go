package kernel

import (
	"os/signal"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The handlers, in arrivals_ARCH.s, and where they begin: the address of a Go
// function value would be that of a wrapper that needs a goroutine.
//
//lint:ignore U1000 the kernel calls them
func arrive()

//lint:ignore U1000 the kernel calls them
func forget()

var arrivePC, forgetPC uintptr

// signalPipe is the write end of the pipe into which the handler writes.
var signalPipe int32

// Signals is the queue of signals to this process: a pipe, into which a handler of our
// own writes the number of each that came. os/signal does the same with two threads and,
// for each signal that is asked for, four switches between them; there are some fifty, and that was
// a tenth of what it takes to start. There is one queue in a process.
type Signals struct {
	in  int
	buf [64]byte
	got []byte // of buf, not yet returned

	mu     sync.Mutex
	taken  uint64        // signal n as bit n-1
	before [65]Sigaction // of those, by number
}

// signalMark is in the queue what no signal is.
const signalMark = 0

// NewSignals makes the queue, of which nothing arrives yet. The error is that of
// pipe2(2). It may be called once.
func NewSignals() (*Signals, error) {
	var fds [2]int
	// A handler must not wait: of a full pipe nobody reads, and the signal is lost.
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fds[1], true); err != nil {
		return nil, err
	}
	signalPipe = int32(fds[1])
	return &Signals{in: fds[0]}, nil
}

// Receive makes a signal arrive in the queue from now on, also one that was
// ignored when this process was started.
func (s *Signals) Receive(sig unix.Signal) { s.take(sig, arrivePC) }

// Forget makes a signal do nothing, here alone: the command does not inherit
// that, as it would inherit that it is ignored. Writing to a pipe that nobody reads is an error then,
// where otherwise the runtime ends the process.
func (s *Signals) Forget(sig unix.Signal) {
	if sig == unix.SIGPIPE {
		signal.Ignore(sig)
	}
	s.take(sig, forgetPC)
}

// Release gives a signal back to whom it was taken from.
func (s *Signals) Release(sig unix.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bit := uint64(1) << (sig - 1); s.taken&bit != 0 {
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&s.before[sig])), 0, 8, 0, 0)
		s.taken &^= bit
	}
}

// Close gives all signals back and ends the queue. A handler that runs on another thread at
// this moment may still write.
func (s *Signals) Close() {
	for sig := range unix.Signal(len(s.before)) {
		if sig > 0 {
			s.Release(sig)
		}
	}
	unix.Close(int(signalPipe))
	unix.Close(s.in)
}

// take installs a handler, in the way in which the runtime installs its own: that of
// SIGURG is always there.
func (s *Signals) take(sig unix.Signal, handler uintptr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var a, old Sigaction
	unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGURG), 0, uintptr(unsafe.Pointer(&a)), 8, 0, 0)
	a.handler = handler
	unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&a)), uintptr(unsafe.Pointer(&old)), 8, 0, 0)
	if bit := uint64(1) << (sig - 1); s.taken&bit == 0 {
		s.taken |= bit
		s.before[sig] = old
	}
}

// Unblock makes the calling thread take the signals that arrive in the queue now:
// this process may have been started with all of them blocked.
func (s *Signals) Unblock() {
	s.mu.Lock()
	defer s.mu.Unlock()
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_UNBLOCK, uintptr(unsafe.Pointer(&s.taken)), 0, 8, 0, 0)
}

// Blocked says whether the calling thread blocks any of the signals that arrive in the queue.
func (s *Signals) Blocked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var mask uint64
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, 0, uintptr(unsafe.Pointer(&mask)), 8, 0, 0)
	return mask&s.taken != 0
}

// Mark puts a mark behind what has arrived, which Next returns as 0.
func (s *Signals) Mark() { unix.Write(int(signalPipe), []byte{signalMark}) }

// Next waits for the next signal, or mark. One goroutine may call it.
func (s *Signals) Next() unix.Signal {
	for len(s.got) == 0 {
		n, _ := unix.Read(s.in, s.buf[:])
		s.got = s.buf[:max(n, 0)]
	}
	sig := s.got[0]
	s.got = s.got[1:]
	return unix.Signal(sig)
}
