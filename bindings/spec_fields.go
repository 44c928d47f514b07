package bindings

import (
	"luatrace/engine/spec"
	"luatrace/tracer/syscalls"
)

// EventFields are the names that may stand behind "ev." or "ev:" in a hook.
func EventFields(sel *spec.Spec) map[string]bool {
	have := map[string]bool{}
	add := func(names ...string) {
		for _, n := range names {
			have[n] = true
		}
	}
	add(plainFields...)
	if sel.Kind == spec.Begin || sel.Kind == spec.End {
		return have
	}
	add(taskFields...)
	add("delay", "table")
	switch sel.Kind {
	case spec.Signal:
		add(signalFields...)
		add("suppress")
	case spec.Proc:
		for kind, names := range map[spec.ProcKind][]string{
			spec.ProcFork: forkFields, spec.ProcExec: execFields, spec.ProcExit: deathFields,
		} {
			if sel.MatchProc(kind) {
				add(names...)
			}
		}
	case spec.Syscall:
		add(callFields...)
		add("fail")
		if sel.Phase == spec.PhaseEnter {
			add("skip", "onexit", "ret")
		} else {
			add(resultFields...)
		}
		addArguments(sel, add)
	}
	return have
}

// addArguments adds the arguments of all calls of a spec, on every ABI.
func addArguments(sel *spec.Spec, add func(...string)) {
	enter := sel.Phase == spec.PhaseEnter
	params := func(list []syscalls.Param) {
		for i := range list {
			p := &list[i]
			if p.Hidden || enter && p.Dir == syscalls.Out && p.Pointer() {
				continue
			}
			add(p.Name)
			add(p.Aliases...)
		}
	}
	for _, abi := range []syscalls.ABI{syscalls.Native(), syscalls.I386} {
		for _, nr := range sel.Calls(abi) {
			sig := syscalls.Lookup(abi, nr)
			if sig == nil {
				add("arg1", "arg2", "arg3", "arg4", "arg5", "arg6")
				continue
			}
			params(sig.Params)
			for i := range sig.Variants {
				params(sig.Variants[i].Params)
			}
		}
	}
}
