package engine

import (
	"fmt"
	"strings"

	"luatrace/tracer"
	"luatrace/tracer/syscalls"
)

// reportOwnFilter tells the user, once, that a seccomp filter of a tracee's own
// keeps calls from the hooks, or that a tracee can't listen to notifications.
func (e *Engine) reportOwnFilter(task *tracer.Task, f *tracer.OwnFilter) {
	if e.opts.QuietTracees {
		return
	}
	who := processName(task.Proc.PID)
	if f.Busy {
		e.reportOnce(remarkKey{what: remarkBusy}, who+" wants seccomp notifications, for which the kernel allows one listener, and gets EBUSY because luatrace is that: add --no-notify")
	}
	hides := remarkKey{what: remarkHidden}
	if f.Busy || e.remarks[hides] {
		return
	}
	hidden := e.hiddenCalls(task.Call.ABI, f)
	if len(hidden) == 0 {
		return
	}
	const most = 4
	names := strings.Join(hidden[:min(len(hidden), most)], ", ")
	if len(hidden) > most {
		names += fmt.Sprintf(" and %d more", len(hidden)-most)
	}
	e.reportOnce(hides, who+" has installed a seccomp filter: calls that it refuses are not seen by hooks (on "+names+"); add --attachable to see them")
}

// hiddenCalls names the calls with hooks that a tracee's filter may answer
// before ours is asked.
func (e *Engine) hiddenCalls(abi syscalls.ABI, f *tracer.OwnFilter) []string {
	var names []string
	for nr := range e.plan.Shown(abi) {
		if name := syscalls.Name(abi, nr); name != "" && f.Hides(abi, nr) {
			names = append(names, name)
		}
	}
	return names
}
