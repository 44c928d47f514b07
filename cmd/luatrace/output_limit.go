package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// outputLimit is --max-output, or without it what the file system has room for.
// What the files of threads get counts together.
type outputLimit struct {
	max, used uint64    // bytes; max 0 is no limit
	asks      askedDisk // what to do with a file that is opened
	disk      *diskRoom // nil: it does not matter how full that is
}

// askedDisk says whether the room on the file system counts.
type askedDisk int

const (
	neverAsked askedDisk = iota // --max-output is given
	notYetAsked
	asked
)

func newOutputLimit(o *options) *outputLimit {
	l := &outputLimit{max: o.limits.output, asks: notYetAsked}
	if o.flagged("max-output") {
		l.asks = neverAsked
	}
	return l
}

// opened is called for each output file; the first one's file system counts.
func (l *outputLimit) opened(f *os.File) {
	if l.asks == notYetAsked {
		l.asks, l.disk = asked, newDiskRoom(int(f.Fd()))
	}
	if l.disk != nil {
		l.disk.left -= min(l.disk.left, fileOverhead)
	}
}

// close closes what it has opened.
func (l *outputLimit) close() {
	if l.disk != nil {
		unix.Close(l.disk.fd)
		l.disk = nil
	}
}

// lineCutter lets whole lines of one file through while there is room.
type lineCutter struct {
	limit *outputLimit
	begun []byte // with --max-output: the last line, while it has no end
	last  byte   // without: what was written last
}

// next returns what is to be written when b comes, and an error if that is the
// last of it.
func (c *lineCutter) next(b []byte) ([]byte, error) {
	l := c.limit
	if l.max == 0 {
		err := l.disk.take(len(b))
		if err != nil && (c.last == 0 || c.last == '\n') {
			return nil, err
		}
		if err != nil { // the line that has begun
			b = b[:1+bytes.IndexByte(b, '\n')]
		}
		if len(b) > 0 {
			c.last = b[len(b)-1]
		}
		return b, err
	}
	b = append(c.begun, b...)
	room := l.max - l.used
	end := 1 + bytes.LastIndexByte(b, '\n')
	var err error
	if uint64(len(b)) > room {
		end = 1 + bytes.LastIndexByte(b[:room], '\n')
		err = fmt.Errorf("it would be longer than --max-output, %d bytes", l.max)
	}
	l.used += uint64(end)
	c.begun = b[end:len(b):len(b)]
	return b[:end:end], err
}

const (
	// maxReserve is what is left free on a large file system.
	maxReserve = 1 << 30
	// diskStep is how much is written before the file system is asked again: others write too.
	diskStep = 1 << 20
	// diskBlock is a block of most file systems.
	diskBlock = 4096
	// fileOverhead is what a file takes beside its bytes: its name, and its last block.
	fileOverhead = 2 * diskBlock
)

// diskRoom keeps a trace from filling a file system: a program can make lines
// without end.
type diskRoom struct {
	free    func() (free, size uint64, ok bool) // bytes for ordinary users, and in all
	reserve uint64                              // stays free
	left    uint64                              // bytes until it is asked again
	fd      int                                 // of a file on it
	over    error                               // there is no room any more
}

// newDiskRoom is for the file system of an open file: nil if that is no regular file,
// and where the file system does not say how large it is.
func newDiskRoom(fd int) *diskRoom {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0) // a thread's file is closed with the thread
	if err != nil {
		return nil
	}
	d := &diskRoom{fd: own, free: func() (free, size uint64, ok bool) {
		var fs unix.Statfs_t
		if unix.Fstatfs(own, &fs) != nil || fs.Blocks == 0 {
			return 0, 0, false
		}
		return fs.Bavail * uint64(fs.Bsize), fs.Blocks * uint64(fs.Bsize), true
	}}
	if !d.begin() {
		unix.Close(own)
		return nil
	}
	return d
}

// begin settles what stays free: a twentieth of the file system, a gigabyte at most,
// and where it is that full already, half of what there is.
func (d *diskRoom) begin() bool {
	free, size, ok := d.free()
	d.reserve = min(maxReserve, size/20, free/2)
	return ok
}

// take notes that n bytes will be written, which may take another block: an error if
// they would not leave the reserve free.
func (d *diskRoom) take(n int) error {
	n = (n + diskBlock - 1) &^ (diskBlock - 1)
	switch {
	case d == nil:
		return nil
	case d.over != nil:
		return d.over
	case uint64(n) <= d.left:
		d.left -= uint64(n)
		return nil
	}
	free, _, ok := d.free()
	if !ok { // the write will say what is the matter
		return nil
	}
	if free < d.reserve || free-d.reserve < uint64(n) {
		d.over = fmt.Errorf("it would leave less than %d MB free on its file system; --max-output=0 writes on", max(1, d.reserve>>20))
		return d.over
	}
	d.left = min(diskStep, free-d.reserve-uint64(n))
	return nil
}

// cutWriter is a file whose lines count for the limit.
type cutWriter struct {
	w io.Writer
	lineCutter
}

// Write writes the lines that have come to their end.
func (c *cutWriter) Write(b []byte) (int, error) {
	lines, tooLong := c.next(b)
	if _, err := c.w.Write(lines); err != nil {
		return 0, err
	}
	return len(b), tooLong
}
