package bindings

import (
	"errors"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"luatrace/engine"
	"luatrace/internal/slot"
	"luatrace/internal/suggest"
)

// taskRef and procRef are what task and process objects hold. The objects live
// in the engine's records, so that one thread is always the same object and
// can be a table key.
type taskRef struct {
	t    *Trace
	task *engine.Task
	ud   *lua.LUserData
	data *lua.LTable
}

type procRef struct {
	t    *Trace
	proc *engine.Proc
	ud   *lua.LUserData
	data *lua.LTable
}

func taskObject() object {
	return object{
		name: "task",
		handlers: with(func(r *Runtime) handlers {
			return handlers{"__index": r.taskIndex, "__tostring": r.refString, "__concat": r.concat}
		}),
		help: "A thread. The same thread is always the same object, so it can be a table key.",
		fields: []field{
			{"tid", "number", "Thread id."},
			{"comm", "string", "Name of the thread now."},
			{"proc", "process", "Its process."},
			{"call", "pending|nil", "The system call that it is in now, nil if it is in none or that can't be known. Any hook may ask for that of any task (tasks()), also every() and \"end\"."},
			{"data", "table", "A table that lives as long as the thread."},
		},
	}
}

func processObject() object {
	return object{
		name: "process",
		handlers: with(func(r *Runtime) handlers {
			return handlers{"__index": r.procIndex, "__tostring": r.refString, "__concat": r.concat}
		}),
		help: "A process (thread group). The same process is always the same object, also across execve. Of one that has ended, all that is asked of /proc is \"\" or nil, " +
			"also when another process has its number by then.",
		fields: []field{
			{"pid", "number", "Process id."},
			{"ppid", "number", "Process id of the parent now."},
			{"parent", "process|nil", "The parent now, nil if it is not traced."},
			{"children", "table", "Its children that are traced, as a list of processes."},
			{"tasks", "table", "Its traced threads, as a list of tasks."},
			{"uid", "number|nil", "Real user id now. There is no ev.uid, since that is an argument of chown, setuid and others."},
			{"euid", "number|nil", "Effective user id."},
			{"gid", "number|nil", "Real group id."},
			{"egid", "number|nil", "Effective group id."},
			{"start", "number|nil", "When it was made, in seconds since 1970, to a hundredth of a second. It may have run another program then."},
			{"comm", "string", "Name of its first thread now; \"\" when it is gone, as at proc:exit, like exe, cwd and cmdline."},
			{"exe", "string", "Path of its program."},
			{"cwd", "string", "Its working directory."},
			{"cmdline", "table", "Its command line as a list of strings, of at most 2 MiB."},
			{"env", "table|nil", "The environment that its program was started with, by name: ev.proc.env.HOME; at most 2 MiB. A program that changes its own is not seen."},
			{"fds", "table|nil", "Its open descriptors by number, each as ev.fdpath has it. Use pairs: there may be gaps, and the first is 0."},
			{"threads", "number", "How many threads are traced."},
			{"data", "table", "A table that lives as long as the process."},
		},
		methods: []function{
			{name: "kill", acts: true, params: "sig: string|number", help: "Sends the process a signal.",
				fn: bind(func(r *Runtime, L *lua.LState) int {
					p := receiver[*procRef](L, 1, "process")
					if err := p.proc.Kill(checkSignal(L, L.CheckAny(2))); err != nil && !errors.Is(err, unix.ESRCH) {
						L.RaiseError("kill: %s", err.Error())
					}
					return 0
				})},
			{name: "detach", help: "Lets the process run on untraced, with whatever it creates from now on. No more events come from it.",
				fn: bind(func(r *Runtime, L *lua.LState) int {
					if err := receiver[*procRef](L, 1, "process").proc.Detach(); err != nil {
						L.RaiseError("detach: %s", err.Error())
					}
					return 0
				})},
			{name: "fd", params: "fd: number", returns: "string|nil", help: "Returns what a descriptor stands for, as ev.fdpath does.",
				fn: bind(func(r *Runtime, L *lua.LState) int {
					p := receiver[*procRef](L, 1, "process")
					s := p.proc.FDPath(int(wholeNumber(L, L.CheckAny(2), "fd")))
					if s == "" {
						L.Push(lua.LNil)
					} else {
						L.Push(lua.LString(s))
					}
					return 1
				})},
			{name: "fdinfo", params: "fd: number", returns: "descriptor|nil", help: "Returns the same in parts, as ev.fdinfo does.",
				fn: bind(func(r *Runtime, L *lua.LState) int {
					p := receiver[*procRef](L, 1, "process")
					L.Push(p.t.fdObject(p.proc.FDInfo(int(wholeNumber(L, L.CheckAny(2), "fd")))))
					return 1
				})},
			{name: "file", params: "name: string", returns: "string|nil",
				help: "Returns the content of a file below /proc/PID: \"maps\", \"status\", \"io\". Of one that is longer than --max-read, 64M (cmdline and environ: 2M), it is the " +
					"beginning, in whole lines or words, which luatrace says once. nil if there is none, or the process is gone. mem, pagemap and clear_refs are errors.",
				fn: bind(func(r *Runtime, L *lua.LState) int {
					p := receiver[*procRef](L, 1, "process")
					name := L.CheckString(2)
					if strings.Contains(name, "..") || strings.HasPrefix(name, "/") {
						L.ArgError(1, "a name below /proc/PID is wanted, such as \"maps\"")
					}
					if r.options().Sandbox && leadsOut(name) {
						L.RaiseError("%s", notInSandbox("a file by way of /proc/PID/"+escape(name)))
					}
					b, err := p.proc.ProcFile(name)
					switch {
					case err == nil:
						L.Push(lua.LString(stringOf(b)))
					case engine.IsRefused(err):
						L.RaiseError("%s", err.Error())
					default:
						L.Push(lua.LNil)
					}
					return 1
				})},
		},
	}
}

