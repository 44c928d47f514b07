package aside

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/leak"
	"luatrace/tracer/syscalls"
)

func TestMain(m *testing.M) { leak.Main(m) }

// TestAsks asks about calls: which of them ask for a tracer?
func TestAsks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		call string
		arg  uint64
		want bool
	}{
		{"ptrace", unix.PTRACE_TRACEME, true},
		{"ptrace", unix.PTRACE_ATTACH, true},
		{"ptrace", unix.PTRACE_SEIZE, true},
		{"ptrace", unix.PTRACE_CONT, false},
		{"read", unix.PTRACE_SEIZE, false},
	} {
		for abi := range syscalls.NumABI {
			nr, ok := syscalls.Number(abi, c.call)
			if got := ok && Asks(abi, nr, &[6]uint64{c.arg}); ok && got != c.want {
				t.Errorf("%s(%#x) of ABI %d: %v", c.call, c.arg, abi, got)
			}
		}
	}
	if Asks(syscalls.Native(), -1, &[6]uint64{}) {
		t.Error("a call without a number asks")
	}
}

// TestSeenAs: in our own pid namespace a thread's number is ours.
func TestSeenAs(t *testing.T) {
	t.Parallel()
	if got := SeenAs(os.Getpid(), 4711, func(func(int) bool) {}); got != 4711 {
		t.Error(got)
	}
}

// TestMayTrace: a thread may trace itself as far as credentials go, and nobody one that does not
// exist.
func TestMayTrace(t *testing.T) {
	t.Parallel()
	const nobody = 1 << 30
	if MayTrace(os.Getpid(), nobody) || MayTrace(nobody, os.Getpid()) || MayTraceChild(nobody, os.Getpid()) {
		t.Error("a process that does not exist may be traced, or trace")
	}
}

// TestRunning: this program traces nobody, and of one that does not exist nothing is known.
func TestRunning(t *testing.T) {
	t.Parallel()
	if _, known := Running(1 << 30); known {
		t.Error("a program of a process that does not exist")
	}
	if _, known := Running(os.Getpid()); !known {
		t.Error("the program of this process is not known")
	}
}
