package spec

import (
	"path"
	"strings"

	"luatrace/tracer/syscalls"
)

// Test makes the test of a value instead of a field of an event: an int, int64,
// uint64, float64 (a whole number), bool or string. Names of constants are those
// that mean the same for every argument. A value of another type never meets the
// condition. A path must be absolute.
func (c Condition) Test(v any) bool {
	c.Field, c.Arg, c.narrow = "", 0, false
	if c.Op == OpTrue || c.Op == OpFalse {
		b, ok := v.(bool)
		return ok && b == (c.Op == OpTrue)
	}
	if _, text := v.(string); !text {
		c.named(constants)
	} else if c.Op != OpEqual && c.Op != OpNotEqual && c.Op != OpUnder && c.Op != OpMatch {
		return false // an order of integers
	}
	o, _, _ := operand(v)
	c.Unsigned = !o.Negative
	return c.eval(plainValue{v})
}

// constants returns the value of a name, or of several with "|" between them.
func constants(text string) (all uint64, ok bool) {
	for name := range strings.SplitSeq(text, "|") {
		v, ok := syscalls.Constant(strings.TrimSpace(name))
		if !ok {
			return 0, false
		}
		all |= v
	}
	return all, true
}

// plainValue is a Subject of one field, whatever its name.
type plainValue struct{ v any }

func (p plainValue) Word(int) uint64 { return 0 }
func (p plainValue) Failed() bool    { return false }

func (p plainValue) Int(string) (int64, bool) {
	o, ok, err := operand(p.v)
	return int64(o.Bits), ok && err == nil
}

func (p plainValue) Str(string) (string, bool) {
	s, ok := p.v.(string)
	return s, ok
}

func (p plainValue) Path(string) (string, bool) {
	s, ok := p.v.(string)
	return path.Clean(s), ok && strings.HasPrefix(s, "/")
}
