package main

import (
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// TestFatalSignalIsQuiet: the command's fatal signal becomes luatrace's own,
// without a word of Go's runtime about it.
func TestFatalSignalIsQuiet(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]syscall.Signal{"segv": syscall.SIGSEGV, "abort": syscall.SIGABRT} {
		r := fixture.Run(t, fixture.Luatrace(t), "-e", "", "--", fixture.Build(t, name))
		if r.Signal != want || r.Stderr != "" {
			t.Errorf("%s: code %d, signal %v, stderr %q; want signal %v and nothing on stderr", name, r.Code, r.Signal, r.Stderr, want)
		}
	}
}
