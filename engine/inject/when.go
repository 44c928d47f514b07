package inject

import (
	"errors"
	"strconv"
	"strings"

	"luatrace/engine"
	"luatrace/tracer/syscalls"
)

// when chooses invocations of a call: from first to last, every step-th.
type when struct {
	first, last, step uint64 // last 0 is for ever
}

// always is the when of a rule without one.
var always = when{first: 1, step: 1}

// The bounds of strace, whose counters have 16 bits.
const (
	maxNumber = 65535
	maxLast   = 65534
)

var errWhen = errors.New("when= takes FIRST, FIRST+, FIRST+STEP, FIRST..LAST or FIRST..LAST+STEP, numbers from 1 to 65535")

// parseWhen parses first[..last][+[step]].
func parseWhen(text string) (when, error) {
	span, step, stepped := strings.Cut(text, "+")
	first, last, ranged := strings.Cut(span, "..")
	var w when
	var err error
	if w.first, err = number(first, maxNumber); err != nil {
		return w, err
	}
	switch {
	case ranged:
		if w.last, err = number(last, maxLast); err != nil {
			return w, err
		}
		if w.last < w.first {
			return w, errors.New("when=: LAST comes before FIRST")
		}
	case !stepped:
		w.last = w.first
	}
	w.step = 1
	if stepped && step != "" {
		w.step, err = number(step, maxNumber)
	}
	return w, err
}

// number parses a number from 1 on.
func number(text string, most uint64) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n < 1 || n > most || text[0] == '+' {
		return 0, errWhen
	}
	return n, nil
}

// has says whether the n-th invocation is chosen, counted from 1.
func (w when) has(n uint64) bool {
	return n >= w.first && (w.last == 0 || n <= w.last) && (n-w.first)%w.step == 0
}

// counters count the invocations of each call in each thread.
type counters map[*engine.Task]map[invoked]uint64

// invoked is a call of an ABI.
type invoked struct {
	abi syscalls.ABI
	nr  int
}

// next counts an invocation and returns its number.
func (c counters) next(t *engine.Task, of invoked) uint64 {
	calls := c[t]
	if calls == nil {
		calls = map[invoked]uint64{}
		c[t] = calls
	}
	calls[of]++
	return calls[of]
}
