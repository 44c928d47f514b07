package engine

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
)

// TestPendingWithoutStops: where no hook is on a call, no call stops, and the one that a
// task is in is what /proc says, not the execve that began the program.
func TestPendingWithoutStops(t *testing.T) {
	t.Parallel()
	path := fixture.Build(t, "sleeper")
	found := ""
	_, res := runCommand(t, Options{}, func(e *Engine) {
		e.Every(&Timer{Interval: time.Millisecond, Fn: func(*Event) error {
			for _, task := range e.AllTasks() {
				text, _ := os.ReadFile("/proc/" + strconv.Itoa(task.TID()) + "/syscall")
				nr, _, waits := strings.Cut(string(text), " ")
				if !waits || nr != strconv.Itoa(unix.SYS_NANOSLEEP) && nr != strconv.Itoa(unix.SYS_CLOCK_NANOSLEEP) {
					continue
				}
				if p := task.Pending(); p != nil {
					found = p.Event.Name()
				}
				return task.Proc.Kill(unix.SIGKILL)
			}
			return nil
		}})
	}, path, "nanosleep", "600000")
	if !strings.HasSuffix(found, "nanosleep") || res.Exit.Signal != unix.SIGKILL {
		t.Errorf("in call %q, ended %+v", found, res.Exit)
	}
}
