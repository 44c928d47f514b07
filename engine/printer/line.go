package printer

import (
	"bytes"
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
// time and newline. It has at most decode.MaxLine bytes.
func AppendLine(dst []byte, text *decode.Text, ev *engine.Event) []byte {
	start := len(dst)
	switch ev.Kind {
	case engine.KindExit, engine.KindEnter:
		if ev.Kind == engine.KindEnter && ev.Returns() {
			return decode.CutLine(append(text.AppendArgs(dst, ev.Call()), ')'), start, 0)
		}
		if dst = text.AppendCall(dst, ev.Call()); len(dst)-start <= decode.MaxLine {
			return dst
		}
		return decode.CutLine(dst, start, bytes.LastIndex(dst[start:], []byte(") "))+start)
	case engine.KindSignal:
		return appendSignal(dst, text, ev)
	case engine.KindDeath:
		return AppendExit(dst, ev.Exit)
	case engine.KindFork:
		what := "process"
		if ev.Child.Proc == ev.Task.Proc {
			what = "thread"
		}
		return fmt.Appendf(dst, "+++ %s: new %s %d +++", ev.Name(), what, ev.Child.TID())
	case engine.KindExec:
		return append(dst, "+++ exec +++"...)
	default: // no line of their own
	}
	return append(dst, ev.Name()...)
}
