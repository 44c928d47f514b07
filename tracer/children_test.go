package tracer

import (
	"errors"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// The tracer waits for what it traces. Children that other threads of its
// process have started are theirs to wait for.
func TestLeavesOtherChildren(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	ended := make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-done:
				ended <- n
				return
			default:
			}
			err := exec.Command("sh", "-c", "exit 3").Run()
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 3 {
				t.Errorf("a child of another thread ended with %v, want exit status 3", err)
			}
			n++
		}
	}()
	rec, err := traceCommand(t, Options{}, true, []string{"sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do (exit 4); done; sleep 0.1; exit 5"}, nil)
	close(done)
	n := <-ended
	if err != nil || rec.exit != (Exit{Code: 5}) {
		t.Errorf("the trace ended with %+v, %v", rec.exit, err)
	}
	deaths := 0
	for _, line := range rec.log {
		if line == "death 3 0" {
			t.Error("the tracer has seen the end of a child that is not its own")
		}
		if line == "death 4 0" {
			deaths++
		}
	}
	if deaths != 20 || n == 0 {
		t.Errorf("%d ends of traced children, want 20; %d other children, want some", deaths, n)
	}
}

// A tracer that suspended a program's own filters would change what the program
// may do.
func TestOptions(t *testing.T) {
	t.Parallel()
	for _, opts := range []Options{{}, {NoFollow: true}} {
		seen := false
		_, err := traceCommand(t, opts, true, []string{"true"}, func(tr *Tracer, _ *Event) {
			seen = true
			if tr.options&unix.PTRACE_O_SUSPEND_SECCOMP != 0 {
				t.Errorf("options %#x", tr.options)
			}
		})
		if err != nil || !seen {
			t.Errorf("%v, events %t", err, seen)
		}
	}
}
