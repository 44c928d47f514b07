package printer

import (
	"fmt"
	"strconv"

	"luatrace/engine"
	"luatrace/tracer"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// AppendExit appends strace's words for the end of a task.
func AppendExit(dst []byte, e tracer.Exit) []byte {
	if e.Signal == 0 {
		dst = append(dst, "+++ exited with "...)
		dst = strconv.AppendInt(dst, int64(e.Code), 10)
		return append(dst, " +++"...)
	}
	dst = append(dst, "+++ killed by "...)
	dst = append(dst, syscalls.SignalName(int(e.Signal))...)
	if e.Core {
		dst = append(dst, " (core dumped)"...)
	}
	return append(dst, " +++"...)
}

// AppendLine appends one event as tostring(ev) shows it: without thread id,
// time and newline.
func AppendLine(dst []byte, text *decode.Text, ev *engine.Event) []byte {
	switch ev.Kind {
	case engine.KindExit:
		return text.AppendCall(dst, ev.Call())
	case engine.KindEnter:
		if !ev.Returns() {
			return text.AppendCall(dst, ev.Call())
		}
		return append(text.AppendArgs(dst, ev.Call()), ')')
	case engine.KindSignal:
		return appendSignal(dst, text, ev)
	case engine.KindDeath:
		return AppendExit(dst, ev.Exit)
	case engine.KindFork:
		what := "process"
		if ev.Child.Proc == ev.Task.Proc {
			what = "thread"
		}
		return fmt.Appendf(dst, "+++ %s: new %s %d +++", ev.Name(), what, ev.Child.TID)
	case engine.KindExec:
		return append(dst, "+++ exec +++"...)
	}
	return append(dst, ev.Name()...)
}
