package plan

import (
	"math"

	"luatrace/engine/spec"
	"luatrace/tracer/seccomp"
)

// tests are the conditions that a filter can check; the others are
// checked when the call has stopped.
func (b *Bound) tests() []seccomp.ArgTest {
	var tests []seccomp.ArgTest
	for i := range b.When {
		if c := &b.When[i]; c.Integer() {
			tests = append(tests, argTest(c))
		}
	}
	return tests
}

// argTest translates an integer condition. It means the same as
// [spec.Condition.Word].
func argTest(c *spec.Condition) seccomp.ArgTest {
	t := seccomp.ArgTest{Arg: int(c.Arg - 1), Wide: c.Wide}
	switch c.Op {
	case spec.OpEqual, spec.OpNotEqual:
		t.Op = seccomp.TestOneOf
		if c.Op == spec.OpNotEqual {
			t.Op = seccomp.TestNotOneOf
		}
		for _, o := range c.Ints {
			switch {
			case c.Wide:
				t.Words = append(t.Words, o.Bits)
			case !o.Negative && o.Bits>>32 == 0, o.Negative && int64(o.Bits) >= math.MinInt32:
				t.Words = append(t.Words, uint64(uint32(o.Bits)))
			}
		}
		return t
	case spec.OpBits, spec.OpNoBits:
		t.Op, t.Lo = seccomp.TestAllBits, c.Ints[0].Bits
		if c.Op == spec.OpNoBits {
			t.Op = seccomp.TestNoBits
		}
		return t
	}
	t.Op = seccomp.TestRange
	bits := 32
	if c.Wide {
		bits = 64
	}
	top := ^uint64(0) >> (64 - bits)
	var lowest, highest spec.Operand // of the word's type
	if c.Unsigned {
		lowest, highest = spec.UintOperand(0), spec.UintOperand(top)
	} else {
		t.Bias = 1 << (bits - 1)
		lowest, highest = spec.IntOperand(-1<<(bits-1)), spec.UintOperand(top>>1)
	}
	key := func(o spec.Operand) uint64 { return (o.Bits & top) ^ t.Bias }
	o := c.Ints[0]
	never := func() seccomp.ArgTest { t.Lo, t.Hi = 1, 0; return t }
	t.Lo, t.Hi = key(lowest), key(highest)
	switch c.Op {
	case spec.OpLess, spec.OpLessEqual:
		switch {
		case o.Compare(highest) > 0 || c.Op == spec.OpLessEqual && o.Compare(highest) == 0:
		case o.Compare(lowest) < 0 || c.Op == spec.OpLess && o.Compare(lowest) == 0:
			return never()
		default:
			t.Hi = key(o)
			if c.Op == spec.OpLess {
				t.Hi--
			}
		}
	case spec.OpGreater, spec.OpGreaterEqual:
		switch {
		case o.Compare(lowest) < 0 || c.Op == spec.OpGreaterEqual && o.Compare(lowest) == 0:
		case o.Compare(highest) > 0 || c.Op == spec.OpGreater && o.Compare(highest) == 0:
			return never()
		default:
			t.Lo = key(o)
			if c.Op == spec.OpGreater {
				t.Lo++
			}
		}
	}
	return t
}
