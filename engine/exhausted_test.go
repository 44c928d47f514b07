package engine

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
	"luatrace/tracer"
	"luatrace/tracer/procfs"
)

// A hook is not switched off by errors for want of descriptors, as it is by others.
func TestWantOfDescriptorsIsNotCounted(t *testing.T) { // not parallel: other tests' hooks are not to be excused
	for name, c := range map[string]struct {
		error       error
		least, most int
	}{
		"descriptors": {unix.EMFILE, 800, 900},
		"others":      {errors.New("an error"), maxHookErrors, 2 * maxHookErrors}, // of sh and of the program that it becomes
	} {
		n, reported := 0, 0
		e := New(Options{Report: func(string) { reported++ }})
		hook(t, e, "getppid:enter", func(*Event) error {
			n++
			procfs.NoteExhausted(c.error)
			return c.error
		})
		argv := []string{"sh", "-c", `exec "$0" >/dev/null`, fixture.Build(t, "counts")}
		if _, err := e.Run(t.Context(), Target{Command: &tracer.Command{Path: "/bin/sh", Argv: argv, Env: os.Environ()}}); err != nil {
			t.Fatal(err)
		}
		if n < c.least || n > c.most || reported == 0 {
			t.Errorf("%s: the hook was called %d times, want %d to %d; %d messages", name, n, c.least, c.most, reported)
		}
	}
}
