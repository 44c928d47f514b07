package tracer

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"luatrace/tracer/internal/kernel"
)

// TestLastRequests: what a Tracer asks and is told is there afterwards, in its order.
func TestLastRequests(t *testing.T) {
	var pid int
	err := Run(Options{}, func(tr *Tracer) error {
		p, err := tr.Launch(Command{Path: "/bin/true", Argv: []string{"true"}})
		if err != nil {
			return err
		}
		pid = p.PID
		var ev Event
		for {
			if err := tr.Next(&ev); err != nil {
				return err
			}
			tr.Resume(ev.Stop)
		}
	})
	if !errors.Is(err, ErrNoTracees) {
		t.Fatal(err)
	}
	text := kernel.LastRequests()
	var own []string
	for _, m := range regexp.MustCompile(fmt.Sprintf(`(?m)^ *\d+\.\d+ %d (.*)$`, pid)).FindAllStringSubmatch(text, -1) {
		own = append(own, m[1])
	}
	want := "reports exec\nPTRACE_GETEVENTMSG\nPTRACE_CONT\nreports exit with 0"
	if got := strings.Join(own, "\n"); !strings.HasPrefix(got, "PTRACE_SEIZE\n") || !strings.HasSuffix(got, want) {
		t.Errorf("of %d: %s\nwant an end of: %s\nin\n%s", pid, got, want, text)
	}
}

// TestRecordsNeedTheirLock: records that are used without their lock are found.
func TestRecordsNeedTheirLock(t *testing.T) {
	t.Parallel()
	panics := func(f func()) (value any) {
		defer func() { value = recover() }()
		f()
		return nil
	}
	tr := newTracer(Options{})
	tr.records() // nobody else is there yet
	tr.listener = &listener{}
	if v := panics(tr.records); v == nil {
		t.Error("records without their lock are used in silence")
	}
}
