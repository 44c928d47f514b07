package bindings

import (
	"bytes"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/engine/spec"
	"luatrace/tracer/syscalls"
)

// pendingRef is what a call object holds: a call that has not returned.
type pendingRef struct {
	t   *Trace
	p   *engine.Pending
	seq uint64 // of the hook that asked for it
}

// pendingFields are those of a call in progress: those of its event, and when it
// began.
var pendingFields = []luart.Field{
	{Name: "name", Type: "string", Help: "System call name. A call that goes on after an interruption (restart_syscall) has the name it began with."},
	{Name: "nr", Type: "number", Help: "System call number."},
	{Name: "abi", Type: "string", Help: "\"amd64\", \"i386\", \"x32\" or \"arm64\"."},
	{Name: "args", Type: "table", Help: "Its arguments by number and by name, as plain values; what the kernel is still to fill in is not there."},
	{Name: "fdpath", Type: "string|nil", Help: "What its first descriptor stands for, as ev.fdpath."},
	{Name: "abspath", Type: "string|nil", Help: "Its first path, made absolute."},
	{Name: "since", Type: "number|nil", Help: "When it began, as ev.time. nil if nobody has seen it begin: a hook on that call, without \":enter\", sees to it that it is known. " +
		"If the thread was in it when luatrace attached, the time of the attach: see attached."},
	{Name: "attached", Type: "boolean", Help: "Whether the thread was in this call when luatrace attached to it: it may wait for longer than since says."},
}

func pendingObject() luart.Object {
	return luart.Object{
		Name: "pending",
		Handlers: luart.With(func(r *Runtime) luart.Handlers {
			return luart.Handlers{"__index": r.pendingIndex, "__tostring": r.pendingString, "__concat": r.concat}
		}),
		Help:   "A system call that a thread is in: task.call. It is valid until the hook returns, like an event; tostring gives it as strace prints it, without a result.",
		Fields: pendingFields,
		Methods: []luart.Function{{
			Name: "matches", Params: "spec: string", Returns: "boolean",
			Help: "Says whether a spec of system calls, as on takes it, names this call: task.call:matches \"%net,!close\".",
			Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
				ref := luart.Receiver[*pendingRef](L, 1, "pending")
				ev := ref.live(L).Event
				sel, err := spec.Parse(L.CheckString(2))
				if err != nil {
					L.ArgError(1, err.Error())
				}
				L.Push(lua.LBool(sel.MatchCall(ev.Call())))
				return 1
			}),
		}},
	}
}

// pending returns the call that a task is in, or nil.
func (t *Trace) pending(et *engine.Task) lua.LValue {
	p := et.Pending()
	if p == nil {
		return lua.LNil
	}
	return t.r.NewObject("pending", &pendingRef{t, p, t.seq})
}

func (ref *pendingRef) live(L *lua.LState) *engine.Pending {
	if ref.seq != ref.t.seq {
		L.RaiseError("this call is looked at too late: it can be used only until the hook returns that got it from task.call; copy what you need")
	}
	return ref.p
}

func (r *Runtime) pendingIndex(L *lua.LState) int {
	ref := L.Get(1).(*lua.LUserData).Value.(*pendingRef)
	p, key := ref.live(L), L.Get(2).String()
	if m := r.MethodOf("pending", key); m != lua.LNil {
		L.Push(m)
		return 1
	}
	switch key {
	case "since":
		if p.Since.IsZero() {
			L.Push(lua.LNil)
		} else {
			L.Push(lua.LNumber(float64(p.Since.UnixMicro()) / 1e6))
		}
	case "attached":
		L.Push(lua.LBool(p.FromAttach))
	case "args":
		L.Push(ref.t.pendingArgs(L, p.Event))
	case "name", "nr", "abi", "fdpath", "abspath":
		L.Push(ref.t.field(L, p.Event, key))
	default:
		unknownField(L, "a call in progress", key, pendingObject().MemberNames())
	}
	return 1
}

// pendingArgs are the arguments as plain values, by number and by name.
func (t *Trace) pendingArgs(L *lua.LState, ev *engine.Event) *lua.LTable {
	c := ev.Call()
	tb := L.NewTable()
	for i := range c.NumArgs() {
		p := c.Param(i)
		if p.Hidden || !c.Shown(i) || p.Pointer() && p.Dir == syscalls.Out {
			continue
		}
		v := t.plain(L, ev, c.Arg(i))
		tb.RawSetInt(i+1, v)
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			tb.RawSetString(name, v)
		}
	}
	return tb
}

func (r *Runtime) pendingString(L *lua.LState) int {
	ref := L.Get(1).(*lua.LUserData).Value.(*pendingRef)
	text := textFormat.AppendArgs(nil, ref.live(L).Event.Call())
	// What the kernel is still to fill in is not there: "read(3, ".
	L.Push(lua.LString(append(bytes.TrimSuffix(text, []byte(", ")), ')')))
	return 1
}
