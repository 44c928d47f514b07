package tracer

import (
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
)

// pidfd refers to a process for [Process.CopyFD]; it is opened when that is first
// called and kept until the process ends.
type pidfd struct {
	fd   int
	open bool
}

// maxPidfds is how many are kept open at once: a trace of ten thousand processes
// must not use up the descriptors that reading memory needs.
var maxPidfds = sync.OnceValue(func() int32 { return int32(min(256, max(1, (mostDescriptors()-otherDescriptors)/8))) })

var openPidfds atomic.Int32

func (p *pidfd) get(pid int) (fd int, keep bool, err error) {
	if p.open {
		return p.fd, true, nil
	}
	fd, err = unix.PidfdOpen(pid, 0)
	if err != nil {
		procfs.NoteExhausted(err)
		return -1, false, err
	}
	if openPidfds.Add(1) > maxPidfds() {
		openPidfds.Add(-1)
		return fd, false, nil
	}
	p.fd, p.open = fd, true
	return fd, true, nil
}

func (p *pidfd) close() {
	if p.open {
		unix.Close(p.fd)
		openPidfds.Add(-1)
	}
	*p = pidfd{}
}

// CopyFD copies a descriptor of the process into luatrace (pidfd_getfd(2), Linux
// 5.6), with close-on-exec set; the caller closes it. The table of descriptors
// is that of the first thread. The errors are those of the calls, such as EPERM
// where a filter or a security module refuses, EBADF if it is not open, and ESRCH
// when the process, or its first thread, has ended.
//
// The copy is the same open file: as long as it lives, a close in the program is
// not the last one. It is therefore meant for sockets only, and for a moment.
func (p *Process) CopyFD(fd int) (int, error) {
	if fd < 0 || p.tasks == 0 || p.reaped.Load() {
		return -1, unix.ESRCH
	}
	n, keep, err := p.pidfd.get(p.PID)
	if err != nil {
		return -1, err
	}
	if !keep {
		defer unix.Close(n)
	}
	return unix.PidfdGetfd(n, fd, 0)
}

// CopyFD is that of the task's process.
func (t *Task) CopyFD(fd int) (int, error) { return t.Proc.CopyFD(fd) }

// NetNamespace names the task's network namespace, "net:[4026531840]"; "" if it
// is gone or not to be known.
func (t *Task) NetNamespace() string { return t.link("ns/net") }

// NetNamespace names the network namespace of the process, as that of a task.
func (p *Process) NetNamespace() string { return p.link("ns/net") }

// SocketProtocol returns the kernel's name for a socket's protocol, such as
// "TCPv6"; "" for a descriptor that is no socket.
func (t *Task) SocketProtocol(fd int) string { return socketProtocol(t.Look, fd) }

// SocketProtocol is that of a task, for a descriptor of the process.
func (p *Process) SocketProtocol(fd int) string { return socketProtocol(p.Look, fd) }

func socketProtocol(look func(func(procfs.Place) error) error, fd int) (name string) {
	err := look(func(at procfs.Place) error {
		var buf [64]byte
		n, err := unix.Getxattr(at.Path("fd/"+strconv.Itoa(fd)), "system.sockprotoname", buf[:])
		if err == nil {
			name = unix.ByteSliceToString(buf[:n])
		}
		return err
	})
	if err != nil {
		return ""
	}
	return name
}
