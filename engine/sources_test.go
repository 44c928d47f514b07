package engine

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine/source"
	"luatrace/internal/slot"
	"luatrace/tracer"
	"luatrace/tracer/procfs"
	"luatrace/tracer/syscalls"
)

// sources raise, each in its own way, the entry and the exit of the same call: an openat of
// path by a program called cat, which is not there. A new source gets a row here.
var sources = []struct {
	name string
	run  func(t *testing.T, path string, setup func(*Engine))
}{
	{"live", func(t *testing.T, path string, setup func(*Engine)) {
		runCommand(t, Options{NoFilter: "a test"}, setup, "cat", path)
	}},
	{"made up", func(t *testing.T, path string, setup func(*Engine)) {
		e := New(Options{Report: func(m string) { t.Errorf("reported: %s", m) }})
		setup(e)
		s := e.Simulate(time.Unix(1e9, 0))
		text := func(s string) *string { return &s }
		m := &MadeUp{PID: 4000, TID: 4000, PPID: 3999, ABI: syscalls.Native(), Comm: text("cat"), Exe: text("/usr/bin/cat"), Cwd: text("/tmp"),
			FDs: map[int]string{1: "/tmp/out"}, Files: map[string]string{"status": "Name:\tcat\nUmask:\t0022\n"}}
		res := MadeUpResult{Ret: -int64(unix.ENOENT), Given: true, Duration: time.Millisecond}
		if _, err := s.Call(m, "openat", map[string]any{"dirfd": int64(unix.AT_FDCWD), "path": path}, res, nil); err != nil {
			t.Fatal(err)
		}
	}},
}

