package plan

import (
	"luatrace/engine/spec"
	"luatrace/tracer/syscalls"
)

// sameEarly reports whether a hook for the exit of a call may run at its entry and
// give the same answer: it only looks, and only at what is the same there. That
// saves the exit stop, half the cost of a traced call.
func (r *Rule) sameEarly(abi syscalls.ABI, nr int, when spec.When) bool {
	if r.Spec.PhaseGiven || r.Needs.All || !r.Needs.LooksOnly || r.Needs.Registers {
		return false
	}
	for _, f := range r.Needs.Fields {
		if !sameAtEntry(f, abi, nr) {
			return false
		}
	}
	for i := range when {
		if c := &when[i]; !c.Integer() && !sameAtEntry(spec.ArgName(c.Field), abi, nr) {
			return false
		}
	}
	return true
}

// sameAtEntry reports whether a field has the same value at entry and at exit of
// the call.
func sameAtEntry(field string, abi syscalls.ABI, nr int) bool {
	name := syscalls.Name(abi, nr)
	switch field {
	case "name", "nr", "abi", "pid", "tid", "time":
		return true
	case "ret", "err", "ok", "duration", "ended":
		return false // also where an argument has that name, as nanosleep's duration
	case "comm", "exe":
		// Changed by execve and, the name, by prctl. Writing to
		// /proc/self/comm changes it too, but no program does.
		return name != "execve" && name != "execveat" && name != "prctl"
	case "cwd":
		switch name {
		case "chdir", "fchdir", "chroot", "pivot_root", "unshare", "setns":
			return false
		}
		return true
	}
	sig := syscalls.Lookup(abi, nr)
	if sig == nil {
		return false
	}
	if !inParam(sig.Params, field) {
		return false
	}
	for i := range sig.Variants {
		if !inParam(sig.Variants[i].Params, field) {
			return false
		}
	}
	return true
}

// inParam reports whether a field is an argument that the kernel does not write.
func inParam(params []syscalls.Param, field string) bool {
	i := syscalls.FindParam(params, field)
	if i < 0 {
		return false
	}
	p := &params[i]
	return p.Type != nil && (!p.Pointer() || p.Dir == syscalls.In)
}
