package bindings

import lua "github.com/yuin/gopher-lua"

// noteMentions remembers which of the names that matter for the plan stand in
// the code: what a script may do is known before it runs, since names of
// globals, fields and methods are constants of the compiled code.
func (r *Runtime) noteMentions(p *lua.FunctionProto) {
	for _, name := range [...]string{"regs", "detach", "stop_trace"} {
		if mentions(p, name) {
			r.mentioned[name] = true
		}
	}
	// on and fault inside of a function may be called while the trace runs.
	for _, inner := range p.FunctionPrototypes {
		if mentions(inner, "on") || mentions(inner, "fault") {
			r.mentioned["on later"] = true
		}
	}
}

// Unfiltered says why the scripts loaded so far rule out a seccomp filter, ""
// if they don't.
func (r *Runtime) Unfiltered() string {
	switch {
	case r.mentioned["detach"]:
		return "the script may let processes go (detach)"
	case r.mentioned["stop_trace"]:
		return "the script may end the trace (stop_trace)"
	case r.mentioned["on later"]:
		return "the script may add hooks while it runs"
	}
	return ""
}
