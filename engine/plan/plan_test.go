package plan

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"luatrace/engine/spec"
	"luatrace/tracer/seccomp"
	"luatrace/tracer/syscalls"
)

// rule makes a rule for tests.
func rule(t *testing.T, text string, needs Needs, conditions ...spec.Condition) *Rule {
	t.Helper()
	s, err := spec.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	w, err := spec.NewWhen(conditions...).Resolve(s)
	if err != nil {
		t.Fatal(err)
	}
	return &Rule{Spec: s, When: w, Needs: needs}
}

func condition(t *testing.T, field string, c spec.Condition, err error) spec.Condition {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	c.Field = field
	return c
}

func TestMake(t *testing.T) {
	t.Parallel()
	looks := func(fields ...string) Needs { return Needs{Fields: fields, LooksOnly: true} }
	cond := func(field string, c spec.Condition, err error) spec.Condition { return condition(t, field, c, err) }
	fd99 := func() spec.Condition { c, err := spec.Equal(99); return cond("fd", c, err) }
	comm := func() spec.Condition { c, err := spec.Equal("sh"); return cond("comm", c, err) }
	fault := func(text string, errno int, conditions ...spec.Condition) *Rule {
		r := rule(t, text+":enter", Needs{}, conditions...)
		r.Fault = &Fault{Errno: errno}
		return r
	}
	placement := []Internal{{Name: "openat", Show: ShowWithStops}, {Name: "sched_getaffinity", Show: ShowWithStops}}
	for _, c := range []struct {
		name  string
		mode  Mode
		rules []*Rule
		want  string // "call=action", with "?" behind a conditional one; or "unfiltered", "nothing"
	}{
		{"no hooks", Mode{}, nil, "nothing"},
		{"before the call", Mode{}, []*Rule{rule(t, "openat:enter", Needs{All: true})}, "openat=notify read=allow"},
		{"after the call", Mode{}, []*Rule{rule(t, "openat", Needs{All: true})}, "openat=trace read=allow"},
		{"both", Mode{}, []*Rule{rule(t, "openat,read:enter", Needs{All: true}), rule(t, "openat", Needs{All: true})}, "openat=trace read=notify"},
		{"looks only", Mode{}, []*Rule{rule(t, "openat", looks("path", "name"))}, "openat=notify"},
		{"looks at the result", Mode{}, []*Rule{rule(t, "openat", looks("path", "ret"))}, "openat=trace"},
		{"looks at what the kernel writes", Mode{}, []*Rule{rule(t, "read", looks("buf"))}, "read=trace"},
		{"looks at what the program writes", Mode{}, []*Rule{rule(t, "write", looks("buf"))}, "write=notify"},
		{"looks at the name that execve changes", Mode{}, []*Rule{rule(t, "execve,read", looks("comm"))}, "execve=trace read=notify"},
		{"says exit", Mode{}, []*Rule{rule(t, "openat:exit", looks("path"))}, "openat=trace"},
		{"does more than look", Mode{}, []*Rule{rule(t, "openat", Needs{Fields: []string{"path"}})}, "openat=trace"},
		{"registers", Mode{}, []*Rule{rule(t, "openat:enter", Needs{Registers: true})}, "openat=trace"},
		{"no notifications", Mode{NoNotify: "x"}, []*Rule{rule(t, "openat:enter", Needs{})}, "openat=trace"},
		{"no filter", Mode{NoFilter: "x"}, []*Rule{rule(t, "openat:enter", Needs{})}, "unfiltered"},
		{"condition", Mode{}, []*Rule{rule(t, "write:enter", Needs{}, fd99())}, "write=notify? read=allow"},
		{"one of two with a condition", Mode{}, []*Rule{rule(t, "write:enter", Needs{}, fd99()), rule(t, "write:enter", Needs{})}, "write=notify"},
		{"condition that no filter knows", Mode{}, []*Rule{rule(t, "write:enter", Needs{}, comm())}, "write=notify"},
		{"fault", Mode{}, []*Rule{fault("fsync", 5)}, "fsync=errno read=allow"},
		{"fault with a condition", Mode{}, []*Rule{fault("write", 28, fd99())}, "write=errno?"},
		{"fault with another condition", Mode{}, []*Rule{fault("write", 28, comm())}, "write=notify"},
		{"fault that somebody watches", Mode{}, []*Rule{fault("fsync", 5), rule(t, "fsync", Needs{All: true})}, "fsync=trace"},
		{"everything", Mode{}, []*Rule{rule(t, "*", Needs{All: true})}, "unfiltered"},
		{"everything, looks only", Mode{}, []*Rule{rule(t, "*", looks("name"))}, "openat=notify read=notify"},
		{"a call that does not return", Mode{}, []*Rule{rule(t, "exit_group", Needs{All: true})}, "exit_group=notify"},
		{"placement", Mode{Internal: placement}, []*Rule{rule(t, "read", Needs{All: true})}, "read=trace openat=notify sched_getaffinity=notify write=allow"},
		{"no placement without stops", Mode{Internal: placement}, []*Rule{rule(t, "read:enter", Needs{})}, "read=notify openat=allow"},
	} {
		p := Make(c.rules, c.mode)
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
				text = name + "=" + seccomp.Allow.String()
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
