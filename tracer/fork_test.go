package tracer

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// A child whose tracer dies before it has been seized does not wait at its gate for ever. The
// tracer's death is here what it is for the child: the end of the descriptors.
func TestGateClosesWithTracer(t *testing.T) {
	t.Parallel()
	plan, err := newChildPlan(&Command{Path: "/nonexistent", Argv: []string{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	var gate, errs [2]int
	for _, p := range []*[2]int{&gate, &errs} {
		if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
	}
	defer unix.Close(errs[0])
	plan.Gate, plan.Opener, plan.Errors = gate[0], gate[1], errs[1]
	pid, e := kernel.Fork(plan)
	unix.Close(gate[0])
	unix.Close(gate[1])
	unix.Close(errs[1])
	if e != 0 {
		t.Fatal(e)
	}
	watchdog := time.AfterFunc(20*time.Second, func() {
		t.Error("the child still waits")
		unix.Kill(int(pid), unix.SIGKILL)
	})
	defer watchdog.Stop()
	var status unix.WaitStatus
	for {
		if _, err = unix.Wait4(int(pid), &status, 0, nil); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil || !status.Exited() || status.ExitStatus() != 127 {
		t.Errorf("status %#x, %v; want exit status 127", status, err)
	}
}

// A child has no handlers of this process and the mask of the thread that made it,
// whichever way the kernel has to put handlers away.
func TestChildsSignals(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]kernel.ForkWay{"shared memory": kernel.ForkSharing, "CLONE_CLEAR_SIGHAND": kernel.ForkClone3, "before Linux 5.5": kernel.ForkClone} {
		t.Run(name, func(t *testing.T) {
			plan, err := newChildPlan(&Command{Path: "/nonexistent", Argv: []string{"x"}})
			if err != nil {
				t.Fatal(err)
			}
			var gate, errs [2]int
			for _, p := range []*[2]int{&gate, &errs} {
				if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
					t.Fatal(err)
				}
			}
			defer unix.Close(errs[0])
			defer unix.Close(gate[0])
			plan.Gate, plan.Opener, plan.Errors, plan.Way = gate[0], gate[1], errs[1], way
			plan.SetSignals = false

			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			const blocked = 1<<(unix.SIGUSR2-1) | 1<<(unix.SIGTERM-1)
			var before unix.Sigset_t
			if err := unix.PthreadSigmask(unix.SIG_BLOCK, &unix.Sigset_t{Val: [16]uint64{blocked}}, &before); err != nil {
				t.Fatal(err)
			}
			defer unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
			pid, e := kernel.Fork(plan)
			unix.Close(errs[1])
			if e != 0 {
				t.Fatal(e)
			}
			atGate := strconv.Itoa(unix.SYS_READ) + " 0x" + strconv.FormatInt(int64(gate[0]), 16) + " "
			for !strings.HasPrefix(readFile(t, int(pid), "syscall"), atGate) {
				time.Sleep(time.Millisecond)
			}
			const libc = 1<<(32-1) | 1<<(33-1) // the race detector brings a C library, whose signals the runtime leaves alone
			caught, mask := parseSet(statusField(int(pid), "SigCgt"))&^libc, parseSet(statusField(int(pid), "SigBlk"))
			if want := before.Val[0] | blocked; caught != 0 || mask != want {
				t.Errorf("it catches %#x and blocks %#x; want 0 and %#x", caught, mask, want)
			}
			unix.Close(gate[1])
			endChild(int(pid))
		})
	}
}

func readFile(t *testing.T, pid int, name string) string {
	t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
