package privsep

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/internal/wire"
)

// Errors of Do besides those of a job.
var (
	// ErrTime: the job took more CPU time than it may.
	ErrTime = errors.New("reading the file takes too much time")
	// ErrDied: the helper ended by itself; mostly it needed more memory than it may have.
	ErrDied = errors.New("the process that reads the file ended, as it does when it needs too much memory")
	// ErrProtocol: the helper sent what it should not. What a parser does after an attack is that.
	ErrProtocol = errors.New("the process that reads the file answers nonsense")
	// ErrFile: the descriptor is not of a regular file, or not for reading only.
	ErrFile = errors.New("not a regular file that is open for reading only")
	// ErrClosed: Close was called before.
	ErrClosed = errors.New("the helper is closed")
)

// JobError is the error that a job returned. Its text may be the file's: it is
// escaped before it is shown.
type JobError struct{ Job, Text string }

// Error returns the job's name and its text.
func (e *JobError) Error() string { return e.Job + ": " + e.Text }

// Bounds is what a job may use. The zero value of a field stands for the default.
type Bounds struct {
	Memory uint64        // bytes of the helper's; default 512 MiB
	CPU    time.Duration // CPU time of one job; default 5 s
	Answer int           // bytes; default 64 MiB
}

func (b *Bounds) defaults() {
	if b.Memory == 0 {
		b.Memory = 512 << 20
	}
	if b.CPU == 0 {
		b.CPU = 5 * time.Second
	}
	if b.Answer == 0 {
		b.Answer = 64 << 20
	}
}

// lifeCPU bounds, in seconds, the CPU time of a helper that has lost its parent and its senses.
const lifeCPU = 3600

// lookAgain is how often a waiting Do looks at the helper's CPU time.
const lookAgain = 100 * time.Millisecond

// Helper is a process that does jobs, one at a time. It is started by the first
// Do, and again after one that ended it. All methods may be called from any
// goroutine; one that is locked to the thread of ptrace requests is fine, since
// the process is started by another thread and is no child of that one.
type Helper struct {
	bounds Bounds

	mu      sync.Mutex
	closed  bool
	process *process // nil: none runs
}

// process is a helper that runs.
type process struct {
	child  *os.Process
	socket *os.File
	held   Confinement
	ended  chan struct{} // closed when it was waited for
}

// New returns a helper. It starts nothing yet.
func New(bounds Bounds) *Helper {
	bounds.defaults()
	return &Helper{bounds: bounds}
}

// Confinement starts the process, if none runs, and says which rights it has given away.
func (h *Helper) Confinement(ctx context.Context) (Confinement, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.start(ctx); err != nil {
		return 0, err
	}
	return h.process.held, nil
}

// Do has a job done with a file, which may be nil, and a request of at most a
// megabyte, and returns its answer. The file's position stays. Errors are those
// above, *JobError, and ctx's. None of them concerns the next Do. Only ctx ends
// the wait for a file system that does not answer (FUSE, a network): no CPU
// time passes there.
func (h *Helper) Do(ctx context.Context, job string, file *os.File, request []byte) ([]byte, error) {
	if len(request) > mostRequest || len(job) > mostName {
		return nil, fmt.Errorf("a request of %d bytes: at most %d are possible", len(request), mostRequest)
	}
	if err := checkFile(file); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.start(ctx); err != nil {
		return nil, err
	}
	kind, answer, err := h.exchange(ctx, job, file, request)
	switch {
	case err != nil:
		h.stop()
		return nil, err
	case kind == kindError:
		return nil, &JobError{job, string(answer)}
	}
	return answer, nil
}

// Close ends the process, and waits for its end for a second at most. A helper
// that is closed starts none any more.
func (h *Helper) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	if p := h.stop(); p != nil {
		select {
		case <-p.ended:
		case <-time.After(time.Second):
		}
	}
}

