package privsep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/internal/wire"
)

// newHelper returns a helper that ends with the test.
func newHelper(t *testing.T, b Bounds) *Helper {
	t.Helper()
	h := New(b)
	t.Cleanup(h.Close)
	return h
}

// sound fails the test unless the helper does its next job.
func sound(t *testing.T, h *Helper) {
	t.Helper()
	if answer, err := h.Do(t.Context(), "echo", nil, []byte("next")); string(answer) != "next" || err != nil {
		t.Errorf("the next job: %q, %v", answer, err)
	}
}

func fileWith(t *testing.T, content string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestDo(t *testing.T) {
	t.Parallel()
	h := newHelper(t, Bounds{})
	f := fileWith(t, "content")
	for range 3 {
		if answer, err := h.Do(t.Context(), "read", f, nil); string(answer) != "content" || err != nil {
			t.Fatalf("%q, %v", answer, err)
		}
	}
	if answer, err := h.Do(t.Context(), "read", nil, nil); len(answer) != 0 || err != nil {
		t.Errorf("without a file: %q, %v", answer, err)
	}
	request := bytes.Repeat([]byte("request "), mostRequest/8)
	if answer, err := h.Do(t.Context(), "echo", nil, request); !bytes.Equal(answer, request) || err != nil {
		t.Errorf("a request of %d bytes: %d bytes, %v", len(request), len(answer), err)
	}
	if _, err := h.Do(t.Context(), "echo", nil, append(request, 0)); err == nil {
		t.Error("a request beyond the limit is sent")
	}
	var failed *JobError
	if _, err := h.Do(t.Context(), "fail", nil, []byte("no magic")); !errors.As(err, &failed) || failed.Text != "no magic" || failed.Job != "fail" {
		t.Errorf("the error of a job: %v", err)
	}
	if _, err := h.Do(t.Context(), "panic", nil, nil); !errors.As(err, &failed) || !strings.Contains(failed.Text, "out of range") {
		t.Errorf("a panic: %v", err)
	}
	if _, err := h.Do(t.Context(), "nonsense", nil, nil); !errors.As(err, &failed) {
		t.Errorf("an unknown job: %v", err)
	}
	sound(t, h)
	h.Close()
	if _, err := h.Do(t.Context(), "echo", nil, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed helper: %v", err)
	}
}

// What is no regular file for reading does not reach the helper.
func TestFilesOnly(t *testing.T) {
	t.Parallel()
	h := newHelper(t, Bounds{})
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, flags := range map[string]int{fifo: unix.O_RDONLY | unix.O_NONBLOCK, dir: unix.O_RDONLY, "/dev/zero": unix.O_RDONLY, filepath.Join(dir, "new"): unix.O_RDWR | unix.O_CREAT} {
		f, err := os.OpenFile(path, flags, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Do(t.Context(), "read", f, nil); !errors.Is(err, ErrFile) {
			t.Errorf("%s: %v, want ErrFile", path, err)
		}
		f.Close()
	}
	f := os.NewFile(uintptr(pathFD(t, fileWith(t, "").Name())), "path")
	defer f.Close()
	if _, err := h.Do(t.Context(), "read", f, nil); !errors.Is(err, ErrFile) {
		t.Errorf("O_PATH: %v, want ErrFile", err)
	}
}

func pathFD(t *testing.T, path string) int {
	t.Helper()
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// wanted is what a kernel like this one can take away.
func wanted() Confinement {
	want := Limits | NoNewPrivs | User | Capabilities | Undumpable | Seccomp
	version, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if e == 0 && version > 0 && (!cgo || version >= 8) {
		want |= Landlock
	}
	return want
}

func TestConfinement(t *testing.T) {
	t.Parallel()
	h := newHelper(t, Bounds{})
	held, err := h.Confinement(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := wanted(); held&want != want {
		t.Errorf("held: %s; want: %s", held, want)
	}
	h.Close()
	// A descriptor without close-on-exec is as those that luatrace was started with: they are for its command only.
	null, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(null)
	h = newHelper(t, Bounds{})
	answer, err := h.Do(t.Context(), "surroundings", fileWith(t, "x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	// The standard descriptors, the socket, the file; the runtime keeps files of its cgroup open.
	want := regexp.MustCompile(`^env \["GOMAXPROCS=2" "GOTRACEBACK=none"\]\nfd 20000\nfd 20000\nfd 20000\nfd 140000\n(fd 100000\n){1,3}$`)
	if !want.Match(answer) {
		t.Errorf("the helper has\n%swant\n%s", answer, want)
	}
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		uid, gid = nobody, nobody
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.process.child.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for field, value := range map[string]string{
		"Uid": fmt.Sprintf("%[1]d\t%[1]d\t%[1]d\t%[1]d", uid), "Gid": fmt.Sprintf("%[1]d\t%[1]d\t%[1]d\t%[1]d", gid),
		"NoNewPrivs": "1", "Seccomp": "2", "CapPrm": "0000000000000000", "CapEff": "0000000000000000",
	} {
		if !strings.Contains(string(status), fmt.Sprintf("\n%s:\t%s\n", field, value)) {
			t.Errorf("%s of the helper is not %s:\n%s", field, value, status)
		}
	}
}

// A parser that was taken over reaches nothing.
func TestAttack(t *testing.T) {
	t.Parallel()
	h := newHelper(t, Bounds{})
	f := fileWith(t, "content")
	answer, err := h.Do(t.Context(), "attack", f, []byte(fmt.Sprint(os.Getpid())))
	if err != nil {
		t.Fatal(err)
	}
	if len(answer) > 0 {
		t.Errorf("a parser without rights could: %s", answer)
	}
	if b, err := os.ReadFile(f.Name()); string(b) != "content" || err != nil {
		t.Errorf("the file is now %q, %v", b, err)
	}
	sound(t, h)
}

// What takes too much ends, and the next job is done.
func TestBounds(t *testing.T) {
	t.Parallel()
	small := Bounds{Memory: 64 << 20, CPU: 50 * time.Millisecond, Answer: 1 << 20}
	for job, want := range map[string]error{"memory": ErrDied, "recurse": ErrDied, "spin": ErrTime, "big": ErrProtocol} {
		t.Run(job, func(t *testing.T) {
			t.Parallel()
			b := small
			if errors.Is(want, ErrDied) {
				b.CPU = time.Hour
			}
			h := newHelper(t, b)
			if answer, err := h.Do(t.Context(), job, nil, nil); !errors.Is(err, want) {
				t.Errorf("%d bytes, %v; want %v", len(answer), err, want)
			}
			sound(t, h)
		})
	}
}

// A job that waits for ever is ended by the context.
func TestContext(t *testing.T) {
	t.Parallel()
	h := newHelper(t, Bounds{})
	sound(t, h)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Do(ctx, "wait", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the context's error", err)
	}
	sound(t, h)
}

// The context also ends the wait for a process that sends a byte now and then, and for
// one that reads no job any more.
func TestContextOfHostile(t *testing.T) {
	t.Parallel()
	for job, then := range map[string]string{"drip": "", "deaf": "echo"} {
		h := newHelper(t, Bounds{})
		sound(t, h)
		ctx, cancel := context.WithCancel(t.Context())
		last := job
		if then != "" {
			if _, err := h.Do(ctx, job, nil, nil); err != nil {
				t.Fatal(err)
			}
			last = then
		}
		time.AfterFunc(300*time.Millisecond, cancel)
		if _, err := h.Do(ctx, last, nil, make([]byte, mostRequest)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want the context's error", job, err)
		}
		sound(t, h)
	}
}

// Nonsense from the helper is an error, and allocates nothing that it claims.
func TestNonsense(t *testing.T) {
	t.Parallel()
	frame := func(k kind, n uint32, payload string) []byte {
		h := header(k, int(n))
		return append(h[:], payload...)
	}
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing":          {nil, ErrDied},
		"half a header":    {frame(kindAnswer, 4, "")[:7], ErrDied},
		"half an answer":   {frame(kindAnswer, 8, "half"), ErrDied},
		"a lying length":   {frame(kindAnswer, 1<<31, "x"), ErrProtocol},
		"a long error":     {frame(kindError, mostError+1, "x"), ErrProtocol},
		"another hello":    {frame(kindHello, 4, "xxxx"), ErrProtocol},
		"no magic":         {[]byte("<html><head>"), ErrProtocol},
		"an unknown kind":  {frame(99, 0, ""), ErrProtocol},
		"a job of its own": {frame(kindJob, 0, ""), ErrProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHelper(t, Bounds{})
			if answer, err := h.Do(t.Context(), "raw", nil, c.raw); !errors.Is(err, c.want) {
				t.Errorf("%q, %v; want %v", answer, err, c.want)
			}
			sound(t, h)
		})
	}
}

// What a helper has sent is read also when it has ended before anybody looks.
func TestAnswerOfEnded(t *testing.T) {
	t.Parallel()
	h := newHelper(t, Bounds{})
	sound(t, h)
	answer := header(kindAnswer, 4)
	var w wire.Writer
	w.String("raw")
	w.Bytes(append(answer[:], "last"...))
	job := header(kindJob, len(w.Message()))
	p := h.process
	if err := p.sendJob(t.Context(), append(job[:], w.Message()...), nil); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if k, got, err := h.receive(t.Context(), func(kind) int { return 4 }); k != kindAnswer || string(got) != "last" || err != nil {
		t.Errorf("kind %d, %q, %v; want the answer", k, got, err)
	}
}

// The thread that asks gets no child: whoever waits there for tracees does not see the helper.
func TestNoChildOfTheThread(t *testing.T) {
	t.Parallel()
	childless(func() {
		sound(t, newHelper(t, Bounds{}))
		if pid, err := childOfThread(); !errors.Is(err, unix.ECHILD) {
			t.Errorf("wait4 finds %d, %v; want no child", pid, err)
		}
	})
}

// childless calls f on a thread that has no child yet. Other tests may have started helpers on
// any thread that the runtime has: one of those is kept until another is found.
func childless(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, err := childOfThread(); errors.Is(err, unix.ECHILD) {
		f()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		childless(f)
	}()
	<-done
}

func childOfThread() (pid int, err error) {
	return unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL|unix.WNOTHREAD, nil)
}

const abandonArg = "abandon"

// abandon starts a helper that works for ever, says which one it is, and waits to be killed.
func abandon() {
	h := New(Bounds{CPU: time.Hour})
	if _, err := h.Confinement(context.Background()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(h.process.child.Pid)
	h.Do(context.Background(), "spin", nil, nil)
	os.Exit(1)
}

// A helper whose parent is killed ends, whatever it does.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", abandonArg)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	_, scanErr := fmt.Fscan(out, &pid)
	fd := -1
	if scanErr == nil {
		fd, err = unix.PidfdOpen(pid, 0)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if scanErr != nil || err != nil {
		t.Fatal("no helper was started: ", scanErr, err)
	}
	defer unix.Close(fd)
	for {
		if n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1); err == nil && n == 1 {
			return
		} else if err != nil && err != unix.EINTR {
			t.Fatal(err)
		}
	}
}

// Who starts a program under the helper's name gets a line, and no helper.
func TestStartedByHand(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "1", "1")
	cmd.Args[0] = programName
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "by itself") {
		t.Errorf("%v, %q", err, out)
	}
}

// FuzzHeader: no header of a frame allows more than its kind may have.
func FuzzHeader(f *testing.F) {
	h := header(kindAnswer, 100)
	f.Add(h[:])
	f.Fuzz(func(t *testing.T, b []byte) {
		k, n, err := parseHeader(b, func(k kind) int {
			if k == kindAnswer {
				return 1000
			}
			return -1
		})
		if err == nil && (k != kindAnswer || n < 0 || n > 1000) {
			t.Fatalf("kind %d, %d bytes", k, n)
		}
	})
}
