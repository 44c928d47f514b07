// Package spec says which events a hook is for: a [Spec] is the selector that a script gives
// to on(), a [When] the list of conditions beside it. It knows the tables of calls and nothing
// of tracing: what an event holds is asked through [Fields].
//
//   - Selectors: spec.go has their grammar, calls.go, events.go and errors.go parse them,
//     restrict.go narrows them; sub.go is about numbers that stand for several calls.
//   - Conditions: when.go holds and tests them, when_make.go makes them,
//     when_check.go checks them against a selector, when_resolve.go against one call,
//     when_value.go tests a plain value.
package spec

import (
	"errors"
	"fmt"
	"strings"

	"luatrace/tracer/syscalls"
)

// Phase is the side of a system call a hook runs on.
type Phase uint8

// The phases. A specification that names none means the exit, where arguments,
// as they were at entry, and the result are both known.
const (
	PhaseExit  Phase = iota // after the call, with its result
	PhaseEnter              // before the call
)

// String returns the phase as specifications spell it, "enter" or "exit".
func (p Phase) String() string {
	if p == PhaseEnter {
		return "enter"
	}
	return "exit"
}

// SpecKind is what a specification selects.
type Kind uint8

// The kinds of specifications.
const (
	Syscall Kind = iota // system calls
	Signal              // signals, before delivery
	Proc                // process and thread life
	Begin               // the start of the trace
	End                 // the end of the trace
)

// ProcKind is an event in the life of a process or thread.
type ProcKind uint8

// The kinds of process events.
const (
	ProcFork ProcKind = iota // fork, vfork or clone made a task
	ProcExec                 // a program was executed
	ProcExit                 // a task is gone
)

var procNames = [...]string{ProcFork: "fork", ProcExec: "exec", ProcExit: "exit"}

// String returns the kind as specifications spell it: "fork", "exec", "exit".
func (k ProcKind) String() string {
	if int(k) < len(procNames) {
		return procNames[k]
	}
	return "unknown"
}

// specLimit is the number of call numbers a Spec tells apart for each ABI;
// higher ones have no names.
const specLimit = 1024

// callSet is a set of the call numbers of one ABI.
type callSet struct {
	bits [specLimit / 64]uint64
	rest bool // all numbers from specLimit on, and negative ones
}

func (c *callSet) add(nr int) { c.bits[nr/64] |= 1 << (nr % 64) }

func (c *callSet) has(nr int) bool {
	if uint(nr) >= specLimit {
		return c.rest
	}
	return c.bits[nr/64]>>(nr%64)&1 != 0
}

func (c *callSet) negate() {
	for i := range c.bits {
		c.bits[i] = ^c.bits[i]
	}
	c.rest = !c.rest
}

// Spec is a parsed event specification: the first argument of a script's on().
// It is immutable and safe for concurrent use.
type Spec struct {
	Text       string // as it was given
	Kind       Kind   // what it selects
	Phase      Phase  // Syscall: the side of the call
	PhaseGiven bool   // the text names the phase

	calls   [syscalls.NumABI]callSet
	signals uint64 // bit n-1 is signal n
	procs   uint8  // bit n is ProcKind n
	names   []string
}

// Parse parses an event specification.
//
//	spec   = calls | "begin" | "end" |
//	         "signal" [":" ["!"] sig{,sig}] | "proc" [":" ["!"] kind{,kind}]
//	calls  = ["!"] item{,item}
//	item   = ["?"] what ["@" abi] [":enter" | ":exit"]
//	what   = name | number | "%"class | "/"regexp["/"] | glob | "*" | "all" | "none"
//
// Names, classes, numbers, "?" (no error if there is nothing of the kind), "!"
// (all but these) and @64, @32 and @x32 are those of strace's -e trace; @amd64,
// @i386 and @arm64 name one ABI. Classes that can't be mistaken for a call
// (file, desc, process, network, memory) do without the "%". Regular
// expressions are Go's, which match in linear time, anywhere in the name; globs
// match whole names. A phase is that of the whole specification.
//
// Names are looked up under every ABI the program knows, so that a script runs
// on machines without an old call, and 32-bit programs are seen as well. A name
// that no ABI has is an error with the nearest name there is.
func Parse(s string) (*Spec, error) {
	spec := &Spec{Text: s}
	text := strings.TrimSpace(s)
	head, list, hasList := strings.Cut(text, ":")
	switch {
	case text == "":
		return nil, errors.New("empty event specification: name system calls (openat, %file, *), signal, proc, begin or end")
	case text == "begin":
		spec.Kind = Begin
		return spec, nil
	case text == "end":
		spec.Kind = End
		return spec, nil
	case (head == "begin" || head == "end") && hasList:
		return nil, fmt.Errorf("%q: %s takes nothing after it", s, head)
	case head == "signal":
		spec.Kind = Signal
		if err := spec.parseSignals(list, hasList); err != nil {
			return nil, err
		}
		return spec, nil
	case head == "proc":
		spec.Kind = Proc
		if err := spec.parseProcs(list, hasList); err != nil {
			return nil, err
		}
		return spec, nil
	}
	p := callParser{spec: spec, text: text}
	if err := p.parse(); err != nil {
		return nil, err
	}
	return spec, nil
}

// Match reports whether a system call is selected, by its ABI and number (of
// X32 with bit 30 or without). Numbers without a name are selected by "*" and
// "all", by their number, and by "!" forms. It does not allocate.
func (s *Spec) Match(abi syscalls.ABI, nr int) bool {
	if s.Kind != Syscall || abi >= syscalls.NumABI {
		return false
	}
	if abi == syscalls.X32 {
		nr &^= syscalls.X32Bit
	}
	return s.calls[abi].has(nr)
}

// MatchSignal reports whether a signal number is selected.
func (s *Spec) MatchSignal(sig int) bool {
	return s.Kind == Signal && sig >= 1 && sig <= 64 && s.signals>>(sig-1)&1 != 0
}

// MatchProc reports whether a process event is selected.
func (s *Spec) MatchProc(kind ProcKind) bool {
	return s.Kind == Proc && kind <= ProcExit && s.procs>>kind&1 != 0
}

// Calls returns the numbers of the selected calls that have a name under abi,
// in ascending order; those of X32 have bit 30 set.
func (s *Spec) Calls(abi syscalls.ABI) []int {
	var out []int
	for nr := range specLimit {
		if s.Match(abi, nr) && syscalls.Known(abi, nr) {
			if abi == syscalls.X32 {
				out = append(out, nr|syscalls.X32Bit)
			} else {
				out = append(out, nr)
			}
		}
	}
	return out
}

// qualified returns a call's name as package syscalls has it under abi.
func qualified(abi syscalls.ABI, name string) string {
	if abi == syscalls.X32 {
		return x32Prefix + name
	}
	return name
}
