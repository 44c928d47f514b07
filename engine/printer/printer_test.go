package printer

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"luatrace/tracer/syscalls"
)

func TestNumberSet(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][3]bool{ // of 0, 3 and 1000
		"all": {true, true, true}, "none": {}, "3": {false, true, false}, "0,3": {true, true, false},
		"!3": {true, false, true}, "!all": {}, "!none": {true, true, true},
	} {
		s, err := ParseNumberSet(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := [3]bool{s.Has(0), s.Has(3), s.Has(1000)}; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"", "x", "-1", "1,", "1,all", "!", "!!1", "99999999999", " 1"} {
		if _, err := ParseNumberSet(text); err == nil || !strings.Contains(err.Error(), "numbers from 0 on") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if (*NumberSet)(nil).Has(0) {
		t.Error("a nil set is not empty")
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	d := 12*time.Second + 3456789*time.Nanosecond
	for digits, want := range map[int]string{0: "    12", 3: "    12.003", 6: "    12.003456", 9: "    12.003456789"} {
		if got := string(appendSeconds(nil, d, 6, digits)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := string(appendSeconds(nil, -time.Second, 0, 6)); got != "0.000000" {
		t.Error(got)
	}
	if got := string(appendPointer(appendPointer(nil, 0x7f00, 8), 0, 4)); got != "[0000000000007f00] [????????] " {
		t.Error(got)
	}
}

// memory ends where it ends.
type memory []byte

func (m memory) ReadMemory(addr uint64, p []byte) (int, error) {
	if addr >= uint64(len(m)) {
		return 0, errors.New("EFAULT")
	}
	n := copy(p, m[addr:])
	if n < len(p) {
		return n, errors.New("EFAULT")
	}
	return n, nil
}

func TestDump(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		mem     memory
		addr, n uint64
		want    string
	}{
		{memory("x"), 0, 0, ""},
		{memory("hello\n"), 0, 6, " | 00000  68 65 6c 6c 6f 0a                                 hello.           |\n"},
		{memory("0123456789abcdef\x00~\x7f\xff"), 0, 20,
			" | 00000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef |\n" +
				" | 00010  00 7e 7f ff                                       .~..             |\n"},
		{memory("ab"), 1, 100, " | 00000  62                                                b                |\n"},
		{memory("ab"), 9, 100, ""},
		{memory("ab"), 0, ^uint64(0), " | 0000000000000000  61 62                                             ab               |\n"},
	} {
		var out bytes.Buffer
		p := New(&out, Options{})
		p.dumpMemory(tc.mem, tc.addr, tc.n)
		if out.String() != tc.want {
			t.Errorf("%q from %d, %d bytes:\n%swant\n%s", tc.mem, tc.addr, tc.n, out.String(), tc.want)
		}
	}
	big := make(memory, 1<<20+1)
	var out bytes.Buffer
	New(&out, Options{}).dumpMemory(big, 0, uint64(len(big)))
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 1<<16+2 || !strings.HasPrefix(lines[0], " | 000000  00") || !strings.HasPrefix(lines[1<<16], " | 100000  00    ") {
		t.Errorf("%d lines, %q ... %q", len(lines), lines[0], lines[len(lines)-2])
	}
}

func TestFilterPossible(t *testing.T) {
	t.Parallel()
	f := Filter{Paths: []string{"/a"}}
	for name, want := range map[string]bool{
		"openat": true, "read": true, "mmap": true, "poll": true, "select": true, "execve": true, "chdir": true,
		"getpid": false, "brk": false, "exit_group": false, "sched_yield": false,
	} {
		nr, ok := syscalls.Number(syscalls.AMD64, name)
		if !ok {
			t.Fatal(name)
		}
		if got := f.Possible(syscalls.Lookup(syscalls.AMD64, nr)); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if f.Possible(nil) {
		t.Error("a call without a signature has no file")
	}
	var all Filter
	if !all.Any() || !all.Possible(nil) {
		t.Error("no filter lets everything through")
	}
}
