package plan

import (
	"slices"

	"luatrace/engine/spec"
	"luatrace/tracer/syscalls"
)

// Rule is a hook without its function: on which events it runs, and what that takes.
type Rule struct {
	Spec *spec.Spec
	When spec.When // from [spec.When.Resolve] for this Spec
	// Needs says what the hook may look at. The zero value is "nothing beyond
	// registers": what lies in memory is then read when it is asked for, at
	// the exit perhaps later than it was meant.
	Needs Needs
	// Fault, if not nil, says that the hook only does this.
	Fault *Fault
}

// Needs says which fields of an event a hook may read, as far as it is known
// before it runs.
type Needs struct {
	All    bool     // any field
	Fields []string // otherwise these
	// NoDescriptors says that All does not mean what descriptors stand for.
	NoDescriptors bool
	// LooksOnly says that the hook does nothing with the event but read the
	// Fields: it changes nothing and calls no method. Such a hook for the exit
	// may run at the entry if what it reads is the same there.
	LooksOnly bool
	// Registers says that the hook may read or write registers.
	Registers bool
}

// Fault marks a hook that does nothing but fail every call that meets its
// conditions: the kernel can do that by itself.
type Fault struct {
	Errno int // 0 makes the call return 0
}

// Has reports whether the hook may read a field of one of these names.
func (n *Needs) Has(name string, aliases []string) bool {
	if n.All {
		return true
	}
	for _, f := range n.Fields {
		if f == name {
			return true
		}
		for _, a := range aliases {
			if f == a {
				return true
			}
		}
	}
	return false
}

// Descriptors reports whether the hook may ask, after a call, what its descriptor
// stood for.
func (n *Needs) Descriptors() bool {
	if n.All && n.NoDescriptors {
		return false
	}
	return n.Has("fdpath", nil) || n.Has("fdinfo", nil)
}

// Reads reports whether the hook may read an argument: by name, or a path by way of
// the fields that look for one.
func (n *Needs) Reads(p *syscalls.Param) bool {
	return n.Has(p.Name, p.Aliases) || p.Kind == syscalls.KindPath && (n.Has("abspath", nil) || n.Has("paths", nil) || n.Has("unplaced", nil))
}

// AddConditions adds the fields that conditions are asked of.
func (n *Needs) AddConditions(w spec.When) {
	if n.All {
		return
	}
	n.Fields = slices.Clone(n.Fields)
	for i := range w {
		n.Fields = append(n.Fields, spec.ArgName(w[i].Field))
	}
}

// Bound is a rule for one number of one ABI.
type Bound struct {
	*Rule
	When spec.When         // the conditions as they are for this call
	Sub  *syscalls.SubCall // nil, or the call that the number stands for and that the rule is for
}

// Bind calls f with the rule as it is for a number, and whether its hook runs at the entry
// of the call: once, once for each call that the number stands for, or not at all. With early,
// a hook for the exit runs at the entry where that makes no difference to it; without a filter
// the exit is there in any case. It looks at the call's signature only where a condition or a
// field names an argument: a plan is made of every call there is.
func (r *Rule) Bind(abi syscalls.ABI, nr int, early bool, f func(b Bound, entry bool)) {
	r.Spec.Bind(r.When, abi, nr, func(when spec.When, sub *syscalls.SubCall) {
		entry := r.Spec.Phase == spec.PhaseEnter ||
			sub == nil && (!Returns(syscalls.Name(abi, nr)) || early && r.sameEarly(abi, nr, when))
		f(Bound{r, when, sub}, entry)
	})
}

// Returns reports whether a call can come back: exit and exit_group don't, and hooks for
// their exit run at the entry.
func Returns(name string) bool { return name != "exit" && name != "exit_group" }
