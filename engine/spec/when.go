package spec

import (
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Subject is what conditions are asked of: an event.
type Fields interface {
	// Word returns the register word of an argument, 0 to 5, truncated to 32
	// bits for i386.
	Word(arg int) uint64
	// Int returns an integer field: pid, tid, ppid, ret, err (the error number,
	// 0 for success), sig, code, or an argument by name. Unsigned 64-bit values
	// are in two's complement. ok is false if the event has no such field now,
	// such as a mode argument without O_CREAT.
	Int(field string) (v int64, ok bool)
	// Str returns a string field: comm, exe, cwd, fdpath, abi, or an argument by
	// name. ok is false if there is none or its memory can't be read.
	Str(field string) (s string, ok bool)
	// Path is Str for a field that holds a file name, made absolute with the
	// process's directory or the call's directory descriptor.
	Path(field string) (s string, ok bool)
	// Failed reports, at exit, whether the call failed.
	Failed() bool
}

// Op is the test a condition makes.
type Op uint8

// The tests.
const (
	OpEqual        Op = iota // equal to one of the operands
	OpNotEqual               // equal to none of them
	OpLess                   // less than Ints[0]
	OpLessEqual              // at most Ints[0]
	OpGreater                // greater than Ints[0]
	OpGreaterEqual           // at least Ints[0]
	OpBits                   // has all bits of Ints[0]
	OpNoBits                 // has none of the bits of Ints[0]
	OpUnder                  // a path that is Strs[0] or below it
	OpMatch                  // matches the regular expression Re
	OpTrue                   // a truth value that is true ...
	OpFalse                  // ... or false
)

// Operand is an integer from -2^63 to 2^64-1: Bits in two's complement if it is
// Negative.
type Operand struct {
	Bits     uint64
	Negative bool
}

// IntOperand returns a signed operand.
func IntOperand(v int64) Operand { return Operand{uint64(v), v < 0} }

// UintOperand returns an unsigned operand.
func UintOperand(v uint64) Operand { return Operand{Bits: v} }

// Compare returns -1, 0 or 1: whether o is less than p, equal or greater.
func (o Operand) Compare(p Operand) int {
	switch {
	case o.Negative && !p.Negative:
		return -1
	case !o.Negative && p.Negative:
		return 1
	case o.Bits < p.Bits:
		return -1
	case o.Bits > p.Bits:
		return 1
	}
	return 0
}

// String returns the operand in decimal.
func (o Operand) String() string {
	if o.Negative {
		return fmt.Sprint(int64(o.Bits))
	}
	return fmt.Sprint(o.Bits)
}

// Condition is one test of one field: an item of a hook's "when". Make it with
// one of the functions Equal, Ne, Lt, Le, Gt, Ge, In, Bits, NoBits, Under, Glob
// and Match, and set Field.
type Condition struct {
	Field string
	Op    Op
	Ints  []Operand
	Strs  []string
	Re    *regexp.Regexp

	// Arg is the number of the argument the condition tests plus 1, once When.For
	// has found that it is always the same one and an integer; 0 otherwise.
	// The two widths are those of that argument.
	Arg      uint8
	Wide     bool // 64 bits of the word count, not just the low 32
	Unsigned bool // for the order of values: no sign

	narrow bool // an argument that the Subject is asked for, always of 32 bits
}

// When is a list of conditions that must all hold. Make it with NewWhen.
type When []Condition

// NewWhen returns the conditions in the order in which they cost least: integers
// before anything that needs memory of the tracee or a file of /proc. Equally
// costly ones are ordered by field, so that runs are alike.
func NewWhen(conditions ...Condition) When {
	w := When(slices.Clone(conditions))
	slices.SortStableFunc(w, func(a, b Condition) int {
		if d := a.cost() - b.cost(); d != 0 {
			return d
		}
		return strings.Compare(a.Field, b.Field)
	})
	return w
}

// cost ranks conditions by what has to be read for them.
func (c *Condition) cost() int {
	kind := eventFields[c.Field].kind
	switch {
	case c.Integer():
		return 0
	case kind == fieldInt, kind == fieldErr, kind == fieldBool, c.Field == "abi":
		return 1
	case kind == fieldNone && c.Re == nil && c.Op != OpUnder && len(c.Strs) == 0:
		return 2 // an argument, an integer if anything
	case c.Field == "comm":
		return 3
	case kind == fieldString:
		return 4
	}
	return 5
}

// Integer reports whether the register words decide the condition: Arg, Wide
// and Unsigned are set, and Word does the test. Such conditions can be compiled
// into a filter. It is only known of conditions that come from When.For.
func (c *Condition) Integer() bool { return c.Arg > 0 }

// Eval reports whether all conditions hold. It stops at the first that does not,
// and allocates nothing for integers.
func (w When) Eval(s Fields) bool {
	for i := range w {
		if !w[i].eval(s) {
			return false
		}
	}
	return true
}

func (c *Condition) eval(s Fields) bool {
	switch {
	case c.Arg > 0:
		return c.Word(s.Word(int(c.Arg - 1)))
	case c.Op == OpTrue || c.Op == OpFalse:
		return (s.Failed() == (c.Field == "failed")) == (c.Op == OpTrue)
	case c.Op == OpUnder:
		p, ok := s.Path(c.Field)
		return ok && under(p, c.Strs[0])
	}
	return c.evalField(s)
}

// evalField tests a field by name. An event without it never meets the
// condition, not even that it differs from something.
func (c *Condition) evalField(s Fields) bool {
	equal, known := false, false
	if len(c.Ints) > 0 {
		if v, ok := s.Int(c.Field); ok {
			if c.Op != OpEqual && c.Op != OpNotEqual {
				return c.test(c.value(uint64(v), true), uint64(v))
			}
			equal, known = c.isOneOf(uint64(v), !c.narrow), true
		}
	}
	if !equal && (len(c.Strs) > 0 || c.Re != nil) {
		if v, ok := s.Str(c.Field); ok {
			if c.Op == OpMatch {
				return c.Re.MatchString(v)
			}
			equal, known = slices.Contains(c.Strs, v), true
		}
	}
	return known && equal == (c.Op == OpEqual)
}

// Word tests a register word, as an integer of the width For has found: the low
// 32 bits, sign-extended unless Unsigned, or all 64.
func (c *Condition) Word(w uint64) bool {
	switch c.Op {
	case OpEqual:
		return c.isOneOf(w, c.Wide)
	case OpNotEqual:
		return !c.isOneOf(w, c.Wide)
	}
	if !c.Wide {
		return c.test(c.value(w, false), uint64(uint32(w)))
	}
	return c.test(c.value(w, true), w)
}

// value returns a word as the integer its type makes of it.
func (c *Condition) value(w uint64, wide bool) Operand {
	switch {
	case wide && c.Unsigned:
		return UintOperand(w)
	case wide:
		return IntOperand(int64(w))
	case c.Unsigned:
		return UintOperand(uint64(uint32(w)))
	}
	return IntOperand(int64(int32(w)))
}

// test makes the tests of a single operand: bits by the word, order by value.
func (c *Condition) test(v Operand, bits uint64) bool {
	o := c.Ints[0]
	switch c.Op {
	case OpLess:
		return v.Compare(o) < 0
	case OpLessEqual:
		return v.Compare(o) <= 0
	case OpGreater:
		return v.Compare(o) > 0
	case OpGreaterEqual:
		return v.Compare(o) >= 0
	case OpBits:
		return bits&o.Bits == o.Bits
	case OpNoBits:
		return bits&o.Bits == 0
	}
	return false
}

// isOneOf compares bits, so that -1 and 0xffffffff are the same uid. An operand
// that has more bits than the field equals nothing.
func (c *Condition) isOneOf(w uint64, wide bool) bool {
	for _, o := range c.Ints {
		if wide {
			if o.Bits == w {
				return true
			}
			continue
		}
		fits := o.Bits>>32 == 0 && !o.Negative || o.Negative && int64(o.Bits) >= math.MinInt32
		if fits && uint32(o.Bits) == uint32(w) {
			return true
		}
	}
	return false
}

// under reports whether p is dir or below it; dir is clean.
func under(p, dir string) bool {
	p = path.Clean(p) // allocates only for a path that is not clean
	if dir == "/" {
		return strings.HasPrefix(p, "/")
	}
	rest, ok := strings.CutPrefix(p, dir)
	return ok && (rest == "" || rest[0] == '/')
}
