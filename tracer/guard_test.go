package tracer

import (
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/seccomp"
	"luatrace/tracer/syscalls"
)

// TestGuards asks the table about calls: which it names, and that a filter shows the same.
func TestGuards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		call string
		arg  uint64
		want bool
	}{
		{"clone", unix.CLONE_UNTRACED | unix.CLONE_VM, true},
		{"clone", unix.CLONE_VM, false},
		{"clone3", 0x1000, true}, // its flags lie in memory
		{"seccomp", unix.SECCOMP_SET_MODE_STRICT, true},
		{"seccomp", unix.SECCOMP_SET_MODE_FILTER, true},
		{"seccomp", 1<<32 | unix.SECCOMP_SET_MODE_FILTER, true}, // the kernel looks at 32 bits
		{"seccomp", unix.SECCOMP_GET_ACTION_AVAIL, false},
		{"prctl", unix.PR_GET_SECCOMP, true},
		{"prctl", unix.PR_SET_SECCOMP, true},
		{"prctl", unix.PR_SET_NAME, false},
		{"read", 0, false},
	} {
		for abi := range syscalls.NumABI {
			nr, ok := syscalls.Number(abi, c.call)
			if !ok {
				continue
			}
			call := Call{ABI: abi, NR: nr, Args: [6]uint64{c.arg}}
			g := call.guard()
			if (g != nil) != c.want || g != nil && g.call != c.call {
				t.Errorf("%s(%#x) of ABI %d: %+v", c.call, c.arg, abi, g)
			}
			shown := slices.ContainsFunc(Guards(seccomp.Trace, seccomp.Notify), func(g Guard) bool {
				return g.Name == c.call && (len(g.Clause.Tests) == 0 || g.Clause.Tests[0].Holds(c.arg))
			})
			if shown != c.want {
				t.Errorf("%s(%#x): shown by the filter: %v", c.call, c.arg, shown)
			}
		}
	}
	if list := Guards(seccomp.Trace, seccomp.Allow); len(list) != 3 {
		t.Errorf("without clone3: %+v", list)
	}
	list := Guards(seccomp.Trace, seccomp.Notify)
	if len(list) != 4 || list[3].Name != "clone3" || list[3].Clause.Action != seccomp.Notify {
		t.Errorf("%+v", list)
	}
	if w := list[1].Clause.Tests[0].Words; !slices.Equal(w, []uint64{unix.SECCOMP_SET_MODE_STRICT, unix.SECCOMP_SET_MODE_FILTER}) {
		t.Errorf("seccomp is shown for %v", w)
	}
	if len(guards[1].test.Words) != 1 {
		t.Error("Guards has changed the table")
	}
}

// TestConfinement: the kernel is asked once, until something changes.
func TestConfinement(t *testing.T) {
	t.Parallel()
	asked := 0
	var s seccompState
	ask := func() string { asked++; return "0" }
	for range 2 {
		if s.isConfined(ask) || asked != 1 {
			t.Errorf("not confined, asked %d times", asked)
		}
	}
	s.install(&ownFilter{})
	if !s.isConfined(func() string { return "2" }) || !s.isConfined(nil) {
		t.Error("its own filter is not noticed")
	}
	var child seccompState
	child.inherit(&s)
	if child.own != s.own || child.confinesItself() {
		t.Errorf("a child has %+v", child)
	}
	for strict, want := range map[strictness]bool{strictNot: false, strictEntering: true, strictOn: true} {
		s.strict = strict
		if s.confinesItself() != want {
			t.Errorf("strictness %d: %v", strict, !want)
		}
	}
}
