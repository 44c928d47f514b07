package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// made is a directory that is laid out like /proc, with one process, 7.
func made(t *testing.T, files map[string]string) Place {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "7"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, "7", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := At(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	p, err := f.Thread(7)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Of a long file there are whole lines or words up to the bound, and it is said that there is
// more.
func TestCut(t *testing.T) {
	t.Parallel()
	lines, words := strings.Repeat("123456789\n", 300000), strings.Repeat("1234567\x00", 500000)
	p := made(t, map[string]string{"maps": lines, "cmdline": words, "environ": strings.Repeat("x", 5<<20), "status": "short\n"})
	for _, c := range []struct {
		file      string
		most, got int
		whole     bool
	}{
		{"status", 0, 6, true},
		{"status", 6, 6, true},
		{"status", 5, 5, false},
		{"maps", 0, MostForItself / 10 * 10, false},
		{"maps", 64 << 20, len(lines), true},
		{"maps", len(lines), len(lines), true},
		{"maps", len(lines) - 1, len(lines) - 10, false},
		{"maps", 1005, 1000, false},
		{"cmdline", 64 << 20, MostWords, false},
		{"cmdline", 1001, 1000, false},
		{"environ", 64 << 20, MostWords, false}, // without an end: what there is
	} {
		b, err := p.ReadWanted(c.file, Bound{Most: c.most})
		var cut *CutError
		if len(b) != c.got || (err == nil) != c.whole || err != nil && (!errors.As(err, &cut) || cut.File != c.file) {
			t.Errorf("%s, at most %d: %d bytes, %v; want %d", c.file, c.most, len(b), err, c.got)
		}
		if cap(b) > max(2*c.got, 4096)+2 {
			t.Errorf("%s, at most %d: room for %d bytes", c.file, c.most, cap(b))
		}
	}
	asked := 0
	b, err := p.ReadWanted("maps", Bound{Most: 64 << 20, Poll: func() error { asked++; return errEnough }})
	if !errors.Is(err, errEnough) || asked != 1 || len(b) > 3*piece {
		t.Errorf("%d bytes, %v, asked %d times", len(b), err, asked)
	}
}

var errEnough = errors.New("enough")

// Lines are given one by one, long ones shortened, and the memory stays the same.
func TestScan(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("y", 3*piece+5)
	text := "first\n\n" + strings.Repeat("line\n", 50000) + long + "\nafter\nlast"
	p := made(t, map[string]string{"maps": text, "empty": ""})
	var got []string
	if err := p.Scan("maps", Bound{}, func(line []byte) bool { got = append(got, string(line)); return true }); err != nil {
		t.Fatal(err)
	}
	n := len(got)
	if n != 50005 || got[0] != "first\n" || got[1] != "\n" || got[2] != "line\n" || got[50001] != "line\n" || got[n-2] != "after\n" || got[n-1] != "last" {
		t.Fatalf("%d lines: %.10q ... %.10q", n, got[:3], got[n-4:])
	}
	if l := got[n-3]; len(l) == 0 || !strings.HasPrefix(long, l) {
		t.Errorf("the long line has %d bytes", len(l))
	}
	n = 0
	if err := p.Scan("maps", Bound{}, func(line []byte) bool { n++; return n < 3 }); err != nil || n != 3 {
		t.Errorf("stopped at 3: %d, %v", n, err)
	}
	if err := p.Scan("maps", Bound{Most: 1000}, func([]byte) bool { return true }); !errors.As(err, new(*CutError)) {
		t.Errorf("longer than the bound: %v", err)
	}
	if err := p.Scan("maps", Bound{Poll: func() error { return errEnough }}, func([]byte) bool { return true }); !errors.Is(err, errEnough) {
		t.Errorf("ended: %v", err)
	}
	if err := p.Scan("empty", Bound{}, func([]byte) bool { t.Error("a line"); return true }); err != nil {
		t.Error(err)
	}
}

// What has no end is not read, by no name that leads to it.
func TestRefused(t *testing.T) {
	t.Parallel()
	file, err := os.Open("/proc/self/pagemap")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := exec.Command("cat")
	cmd.ExtraFiles = []*os.File{file} // descriptor 3
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	p, err := Default().Thread(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mem", "pagemap", "clear_refs", "./mem", "mem/", "task/%d/mem", "task/%d/pagemap", "task/%d/clear_refs", "fd/3", "root/proc/%d/pagemap", "cwd/../../../../../../../../proc/%d/mem"} {
		if strings.Contains(name, "%d") {
			name = fmt.Sprintf(name, cmd.Process.Pid)
		}
		if b, err := p.ReadWanted(name, Bound{Most: 1000}); !errors.As(err, new(*RefusedError)) {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
	}
}

// A directory that is held open is never another process's.
func TestHold(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d, err := Default().Hold(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		t.Fatal(err)
	}
	if started, err := d.Started(); err != nil || started > uint64(now.Nano()/1e7) || started == 0 {
		t.Errorf("started at %d, %v; it is %d", started, err, now.Nano()/1e7)
	}
	thread, err := d.Thread(cmd.Process.Pid)
	if err != nil || d.Place().Comm() != "cat" || thread.Comm() != "cat" {
		t.Errorf("%q, %q, %v", d.Place().Comm(), thread.Comm(), err)
	}
	if other, err := d.Thread(os.Getpid()); err != nil || other.Comm() != "" {
		t.Errorf("another process is one of its threads: %q, %v", other.Comm(), err)
	}
	in.Close()
	cmd.Wait()
	if _, err := d.Started(); err == nil {
		t.Error("it is there after its end")
	}
	if b, err := d.Place().ReadWanted("status", Bound{}); err == nil {
		t.Errorf("after its end: %q", b)
	}
}

// FuzzLines: whatever stands in a file of /proc, and whatever its lines are like, reading it line by
// line gives what stands there, and a bound gives its beginning.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\n"), 3)
	f.Add(bytes.Repeat([]byte("xy\n"), 40000), 70000)
	f.Add(bytes.Repeat([]byte{'z'}, 200000), 1<<20)
	dir := f.TempDir()
	name := filepath.Join(dir, "7", "maps")
	if err := os.Mkdir(filepath.Dir(name), 0o755); err != nil {
		f.Fatal(err)
	}
	root, err := At(dir)
	if err != nil {
		f.Fatal(err)
	}
	defer root.Close()
	f.Fuzz(func(t *testing.T, text []byte, most int) {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := root.Thread(7)
		if err != nil {
			t.Fatal(err)
		}
		most = 1 + most&0xfffff
		b, err := p.ReadWanted("maps", Bound{Most: most})
		if len(b) > most || !bytes.HasPrefix(text, b) || (err == nil) != (len(text) <= most) {
			t.Errorf("%d of %d bytes, at most %d: %v", len(b), len(text), most, err)
		}
		rest := text
		err = p.Scan("maps", Bound{Most: 2 << 20}, func(line []byte) bool {
			end := bytes.IndexByte(rest, '\n') + 1
			if end == 0 {
				end = len(rest)
			}
			if len(line) > piece || len(line) > end || !bytes.HasPrefix(rest, line) || len(line) < end && len(line) < piece/2 {
				t.Errorf("%d bytes of a line of %d: %.100q", len(line), end, line)
			}
			rest = rest[end:]
			return true
		})
		if len(rest) > 0 && err == nil {
			t.Errorf("%d bytes are missing", len(rest))
		}
		StartOf(text)
	})
}
