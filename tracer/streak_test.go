package tracer

import (
	"os"
	"strings"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/tracer/sched"
)

// TestStreakStarvesNobody runs programs in which one task has most of the
// stops, with the streak's way of waiting from the second tracee on.
func TestStreakStarvesNobody(t *testing.T) {
	for _, argv := range [][]string{{"fair"}, {"counts"}, {"detachme"}, {"groupstop"}, {"forktree"}, {"siginfo"}, {"restart"}} {
		t.Run(argv[0], func(t *testing.T) {
			t.Parallel()
			path := fixture.Build(t, argv[0])
			cmd, out := onStdout(t, append([]string{path}, argv[1:]...)...)
			alone := 0
			rec, err := traceCommand(t, Options{}, true, cmd, func(tr *Tracer, _ *Event) {
				s := tr.sched.(*sched.Full)
				s.Many = 2
				alone = s.Counts().Alone
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
			if argv[0] == "fair" && alone < 1000 {
				t.Errorf("the busy task was waited for alone %d times: the test shows nothing\n%s", alone, strings.TrimSpace(string(got)))
			}
		})
	}
}
