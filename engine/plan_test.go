package engine

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"luatrace/engine/spec"
	"luatrace/tracer"
	"luatrace/tracer/syscalls"
)

// planHook makes a hook for plan tests.
func planHook(t *testing.T, text string, needs Needs, conditions ...spec.Condition) *Hook {
	t.Helper()
	s, err := spec.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	w, err := spec.NewWhen(conditions...).Resolve(s)
	if err != nil {
		t.Fatal(err)
	}
	return &Hook{Spec: s, When: w, Needs: needs, Fn: func(*Event) error { return nil }}
}

func condition(t *testing.T, field string, c spec.Condition, err error) spec.Condition {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	c.Field = field
	return c
}

func TestMakePlan(t *testing.T) {
	t.Parallel()
	looks := func(fields ...string) Needs { return Needs{Fields: fields, LooksOnly: true} }
	cond := func(field string, c spec.Condition, err error) spec.Condition { return condition(t, field, c, err) }
	fd99 := func() spec.Condition { c, err := spec.Equal(99); return cond("fd", c, err) }
	comm := func() spec.Condition { c, err := spec.Equal("sh"); return cond("comm", c, err) }
	fault := func(text string, errno int, conditions ...spec.Condition) *Hook {
		h := planHook(t, text+":enter", Needs{}, conditions...)
		h.Fault = &Fault{Errno: errno}
		return h
	}
	for _, c := range []struct {
		name  string
		mode  PlanMode
		hooks []*Hook
		want  string // "call=action", with "?" behind a conditional one; or "unfiltered", "nothing"
	}{
		{"no hooks", PlanMode{}, nil, "nothing"},
		{"before the call", PlanMode{}, []*Hook{planHook(t, "openat:enter", Needs{All: true})}, "openat=notify read=allow"},
		{"after the call", PlanMode{}, []*Hook{planHook(t, "openat", Needs{All: true})}, "openat=trace read=allow"},
		{"both", PlanMode{}, []*Hook{planHook(t, "openat,read:enter", Needs{All: true}), planHook(t, "openat", Needs{All: true})}, "openat=trace read=notify"},
		{"looks only", PlanMode{}, []*Hook{planHook(t, "openat", looks("path", "name"))}, "openat=notify"},
		{"looks at the result", PlanMode{}, []*Hook{planHook(t, "openat", looks("path", "ret"))}, "openat=trace"},
		{"looks at what the kernel writes", PlanMode{}, []*Hook{planHook(t, "read", looks("buf"))}, "read=trace"},
		{"looks at what the program writes", PlanMode{}, []*Hook{planHook(t, "write", looks("buf"))}, "write=notify"},
		{"looks at the name that execve changes", PlanMode{}, []*Hook{planHook(t, "execve,read", looks("comm"))}, "execve=trace read=notify"},
		{"says exit", PlanMode{}, []*Hook{planHook(t, "openat:exit", looks("path"))}, "openat=trace"},
		{"does more than look", PlanMode{}, []*Hook{planHook(t, "openat", Needs{Fields: []string{"path"}})}, "openat=trace"},
		{"registers", PlanMode{}, []*Hook{planHook(t, "openat:enter", Needs{Registers: true})}, "openat=trace"},
		{"no notifications", PlanMode{NoNotify: "x"}, []*Hook{planHook(t, "openat:enter", Needs{})}, "openat=trace"},
		{"no filter", PlanMode{Unfiltered: "x"}, []*Hook{planHook(t, "openat:enter", Needs{})}, "unfiltered"},
		{"condition", PlanMode{}, []*Hook{planHook(t, "write:enter", Needs{}, fd99())}, "write=notify? read=allow"},
		{"one of two with a condition", PlanMode{}, []*Hook{planHook(t, "write:enter", Needs{}, fd99()), planHook(t, "write:enter", Needs{})}, "write=notify"},
		{"condition that no filter knows", PlanMode{}, []*Hook{planHook(t, "write:enter", Needs{}, comm())}, "write=notify"},
		{"fault", PlanMode{}, []*Hook{fault("fsync", 5)}, "fsync=errno read=allow"},
		{"fault with a condition", PlanMode{}, []*Hook{fault("write", 28, fd99())}, "write=errno?"},
		{"fault with another condition", PlanMode{}, []*Hook{fault("write", 28, comm())}, "write=notify"},
		{"fault that somebody watches", PlanMode{}, []*Hook{fault("fsync", 5), planHook(t, "fsync", Needs{All: true})}, "fsync=trace"},
		{"everything", PlanMode{}, []*Hook{planHook(t, "*", Needs{All: true})}, "unfiltered"},
		{"everything, looks only", PlanMode{}, []*Hook{planHook(t, "*", looks("name"))}, "openat=notify read=notify"},
		{"a call that does not return", PlanMode{}, []*Hook{planHook(t, "exit_group", Needs{All: true})}, "exit_group=notify"},
		{"placement", PlanMode{Placement: true}, []*Hook{planHook(t, "read", Needs{All: true})}, "read=trace openat=notify sched_getaffinity=notify write=allow"},
		{"no placement without stops", PlanMode{Placement: true}, []*Hook{planHook(t, "read:enter", Needs{})}, "read=notify openat=allow"},
	} {
		p := MakePlan(c.hooks, c.mode)
		if got := describePlan(t, p, c.want); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if s := p.String(); s == "" || !strings.HasSuffix(s, "\n") {
			t.Errorf("%s: --plan prints %q", c.name, s)
		}
	}
}

