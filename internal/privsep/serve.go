package privsep

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"luatrace/internal/wire"
)

// Main does a helper's work, and ends the process, if this process was started
// as one. Each program (and test program) with helpers calls it before anything else.
func Main() {
	if len(os.Args) != 3 || os.Args[0] != programName {
		return
	}
	var l limits
	if _, err := fmt.Sscanf(os.Args[1]+" "+os.Args[2], "%d %d", &l.memory, &l.cpu); err != nil || !isSocket(socketFD) {
		fmt.Fprintln(os.Stderr, programName+": luatrace starts this program by itself")
		os.Exit(2)
	}
	debug.SetMemoryLimit(int64(l.memory / 4 * 3))
	held := confine(l)
	go endWithPeer()
	var hello [4]byte
	binary.LittleEndian.PutUint32(hello[:], uint32(held))
	if send(kindHello, hello[:]) == nil {
		for serveOne() == nil {
		}
	}
	os.Exit(0)
}

func isSocket(fd int) bool {
	var st unix.Stat_t
	return unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFSOCK
}

// endWithPeer ends the process when nobody waits for its answer any more,
// whatever the job does.
func endWithPeer() {
	for {
		peer := []unix.PollFd{{Fd: socketFD, Events: unix.POLLRDHUP}}
		if n, err := unix.Poll(peer, -1); err == nil && n > 0 {
			os.Exit(0)
		} else if err != nil && err != unix.EINTR {
			return
		}
	}
}

// serveOne does one job. An error is one of the protocol: there is nobody to answer.
func serveOne() error {
	message, fd, err := receiveJob()
	if err != nil {
		return err
	}
	file := io.NewSectionReader(descriptor(-1), 0, 0)
	if fd >= 0 {
		defer unix.Close(fd)
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			return err
		}
		file = io.NewSectionReader(descriptor(fd), 0, st.Size)
	}
	answer, err := run(message, file)
	if err != nil {
		text := err.Error()
		return send(kindError, []byte(text[:min(len(text), mostError)]))
	}
	return send(kindAnswer, answer)
}

// run does a job. A panic is the job's error: the file is to blame.
func run(message []byte, file *io.SectionReader) (answer []byte, err error) {
	r := wire.NewReader(message)
	name, request := r.String(mostName), r.Bytes(mostRequest)
	if err := r.Close(); err != nil {
		return nil, err
	}
	job := jobs[name]
	if job == nil {
		return nil, fmt.Errorf("no job has the name %q", name)
	}
	defer func() {
		if p := recover(); p != nil {
			answer, err = nil, fmt.Errorf("the parser failed: %v", p)
		}
	}()
	return job(file, request)
}

// receiveJob returns a job's message and the descriptor that came with it, -1 for none.
func receiveJob() (message []byte, fd int, err error) {
	fd = -1
	var (
		h   [headerSize]byte
		oob = make([]byte, unix.CmsgSpace(4))
		n   int
	)
	for {
		var nOOB int
		n, nOOB, _, _, err = unix.Recvmsg(socketFD, h[:], oob, unix.MSG_CMSG_CLOEXEC)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, -1, err
		}
		oob = oob[:nOOB]
		break
	}
	if n == 0 {
		return nil, -1, io.EOF
	}
	if messages, err := unix.ParseSocketControlMessage(oob); err == nil {
		for i := range messages {
			if fds, err := unix.ParseUnixRights(&messages[i]); err == nil && len(fds) == 1 {
				fd = fds[0]
			}
		}
	}
	if _, err := io.ReadFull(socket{}, h[n:]); err != nil {
		return nil, fd, err
	}
	_, length, err := parseHeader(h[:], func(k kind) int {
		if k == kindJob {
			return mostRequest + mostName + 16
		}
		return -1
	})
	if err != nil {
		return nil, fd, err
	}
	message = make([]byte, length)
	_, err = io.ReadFull(socket{}, message)
	return message, fd, err
}

func send(k kind, payload []byte) error {
	h := header(k, len(payload))
	if _, err := (socket{}).Write(h[:]); err != nil {
		return err
	}
	_, err := socket{}.Write(payload)
	return err
}

// socket is the helper's end. It blocks in the kernel, without the runtime's
// poller: that would be more system calls to allow.
type socket struct{}

func (socket) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(socketFD, p)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (socket) Write(p []byte) (written int, err error) {
	for written < len(p) {
		n, err := unix.SendmsgN(socketFD, p[written:], nil, nil, unix.MSG_NOSIGNAL)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

// descriptor reads the file that came with a job.
type descriptor int

func (d descriptor) ReadAt(p []byte, off int64) (read int, err error) {
	for read < len(p) {
		n, err := unix.Pread(int(d), p[read:], off+int64(read))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return read, err
		case n == 0:
			return read, io.EOF
		default:
			read += n
		}
	}
	return read, nil
}
