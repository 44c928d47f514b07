package bindings

import (
	"fmt"
	"sort"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/internal/suggest"
	"luatrace/tracer/syscalls"
)

// eventRef is what an event object holds: the engine's event and which of its
// uses it stands for.
type eventRef struct {
	t   *Trace
	ev  *engine.Event
	seq uint64
	fn  *lua.LFunction // the hook's function
}

// live returns the event, or raises an error when its hook has returned.
func (e *eventRef) live(L *lua.LState) *engine.Event {
	if e.seq != e.t.seq || e.seq == 0 {
		hook := "its hook"
		if e.fn != nil && e.fn.Proto != nil {
			hook = fmt.Sprintf("the hook of %s:%d", luart.EscapeName(e.fn.Proto.SourceName), e.fn.Proto.LineDefined)
		}
		L.RaiseError("this event is over: it can be used only until %s returns; copy there what you need (ev:table(), tostring(ev))", hook)
	}
	return e.ev
}

func eventObject() luart.Object {
	return luart.Object{
		Name: "event", Acts: true,
		Handlers: luart.With(func(r *Runtime) luart.Handlers {
			return luart.Handlers{"__index": r.evIndex, "__newindex": r.evNewIndex, "__tostring": r.eventString}
		}),
		Help: "What a hook gets. It is valid until the hook returns; values read from it are copies. " +
			"A field the event can't have is an error. Where an argument has the name of a field below, the field wins: use ev.args.NAME then.",
		Fields: eventFields,
		Methods: []luart.Function{
			{Name: "fail", Acts: true, Params: "errno: string|number",
				Help: "Before the call: prevents it, and the program gets this errno. After the call: it has taken effect, the program gets this errno all the same.",
				Fn:   luart.Bind(evFail)},
			{Name: "skip", Acts: true, Params: "ret?: number",
				Help: "Prevents the call (\":enter\" hooks only); the program gets ret, 0 if not given.",
				Fn:   luart.Bind(evSkip)},
			{Name: "onexit", Params: "fn: function",
				Help: "Calls fn(ev) after this call, this time only (\":enter\" hooks only). What fn needs of the entry it keeps in locals.",
				Fn:   luart.Bind(evOnExit)},
			{Name: "delay", Acts: true, Params: "seconds: number|string",
				Help: "Keeps the thread stopped for that long after the hook: 0.5 or \"500ms\". Other threads run on.",
				Fn:   luart.Bind(evDelay)},
			{Name: "suppress", Acts: true, Help: "Keeps the signal from being delivered (hooks on signals).", Fn: luart.Bind(evSuppress)},
			{Name: "table", Returns: "table", Help: "Returns the event as a plain table that can be kept and given to json.encode.", Fn: luart.Bind(evTable)},
		},
	}
}

