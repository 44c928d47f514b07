package engine

import (
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestZeroRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		b       string
		from, n int
		want    int
	}{
		{"code......", 6, 3, 6},
		{"code......", 6, 4, 6},
		{"code......", 6, 5, -1},
		{"code......", 11, 1, -1},
		{"", 0, 1, -1},
		{"..ab....", 2, 3, 5},   // the zero behind a string is its own
		{"..ab.cd...", 2, 2, 8}, // also that behind the next
		{"..ab.cd...", 2, 3, -1},
		{".....cd...", 2, 3, 2}, // a gap that another string left
		{".....cd...", 2, 4, -1},
	} {
		zeros := strings.ReplaceAll(c.b, ".", "\x00")
		if got := zeroRun([]byte(zeros), c.from, c.n); got != c.want {
			t.Errorf("zeroRun(%q, %d, %d) = %d, want %d", c.b, c.from, c.n, got, c.want)
		}
	}
}

func TestWaitingStack(t *testing.T) {
	t.Parallel()
	const waiting = "257 0xffffff9c 0x1 0x2 0x3 0x4 0x5 0x7ffd00001230 0x401000\n"
	for _, c := range []struct {
		name string
		file []string // what it says, one look after the other
		err  error
		sp   uint64
		want error
	}{
		{"asleep", []string{waiting}, nil, 0x7ffd00001230, nil},
		{"still running", []string{"running\n", "running\n", "running\n", waiting}, nil, 0x7ffd00001230, nil},
		{"a zombie", []string{"running\n", "-1 0x0 0x0\n"}, nil, 0, unix.ESRCH},
		{"gone", nil, &os.PathError{Op: "open", Err: unix.ENOENT}, 0, unix.ESRCH},
		{"gone while read", []string{"running\n"}, &os.PathError{Op: "read", Err: unix.ESRCH}, 0, unix.ESRCH},
		{"hidden", nil, &os.PathError{Op: "open", Err: unix.EACCES}, 0, unix.EACCES},
	} {
		looks := c.file
		sp, err := waitingStack(func() ([]byte, error) {
			if len(looks) == 0 {
				return nil, c.err
			}
			b := looks[0]
			looks = looks[1:]
			return []byte(b), nil
		})
		if sp != c.sp || !errors.Is(err, c.want) {
			t.Errorf("%s: %#x, %v; want %#x, %v", c.name, sp, err, c.sp, c.want)
		}
	}
}
