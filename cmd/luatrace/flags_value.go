package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"luatrace/engine/spec"
	"luatrace/internal/suggest"
)

// setting is an option whose value a function takes, and perhaps another completes.
type setting struct {
	set      func(string) error
	complete func(typed) []string
}

func (s setting) String() string     { return "" }
func (s setting) Set(v string) error { return s.set(v) }
func (s setting) Type() string       { return "value" }

// parsed is an option whose value a function reads.
func parsed[T any](to *T, parse func(string) (T, error)) setting {
	return setting{set: func(s string) (err error) {
		*to, err = parse(s)
		return err
	}}
}

// oneOf is an option whose value is the name of one of the members.
func oneOf[T any](to *T, members []named[T]) setting {
	s := parsed(to, func(s string) (T, error) { return choose(s, members) })
	s.complete = func(v typed) []string { return v.one(namesOf(members)...) }
	return s
}

// setOf is an option whose value names some of the members.
func setOf[T ~uint8](to *T, members []named[T]) setting {
	s := parsed(to, func(s string) (T, error) { return parseSet(s, members) })
	s.complete = func(v typed) []string { return v.list(append(namesOf(members), "all", "none")...) }
	return s
}

// several is an option that may be given several times, each with a value. Of pflag's own
// kind each makes a CSV writer at the start.
type several struct{ list *[]string }

func (s several) String() string { return "" }
func (s several) Type() string   { return "stringArray" }
func (s several) Set(v string) error {
	*s.list = append(*s.list, v)
	return nil
}

// repeated is an option that means more when it is given more often: -y, -yy.
// It is set by every occurrence.
type repeated struct {
	n   *int
	max int
}

func (r repeated) String() string { return "" }
func (r repeated) Type() string   { return "count" }
func (r repeated) Set(string) error {
	*r.n = min(*r.n+1, r.max)
	return nil
}

// named is a member of a set that an option names.
type named[T any] struct {
	name  string
	value T
}

// parseSet parses "all", "none" or names with commas between them; a "!" before
// the whole turns it round.
func parseSet[T ~uint8](text string, members []named[T]) (T, error) {
	var all, out T
	for _, m := range members {
		all |= m.value
	}
	rest, not := strings.CutPrefix(text, "!")
	switch rest {
	case "all":
		out = all
	case "none":
	default:
		for word := range strings.SplitSeq(rest, ",") {
			v, err := choose(word, members)
			if err != nil {
				return 0, err
			}
			out |= v
		}
	}
	if not {
		out = all &^ out
	}
	return out, nil
}

// namesOf returns the names of members.
func namesOf[T any](members []named[T]) []string {
	var names []string
	for _, m := range members {
		names = append(names, m.name)
	}
	return names
}

// choose finds a name.
func choose[T any](word string, members []named[T]) (T, error) {
	for _, m := range members {
		if m.name == word {
			return m.value, nil
		}
	}
	names := namesOf(members)
	var none T
	msg := fmt.Sprintf("%s is none of %s", quote(word), strings.Join(names, ", "))
	if near := suggest.Nearest(word, names); near != "" {
		msg += fmt.Sprintf("; did you mean %q?", near)
	}
	return none, fmt.Errorf("%s", msg)
}

// precisions are the numbers of digits behind the point.
var precisions = []named[int]{{"s", 0}, {"ms", 3}, {"us", 6}, {"ns", 9}}

// parsePrecision sets a number of digits.
func parsePrecision(digits *int) func(string) error {
	return func(s string) (err error) {
		*digits, err = choose(s, precisions)
		return err
	}
}

// parseOverhead parses a time as strace's -O does: a number of microseconds, or
// with a unit.
func parseOverhead(s string) (time.Duration, error) {
	unit := time.Microsecond
	number := s
	for _, u := range []named[time.Duration]{{"ns", time.Nanosecond}, {"us", time.Microsecond}, {"ms", time.Millisecond}, {"s", time.Second}} {
		if rest, ok := strings.CutSuffix(s, u.name); ok {
			number, unit = rest, u.value
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n >= 0) || n*float64(unit) > float64(time.Hour) {
		return 0, fmt.Errorf("%s: a number from 0 on with s, ms, us or ns is wanted, at most an hour", quote(s))
	}
	return time.Duration(n * float64(unit)), nil
}

// parseCalls parses a set of system calls for an option.
func parseCalls(text string) (*spec.Spec, error) {
	sel, err := spec.Parse(text)
	if err == nil && (sel.Kind != spec.Syscall || sel.PhaseGiven) {
		err = fmt.Errorf("%s: system calls are wanted", quote(text))
	}
	return sel, err
}

// parseSignals parses a set of signals: bit n-1 is signal n.
func parseSignals(text string) (uint64, error) {
	rest, not := strings.CutPrefix(text, "!")
	mask := uint64(0)
	switch rest {
	case "all":
		mask = ^mask
	case "none":
	default:
		sel, err := spec.Parse("signal:" + rest)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", quote(text), err)
		}
		for n := 1; n <= 64; n++ {
			if sel.MatchSignal(n) {
				mask |= 1 << (n - 1)
			}
		}
	}
	if not {
		mask = ^mask
	}
	return mask, nil
}