var eventFields = []luart.Field{
	{Name: "name", Type: "string", Help: "System call name; for other events what happened: a signal's name, \"fork\", \"exec\", \"exit\"."},
	{Name: "nr", Type: "number", Help: "System call number."},
	{Name: "abi", Type: "string", Help: "\"amd64\", \"i386\", \"x32\" or \"arm64\"."},
	{Name: "phase", Type: "string", Help: "\"enter\" or \"exit\" of a call; \"signal\", \"fork\", \"exec\", \"death\" (proc:exit), \"begin\", \"end\" or \"timer\"."},
	{Name: "pid", Type: "number", Help: "Process id."},
	{Name: "tid", Type: "number", Help: "Thread id."},
	{Name: "ppid", Type: "number", Help: "Process id of the parent now."},
	{Name: "comm", Type: "string", Help: "Name of the thread, at most 15 bytes."},
	{Name: "exe", Type: "string", Help: "Path of the program."},
	{Name: "cwd", Type: "string", Help: "Working directory."},
	{Name: "time", Type: "number", Help: "When it happened, in seconds since 1970, with microseconds: os.date(\"%X\", ev.time). A call has the time of its entry, also after it; see ended."},
	{Name: "args", Type: "arguments", Help: "The call's arguments by number or name: ev.args[1], ev.args.path."},
	{Name: "raw", Type: "table", Help: "The six argument registers as they were at entry, raw[1] to raw[6]: numbers, or 64-bit words where a number can't hold one. ev.mem takes them as addresses."},
	{Name: "ret", Type: "number", Help: "Result, -1 if it failed. Assigning replaces what the program gets. After the call only; nil for exit and exit_group, which do not return."},
	{Name: "err", Type: "string|nil", Help: "Name of the errno (\"ENOENT\"), nil if the call succeeded. After the call only."},
	{Name: "ok", Type: "boolean", Help: "Whether the call succeeded. After the call only; true for exit and exit_group."},
	{Name: "duration", Type: "number", Help: "Seconds from the moment in which the program runs on into the call to the report of its exit; what hooks do is not in it. After the call only; 0 for exit and exit_group, for a call that a hook has prevented, and for one that was entered before luatrace attached."},
	{Name: "ended", Type: "number", Help: "When the call returned, in seconds since 1970, as time. After the call only; for exit and exit_group it is time."},
	{Name: "fdpath", Type: "string|nil", Help: "What the call's first descriptor stands for: a path, \"pipe:[...]\", \"tcp 1.2.3.4:80->...\", \"unix /run/x\", \"unix socket:[12]->/run/x\" at the other end."},
	{Name: "fdinfo", Type: "descriptor|nil", Help: "The same in parts: ev.fdinfo.kind, .address, .peer, .inode, .peer_inode."},
	{Name: "abspath", Type: "string|nil", Help: "The call's first path made absolute with its directory descriptor and the working directory."},
	{Name: "paths", Type: "table", Help: "The call's path arguments by name, made absolute like abspath: ev.paths.newpath. Paths that can't be read are not in it."},
	{Name: "unplaced", Type: "table", Help: "The path arguments by name, as the program gave them, that are in neither abspath nor paths because nobody knows what they are relative to, as where there is no /proc; one that can't be read, as its address (\"0x7f...\"). Hardly ever is there one."},
	{Name: "messages", Type: "table|nil", Help: "The netlink messages the call sends or has received, a list of structs; nil if it is no call on a netlink socket."},
	{Name: "call", Type: "string", Help: "The call as strace prints it, without the result: tostring(ev) is the whole line."},
	{Name: "sig", Type: "string", Help: "Signal name. Assigning another one (\"SIGUSR1\" or a number) delivers that instead. Hooks on signals only."},
	{Name: "signo", Type: "number", Help: "Signal number. Hooks on signals only."},
	{Name: "sender", Type: "number|nil", Help: "Process id of the signal's sender, if a process sent it. Hooks on signals only."},
	{Name: "code", Type: "number", Help: "si_code of the signal, a number such as SI_USER. Hooks on signals only."},
	{Name: "addr", Type: "number|nil", Help: "Faulting address of SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP. Hooks on signals only."},
	{Name: "child", Type: "task", Help: "The new thread, or the first thread of the new process: ev.child.tid, ev.child.proc. Hooks on proc:fork only."},
	{Name: "thread", Type: "boolean", Help: "proc:fork: whether a thread was made, not a process. proc:exit: whether other threads of the process are left."},
	{Name: "status", Type: "number|nil", Help: "Exit code. Hooks on proc:exit only; nil if a signal ended the task."},
	{Name: "killed", Type: "string|nil", Help: "The signal that ended the task. Hooks on proc:exit only."},
	{Name: "core", Type: "boolean", Help: "Whether it dumped core. Hooks on proc:exit only."},
	{Name: "former_tid", Type: "number", Help: "The thread id that the caller of execve had before, which differs from tid if it was not the first thread. Hooks on proc:exec only."},
	{Name: "task", Type: "task", Help: "The thread; ev.task.data is a table that lives as long as it."},
	{Name: "proc", Type: "process", Help: "The process; ev.proc.data is a table that lives as long as it."},
	{Name: "regs", Type: "registers", Help: "The registers: ev.regs.rip, ev.regs.rax = 1."},
	{Name: "mem", Type: "memory", Help: "The process's memory: ev.mem:string(addr)."},
}

