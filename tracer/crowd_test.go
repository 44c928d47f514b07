package tracer

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
	"luatrace/tracer/sched"
)

// TestCrowdLosesNothing runs programs whose tasks are born, call execve, stop,
// are killed and die in all ways, with each of them asked for by its id from the
// second tracee on.
func TestCrowdLosesNothing(t *testing.T) {
	for _, argv := range [][]string{
		{"counts"}, {"detachme"}, {"groupstop"}, {"forktree"}, {"siginfo"}, {"restart"},
		{"texec"}, {"vforker"}, {"clone3er"}, {"lexit"}, {"manythr", "50"}, {"forkstorm", "50"}, {"cparent"},
	} {
		t.Run(argv[0], func(t *testing.T) {
			t.Parallel()
			path := fixture.Build(t, argv[0])
			cmd, out := onStdout(t, append([]string{path}, argv[1:]...)...)
			turns, list, alive := 0, 0, 0
			rec, err := traceCommand(t, Options{}, true, cmd, func(tr *Tracer, _ *Event) {
				s := tr.sched.(*sched.Full)
				s.Many, s.Crowd = 2, 0
				turns, list, alive = s.Counts().Turns, max(list, len(tr.births)), max(alive, len(tr.tasks))
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if want := fixture.Run(t, path, argv[1:]...); rec.exit.Code != want.Code || !sameLines(string(got), want.Stdout) {
				t.Errorf("ended %+v and printed\n%s\nuntraced\n%s", rec.exit, got, want.Stdout)
			}
			if turns == 0 {
				t.Error("the tasks were never asked one by one: the test shows nothing")
			}
			if list > 2*alive+deadMost+1 {
				t.Errorf("the list had %d tasks when %d at most were alive", list, alive)
			}
		})
	}
}

// TestCrowdIsNoticed traces threads that are all busy, as they come.
func TestCrowdIsNoticed(t *testing.T) {
	t.Parallel()
	const threads = 200
	cmd, out := onStdout(t, fixture.Build(t, "busythreads"), strconv.Itoa(threads))
	var turns int
	told := false
	rec, err := traceCommand(t, Options{}, true, cmd, func(tr *Tracer, ev *Event) {
		turns = tr.sched.(*sched.Full).Counts().Turns
		if turns >= 20 && !told { // else it ends by itself, after a minute
			told = true
			unix.Kill(ev.Task.Proc.PID, unix.SIGTERM)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil || rec.exit.Code != 0 || !strings.HasSuffix(string(got), " failed 0\n") {
		t.Errorf("ended %+v, %v, and printed\n%s", rec.exit, err, got)
	}
	if turns == 0 {
		t.Error("the crowd was not noticed")
	}
}