// TestSources asks every source for everything that package source promises.
func TestSources(t *testing.T) {
	nr, _ := syscalls.Number(syscalls.Native(), "openat")
	type check func(t *testing.T, task source.Task, ev *Event, path string)
	for _, c := range []struct {
		name        string
		enter, exit check
	}{
		{name: "identity", enter: func(t *testing.T, task source.Task, ev *Event, _ string) {
			p := task.Process()
			if task.TID() <= 0 || p.PID() != task.TID() || p != task.Process() || p.Tasks() < 1 {
				t.Errorf("thread %d of process %d, %d threads", task.TID(), p.PID(), p.Tasks())
			}
			if task.Dead() || task.Notified() || task.Attaching() {
				t.Error("the task is dead, notified or attaching")
			}
			if known(task) != ev.Task || slot.Of[Proc](p.Record()) != ev.Task.Proc {
				t.Error("the records are others")
			}
			if task.ParentPID() != p.ParentPID() || p.ParentPID() <= 0 {
				t.Errorf("parents %d and %d", task.ParentPID(), p.ParentPID())
			}
		}},
		{name: "call", enter: func(t *testing.T, task source.Task, _ *Event, _ string) {
			now, followed, ok := task.InProgress()
			if c := task.Call(); c.NR != nr || c.ABI != syscalls.Native() || int32(c.Args[0]) != unix.AT_FDCWD || !ok || now.NR != nr || now.Args != c.Args {
				t.Errorf("the call is %+v, in progress %+v, followed %v, %v", c, now, followed, ok)
			}
			if task.Entered().IsZero() {
				t.Error("nobody knows when the call was entered")
			}
		}, exit: func(t *testing.T, task source.Task, ev *Event, _ string) {
			if c := task.Call(); c.NR != nr || int32(c.Args[0]) != unix.AT_FDCWD {
				t.Errorf("at the exit the call is %+v", c)
			}
			if _, _, ok := task.InProgress(); ok {
				t.Error("the call is in progress at its exit")
			}
			if ev.Ret != -int64(unix.ENOENT) || ev.Duration() <= 0 {
				t.Errorf("result %d after %v", ev.Ret, ev.Duration())
			}
		}},
		{name: "names", enter: func(t *testing.T, task source.Task, _ *Event, _ string) {
			p := task.Process()
			if task.Comm() != "cat" || p.Comm() != "cat" || !strings.HasPrefix(task.Exe(), "/") || p.Exe() != task.Exe() || !strings.HasPrefix(task.Cwd(), "/") || p.Cwd() != task.Cwd() {
				t.Errorf("%q and %q, %q and %q, %q and %q", task.Comm(), p.Comm(), task.Exe(), p.Exe(), task.Cwd(), p.Cwd())
			}
		}},
		{name: "descriptors", enter: func(t *testing.T, task source.Task, _ *Event, _ string) {
			p := task.Process()
			if fd := task.FD(1); !strings.HasSuffix(fd, "/out") || p.FD(1) != fd || task.FD(999) != "" {
				t.Errorf("1 is %q and %q, 999 is %q", fd, p.FD(1), task.FD(999))
			}
			if names, err := p.List("fd"); err != nil || !slices.Contains(names, "1") {
				t.Errorf("%v, %v", names, err)
			}
			if n, err := task.CopyFD(999); err == nil || n != -1 {
				t.Errorf("999 is copied: %d", n)
			}
		}},
		{name: "memory", enter: func(t *testing.T, task source.Task, _ *Event, path string) {
			p, at := task.Process(), task.Call().Args[1]
			if s, whole, err := p.ReadString(at, 4096, nil); string(s) != path || !whole || err != nil {
				t.Errorf("%q, %v, %v", s, whole, err)
			}
			if s, whole, err := p.ReadString(at, 4, []byte("before")); string(s) != path[:4] || whole || err != nil {
				t.Errorf("four bytes: %q, %v, %v", s, whole, err)
			}
			b := make([]byte, len(path))
			if n, err := p.ReadMemory(at, b); n != len(b) || err != nil || string(b) != path {
				t.Errorf("%d bytes %q, %v", n, b, err)
			}
			if n, err := p.ReadMemory(0, b); n != 0 || !errors.Is(err, unix.EFAULT) {
				t.Errorf("at 0: %d, %v", n, err)
			}
			if n, err := p.ReadMemory(1<<63, b); n != 0 || !errors.Is(err, unix.EFAULT) {
				t.Errorf("of the kernel: %d, %v", n, err)
			}
			if n, err := p.ReadMemory(0, nil); n != 0 || err != nil {
				t.Errorf("nothing: %d, %v", n, err)
			}
			changed := bytes.ToUpper(b)
			if n, err := p.WriteMemory(at, changed); n != len(b) || err != nil {
				t.Errorf("written: %d, %v", n, err)
			}
			if n, err := p.ReadMemory(at, b); n != len(b) || err != nil || !bytes.Equal(b, changed) {
				t.Errorf("read back: %d bytes %q, %v", n, b, err)
			}
		}},
		{name: "files", enter: func(t *testing.T, task source.Task, _ *Event, _ string) {
			p := task.Process()
			if b, err := p.ProcFile("comm"); string(b) != "cat\n" || err != nil {
				t.Errorf("%q, %v", b, err)
			}
			if b, err := p.ProcFileWithin("status", procfs.Bound{}); !bytes.HasPrefix(b, []byte("Name:\tcat\n")) || err != nil {
				t.Errorf("%q, %v", b, err)
			}
			if _, err := p.ProcFile("nothing"); !errors.Is(err, unix.ENOENT) {
				t.Error(err)
			}
			if _, err := p.ProcFile("mem"); !errors.As(err, new(*procfs.RefusedError)) {
				t.Error(err)
			}
			lines := 0
			if err := task.ScanProcFile("status", func([]byte) bool { lines++; return lines < 2 }); lines != 2 || err != nil {
				t.Errorf("%d lines, %v", lines, err)
			}
		}},
		{name: "registers", enter: func(t *testing.T, task source.Task, _ *Event, _ string) {
			var r, again tracer.Registers
			if err := task.Registers(&r); err != nil {
				t.Fatal(err)
			}
			if err := task.SetRegisters(&r); err != nil {
				t.Fatal(err)
			}
			if err := task.Registers(&again); err != nil || again != r {
				t.Errorf("%+v, %+v, %v", r, again, err)
			}
		}},
		{name: "changed call", enter: func(t *testing.T, task source.Task, _ *Event, _ string) {
			args := task.Call().Args
			args[3] = 0o600
			if err := task.SetCall(nr, args); err != nil || task.Call().Args != args {
				t.Errorf("%v, %v", task.Call().Args, err)
			}
		}},
		{name: "skipped call", enter: func(t *testing.T, task source.Task, _ *Event, _ string) {
			if err := task.Skip(-512); !errors.Is(err, unix.EINVAL) {
				t.Errorf("a restart: %v", err)
			}
			if err := task.Skip(-int64(unix.EPERM)); err != nil {
				t.Error(err)
			}
		}, exit: func(t *testing.T, task source.Task, ev *Event, _ string) {
			if ev.Ret != -int64(unix.EPERM) || ev.Duration() != 0 {
				t.Errorf("result %d after %v", ev.Ret, ev.Duration())
			}
			if err := task.SetResult(-516); !errors.Is(err, unix.EINVAL) {
				t.Errorf("a restart: %v", err)
			}
			if err := task.SetResult(-int64(unix.EACCES)); err != nil {
				t.Error(err)
			}
		}},
	} {
		for _, s := range sources {
			t.Run(c.name+" "+s.name, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "missing")
				entries, exits := 0, 0
				mine := func(ev *Event) bool { return ev.AbsPath() == path || ev.AbsPath() == strings.ToUpper(path) }
				s.run(t, path, func(e *Engine) {
					hook(t, e, "openat:enter", func(ev *Event) error {
						if task := ev.Task.Task; mine(ev) {
							if entries++; task.Can() != source.All {
								t.Errorf("it can answer %b", task.Can())
							}
							if c.enter != nil {
								c.enter(t, task, ev, path)
							}
						}
						return nil
					})
					hook(t, e, "openat:exit", func(ev *Event) error {
						if entries > exits {
							exits++
							if c.exit != nil {
								c.exit(t, ev.Task.Task, ev, path)
							}
						}
						return nil
					})
				})
				if entries != 1 || exits != 1 {
					t.Errorf("%d entries and %d exits", entries, exits)
				}
			})
		}
	}
}

