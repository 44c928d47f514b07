package procfs

import (
	"errors"
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
func TestReadRegular(t *testing.T) {
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
	if b, err := Default().ReadRegular(cat.Process.Pid, "fd/0"); err != unix.EINVAL {
		t.Errorf("%q, %v; want EINVAL", b, err)
	}
	if b, err := Default().ReadRegular(cat.Process.Pid, "status"); err != nil || FieldOf(b, "Name") == "" {
		t.Errorf("%q, %v", b, err)
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
		var st unix.Stat_t
		for _, err := range []error{readErr, linkErr, openErr, listErr, f.Stat(os.Getpid(), "mem", &st, 0)} {
			if !errors.As(err, new(*Unavailable)) {
				t.Errorf("%v", err)
			}
		}
		if f.Comm(os.Getpid()) != "" || f.Parent(os.Getpid()) != 0 {
			t.Error("it answers")
		}
	}
}
