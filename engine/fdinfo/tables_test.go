package fdinfo

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
)

// unixSocket is a unix socket that is bound to a path.
func unixSocket(t *testing.T, path string) int {
	t.Helper()
	fd := socket(t, unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	must(t, bindUnix(fd, path))
	if path[0] != 0 {
		t.Cleanup(func() { os.Remove(path) })
	}
	return fd
}

// A path with a newline can look like the row of another socket in /proc/net/unix. It is
// never taken for that, in no way to ask.
func TestForgedRow(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "u") // paths of sockets are short
	must(t, err)
	defer os.RemoveAll(dir)
	real := filepath.Join(dir, "r")
	victim := unixSocket(t, real)
	n := inode(t, victim)
	for i, forged := range []string{
		fmt.Sprintf("\nx: 2 0 0 2 1 %d @run_systemd_private", n),
		fmt.Sprintf("\n00000000: 2 0 0 2 1 %d @x", n),
		fmt.Sprintf("\n %d @x", n),
	} {
		path := filepath.Join(dir, fmt.Sprint(i)) + forged
		unixSocket(t, path)
		a := ask(t)
		a.name(victim, "unix "+real)
	}
	// This one is as the kernel writes it.
	unixSocket(t, fmt.Sprintf("\x00\n0000000000000000: 00000002 00000000 00000000 0002 01 %d /x", n))
	a := ask(t)
	a.name(victim, "unix "+real, "unix "+link(t, victim))
}

// A path with a newline is whole.
func TestNewlineInPath(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "u")
	must(t, err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "a\nb: \n\nc")
	fd := unixSocket(t, path)
	a := ask(t)
	a.name(fd, "unix "+path)
}

// rows is a source that has only a table of unix sockets.
type rows struct {
	self
	text string
}

func (r rows) ScanProcFile(_ string, do func(line []byte) bool) error {
	dir, err := os.MkdirTemp("", "u")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Mkdir(filepath.Join(dir, "1"), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "1", "unix"), []byte(r.text), 0o600); err != nil {
		return err
	}
	f, err := procfs.At(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	at, err := f.Thread(1)
	if err != nil {
		return err
	}
	return at.Scan("unix", procfs.Bound{}, do)
}

// FuzzUnixTable: whatever paths stand in the table of unix sockets, the socket that
// is asked for has its own or none.
func FuzzUnixTable(f *testing.F) {
	f.Add("/run/x", "\n0000000000000000: 00000002 00000000 00000000 0002 01 42 /x", true)
	f.Add("\x00a\n", "b\nx: 2 0 0 2 1 42 /x", false)
	f.Fuzz(func(t *testing.T, own, other string, first bool) {
		if len(own) > mostPath || len(other) > mostPath {
			return
		}
		row := func(inode int, path string) string {
			return fmt.Sprintf("ffff888107e3b800: 00000002 00000000 00010000 0001 01 %5d %s\n", inode, path)
		}
		text := "Num       RefCount Protocol Flags    Type St Inode Path\n"
		if first {
			text += row(42, own) + row(43, other)
		} else {
			text += row(43, other) + row(42, own)
		}
		s := Socket{Inode: 42, Proto: -1}
		if !unixTable(rows{text: text}, &s, "42") {
			return
		}
		want := own
		if len(own) > 0 && own[0] == '@' {
			want = "\x00" + own[1:]
		}
		// The path ends where it holds what looks like a row.
		if len(s.Path) > len(want) || s.Path != want[:len(s.Path)] {
			t.Errorf("%q, want %q, in %q", s.Path, want, text)
		}
	})
}
