package elffile

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Open opens the file of this name, a regular one (ErrNotRegular), and reads its
// headers. A FIFO, a device or a file with a lease makes nobody wait, and a
// device does not notice: what the name leads to is looked at before it is opened, and
// opened by what was looked at.
func Open(name string) (*File, error) {
	found, err := open(name, unix.O_PATH)
	if err != nil {
		return nil, err
	}
	defer unix.Close(found)
	want, err := regular(found)
	if err != nil {
		return nil, err
	}
	const flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY
	fd, err := open("/proc/self/fd/"+strconv.Itoa(found), flags)
	if errors.Is(err, unix.ENOENT) { // there is no /proc, or it shows others
		fd, err = open(name, flags)
	}
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), name)
	st, err := regular(fd)
	if err == nil && (st.Dev != want.Dev || st.Ino != want.Ino) {
		err = ErrNotRegular // another one has taken its place meanwhile
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	f, err := New(descriptor(fd), st.Size)
	if err != nil {
		file.Close()
		return nil, err
	}
	f.Stat, f.closer = st, file
	return f, nil
}

func open(name string, flags int) (int, error) {
	for {
		fd, err := unix.Open(name, flags|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// regular is fstat(2) of a regular file.
func regular(fd int) (st unix.Stat_t, err error) {
	if err = unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = ErrNotRegular
	}
	return st, err
}

// descriptor reads a file without the runtime's poller.
type descriptor int

// ReadAt is that of io.ReaderAt.
func (d descriptor) ReadAt(b []byte, offset int64) (int, error) {
	n := 0
	for n < len(b) {
		r, err := unix.Pread(int(d), b[n:], offset+int64(n))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return n, err
		case r == 0: // it has become shorter
			return n, unix.ENODATA
		}
		n += r
	}
	return n, nil
}