// describePlan answers for the calls that want names.
func describePlan(t *testing.T, p Plan, want string) string {
	t.Helper()
	if p.Filter == nil {
		if p.Calls {
			return "unfiltered"
		}
		return "nothing"
	}
	var out []string
	for _, w := range strings.Fields(want) {
		name, _, _ := strings.Cut(w, "=")
		nr, ok := syscalls.Number(syscalls.Native(), name)
		if !ok {
			t.Fatalf("no call %q", name)
		}
		f := &p.Filter.ABIs[syscalls.Native()]
		text := name + "=" + f.Other.Action.String()
		for _, r := range f.Rows {
			if r.NR == nr {
				text = name + "=" + tracer.FilterAllow.String()
				if len(r.Clauses) > 0 {
					text = name + "=" + r.Clauses[0].Action.String()
					if len(r.Clauses[len(r.Clauses)-1].Tests) > 0 {
						text += "?"
					}
				}
			}
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// TestArgTestIsTheCondition compares what a filter tests with the condition it
// was made from, on values around every edge.
func TestArgTestIsTheCondition(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	edges := []uint64{0, 1, 2, math.MaxInt32 - 1, math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32 - 1, math.MaxUint32, math.MaxUint32 + 1,
		math.MaxInt64 - 1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64 - 1, math.MaxUint64, 1<<63 + 1<<31, 0xffffffff80000000, 0xffffffff7fffffff}
	operand := func() spec.Operand {
		w := edges[r.IntN(len(edges))]
		if r.IntN(2) == 0 {
			return spec.IntOperand(int64(w))
		}
		return spec.UintOperand(w)
	}
	for range 200_000 {
		c := spec.Condition{Op: spec.Op(r.IntN(int(spec.OpNoBits) + 1)), Arg: 1, Wide: r.IntN(2) == 0, Unsigned: r.IntN(2) == 0, Ints: []spec.Operand{operand()}}
		if c.Op == spec.OpEqual || c.Op == spec.OpNotEqual {
			c.Ints = append(c.Ints, operand())
		}
		test := argTest(&c)
		w := edges[r.IntN(len(edges))]
		if got, want := test.Holds(w), c.Word(w); got != want {
			t.Fatalf("op %d wide %v unsigned %v operands %v on %#x: the filter says %v, the condition %v", c.Op, c.Wide, c.Unsigned, c.Ints, w, got, want)
		}
	}
}
