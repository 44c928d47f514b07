package procfs

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

func TestStatField(t *testing.T) {
	t.Parallel()
	const text = "77 (a) R 1 (b)) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 4711 23\n"
	for number, want := range map[int]string{3: "S", 4: "4", 22: "4711", 23: "23", 24: "", 2: "", 0: "", -1: ""} {
		if got := StatField([]byte(text), number); got != want {
			t.Errorf("field %d: %q, want %q", number, got, want)
		}
	}
	if n, err := StartOf([]byte(text)); n != 4711 || err != nil {
		t.Errorf("start %d, %v", n, err)
	}
	for _, bad := range []string{"", ")", "77 (a) S 5", "77 (a) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 x"} {
		if n, err := StartOf([]byte(bad)); !errors.Is(err, unix.ESRCH) {
			t.Errorf("%q: %d, %v", bad, n, err)
		}
	}
}

func TestWaitingOf(t *testing.T) {
	t.Parallel()
	want := Waiting{NR: 7, Args: [6]uint64{1, 2, 0xffffffffffffffff, 0, 5, 6}, SP: 0x7ffc0000, IP: 0x4000}
	if got, ok := WaitingOf([]byte("7 0x1 0x2 0xffffffffffffffff 0x0 0x5 0x6 0x7ffc0000 0x4000\n")); !ok || got != want {
		t.Errorf("%+v, %v, want %+v", got, ok, want)
	}
	for _, none := range []string{"", "running\n", "-1 0x7ffc0000 0x4000\n", "-1 0x1 0x2 0x3 0x0 0x5 0x6 0x7ffc0000 0x4000\n", "7 0x1 0x2 0x3 0x0 0x5 0x6 0x7ffc0000 sp\n"} {
		if got, ok := WaitingOf([]byte(none)); ok {
			t.Errorf("%q: %+v", none, got)
		}
	}
}