func (t *Trace) taskObject(et *engine.Task) lua.LValue {
	ref := slot.Of[taskRef](&et.Script)
	if ref == nil {
		ref = &taskRef{t: t, task: et}
		ref.ud = t.r.newObject("task", ref)
		slot.Keep(&et.Script, ref)
	}
	return ref.ud
}

func (t *Trace) procObject(ep *engine.Proc) lua.LValue {
	ref := slot.Of[procRef](&ep.Script)
	if ref == nil {
		ref = &procRef{t: t, proc: ep}
		ref.ud = t.r.newObject("process", ref)
		slot.Keep(&ep.Script, ref)
	}
	return ref.ud
}

func (r *Runtime) taskIndex(L *lua.LState) int {
	ref := L.Get(1).(*lua.LUserData).Value.(*taskRef)
	switch key := L.Get(2).String(); key {
	case "tid":
		L.Push(number(int64(ref.task.TID())))
	case "comm":
		L.Push(lua.LString(ref.task.Comm()))
	case "proc":
		L.Push(ref.t.procObject(ref.task.Proc))
	case "call":
		L.Push(ref.t.pending(ref.task))
	case "data":
		if ref.data == nil {
			ref.data = L.NewTable()
		}
		L.Push(ref.data)
	default:
		unknownField(L, "a task", key, taskObject().memberNames())
	}
	return 1
}

func (r *Runtime) procIndex(L *lua.LState) int {
	ref := L.Get(1).(*lua.LUserData).Value.(*procRef)
	key := L.Get(2).String()
	if m := r.methodOf("process", key); m != lua.LNil {
		L.Push(m)
		return 1
	}
	switch key {
	case "pid":
		L.Push(number(int64(ref.proc.PID())))
	case "ppid":
		L.Push(number(int64(ref.proc.ParentPID())))
	case "comm":
		L.Push(lua.LString(ref.proc.Comm()))
	case "exe":
		L.Push(lua.LString(ref.proc.Exe()))
	case "cwd":
		L.Push(lua.LString(ref.proc.Cwd()))
	case "threads":
		L.Push(number(int64(ref.proc.Tasks())))
	case "data":
		if ref.data == nil {
			ref.data = L.NewTable()
		}
		L.Push(ref.data)
	default:
		if v, ok := r.procInfo(L, ref, key); ok {
			L.Push(v)
			break
		}
		unknownField(L, "a process", key, processObject().memberNames())
	}
	return 1
}

func unknownField(L *lua.LState, owner, key string, names []string) {
	if near := suggest.Nearest(key, names); near != "" {
		L.RaiseError("%s has no field '%s'; did you mean '%s'?", owner, escape(key), near)
	}
	L.RaiseError("%s has no field '%s'; it has %s", owner, escape(key), joinNames(names))
}

func joinNames(names []string) string { return strings.Join(names, ", ") }

func (r *Runtime) refString(L *lua.LState) int {
	switch v := L.Get(1).(*lua.LUserData).Value.(type) {
	case *taskRef:
		L.Push(lua.LString("task " + number(int64(v.task.TID())).String()))
	case *engine.FDInfo:
		L.Push(lua.LString(v.Path))
	case *procRef:
		L.Push(lua.LString("process " + number(int64(v.proc.PID())).String()))
	case *flags:
		L.Push(lua.LString(v.Flags.String()))
	case *structRef:
		v.live(L)
		L.Push(lua.LString(v.v.String()))
	}
	return 1
}
