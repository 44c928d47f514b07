package spec

import (
	"fmt"
	"slices"
	"strings"

	"luatrace/internal/suggest"
	"luatrace/tracer/syscalls"
)

// unknownCall is the error of a name no ABI has.
type unknownCall struct {
	name, nearest, list string
}

func newUnknownCall(name string) *unknownCall {
	e := &unknownCall{name: name}
	switch {
	case name == "begin" || name == "end" || name == "proc":
		// Named in Error: an event that is not a call.
	case knownClass(name):
		e.nearest = "%" + name
	default:
		e.nearest = suggest.Nearest(trimKernel(name), callNames())
	}
	return e
}

// in returns the error with the list the name stands in.
func (e *unknownCall) in(list string) error {
	c := *e
	if list != e.name {
		c.list = list
	}
	return &c
}

func (e *unknownCall) Error() string {
	in := ""
	if e.list != "" {
		in = fmt.Sprintf(" in %q", e.list)
	}
	switch {
	case e.name == "begin" || e.name == "end" || e.name == "proc":
		return fmt.Sprintf("%q%s is an event of its own, and needs a hook of its own", e.name, in)
	case e.nearest != "":
		return fmt.Sprintf("unknown system call %q%s: did you mean %q? (see luatrace probes)", e.name, in, e.nearest)
	}
	return fmt.Sprintf("unknown system call %q%s (see luatrace probes)", e.name, in)
}

// UnknownCall returns the error of a name no ABI has, with the nearest one there is.
func UnknownCall(name string) error { return newUnknownCall(name) }

// kernelPrefixes are how the kernel and other tracers spell the same calls.
var kernelPrefixes = []string{"__x64_sys_", "__arm64_sys_", "__ia32_sys_", "sys_enter_", "sys_exit_", "sys_"}

func trimKernel(name string) string {
	for _, prefix := range kernelPrefixes {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return rest
		}
	}
	return name
}

// callNames returns the names of all calls, the native ABI's first, so that
// Nearest prefers them.
func callNames() []string {
	names := slices.Clone(syscalls.Names(syscalls.Native()))
	for abi := range syscalls.NumABI {
		if abi != syscalls.Native() && abi != syscalls.X32 {
			names = append(names, syscalls.Names(abi)...)
		}
	}
	return names
}

func knownClass(class string) bool {
	return class == "net" || slices.Contains(syscalls.Classes(), class)
}

func unknownClass(class string) error {
	classes := syscalls.Classes()
	hint := ""
	if n := suggest.Nearest(class, classes); n != "" {
		hint = fmt.Sprintf(": did you mean %q?", "%"+n)
	}
	return fmt.Errorf("unknown class %q%s (the classes are %%%s)", "%"+class, hint, strings.Join(classes, ", %"))
}