// evIndex is __index of the event object.
func (r *Runtime) evIndex(L *lua.LState) int {
	ref := L.Get(1).(*lua.LUserData).Value.(*eventRef)
	key, ok := L.Get(2).(lua.LString)
	if !ok {
		L.RaiseError("an event has no field %s", luart.EscapeName(L.Get(2).String()))
	}
	if m := r.MethodOf("event", string(key)); m != lua.LNil {
		L.Push(m)
		return 1
	}
	L.Push(ref.t.field(L, ref.live(L), string(key)))
	return 1
}

// field returns a field of the event, or raises an error that says which there
// are.
func (t *Trace) field(L *lua.LState, ev *engine.Event, key string) lua.LValue {
	if ev.Task == nil {
		return t.plainField(L, ev, key)
	}
	switch key {
	case "name":
		return t.str(ev.Name())
	case "phase":
		return t.str(phaseNames[ev.Kind])
	case "pid":
		return number(int64(ev.Task.Proc.PID()))
	case "tid":
		return number(int64(ev.Task.TID()))
	case "ppid":
		return number(int64(ev.Task.ParentPID()))
	case "comm":
		return lua.LString(ev.Comm())
	case "exe":
		return lua.LString(ev.Exe())
	case "cwd":
		return lua.LString(ev.Task.Cwd())
	case "time":
		return seconds(ev.Time())
	case "task":
		return t.taskObject(ev.Task)
	case "proc":
		return t.procObject(ev.Task.Proc)
	case "regs":
		return t.r.NewObject("registers", &eventRef{t, ev, t.seq, t.hook})
	case "mem":
		return t.r.NewObject("memory", &eventRef{t, ev, t.seq, t.hook})
	}
	switch ev.Kind {
	case engine.KindEnter, engine.KindExit:
		return t.callField(L, ev, key)
	case engine.KindSignal:
		if v, ok := t.signalField(ev, key); ok {
			return v
		}
	case engine.KindFork:
		switch key {
		case "child":
			return t.taskObject(ev.Child)
		case "thread":
			return lua.LBool(ev.Child.Proc == ev.Task.Proc)
		}
	case engine.KindExec:
		if key == "former_tid" {
			return number(int64(ev.FormerTID))
		}
	case engine.KindDeath:
		switch key {
		case "status":
			if ev.Exit.Signal != 0 {
				return lua.LNil
			}
			return number(int64(ev.Exit.Code))
		case "killed":
			if ev.Exit.Signal == 0 {
				return lua.LNil
			}
			return t.str(syscalls.SignalName(int(ev.Exit.Signal)))
		case "core":
			return lua.LBool(ev.Exit.Core)
		case "thread":
			return lua.LBool(!ev.LastTask)
		}
	default: // no fields but those of the task
	}
	return t.noField(L, ev, key)
}

var phaseNames = [...]string{
	engine.KindEnter: "enter", engine.KindExit: "exit", engine.KindSignal: "signal", engine.KindFork: "fork",
	engine.KindExec: "exec", engine.KindDeath: "death", engine.KindBegin: "begin", engine.KindEnd: "end",
	engine.KindTimer: "timer", engine.KindStop: "stop", engine.KindAttach: "attach",
	engine.KindDetach: "detach",
}

// plainField serves the events that have no task: begin, end and timers.
func (t *Trace) plainField(L *lua.LState, ev *engine.Event, key string) lua.LValue {
	switch key {
	case "name", "phase":
		return t.str(phaseNames[ev.Kind])
	case "time":
		return seconds(ev.Time())
	}
	return t.noField(L, ev, key)
}

