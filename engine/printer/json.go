package printer

import (
	"strconv"

	"luatrace/engine"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// AppendJSON appends an event as one JSON object. The members, in this order:
//
//	type      "syscall", "signal", "fork", "exec" or "exit"
//	time      seconds since 1970, microseconds behind the point
//	pid, tid  numbers
//	name      of the call or signal; not for process events
//	abi       calls only, if it is not the machine's own
//	args      calls: an object, by argument name
//	ret       calls: the result, -1 on failure; null if it did not return
//	errno     calls that failed: its name
//	duration  calls: seconds
//	signo, code, sender   signals
//	child, thread         fork: the new task's id, whether it is a thread
//	status or killed      exit: the code, or the signal's name; last: whether the process is gone
//
// Strings are valid UTF-8: bytes that are not become the characters \xNN.
func AppendJSON(dst []byte, ev *engine.Event) []byte {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, typeNames[ev.Kind]...)
	dst = append(dst, `","time":`...)
	us := ev.Time().UnixMicro()
	dst = strconv.AppendInt(dst, us/1e6, 10)
	dst = append(dst, '.')
	dst = append(dst, strconv.FormatInt(1e6+us%1e6, 10)[1:]...)
	if ev.Task != nil {
		dst = appendInt(dst, "pid", int64(ev.Task.Proc.PID))
		dst = appendInt(dst, "tid", int64(ev.Task.TID))
	}
	switch ev.Kind {
	case engine.KindEnter, engine.KindExit:
		dst = appendCall(dst, ev)
	case engine.KindSignal:
		dst = appendString(dst, "name", syscalls.SignalName(int(ev.Signal)))
		dst = appendInt(dst, "signo", int64(ev.Signal))
		if si := ev.Siginfo(); si != nil {
			dst = appendInt(dst, "code", int64(si.Code()))
			if si.Code() <= 0 || ev.Name() == "SIGCHLD" {
				dst = appendInt(dst, "sender", int64(si.Pid()))
			}
		}
	case engine.KindFork:
		dst = appendInt(dst, "child", int64(ev.Child.TID))
		dst = append(dst, `,"thread":`...)
		dst = strconv.AppendBool(dst, ev.Child.Proc == ev.Task.Proc)
	case engine.KindExec:
		dst = appendString(dst, "exe", ev.Task.Exe())
	case engine.KindDeath:
		if ev.Exit.Signal != 0 {
			dst = appendString(dst, "killed", syscalls.SignalName(int(ev.Exit.Signal)))
		} else if !ev.Exit.Superseded {
			dst = appendInt(dst, "status", int64(ev.Exit.Code))
		}
		dst = append(dst, `,"last":`...)
		dst = strconv.AppendBool(dst, ev.LastTask)
	}
	return append(dst, '}')
}

var typeNames = [...]string{
	engine.KindEnter: "syscall", engine.KindExit: "syscall", engine.KindSignal: "signal", engine.KindFork: "fork",
	engine.KindExec: "exec", engine.KindDeath: "exit", engine.KindBegin: "begin", engine.KindEnd: "end",
	engine.KindTimer: "timer", engine.KindStop: "stop", engine.KindAttach: "attach",
}

func appendCall(dst []byte, ev *engine.Event) []byte {
	c := ev.Call()
	dst = appendString(dst, "name", c.Name)
	if c.ABI != syscalls.Native() {
		dst = appendString(dst, "abi", c.ABI.String())
	}
	dst = append(dst, `,"args":`...)
	dst = c.AppendJSONArgs(dst)
	switch {
	case !ev.Returned:
		return append(dst, `,"ret":null`...)
	case ev.Errno != 0:
		dst = appendInt(dst, "ret", -1)
		name := syscalls.ErrnoName(ev.Errno)
		if name == "" {
			name = "E" + strconv.Itoa(ev.Errno)
		}
		dst = appendString(dst, "errno", name)
	default:
		dst = appendInt(dst, "ret", ev.Ret)
	}
	dst = append(dst, `,"duration":`...)
	return strconv.AppendFloat(dst, ev.Duration().Seconds(), 'f', 6, 64)
}

func appendInt(dst []byte, name string, v int64) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":`...)
	return strconv.AppendInt(dst, v, 10)
}

func appendString(dst []byte, name, v string) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":`...)
	return decode.AppendJSONString(dst, v)
}