// silentTask is a made-up thread that answers little.
type silentTask struct{ *source.MadeTask }

func (silentTask) Can() source.Fields { return source.Memory | source.Names }

// TestSourceThatKnowsLittle: hooks get nil for what the source of an event can't answer, and
// the user is told once.
func TestSourceThatKnowsLittle(t *testing.T) {
	t.Parallel()
	var said []string
	e := New(Options{Report: func(m string) { said = append(said, m) }})
	calls := 0
	hook(t, e, "getpid:enter", func(ev *Event) error {
		calls++
		if r, err := ev.Registers(); r != nil || !errors.Is(err, source.ErrNotKnown) {
			t.Errorf("registers %v, %v", r, err)
		}
		if ev.Comm() != "quiet" {
			t.Errorf("the name is %q", ev.Comm())
		}
		return nil
	})
	p := &source.Made{Name: "quiet"}
	task := silentTask{p.Start(5000, 5000, syscalls.Native())}
	nr, _ := syscalls.Number(syscalls.Native(), "getpid")
	for range 2 {
		task.Enter(syscalls.Native(), nr, [6]uint64{}, time.Unix(1e9, 0))
		e.handle(&source.Event{Event: &tracer.Event{Kind: tracer.EventEnter}, Task: task, Call: task.Call()})
	}
	if want := []string{"registers are not known of some events: hooks get nil for them. This is said once"}; calls != 2 || !slices.Equal(said, want) {
		t.Errorf("%d calls, said: %q", calls, said)
	}
}
