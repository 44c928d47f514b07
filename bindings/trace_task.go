package bindings

import (
	"errors"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"luatrace/bindings/luart"
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

func taskObject() luart.Object {
	return luart.Object{
		Name: "task",
		Handlers: luart.With(func(r *Runtime) luart.Handlers {
			return luart.Handlers{"__index": r.taskIndex, "__tostring": r.refString, "__concat": r.concat}
		}),
		Help: "A thread. The same thread is always the same object, so it can be a table key.",
		Fields: []luart.Field{
			{Name: "tid", Type: "number", Help: "Thread id."},
			{Name: "comm", Type: "string", Help: "Name of the thread now."},
			{Name: "proc", Type: "process", Help: "Its process."},
			{Name: "call", Type: "pending|nil", Help: "The system call that it is in now, nil if it is in none or that can't be known. Any hook may ask for that of any task (tasks()), also every() and \"end\"."},
			{Name: "data", Type: "table", Help: "A table that lives as long as the thread."},
		},
	}
}

func processObject() luart.Object {
	return luart.Object{
		Name: "process",
		Handlers: luart.With(func(r *Runtime) luart.Handlers {
			return luart.Handlers{"__index": r.procIndex, "__tostring": r.refString, "__concat": r.concat}
		}),
		Help: "A process (thread group). The same process is always the same object, also across execve. Of one that has ended, all that is asked of /proc is \"\" or nil, " +
			"also when another process has its number by then.",
		Fields: []luart.Field{
			{Name: "pid", Type: "number", Help: "Process id."},
			{Name: "ppid", Type: "number", Help: "Process id of the parent now."},
			{Name: "parent", Type: "process|nil", Help: "The parent now, nil if it is not traced."},
			{Name: "children", Type: "table", Help: "Its children that are traced, as a list of processes."},
			{Name: "tasks", Type: "table", Help: "Its traced threads, as a list of tasks."},
			{Name: "uid", Type: "number|nil", Help: "Real user id now. There is no ev.uid, since that is an argument of chown, setuid and others."},
			{Name: "euid", Type: "number|nil", Help: "Effective user id."},
			{Name: "gid", Type: "number|nil", Help: "Real group id."},
			{Name: "egid", Type: "number|nil", Help: "Effective group id."},
			{Name: "start", Type: "number|nil", Help: "When it was made, in seconds since 1970, to a hundredth of a second. It may have run another program then."},
			{Name: "comm", Type: "string", Help: "Name of its first thread now; \"\" when it is gone, as at proc:exit, like exe, cwd and cmdline."},
			{Name: "exe", Type: "string", Help: "Path of its program."},
			{Name: "cwd", Type: "string", Help: "Its working directory."},
			{Name: "cmdline", Type: "table", Help: "Its command line as a list of strings, of at most 2 MiB."},
			{Name: "env", Type: "table|nil", Help: "The environment that its program was started with, by name: ev.proc.env.HOME; at most 2 MiB. A program that changes its own is not seen."},
			{Name: "fds", Type: "table|nil", Help: "Its open descriptors by number, each as ev.fdpath has it. Use pairs: there may be gaps, and the first is 0."},
			{Name: "threads", Type: "number", Help: "How many threads are traced."},
			{Name: "data", Type: "table", Help: "A table that lives as long as the process."},
		},
		Methods: []luart.Function{
			{Name: "kill", Acts: true, Params: "sig: string|number", Help: "Sends the process a signal.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					p := luart.Receiver[*procRef](L, 1, "process")
					if err := p.proc.Kill(checkSignal(L, L.CheckAny(2))); err != nil && !errors.Is(err, unix.ESRCH) {
						L.RaiseError("kill: %s", err.Error())
					}
					return 0
				})},
			{Name: "detach", Help: "Lets the process run on untraced, with whatever it creates from now on. No more events come from it.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					if err := luart.Receiver[*procRef](L, 1, "process").proc.Detach(); err != nil {
						L.RaiseError("detach: %s", err.Error())
					}
					return 0
				})},
			{Name: "fd", Params: "fd: number", Returns: "string|nil", Help: "Returns what a descriptor stands for, as ev.fdpath does.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					p := luart.Receiver[*procRef](L, 1, "process")
					s := p.proc.FDPath(int(wholeNumber(L, L.CheckAny(2), "fd")))
					if s == "" {
						L.Push(lua.LNil)
					} else {
						L.Push(lua.LString(s))
					}
					return 1
				})},
			{Name: "fdinfo", Params: "fd: number", Returns: "descriptor|nil", Help: "Returns the same in parts, as ev.fdinfo does.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					p := luart.Receiver[*procRef](L, 1, "process")
					L.Push(p.t.fdObject(p.proc.FDInfo(int(wholeNumber(L, L.CheckAny(2), "fd")))))
					return 1
				})},
			{Name: "file", Params: "name: string", Returns: "string|nil",
				Help: "Returns the content of a file below /proc/PID: \"maps\", \"status\", \"io\". Of one that is longer than --max-read, 64M (cmdline and environ: 2M), it is the " +
					"beginning, in whole lines or words, which luatrace says once. nil if there is none, or the process is gone. mem, pagemap and clear_refs are errors.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					p := luart.Receiver[*procRef](L, 1, "process")
					name := L.CheckString(2)
					if strings.Contains(name, "..") || strings.HasPrefix(name, "/") {
						L.ArgError(1, "a name below /proc/PID is wanted, such as \"maps\"")
					}
					if r.Options().Sandbox && luart.LeadsOut(name) {
						L.RaiseError("%s", luart.NotInSandbox("a file by way of /proc/PID/"+luart.EscapeName(name)))
					}
					b, err := p.proc.ProcFile(name)
					switch {
					case err == nil:
						L.Push(lua.LString(luart.StringOf(b)))
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
		ref.ud = t.r.NewObject("task", ref)
		slot.Keep(&et.Script, ref)
	}
	return ref.ud
}

func (t *Trace) procObject(ep *engine.Proc) lua.LValue {
	ref := slot.Of[procRef](&ep.Script)
	if ref == nil {
		ref = &procRef{t: t, proc: ep}
		ref.ud = t.r.NewObject("process", ref)
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
		unknownField(L, "a task", key, taskObject().MemberNames())
	}
	return 1
}

func (r *Runtime) procIndex(L *lua.LState) int {
	ref := L.Get(1).(*lua.LUserData).Value.(*procRef)
	key := L.Get(2).String()
	if m := r.MethodOf("process", key); m != lua.LNil {
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
		unknownField(L, "a process", key, processObject().MemberNames())
	}
	return 1
}

func unknownField(L *lua.LState, owner, key string, names []string) {
	if near := suggest.Nearest(key, names); near != "" {
		L.RaiseError("%s has no field '%s'; did you mean '%s'?", owner, luart.EscapeName(key), near)
	}
	L.RaiseError("%s has no field '%s'; it has %s", owner, luart.EscapeName(key), joinNames(names))
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