func checkFile(file *os.File) error {
	if file == nil {
		return nil
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var st unix.Stat_t
	var flags int
	if ctlErr := raw.Control(func(fd uintptr) {
		if err = unix.Fstat(int(fd), &st); err == nil {
			flags, err = unix.FcntlInt(fd, unix.F_GETFL, 0)
		}
	}); ctlErr != nil {
		return ctlErr
	}
	if err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || flags&unix.O_ACCMODE != unix.O_RDONLY || flags&unix.O_PATH != 0 {
		return ErrFile
	}
	return nil
}

// start starts a process, if none runs, and waits until it has given its rights away.
func (h *Helper) start(ctx context.Context) error {
	if h.closed {
		return ErrClosed
	}
	if h.process != nil {
		return nil
	}
	p, err := spawn(h.bounds)
	if err != nil {
		return fmt.Errorf("start the process that reads files: %w", err)
	}
	h.process = p
	k, hello, err := h.receive(ctx, func(k kind) int {
		if k == kindHello {
			return 4
		}
		return -1
	})
	if err == nil && (k != kindHello || len(hello) != 4) {
		err = ErrProtocol
	}
	if err != nil {
		h.stop()
		return err
	}
	p.held = Confinement(binary.LittleEndian.Uint32(hello))
	return nil
}

// spawn starts the program as a helper, by a thread other than the caller's.
func spawn(b Bounds) (*process, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	theirs := os.NewFile(uintptr(pair[1]), "helper")
	defer theirs.Close()
	// Ours is polled by the runtime, so that reading it has a deadline.
	if err := unix.SetNonblock(pair[0], true); err != nil {
		unix.Close(pair[0])
		return nil, err
	}
	ours := os.NewFile(uintptr(pair[0]), "helper")
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		ours.Close()
		return nil, err
	}
	defer null.Close()

	p := &process{socket: ours, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		child, err := os.StartProcess("/proc/self/exe", []string{programName, strconv.FormatUint(b.Memory, 10), strconv.Itoa(lifeCPU)}, &os.ProcAttr{
			Dir:   "/",
			Env:   []string{"GOMAXPROCS=2", "GOTRACEBACK=none"},
			Files: []*os.File{null, null, null, theirs},
			Sys:   &syscall.SysProcAttr{Setsid: true},
		})
		p.child = child
		started <- err
		if err == nil {
			child.Wait()
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		ours.Close()
		return nil, err
	}
	return p, nil
}

// stop kills the process. It is waited for elsewhere: one that sits in a file
// system that does not answer can't be killed at once.
func (h *Helper) stop() *process {
	p := h.process
	h.process = nil
	if p != nil {
		p.socket.Close()
		p.child.Kill()
	}
	return p
}

// exchange sends a job and receives what came of it.
func (h *Helper) exchange(ctx context.Context, job string, file *os.File, request []byte) (kind, []byte, error) {
	var w wire.Writer
	w.String(job)
	w.Bytes(request)
	head := header(kindJob, len(w.Message()))
	if err := h.process.sendJob(ctx, append(head[:], w.Message()...), file); ctx.Err() != nil {
		return 0, nil, ctx.Err()
	} else if err != nil {
		return 0, nil, ErrDied
	}
	return h.receive(ctx, func(k kind) int {
		switch k {
		case kindAnswer:
			return h.bounds.Answer
		case kindError:
			return mostError
		}
		return -1
	})
}

// sendJob sends a frame, with the file's descriptor beside its first byte. A process that
// an earlier job has taken over may never read it: ctx and a minute end the wait.
func (p *process) sendJob(ctx context.Context, frame []byte, file *os.File) error {
	var rights []byte
	var fileConn syscall.RawConn
	if file != nil {
		var err error
		if fileConn, err = file.SyscallConn(); err != nil {
			return err
		}
	}
	conn, err := p.socket.SyscallConn()
	if err != nil {
		return err
	}
	p.socket.SetWriteDeadline(time.Now().Add(time.Minute))
	defer context.AfterFunc(ctx, func() { p.socket.SetWriteDeadline(time.Unix(1, 0)) })()
	for sent := 0; sent < len(frame); {
		var sendErr error
		send := func(socket uintptr) bool {
			n, err := unix.SendmsgN(int(socket), frame[sent:], rights, nil, unix.MSG_NOSIGNAL)
			if err == unix.EAGAIN {
				return false
			}
			if err == nil {
				sent, rights = sent+n, nil
			} else if err != unix.EINTR {
				sendErr = err
			}
			return true
		}
		if file != nil && sent == 0 {
			ctlErr := fileConn.Control(func(fd uintptr) {
				rights = unix.UnixRights(int(fd))
				err = conn.Write(send)
			})
			err = errors.Join(ctlErr, err)
		} else {
			err = conn.Write(send)
		}
		if err = errors.Join(err, sendErr); err != nil {
			return err
		}
	}
	return nil
}

// receive returns the next frame. It ends the wait when the context is done, or the process has used more CPU time than a job may.
func (h *Helper) receive(ctx context.Context, most func(kind) int) (kind, []byte, error) {
	r := &patient{ctx: ctx, process: h.process, limit: h.bounds.CPU}
	r.before, r.measured = cpuTime(h.process.child.Pid) // one that has ended may have answered before
	var head [headerSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, r.why(err)
	}
	k, n, err := parseHeader(head[:], most)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	// What was sent is allocated, not what was claimed.
	var payload []byte
	for len(payload) < n {
		step := min(n-len(payload), 1<<20)
		at := len(payload)
		payload = append(payload, make([]byte, step)...)
		if _, err := io.ReadFull(r, payload[at:]); err != nil {
			return 0, nil, r.why(err)
		}
	}
	return k, payload, nil
}

// patient reads what a process sends as long as it may take.
type patient struct {
	ctx     context.Context
	process *process
	before  time.Duration // its CPU time when the wait began
	limit   time.Duration

	measured bool // before is known
}

func (r *patient) Read(p []byte) (int, error) {
	for {
		r.process.socket.SetReadDeadline(time.Now().Add(lookAgain))
		n, err := r.process.socket.Read(p)
		if n == 0 && !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		// Also of one that sends byte after byte.
		if err := r.ctx.Err(); err != nil {
			return 0, err
		}
		if now, ok := cpuTime(r.process.child.Pid); ok && r.measured && now-r.before > r.limit {
			return 0, ErrTime
		}
		if n > 0 {
			return n, nil
		}
	}
}

// why returns the reason why a frame did not come whole.
func (r *patient) why(err error) error {
	if errors.Is(err, ErrTime) || r.ctx.Err() != nil && errors.Is(err, r.ctx.Err()) {
		return err
	}
	return ErrDied
}

// cpuTime is how much CPU time all threads of a process had: CPU time, unlike
// the clock's, is the same on a machine that is busy with others.
func cpuTime(pid int) (time.Duration, bool) {
	var ts unix.Timespec
	// The clock of a process: clock_getcpuclockid(3), CPUCLOCK_SCHED.
	if err := unix.ClockGettime(int32(^pid<<3|2), &ts); err != nil {
		return 0, false
	}
	return time.Duration(ts.Nano()), true
}
