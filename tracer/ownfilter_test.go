package tracer

import (
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/seccomp"
	"luatrace/tracer/syscalls"
)

// TestOwnFilter follows both ways where an argument decides.
func TestOwnFilter(t *testing.T) {
	t.Parallel()
	s := &seccomp.Filter{}
	s.ABIs[syscalls.Native()].Rows = []seccomp.Row{{NR: 5, Clauses: []seccomp.Clause{
		{Action: seccomp.Errno, Errno: 1, Tests: []seccomp.ArgTest{{Arg: 1, Op: seccomp.TestAllBits, Lo: 4}}},
		{Action: seccomp.Trace},
	}}}
	raw, err := s.Compile()
	if err != nil {
		t.Fatal(err)
	}
	own := &OwnFilter{filter: newOwnFilter(seccomp.SockFilters(raw), nil), left: seccomp.StepsOfAll}
	if !own.Hides(syscalls.Native(), 5) || own.Hides(syscalls.Native(), 6) {
		t.Error("it may refuse call 5, and never call 6")
	}
	f := own.filter
	with, without := [6]uint64{1: 4}, [6]uint64{}
	if f.wantsTracer(syscalls.AuditOf(syscalls.Native()), 5, 0, &with) || !f.wantsTracer(syscalls.AuditOf(syscalls.Native()), 5, 0, &without) {
		t.Error("it asks for a tracer if the bit is not there, and only then")
	}
	inner := newOwnFilter([]unix.SockFilter{{Code: unix.BPF_RET, K: unix.SECCOMP_RET_ERRNO}}, f)
	if !inner.traces || inner.wantsTracer(syscalls.AuditOf(syscalls.Native()), 5, 0, &without) {
		t.Error("the smallest of the answers counts")
	}
}
