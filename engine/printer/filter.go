package printer

import (
	"luatrace/engine"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// Filter chooses calls by the files they are about: a path among the arguments
// or a descriptor. The zero Filter chooses all calls.
type Filter struct {
	// Paths are names of files, compared as they stand in the arguments and as
	// /proc has them for descriptors (-P).
	Paths []string
	// FDs are numbers of descriptors (--trace-fds).
	FDs *NumberSet
}

// Any says whether the filter chooses all calls.
func (f *Filter) Any() bool { return len(f.Paths) == 0 && f.FDs == nil }

// Match says, for a KindEnter event, whether the call is chosen.
func (f *Filter) Match(ev *engine.Event) bool {
	if f.Any() {
		return true
	}
	c := ev.Call()
	for i := range c.NumArgs() {
		if p := c.Param(i); p.Dir != syscalls.Out && p.Dir != syscalls.OutIntr && f.value(ev.Task, c.Entry(i), 0) {
			return true
		}
	}
	return false
}

// value looks for a descriptor or path in an argument and what it points to.
func (f *Filter) value(t *engine.Task, v *decode.Value, depth int) bool {
	if v == nil || depth > 4 {
		return false
	}
	switch v.Kind {
	case decode.KindFD:
		return f.fd(t, int(v.Int()))
	case decode.KindString:
		return v.Type() != nil && v.Type().Kind == syscalls.KindPath && f.path(string(v.Str()))
	case decode.KindStruct:
		for i := range v.Len() {
			if f.value(t, v.FieldAt(i), depth+1) {
				return true
			}
		}
	case decode.KindArray:
		set := v.Type() != nil && v.Type().Kind == syscalls.KindFDSet
		for i := range v.Len() {
			e := v.Elem(i)
			if set && f.fd(t, int(e.Int())) || f.value(t, e, depth+1) {
				return true
			}
		}
	}
	return false
}

func (f *Filter) path(name string) bool {
	for _, p := range f.Paths {
		if p == name {
			return true
		}
	}
	return false
}

func (f *Filter) fd(t *engine.Task, fd int) bool {
	if fd < 0 {
		return false
	}
	return f.FDs.Has(fd) || len(f.Paths) > 0 && f.path(t.FD(fd))
}

// Possible says whether the filter can choose a call of this signature at all.
func (f *Filter) Possible(sig *syscalls.Signature) bool {
	if f.Any() || sig == nil {
		return f.Any()
	}
	if hasFile(sig.Params) {
		return true
	}
	for i := range sig.Variants {
		if hasFile(sig.Variants[i].Params) {
			return true
		}
	}
	return false
}

// hasFile says whether there is a parameter in which value may find anything.
func hasFile(params []syscalls.Param) bool {
	for i := range params {
		if t := params[i].Type; t != nil && mayName(t) {
			return true
		}
	}
	return false
}

func mayName(t *syscalls.Type) bool {
	switch t.Kind {
	case syscalls.KindFD, syscalls.KindDirFD, syscalls.KindPath, syscalls.KindFDSet, syscalls.KindPollResult,
		syscalls.KindStruct, syscalls.KindArray, syscalls.KindPtrArray:
		return true
	}
	return t.Elem != nil && mayName(t.Elem)
}
