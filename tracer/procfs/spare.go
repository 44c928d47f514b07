package procfs

import (
	"errors"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// spares are descriptors that are kept for when there are no others: a file of /proc
// that is read is open for a moment only, so that one of them is enough for each
// thread that reads.
var spares struct {
	sync.Mutex
	fds []int
	of  int         // what they are copies of
	low atomic.Bool // some are lent, or none were ever there
}

// mostSpares is how many are kept.
const mostSpares = 4

// exhausted counts what has failed for want of descriptors.
var exhausted atomic.Uint64

// Exhausted returns how often something could not be opened because this process, or the
// system, has no more descriptors.
func Exhausted() uint64 { return exhausted.Load() }

// NoteExhausted counts an error that is one of those.
func NoteExhausted(err error) {
	if OutOfDescriptors(err) {
		exhausted.Add(1)
	}
}

// OutOfDescriptors says whether a call has failed for want of descriptors.
func OutOfDescriptors(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE)
}

// startSpares begins to keep them, as copies of a descriptor.
func startSpares(of int) {
	spares.Lock()
	defer spares.Unlock()
	spares.of = of
	fillSpares()
}

// keepSpares makes up for those that were lent.
func keepSpares() {
	spares.Lock()
	defer spares.Unlock()
	fillSpares()
}

func fillSpares() {
	for len(spares.fds) < mostSpares {
		fd, err := unix.FcntlInt(uintptr(spares.of), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			spares.low.Store(true)
			return
		}
		spares.fds = append(spares.fds, fd)
	}
	spares.low.Store(false)
}

// lendSpare closes one of them, for another descriptor to be opened in its place; false if
// there is none.
func lendSpare() bool {
	spares.Lock()
	defer spares.Unlock()
	if len(spares.fds) == 0 {
		return false
	}
	spares.low.Store(true)
	last := len(spares.fds) - 1
	unix.Close(spares.fds[last])
	spares.fds = spares.fds[:last]
	return true
}
