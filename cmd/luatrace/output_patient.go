package main

import (
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// errBlocked is the error of an output whose reader does not read.
var errBlocked = errors.New("nobody reads it, and a signal has ended the wait")

const (
	// chunk is what a pipe that poll(2) calls writable takes without blocking (PIPE_BUF).
	chunk = 4096
	// blockedPatience is what a reader gets after the signal.
	blockedPatience = 500 * time.Millisecond
	// pollInterval is how long a wait does not look whether a signal has come.
	pollInterval = 50 * time.Millisecond
	// spillSize is how much waits in memory, at most, while nobody reads.
	spillSize = 4 << 20
)

// patient writes to a pipe, terminal or socket whose reader may stop reading,
// such as a pager or the shell's Ctrl-S. It waits, as everybody does; but a tracer that
// waits keeps the tracees stopped, so once a signal has asked for the end (hurry),
// what does not go out is kept in memory, luatrace can detach, and
// the rest of the wait comes last (drain). A second signal makes it fail. Another writer to the same pipe can still make a write block: who polls
// does not reserve.
type patient struct {
	file   *os.File
	fd     int
	spills bool         // no regular file: those take everything
	hurry  atomic.Int32 // how many signals came since it was last written to without waiting
	since  atomic.Int64 // when the last of them came, in Unix nanoseconds
	waits  atomic.Bool  // for the reader

	mu    sync.Mutex // messages come from other goroutines
	spill []byte
}

func newPatient(f *os.File) *patient {
	p := &patient{file: f, fd: int(f.Fd())}
	var st unix.Stat_t
	if unix.Fstat(p.fd, &st) == nil {
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFIFO, unix.S_IFCHR, unix.S_IFSOCK:
			p.spills = true
		}
	}
	return p
}

// urge says that a signal asks for the end. It may be called from any goroutine.
func (p *patient) urge() {
	p.since.Store(time.Now().UnixNano())
	p.hurry.Add(1)
}

// impatient says whether so many signals have come that a wait is over.
func (p *patient) impatient(signals int32) bool {
	return p.hurry.Load() >= signals && time.Now().UnixNano()-p.since.Load() > int64(blockedPatience)
}

// Write writes everything, or keeps it in memory.
func (p *patient) Write(b []byte) (int, error) {
	if !p.spills {
		return p.file.Write(b)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(b)
	if len(p.spill) > 0 {
		b, p.spill = append(p.spill, b...), nil
	}
	before := p.hurry.Load()
	rest, err := p.write(b, len(b) <= spillSize)
	p.spill = rest
	if err == nil && len(rest) == 0 {
		// Somebody reads. A signal that has come since is not answered by that: this may be
		// what has filled the pipe.
		p.hurry.CompareAndSwap(before, 0)
	}
	return n, err
}

// drain writes what is left in memory.
func (p *patient) drain() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := p.write(p.spill, false)
	p.spill = nil
	return err
}

// write writes b. If it has to wait, the second signal makes it fail; with keep, the
// first one makes it return the rest.
func (p *patient) write(b []byte, keep bool) (rest []byte, err error) {
	defer p.waits.Store(false)
	for len(b) > 0 {
		if !p.writable() {
			p.waits.Store(true)
			switch {
			case p.impatient(2):
				return nil, errBlocked
			case keep && p.impatient(1):
				return slices.Clone(b), nil
			}
			continue
		}
		n, err := unix.Write(p.fd, b[:min(len(b), chunk)])
		switch {
		case err == unix.EINTR || err == unix.EAGAIN: // a program that shares it may have made it non-blocking
		case err != nil:
			return nil, &os.PathError{Op: "write", Path: p.file.Name(), Err: err}
		default:
			b = b[n:]
		}
	}
	return nil, nil
}

// writable waits a while until a write would not block.
func (p *patient) writable() bool {
	fds := []unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLOUT}}
	n, err := unix.Poll(fds, int(pollInterval/time.Millisecond))
	return err == nil && n > 0 // an error condition too: the write reports which
}
