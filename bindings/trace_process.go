package bindings

import (
	"bytes"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine"
)

// tracedGlobals are the functions that list what is traced.
func tracedGlobals() luart.Module {
	return luart.Module{Functions: []luart.Function{
		{
			Name: "tasks", Returns: "table",
			Help: "Returns the threads that are traced now as a list of tasks, by thread id. In \"end\" hooks they are those that were traced when the trace ended. " +
				"Empty before the trace begins.",
			Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
				t := r.trace()
				list := t.eng.AllTasks()
				tb := L.CreateTable(len(list), 0)
				for i, task := range list {
					tb.RawSetInt(i+1, t.taskObject(task))
				}
				L.Push(tb)
				return 1
			}),
		},
		{
			Name: "processes", Returns: "table",
			Help: "Returns the processes that are traced now as a list, by process id; in \"end\" hooks those that were traced when the trace ended.",
			Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
				t := r.trace()
				L.Push(t.procList(L, t.eng.AllProcs()))
				return 1
			}),
		},
	}}
}

func (t *Trace) procList(L *lua.LState, list []*engine.Proc) *lua.LTable {
	tb := L.CreateTable(len(list), 0)
	for i, p := range list {
		tb.RawSetInt(i+1, t.procObject(p))
	}
	return tb
}

// procInfo serves the fields of a process that are asked of /proc, or of what else
// is traced.
func (r *Runtime) procInfo(L *lua.LState, ref *procRef, key string) (lua.LValue, bool) {
	p := ref.proc
	switch key {
	case "uid", "euid", "gid", "egid":
		ids, ok := p.IDs()
		if !ok {
			return lua.LNil, true
		}
		return number(int64(map[string]int{"uid": ids.UID, "euid": ids.EUID, "gid": ids.GID, "egid": ids.EGID}[key])), true
	case "start":
		at, ok := p.Start()
		if !ok {
			return lua.LNil, true
		}
		return lua.LNumber(float64(at.UnixMicro()) / 1e6), true
	case "cmdline":
		b, _ := p.ProcFile("cmdline")
		r.Room(L, wordSize*bytes.Count(b, []byte{0}))
		return words(L, luart.StringOf(b)), true
	case "env":
		list, ok := p.Environ()
		if !ok {
			return lua.LNil, true
		}
		r.Room(L, wordSize*len(list))
		tb := L.NewTable()
		for _, s := range list {
			name, value, _ := strings.Cut(s, "=")
			tb.RawSetString(name, lua.LString(value))
		}
		return tb, true
	case "fds":
		fds, ok := p.FDs()
		if !ok {
			return lua.LNil, true
		}
		tb := L.NewTable()
		size := 0
		for i, fd := range fds {
			s := p.FDPath(fd)
			if s == "" {
				continue
			}
			tb.RawSetInt(fd, lua.LString(s))
			if size += wordSize + len(s); i&0xff == 0xff {
				r.Poll(L)
				r.Room(L, size)
			}
		}
		return tb, true
	case "parent":
		if q := p.ParentProc(); q != nil {
			return ref.t.procObject(q), true
		}
		return lua.LNil, true
	case "children":
		return ref.t.procList(L, p.ChildProcs()), true
	case "tasks":
		tb := L.NewTable()
		for _, task := range p.Threads() {
			tb.Append(ref.t.taskObject(task))
		}
		return tb, true
	}
	return nil, false
}

// wordSize is what a short string in a table takes, in bytes.
const wordSize = 64

// words is a command line as /proc/PID/cmdline has it, as a list.
func words(L *lua.LState, cmdline string) *lua.LTable {
	tb := L.NewTable()
	for s := range strings.SplitSeq(strings.TrimSuffix(cmdline, "\x00"), "\x00") {
		tb.Append(lua.LString(s))
	}
	return tb
}
