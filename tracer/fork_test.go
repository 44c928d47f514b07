package tracer

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
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
	plan.gate, plan.opener, plan.errors = gate[0], gate[1], errs[1]
	pid, e := forkChild(plan)
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
		if _, err = unix.Wait4(int(pid), &status, 0, nil); err != unix.EINTR {
			break
		}
	}
	if err != nil || !status.Exited() || status.ExitStatus() != 127 {
		t.Errorf("status %#x, %v; want exit status 127", status, err)
	}
}
