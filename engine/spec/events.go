package spec

import (
	"errors"
	"fmt"
	"strings"

	"luatrace/internal/suggest"
	"luatrace/tracer/syscalls"
)

// parseSignals parses what follows "signal:". Names have "SIG" or not, in any
// case; numbers, "all" and "*" are allowed too.
func (s *Spec) parseSignals(list string, given bool) error {
	if !given {
		s.signals = ^uint64(0)
		return nil
	}
	list, negate := strings.CutPrefix(strings.TrimSpace(list), "!")
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == "all" || item == "*" {
			s.signals = ^uint64(0)
			continue
		}
		n, ok := syscalls.Signal(item)
		if !ok {
			return fmt.Errorf("%q: %w", s.Text, unknownSignal(item))
		}
		s.signals |= 1 << (n - 1)
	}
	if negate {
		s.signals = ^s.signals
	}
	return nil
}

func unknownSignal(name string) error {
	switch {
	case name == "":
		return errors.New("an item of the signal list is empty")
	case name == "enter" || name == "exit":
		return fmt.Errorf("signals have no phases; the system call is %q", "signal@32:"+name)
	}
	if n := suggest.Nearest(name, syscalls.SignalNames()); n != "" {
		return fmt.Errorf("unknown signal %q: did you mean %q?", name, n)
	}
	return fmt.Errorf("unknown signal %q: use names such as SIGTERM or numbers from 1 to 64", name)
}

// parseProcs parses what follows "proc:".
func (s *Spec) parseProcs(list string, given bool) error {
	const all = 1<<len(procNames) - 1
	if !given {
		s.procs = all
		return nil
	}
	list, negate := strings.CutPrefix(strings.TrimSpace(list), "!")
items:
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		for k, name := range procNames {
			if item == name {
				s.procs |= 1 << k
				continue items
			}
		}
		return fmt.Errorf("%q: unknown process event %q: use fork, exec or exit", s.Text, item)
	}
	if negate {
		s.procs ^= all
	}
	return nil
}
