package printer

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine"
	"luatrace/internal/escape"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// JSON writes events as JSON objects of one line each; docs/json.md is its
// contract. It is not safe for concurrent use.
type JSON struct {
	// FDs adds what the descriptors of a call stand for (-y).
	FDs bool

	values decode.JSON
}

// Append appends an event as one JSON object without a newline. The
// members, in this order:
//
//	type      "syscall", "signal", "fork", "exec", "exit" or "stop"
//	time      seconds since 1970, microseconds behind the point; of a call its entry
//	pid, tid  numbers
//	name      of the call or signal; not for process events
//	nr, abi   calls: number and "amd64", "i386", ...
//	args      calls: an object, by argument name
//	before    calls: the arguments that are also results, as they were at entry
//	ret       calls: the result, -1 on failure; null if it did not return
//	errno     calls that failed: its name
//	result    calls whose result is flags or a constant: the result decoded
//	duration  calls that returned: seconds
//	injected  calls that a script or --inject has changed: "args", "retval"
//	delayed   calls that were held up: true
//	unfinished            calls in which the task ended: true
//	signo, code, sender, siginfo   signals
//	delivered signals that a script replaced: what comes instead, null for none
//	child, thread         fork: the new task's id, whether it is a thread
//	exe, former_tid       exec
//	status or killed, core, last   exit: the code, or the signal's name; whether the process is gone
//	fds, base64, truncated         what decode.JSON notes
func (j *JSON) Append(dst []byte, ev *engine.Event) []byte {
	j.values.Reset()
	j.values.FDs, j.values.Bounded = j.FDs, true
	dst = appendHead(dst, typeNames[ev.Kind], ev)
	switch ev.Kind {
	case engine.KindEnter, engine.KindExit:
		dst = appendTamperJSON(j.call(dst, ev), ev.Task.Tampered())
	case engine.KindSignal:
		dst = appendString(dst, "name", syscalls.SignalName(int(ev.Arrived())))
		dst = appendInt(dst, "signo", int64(ev.Arrived()))
		if si := ev.Siginfo(); si != nil {
			dst = appendInt(dst, "code", int64(si.Code()))
			if si.Code() <= 0 || ev.Arrived() == unix.SIGCHLD {
				dst = appendInt(dst, "sender", int64(si.Pid()))
			}
			dst = append(dst, `,"siginfo":`...)
			dst = j.values.AppendMember(dst, "siginfo", decode.Siginfo(syscalls.Native(), si[:]))
		}
		dst = appendSignalTamperJSON(dst, ev)
	case engine.KindDetach:
		dst = appendInt(dst, "tracer", int64(ev.Tracer))
	case engine.KindStop:
		dst = appendString(dst, "name", syscalls.SignalName(int(ev.Signal)))
	case engine.KindFork:
		dst = appendInt(dst, "child", int64(ev.Child.TID()))
		dst = appendBool(dst, "thread", ev.Child.Proc == ev.Task.Proc)
	case engine.KindExec:
		dst = appendString(dst, "exe", ev.Task.Exe())
		dst = appendInt(dst, "former_tid", int64(ev.FormerTID))
	case engine.KindDeath:
		switch {
		case ev.Exit.Signal != 0:
			dst = appendString(dst, "killed", syscalls.SignalName(int(ev.Exit.Signal)))
			dst = appendBool(dst, "core", ev.Exit.Core)
		case !ev.Exit.Superseded:
			dst = appendInt(dst, "status", int64(ev.Exit.Code))
		}
		dst = appendBool(dst, "last", ev.LastTask)
	default: // no members but those of the head
	}
	return append(j.values.AppendNotes(dst), '}')
}

// Unfinished appends the call in which a task ended, without a newline; dst as
// it is when the task was not in a call that anybody looks at.
func (j *JSON) Unfinished(dst []byte, ev *engine.Event) []byte {
	c := ev.Unfinished()
	if c == nil {
		return dst
	}
	j.values.Reset()
	j.values.FDs, j.values.Bounded = false, true // its descriptors are gone
	dst = appendHeadAt(dst, "syscall", ev, ev.Task.Entered())
	dst = j.arguments(dst, c)
	dst = append(dst, `,"ret":null,"unfinished":true`...)
	return append(j.values.AppendNotes(dst), '}')
}

func appendHead(dst []byte, typ string, ev *engine.Event) []byte {
	return appendHeadAt(dst, typ, ev, ev.Time())
}

func appendHeadAt(dst []byte, typ string, ev *engine.Event, at time.Time) []byte {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, typ...)
	dst = append(dst, `","time":`...)
	us := at.UnixMicro()
	dst = strconv.AppendInt(dst, us/1e6, 10)
	dst = append(dst, '.')
	dst = append(dst, strconv.FormatInt(1e6+us%1e6, 10)[1:]...)
	if ev.Task != nil {
		dst = appendInt(dst, "pid", int64(ev.Task.Proc.PID()))
		dst = appendInt(dst, "tid", int64(ev.Task.TID()))
	}
	return dst
}

var typeNames = [...]string{
	engine.KindEnter: "syscall", engine.KindExit: "syscall", engine.KindSignal: "signal", engine.KindFork: "fork",
	engine.KindExec: "exec", engine.KindDeath: "exit", engine.KindBegin: "begin", engine.KindEnd: "end",
	engine.KindTimer: "timer", engine.KindStop: "stop", engine.KindAttach: "attach",
	engine.KindDetach: "detach",
}

// arguments appends what is known of a call when it begins.
func (j *JSON) arguments(dst []byte, c *decode.Call) []byte {
	dst = appendString(dst, "name", c.CallName())
	dst = appendInt(dst, "nr", int64(c.NR))
	dst = appendString(dst, "abi", c.ABI.String())
	dst = append(dst, `,"args":`...)
	return j.values.AppendArgs(dst, c)
}

func (j *JSON) call(dst []byte, ev *engine.Event) []byte {
	c := ev.Call()
	dst = j.arguments(dst, c)
	if !ev.Returned {
		return append(dst, `,"ret":null`...)
	}
	n := len(dst)
	dst = append(dst, `,"before":`...)
	dst, some := j.values.AppendBefore(dst, c)
	if !some {
		dst = dst[:n]
	}
	if ev.Errno != 0 {
		dst = appendInt(dst, "ret", -1)
		name := syscalls.ErrnoName(ev.Errno)
		if name == "" {
			name = "E" + strconv.Itoa(ev.Errno)
		}
		dst = appendString(dst, "errno", name)
	} else {
		dst = appendInt(dst, "ret", ev.Ret)
		switch r := c.Result(); r.Kind {
		case decode.KindFlags, decode.KindEnum:
			dst = append(dst, `,"result":`...)
			dst = j.values.AppendMember(dst, "result", r)
		case decode.KindFD:
			j.values.AppendMember(nil, "ret", r) // its name is noted
		}
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

func appendBool(dst []byte, name string, v bool) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":`...)
	return strconv.AppendBool(dst, v)
}

func appendString(dst []byte, name, v string) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":`...)
	return escape.AppendJSON(dst, v)
}