func (t *Trace) callField(L *lua.LState, ev *engine.Event, key string) lua.LValue {
	c := ev.Call()
	switch key {
	case "nr":
		return number(int64(c.NR))
	case "abi":
		return t.str(c.ABI.String())
	case "args":
		return t.r.NewObject("arguments", &eventRef{t, ev, t.seq, t.hook})
	case "raw":
		tb := L.CreateTable(6, 0)
		for i, w := range c.Args {
			tb.RawSetInt(i+1, rawWord(w))
		}
		return tb
	case "call":
		return lua.LString(textFormat.AppendArgs(nil, c))
	case "messages":
		m := c.Messages()
		if m == nil {
			return lua.LNil
		}
		return t.value(L, ev, m)
	case "fdpath":
		return orNil(ev.CallFDPath())
	case "fdinfo":
		return t.fdObject(ev.CallFDInfo())
	case "abspath":
		return orNil(ev.AbsPath())
	case "paths":
		tb := L.NewTable()
		for arg, path := range ev.Paths {
			tb.RawSetString(arg, lua.LString(path))
		}
		return tb
	case "unplaced":
		tb := L.NewTable()
		for arg, path := range ev.Unplaced {
			tb.RawSetString(arg, lua.LString(path))
		}
		return tb
	}
	if ev.Kind == engine.KindExit {
		switch key {
		case "ret":
			return retValue(ev)
		case "err":
			if ev.Errno == 0 {
				return lua.LNil
			}
			return t.str(errnoName(ev.Errno))
		case "ok":
			return lua.LBool(ev.Errno == 0)
		case "duration":
			return lua.LNumber(ev.Duration().Seconds())
		case "ended":
			return seconds(ev.Ended())
		}
	} else {
		switch key {
		case "ret", "err", "ok", "duration", "ended":
			if !ev.Returns() {
				return neverReturned(ev, key)
			}
			L.RaiseError("ev.%s exists only after the call; this hook runs before it (\":enter\")", key)
		}
	}
	if i := c.Index(key); i >= 0 {
		return t.arg(L, ev, i)
	}
	return t.noField(L, ev, key)
}

func orNil(s string) lua.LValue {
	if s == "" {
		return lua.LNil
	}
	return lua.LString(s)
}

// neverReturned is what a hook on every call sees of exit and exit_group, so
// that it need not know them: no result, and nothing that went wrong.
func neverReturned(ev *engine.Event, key string) lua.LValue {
	switch key {
	case "ok":
		return lua.LTrue
	case "duration":
		return number(0)
	case "ended":
		return seconds(ev.Time())
	}
	return lua.LNil
}

// seconds is a time as scripts get it.
func seconds(at time.Time) lua.LValue { return lua.LNumber(float64(at.UnixMicro()) / 1e6) }

func retValue(ev *engine.Event) lua.LValue {
	switch {
	case ev.Errno != 0:
		return number(-1)
	case ev.Ret > 1<<53 || ev.Ret < -1<<53:
		return luart.Word(uint64(ev.Ret))
	}
	return number(ev.Ret)
}

func errnoName(e int) string {
	if s := syscalls.ErrnoName(e); s != "" {
		return s
	}
	return fmt.Sprintf("E%d", e)
}

func (t *Trace) signalField(ev *engine.Event, key string) (lua.LValue, bool) {
	switch key {
	case "sig":
		return t.str(syscalls.SignalName(int(ev.Signal))), true
	case "signo":
		return number(int64(ev.Signal)), true
	}
	si := ev.Siginfo()
	switch key {
	case "code":
		if si == nil {
			return lua.LNil, true
		}
		return number(int64(si.Code())), true
	case "sender":
		if si == nil || !carriesPid(si.Code(), ev.Signal) {
			return lua.LNil, true
		}
		return number(int64(si.Pid())), true
	case "addr":
		switch ev.Signal {
		case unix.SIGSEGV, unix.SIGBUS, unix.SIGILL, unix.SIGFPE, unix.SIGTRAP:
			if si != nil && si.Code() > 0 {
				return rawWord(si.Addr()), true
			}
		}
		return lua.LNil, true
	}
	return nil, false
}

