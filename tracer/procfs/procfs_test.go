package procfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// Of this process's own /proc, everything is what the kernel's calls say.
func TestOwn(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f, pid, tid := Default(), os.Getpid(), unix.Gettid()
	if f.View() != Own || f.Why() != "" {
		t.Fatalf("view %d, %q", f.View(), f.Why())
	}
	if got := f.Parent(pid); got != os.Getppid() {
		t.Errorf("parent %d", got)
	}
	if got := f.Group(tid); got != pid {
		t.Errorf("thread group %d", got)
	}
	if got, err := f.Threads(pid); err != nil || !slices.Contains(got, tid) {
		t.Errorf("threads %d: %v", got, err)
	}
	if got, err := f.Processes(); err != nil || !slices.Contains(got, pid) {
		t.Errorf("processes %d: %v", got, err)
	}
	if ids := f.Numbers(tid); ids[len(ids)-1] != tid {
		t.Errorf("numbers %d", ids)
	}
	if dir, err := os.Getwd(); err != nil {
		t.Error(err)
	} else if got, err := f.Readlink(tid, "cwd"); got != dir || err != nil {
		t.Errorf("working directory %q: %v", got, err)
	}
	if got, err := f.ReadFile(pid, "cmdline"); err != nil || string(got) != strings.Join(os.Args, "\x00")+"\x00" {
		t.Errorf("command line %q: %v", got, err)
	}
	if got, err := f.Self("cmdline"); err != nil || !strings.HasPrefix(string(got), os.Args[0]) {
		t.Errorf("own command line %q: %v", got, err)
	}
	if _, _, traced := f.Tracer(pid); traced {
		t.Error("traced")
	}
	if _, err := f.ReadFile(1<<23, "comm"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a thread that can't exist: %v", err)
	}
}

// A name that leads to something other than a regular file is not opened.
func TestReadWanted(t *testing.T) {
	t.Parallel()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	cat := exec.Command("cat")
	in, err := cat.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cat.Start(); err != nil {
		t.Fatal(err)
	}
	defer cat.Wait()
	defer in.Close()
	p, err := Default().Thread(cat.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := p.ReadWanted("fd/0", Bound{}); !errors.Is(err, unix.EINVAL) {
		t.Errorf("%q, %v; want EINVAL", b, err)
	}
	if b, err := p.ReadWanted("cwd", Bound{}); !errors.Is(err, unix.EINVAL) {
		t.Errorf("%q, %v; want EINVAL", b, err)
	}
	if b, err := p.ReadWanted("task", Bound{}); !errors.Is(err, unix.EISDIR) {
		t.Errorf("%q, %v; want EISDIR", b, err)
	}
	for _, name := range []string{"status", fmt.Sprintf("task/%d/status", cat.Process.Pid)} {
		if b, err := p.ReadWanted(name, Bound{}); err != nil || FieldOf(b, "Name") != "cat" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for name, want := range map[string]string{"fdinfo/0": "pos:\t0\n", "net/dev": "Inter-|"} {
		if b, err := p.ReadWanted(name, Bound{}); err != nil || !strings.HasPrefix(string(b), want) {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if b, err := p.ReadWanted("exe", Bound{Most: 100}); len(b) > 100 || !errors.As(err, new(*CutError)) {
		t.Errorf("exe: %d bytes, %v", len(b), err)
	}
}

// What is no /proc answers nothing.
func TestNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "comm"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, filepath.Join(dir, "missing")} {
		f := open(dir)
		if f.View() != None || f.Why() != Missing {
			t.Errorf("view %d, %q", f.View(), f.Why())
		}
		_, readErr := f.ReadFile(os.Getpid(), "comm")
		_, linkErr := f.Readlink(os.Getpid(), "exe")
		_, openErr := f.Open(os.Getpid(), "mem", unix.O_RDWR)
		_, listErr := f.Threads(os.Getpid())
		_, placeErr := f.Thread(os.Getpid())
		_, holdErr := f.Hold(os.Getpid())
		for _, err := range []error{readErr, linkErr, openErr, listErr, placeErr, holdErr} {
			if !errors.As(err, new(*Unavailable)) {
				t.Errorf("%v", err)
			}
		}
		if f.Comm(os.Getpid()) != "" || f.Parent(os.Getpid()) != 0 {
			t.Error("it answers")
		}
	}
}
