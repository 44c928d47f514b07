package plan

import (
	"fmt"
	"strings"

	"luatrace/tracer/seccomp"
	"luatrace/tracer/syscalls"
)

// String describes the plan in a few lines: for --plan.
func (p Plan) String() string {
	if p.Filter == nil {
		switch {
		case !p.Calls:
			return "no system call is hooked: nothing stops but signals and process events\n"
		case p.NoFilter != "":
			return "every call stops, before and after it runs (" + string(p.NoFilter) + ")\n"
		}
		return "every call stops, before and after it runs\n"
	}
	b := []byte{}
	f := &p.Filter.ABIs[syscalls.Native()]
	groups := []struct {
		action seccomp.Action
		text   string
	}{
		{seccomp.Errno, "errno   fails in the kernel, nothing stops"},
		{seccomp.Notify, "notify  the hook is asked before the call"},
		{seccomp.Trace, "trace   stops before the call, and after it if a hook wants the result"},
	}
	b = append(b, "allow   runs at full speed: every call not named below\n"...)
	for _, g := range groups {
		var names []string
		for _, r := range f.Rows {
			if c := hookClause(r.Clauses); c != nil && c.Action == g.action {
				name := syscalls.Name(syscalls.Native(), r.NR)
				if len(c.Tests) > 0 {
					name += " (if its arguments match)"
				}
				names = append(names, name)
			}
		}
		if len(names) == 0 && f.Other.Action != g.action {
			continue
		}
		b = fmt.Appendf(b, "%s: ", g.text)
		switch {
		case f.Other.Action == g.action:
			b = fmt.Appendf(b, "all others, %d calls and unknown numbers\n", len(names))
		default:
			b = fmt.Appendf(b, "%d calls\n", len(names))
		}
		for i, n := range names {
			if i == 12 {
				b = fmt.Appendf(b, "        ... and %d more\n", len(names)-i)
				break
			}
			b = fmt.Appendf(b, "        %s\n", n)
		}
	}
	b = fmt.Appendf(b, "filter  %d instructions\n", p.Size)
	if own := ownCalls(f); len(own) > 0 {
		b = fmt.Appendf(b, "own     luatrace itself looks at these, no hook runs: %s\n", strings.Join(own, " "))
	}
	if p.NoNotify != "" {
		b = fmt.Appendf(b, "not used: notifications (%s)\n", p.NoNotify)
	}
	return string(b)
}
