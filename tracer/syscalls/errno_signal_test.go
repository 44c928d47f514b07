package syscalls

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestErrno(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		e          int
		name, text string
	}{
		{1, "EPERM", "Operation not permitted"},
		{2, "ENOENT", "No such file or directory"},
		{11, "EAGAIN", "Resource temporarily unavailable"},
		{35, "EDEADLK", "Resource deadlock avoided"},
		{38, "ENOSYS", "Function not implemented"},
		{80, "ELIBBAD", "Accessing a corrupted shared library"},
		{81, "ELIBSCN", ".lib section in a.out corrupted"},
		{95, "EOPNOTSUPP", "Operation not supported"},
		{133, "EHWPOISON", "Memory page has hardware error"},
		{512, "ERESTARTSYS", "To be restarted if SA_RESTART is set"},
		{513, "ERESTARTNOINTR", "To be restarted"},
		{514, "ERESTARTNOHAND", "To be restarted if no handler"},
		{516, "ERESTART_RESTARTBLOCK", "Interrupted by signal"},
		{0, "", ""}, {-2, "", ""}, {41, "", ""}, {511, "", ""}, {4095, "", ""},
	} {
		if n, s := ErrnoName(c.e), ErrnoText(c.e); n != c.name || s != c.text {
			t.Errorf("%d: %q %q, want %q %q", c.e, n, s, c.name, c.text)
		}
	}
	for _, name := range ErrnoNames() {
		e, ok := Errno(name)
		if !ok || ErrnoName(e) != name || ErrnoText(e) == "" {
			t.Errorf("%s: Errno gives %d, %v", name, e, ok)
		}
		if want, ok := Constant(name); ok && want != uint64(e) {
			t.Errorf("%s: %d, the headers have %d", name, e, want)
		}
	}
	for name, want := range map[string]int{"EWOULDBLOCK": 11, "EDEADLOCK": 35, "ENOTSUP": 95} {
		if e, ok := Errno(name); !ok || e != want {
			t.Errorf("Errno(%s) = %d, %v", name, e, ok)
		}
	}
	for _, name := range []string{"", "enoent", "ENOSUCH", "2"} {
		if e, ok := Errno(name); ok {
			t.Errorf("Errno(%q) = %d", name, e)
		}
	}
}

func TestSignal(t *testing.T) {
	t.Parallel()
	for n := 1; n < SIGRTMIN; n++ {
		name := SignalName(n)
		if want := unix.SignalName(unix.Signal(n)); name != want {
			t.Errorf("SignalName(%d) = %q, x/sys has %q", n, name, want)
		}
	}
	for n, want := range map[int]string{0: "", -1: "", 32: "SIGRTMIN", 33: "SIGRT_1", 64: "SIGRT_32", 65: ""} {
		if got := SignalName(n); got != want {
			t.Errorf("SignalName(%d) = %q, want %q", n, got, want)
		}
	}
	names := SignalNames()
	if len(names) != SIGRTMAX {
		t.Errorf("%d names", len(names))
	}
	for i, name := range names {
		if n, ok := Signal(name); !ok || n != i+1 {
			t.Errorf("Signal(%q) = %d, %v; want %d", name, n, ok, i+1)
		}
	}
	for name, want := range map[string]int{
		"TERM": 15, "term": 15, "sigterm": 15, "15": 15, "CLD": 17, "SIGPOLL": 29, "IOT": 6, "64": 64,
		"RTMIN": 32, "SIGRTMIN+1": 33, "rtmin+32": 64, "RTMAX": 64, "RTMAX-1": 63, "SIGRT_2": 34, "RT_0": 32,
	} {
		if n, ok := Signal(name); !ok || n != want {
			t.Errorf("Signal(%q) = %d, %v; want %d", name, n, ok, want)
		}
	}
	for _, name := range []string{"", "SIG", "0", "65", "-9", "NOSUCH", "RTMIN+33", "RTMAX-33", "RT_", "RT_x", "RTMIN+-1", "SIGRT_33"} {
		if n, ok := Signal(name); ok {
			t.Errorf("Signal(%q) = %d, want none", name, n)
		}
	}
}
