package tracer

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/tracer/sched"
)

// TestPlacementIsInvisible runs a program that makes itself hot and then looks
// at its mask in every way, alone and with a child.
func TestPlacementIsInvisible(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Log("one CPU: there is nothing to place")
	}
	path := fixture.Build(t, "affinity")
	want := fixture.Run(t, path)
	placed := 0
	argv, out := onStdout(t, path)
	rec, err := traceCommand(t, Options{}, true, argv, func(tr *Tracer, ev *Event) {
		if ev.Kind == EventEnter && tr.sched.(*sched.Full).Placed() {
			placed++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.Stdout || rec.exit.Code != want.Code || !strings.Contains(want.Stdout, "Cpus_allowed") {
		t.Errorf("traced it printed\n%s\nuntraced\n%s", got, want.Stdout)
	}
	if runtime.NumCPU() > 1 && placed < 1000 {
		t.Errorf("placed for %d calls only: the test shows nothing", placed)
	}
}
