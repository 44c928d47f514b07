package procfs

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// A Bound says how much is read at once, and who may end it.
type Bound struct {
	// Most is how many bytes of a file are read; 0 means MostForItself.
	Most int
	// Poll, if it is set, is called between the pieces of a long file. Its error
	// ends the reading, and is that of the call.
	Poll func() error
}

const (
	// MostForItself is how much of a file luatrace reads for itself. The longest of
	// these is the status of a process in 65536 groups.
	MostForItself = 1 << 20
	// MostWords is how much of a process's command line and environment is read. The
	// process itself says where in its memory they are, and it may say all of it
	// (PR_SET_MM of prctl(2)); execve(2) passes no more than this, both together,
	// with the usual limit of 8 MiB for the stack.
	MostWords = 2 << 20
	// MostScanned is how much of a file is looked through line by line: the tables of
	// sockets have as many lines as there are sockets in all.
	MostScanned = 64 << 20
	// MostNames is how many names of a directory are read.
	MostNames = 1 << 20

	piece = 64 << 10
)

// most is how much is read of a file.
func (b Bound) most(file string) int {
	most := b.Most
	if most <= 0 {
		most = MostForItself
	}
	if isWords(file) {
		most = min(most, MostWords)
	}
	return most
}

// isWords says whether a file is a list of words that end with zero bytes.
func isWords(file string) bool {
	name := path.Base(file)
	return name == "cmdline" || name == "environ"
}

func (b Bound) poll() error {
	if b.Poll == nil {
		return nil
	}
	return b.Poll()
}

// A CutError says that there is more in a file, or in a directory, than was read. What
// was read is the result: whole lines, or whole words.
type CutError struct {
	// File is the last part of its name, Most how many bytes, or names, are read.
	File string
	Most int
}

// Error says how much was read.
func (e *CutError) Error() string {
	return fmt.Sprintf("%s is longer than the %d bytes that are read of it", e.File, e.Most)
}

// openat opens a file that is closed soon: there is a descriptor for it in reserve.
func openat(dir int, name string, flags int) (int, error) {
	if spares.low.Load() {
		keepSpares()
	}
	for {
		fd, err := openKept(dir, name, flags)
		if OutOfDescriptors(err) && lendSpare() {
			continue
		}
		NoteExhausted(err)
		return fd, err
	}
}

// openKept opens a file that may be kept open.
func openKept(dir int, name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(dir, name, flags|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// read reads a file in pieces.
func read(dir int, name string, bound Bound) ([]byte, error) {
	fd, err := openat(dir, name, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	most := bound.most(name)
	b := make([]byte, 0, 2048)
	for polled := 0; ; {
		if len(b) > most {
			return cut(name, b, most)
		}
		if len(b) == cap(b) {
			b = append(make([]byte, 0, min(2*cap(b), most+1)), b...)
		}
		if len(b)-polled >= piece {
			polled = len(b)
			if err := bound.poll(); err != nil {
				return b, err
			}
		}
		n, err := unix.Read(fd, b[len(b):min(cap(b), len(b)+piece)])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return b, err
		case n == 0:
			return b, nil
		}
		b = b[:len(b)+n]
	}
}

// cut shortens what was read of a file that goes on to whole lines, or words.
func cut(name string, b []byte, most int) ([]byte, error) {
	b = b[:most]
	end := byte('\n')
	if isWords(name) {
		end = 0
	}
	if i := bytes.LastIndexByte(b, end); i >= 0 {
		b = b[:i+1]
	}
	return b, &CutError{path.Base(name), most}
}

// scan reads a file line by line.
func scan(dir int, name string, bound Bound, do func(line []byte) bool) error {
	fd, err := openat(dir, name, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	most, total := bound.most(name), 0
	buf := make([]byte, 0, piece)
	skipping := false // the rest of a long line
	for {
		n, err := unix.Read(fd, buf[len(buf):cap(buf)])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return err
		}
		end := n == 0
		total += n
		buf = buf[:len(buf)+n]
		rest := buf
		for len(rest) > 0 {
			i := bytes.IndexByte(rest, '\n') + 1
			if i == 0 && (end || len(rest) == cap(buf)) {
				i = len(rest)
			}
			if i == 0 {
				break
			}
			line := rest[:i]
			rest = rest[i:]
			whole := line[i-1] == '\n'
			if !skipping && !do(line) {
				return nil
			}
			skipping = !whole
		}
		if end {
			return nil
		}
		if total > most {
			return &CutError{path.Base(name), most}
		}
		buf = buf[:copy(buf[:cap(buf)], rest)]
		if err := bound.poll(); err != nil {
			return err
		}
	}
}

func readlink(dir int, name string) (string, error) {
	var buf [4096]byte // the kernel gives no more
	n, err := unix.Readlinkat(dir, name, buf[:])
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

func list(dir int, name string, bound Bound) ([]string, error) {
	fd, err := openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), name)
	defer file.Close()
	var names []string
	for {
		more, err := file.Readdirnames(4096)
		names = append(names, more...)
		switch {
		case err == io.EOF:
			return names, nil
		case err != nil:
			return names, err
		case len(names) >= MostNames:
			return names, &CutError{path.Base(name), MostNames}
		}
		if err := bound.poll(); err != nil {
			return names, err
		}
	}
}
