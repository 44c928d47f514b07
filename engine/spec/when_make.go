package spec

import (
	"errors"
	"fmt"
	"math"
	"path"
	"regexp"
	"strings"
)

// operand converts a value of a script or of Go to an integer operand.
func operand(v any) (o Operand, ok bool, err error) {
	switch v := v.(type) {
	case int:
		return IntOperand(int64(v)), true, nil
	case int64:
		return IntOperand(v), true, nil
	case uint64:
		return UintOperand(v), true, nil
	case float64:
		switch {
		case v != math.Trunc(v) || v < -(1<<63) || v >= 1<<64:
			return o, false, fmt.Errorf("%v is not a whole number of 64 bits", v)
		case v < 0:
			return IntOperand(int64(v)), true, nil
		}
		return UintOperand(uint64(v)), true, nil
	}
	return o, false, nil
}

// Equal tests for a value: an int, int64, uint64, float64 (a whole number), bool
// or string. For an integer field a string is the name of a constant or of flags
// with "|" between them.
func Equal(v any) (Condition, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return Condition{Op: OpTrue}, nil
		}
		return Condition{Op: OpFalse}, nil
	}
	return In(v)
}

// Ne is the opposite of Equal.
func Ne(v any) (Condition, error) {
	c, err := Equal(v)
	switch c.Op {
	case OpTrue:
		c.Op = OpFalse
	case OpFalse:
		c.Op = OpTrue
	default:
		c.Op = OpNotEqual
	}
	return c, err
}

// In tests for one of several values, which are integers and strings as with
// Equal.
func In(list ...any) (Condition, error) {
	c := Condition{Op: OpEqual}
	if len(list) == 0 {
		return c, errors.New("an empty list of values matches nothing")
	}
	for _, v := range list {
		if s, ok := v.(string); ok {
			c.Strs = append(c.Strs, s)
			continue
		}
		o, ok, err := operand(v)
		if err != nil {
			return c, err
		}
		if !ok {
			return c, fmt.Errorf("a condition takes numbers, strings and booleans, not a %T", v)
		}
		c.Ints = append(c.Ints, o)
	}
	return c, nil
}

// Lt tests for integers less than v; see Equal for its types, except that a
// string is a constant.
func Lt(v any) (Condition, error) { return ordered(OpLess, v) }

// Le tests for integers up to v.
func Le(v any) (Condition, error) { return ordered(OpLessEqual, v) }

// Gt tests for integers greater than v.
func Gt(v any) (Condition, error) { return ordered(OpGreater, v) }

// Ge tests for integers from v on.
func Ge(v any) (Condition, error) { return ordered(OpGreaterEqual, v) }

func ordered(op Op, v any) (Condition, error) {
	c, err := In(v)
	c.Op = op
	return c, err
}

// Bits tests for all bits of a mask: a number, or a string that names flags with
// "|" between them.
func Bits(mask any) (Condition, error) { return ordered(OpBits, mask) }

// NoBits tests for none of the bits of a mask.
func NoBits(mask any) (Condition, error) { return ordered(OpNoBits, mask) }

// Under tests for a path that is dir or lies below it: /etc and /etc/passwd are
// under "/etc", /etcetera is not. Relative paths and "..", "." and "//" are
// resolved first, symbolic links are not. dir must be absolute.
func Under(dir string) (Condition, error) {
	if !strings.HasPrefix(dir, "/") {
		return Condition{}, fmt.Errorf("under %q: the directory must be absolute", dir)
	}
	return Condition{Op: OpUnder, Strs: []string{path.Clean(dir)}}, nil
}

// Glob tests strings with a shell pattern that must match all of them: "*" and
// "?" are any characters but a slash, "**" any characters, [a-z] and [!a-z] sets.
func Glob(pattern string) (Condition, error) {
	re, err := globRegexp(pattern)
	if err != nil {
		return Condition{}, err
	}
	return Match(re), nil
}

// Match tests strings with a regular expression, which may match anywhere.
func Match(re *regexp.Regexp) Condition { return Condition{Op: OpMatch, Re: re} }

// globRegexp translates a shell pattern.
func globRegexp(pattern string) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i := 0; i < len(pattern); {
		rest := pattern[i:]
		switch {
		case strings.HasPrefix(rest, "**"):
			b.WriteString(".*")
			i += 2
		case rest[0] == '*':
			b.WriteString("[^/]*")
			i++
		case rest[0] == '?':
			b.WriteString("[^/]")
			i++
		case rest[0] == '\\' && len(rest) > 1:
			b.WriteString(regexp.QuoteMeta(rest[1:2]))
			i += 2
		case rest[0] == '[':
			end := -1
			if len(rest) > 2 {
				end = strings.IndexByte(rest[2:], ']') // "]" may come first in a set
			}
			if end < 0 {
				return nil, fmt.Errorf("glob %q: a \"[\" is not closed", pattern)
			}
			set := rest[1 : end+2]
			if set[0] == '!' {
				set = "^" + set[1:]
			}
			b.WriteString("[" + strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(set) + "]")
			i += end + 3
		default:
			end := strings.IndexAny(rest[1:], `*?[\`) + 1
			if end == 0 {
				end = len(rest)
			}
			b.WriteString(regexp.QuoteMeta(rest[:end]))
			i += end
		}
	}
	re, err := regexp.Compile(b.String() + `\z`)
	if err != nil {
		return nil, fmt.Errorf("glob %q: %w", pattern, err)
	}
	return re, nil
}
