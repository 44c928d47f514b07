package tracer

import (
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/seccomp"
)

// TestSetFilterIsUndone: a launch without a filter, after the kernel has refused
// one, traces as if there had never been any.
func TestSetFilterIsUndone(t *testing.T) {
	t.Parallel()
	tr := newTracer(Options{})
	before := tr.options
	tr.setFilter(&seccomp.Filter{})
	if want := before | unix.PTRACE_O_TRACESECCOMP | unix.PTRACE_O_EXITKILL; tr.options != want || !tr.filtered {
		t.Errorf("with a filter: options %#x, want %#x", tr.options, want)
	}
	tr.setFilter(nil)
	if tr.options != before || tr.filtered || tr.filter != nil {
		t.Errorf("without: options %#x, want %#x", tr.options, before)
	}
}