// carriesPid says whether si_pid of a siginfo is one (sigaction(2)). Timers and
// asynchronous input and output have other things in its place.
func carriesPid(code int, sig unix.Signal) bool {
	const siUser, siQueue, siMesgq, siTkill = 0, -1, -3, -6
	switch code {
	case siUser, siQueue, siMesgq, siTkill:
		return true
	}
	return code > 0 && sig == unix.SIGCHLD
}

// noField raises the error for a field that the event does not have.
func (t *Trace) noField(L *lua.LState, ev *engine.Event, key string) lua.LValue {
	names := t.fieldNames(ev)
	msg := fmt.Sprintf("%s has no field '%s'", eventTitle(ev), luart.EscapeName(key))
	if near := suggest.Nearest(key, names); near != "" {
		msg += fmt.Sprintf("; did you mean '%s'?", near)
	}
	L.RaiseError("%s (it has %s)", msg, strings.Join(names, ", "))
	return lua.LNil
}

func eventTitle(ev *engine.Event) string {
	switch ev.Kind {
	case engine.KindEnter:
		return ev.Name() + ":enter"
	case engine.KindExit:
		return ev.Name()
	case engine.KindSignal:
		return "a signal event"
	case engine.KindFork:
		return "proc:fork"
	case engine.KindExec:
		return "proc:exec"
	case engine.KindDeath:
		return "proc:exit"
	default: // titled after their kind
	}
	return "a " + phaseNames[ev.Kind] + " event"
}

// fieldNames lists the fields of the event, sorted: arguments too.
func (t *Trace) fieldNames(ev *engine.Event) []string {
	names := append([]string(nil), plainFields...)
	if ev.Task != nil {
		names = append(names, taskFields...)
	}
	switch ev.Kind {
	case engine.KindEnter, engine.KindExit:
		names = append(names, callFields...)
		names = append(names, "fail", "delay", "table")
		if ev.Kind == engine.KindExit {
			names = append(names, resultFields...)
		} else {
			names = append(names, "skip", "onexit")
		}
		c := ev.Call()
		for i := range c.NumArgs() {
			if p := c.Param(i); !p.Hidden {
				names = append(names, p.Name)
			}
		}
	case engine.KindSignal:
		names = append(append(names, signalFields...), "suppress", "delay", "table")
	case engine.KindFork:
		names = append(append(names, forkFields...), "delay", "table")
	case engine.KindExec:
		names = append(append(names, execFields...), "delay", "table")
	case engine.KindDeath:
		names = append(append(names, deathFields...), "table")
	default: // no fields but those of the task
	}
	sort.Strings(names)
	return dedup(names)
}

// The fields of events, by what has them.
var (
	plainFields  = []string{"name", "phase", "time"}
	taskFields   = []string{"pid", "tid", "ppid", "comm", "exe", "cwd", "task", "proc", "regs", "mem"}
	callFields   = []string{"nr", "abi", "args", "raw", "call", "messages", "fdpath", "fdinfo", "abspath", "paths", "unplaced"}
	resultFields = []string{"ret", "err", "ok", "duration", "ended"}
	signalFields = []string{"sig", "signo", "sender", "code", "addr"}
	forkFields   = []string{"child", "thread"}
	execFields   = []string{"former_tid"}
	deathFields  = []string{"status", "killed", "core", "thread"}
)

// hidesArgument says whether ev.KEY of a call is a field even if the call has
// an argument of that name.
var hidesArgument = func() map[string]bool {
	m := map[string]bool{}
	for _, list := range [][]string{plainFields, taskFields, callFields, resultFields} {
		for _, name := range list {
			m[name] = true
		}
	}
	return m
}()

func dedup(s []string) []string {
	out := s[:0]
	for i, v := range s {
		if i == 0 || v != s[i-1] {
			out = append(out, v)
		}
	}
	return out
}
