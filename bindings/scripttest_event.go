package bindings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/internal/suggest"
	"luatrace/tracer"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// fields are what a test says of an event; each is taken once.
type testFields struct {
	L    *lua.LState
	left map[string]lua.LValue
}

func newTestFields(L *lua.LState, tb *lua.LTable) *testFields {
	f := &testFields{L, map[string]lua.LValue{}}
	if tb != nil {
		tb.ForEach(func(k, v lua.LValue) {
			if name, ok := k.(lua.LString); ok {
				f.left[string(name)] = v
			} else {
				L.RaiseError("the fields of an event have names, not %s", luart.EscapeName(k.String()))
			}
		})
	}
	return f
}

func (f *testFields) take(name string) lua.LValue {
	v, ok := f.left[name]
	if !ok {
		return lua.LNil
	}
	delete(f.left, name)
	return v
}

func (f *testFields) number(name string, otherwise int64) int64 {
	v := f.take(name)
	if v == lua.LNil {
		return otherwise
	}
	return wholeNumber(f.L, v, name)
}

// id takes a process or thread id, 0 if none is given.
func (f *testFields) id(name string) int {
	n := f.number(name, 0)
	if n < 0 || n > 1<<30 {
		f.L.RaiseError("%s: a number from 1 on is wanted, not %d", name, n)
	}
	return int(n)
}

func (f *testFields) text(name string) *string {
	v := f.take(name)
	if v == lua.LNil {
		return nil
	}
	s, ok := v.(lua.LString)
	if !ok {
		f.L.RaiseError("%s: a string is wanted, not %s", name, luart.EscapeName(v.String()))
	}
	text := string(s)
	return &text
}

func (f *testFields) flag(name string) bool {
	v := f.take(name)
	if v != lua.LNil && v.Type() != lua.LTBool {
		f.L.RaiseError("%s: true or false is wanted, not %s", name, luart.EscapeName(v.String()))
	}
	return lua.LVAsBool(v)
}

// unfinished takes how a call stays in progress, if it does.
func (f *testFields) unfinished() engine.Return {
	switch v := f.take("unfinished"); v {
	case lua.LNil, lua.LFalse:
		return engine.Returns
	case lua.LTrue:
		return engine.Stays
	case lua.LString("attached"):
		return engine.StaysUnseen
	default:
		f.L.RaiseError("unfinished: true is wanted, or \"attached\" for a call that the thread was in when it was attached to, not %s", luart.EscapeName(v.String()))
	}
	return engine.Returns
}

func (f *testFields) table(name string) *lua.LTable {
	v := f.take(name)
	if v == lua.LNil {
		return nil
	}
	tb, ok := v.(*lua.LTable)
	if !ok {
		f.L.RaiseError("%s: a table is wanted, not %s", name, luart.EscapeName(v.String()))
	}
	return tb
}

// done raises an error for a field that nobody took.
func (f *testFields) done(what string, have []string) {
	names := make([]string, 0, len(f.left))
	for name := range f.left {
		names = append(names, name)
	}
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	msg := fmt.Sprintf("%s has no field '%s'", what, luart.EscapeName(names[0]))
	if near := suggest.Nearest(names[0], have); near != "" {
		msg += fmt.Sprintf("; did you mean '%s'?", near)
	}
	f.L.RaiseError("%s (it has %s)", msg, strings.Join(have, ", "))
}

var subjectFields = []string{"pid", "tid", "ppid", "abi", "comm", "exe", "cwd", "fds", "files", "cmdline", "regs", "memory"}

// subject takes the fields that describe the thread.
func (f *testFields) subject() *engine.MadeUp {
	m := &engine.MadeUp{ABI: syscalls.Native(), PPID: int(f.number("ppid", 0))}
	m.PID, m.TID = f.id("pid"), f.id("tid")
	switch {
	case m.PID == 0 && m.TID == 0:
		m.PID, m.TID = testPID, testPID
	case m.PID == 0:
		m.PID = m.TID
	case m.TID == 0:
		m.TID = m.PID
	}
	if name := f.text("abi"); name != nil {
		known := false
		for abi := range syscalls.NumABI {
			if abi.String() == *name {
				m.ABI, known = abi, true
			}
		}
		if !known {
			f.L.RaiseError("abi: there are amd64, i386, x32 and arm64, not %q", luart.EscapeName(*name))
		}
	}
	if v := f.take("memory"); v != lua.LNil && v.Type() != lua.LTBool {
		f.L.RaiseError("memory: false is wanted if nothing in the process's memory can be read, not %s", luart.EscapeName(v.String()))
	} else {
		m.NoMemory = v == lua.LFalse
	}
	m.Comm, m.Exe, m.Cwd = f.text("comm"), f.text("exe"), f.text("cwd")
	if tb := f.table("fds"); tb != nil {
		m.FDs = map[int]string{}
		tb.ForEach(func(k, v lua.LValue) { m.FDs[int(wholeNumber(f.L, k, "fds"))] = v.String() })
	}
	if tb := f.table("files"); tb != nil {
		m.Files = map[string]string{}
		tb.ForEach(func(k, v lua.LValue) { m.Files[k.String()] = v.String() })
	}
	if tb := f.table("cmdline"); tb != nil {
		if m.Files == nil {
			m.Files = map[string]string{}
		}
		m.Files["cmdline"] = strings.Join(stringList(tb), "\x00") + "\x00"
	}
	if tb := f.table("regs"); tb != nil {
		m.Registers = map[string]uint64{}
		tb.ForEach(func(k, v lua.LValue) {
			var regs tracer.Registers
			if name := k.String(); !regs.Set(name, 0) {
				f.L.RaiseError("regs: there is no register %q", luart.EscapeName(name))
			}
			m.Registers[k.String()] = argWord(f.L, v, "regs."+k.String())
		})
	}
	return m
}

func testEvent(r *Runtime, L *lua.LState) int {
	tr, done := raising(L, "event")
	defer done()
	var tb *lua.LTable
	if L.GetTop() >= 3 {
		tb = L.CheckTable(3)
	}
	L.Push(tr.event(L, L.CheckString(2), tb))
	return 1
}

// event raises an event and returns what came of it.
func (tr *testRun) event(L *lua.LState, text string, tb *lua.LTable) lua.LValue {
	if tr.finished {
		L.RaiseError("the trace of this test has ended (t:finish)")
	}
	f := newTestFields(L, tb)
	kind, rest, _ := strings.Cut(text, ":")
	switch kind {
	case "signal":
		return tr.signalEvent(L, f, rest)
	case "proc":
		return tr.procEvent(L, f, rest)
	}
	return tr.callEvent(L, f, text)
}

func (tr *testRun) callEvent(L *lua.LState, f *testFields, name string) lua.LValue {
	if f.take("time") != lua.LNil {
		L.RaiseError("time can't be given: the clock of a test goes on by t:advance \"1s\", and by the duration of calls")
	}
	m := f.subject()
	res := engine.MadeUpResult{Duration: time.Microsecond}
	if v := f.take("duration"); v != lua.LNil {
		d, err := ToDuration(v)
		if err != nil {
			L.RaiseError("duration: %v", err)
		}
		res.Duration = d
	}
	if v := f.take("ret"); v != lua.LNil {
		res.Ret, res.Given = wholeNumber(L, v, "ret"), true
	}
	if name := f.text("err"); name != nil {
		n, err := LookupErrno(*name)
		if err != nil {
			L.RaiseError("err: %v", err)
		}
		res.Ret, res.Given = -int64(n), true
	}
	res.Return = f.unfinished()
	fdpath, info := f.text("fdpath"), f.table("fdinfo")
	named := func(tb *lua.LTable) map[string]any {
		values := map[string]any{}
		if tb != nil {
			tb.ForEach(func(k, v lua.LValue) { values[k.String()] = plainGo(L, v, 0) })
		}
		return values
	}
	res.Before = named(f.table("before"))
	values := named(f.table("args"))
	for k, v := range f.left {
		values[k] = plainGo(L, v, 0)
	}
	if fdpath != nil {
		fd, err := firstFD(m.ABI, name, values)
		luart.RaiseIf(L, err)
		if m.FDs == nil {
			m.FDs = map[int]string{}
		}
		m.FDs[fd] = *fdpath
	}
	if info != nil {
		fd, err := firstFD(m.ABI, name, values)
		luart.RaiseIf(L, err)
		m.FDInfos = map[int]*engine.FDInfo{fd: testDescriptor(L, info)}
	}
	result := L.NewTable()
	out, err := tr.sim.Call(m, name, values, res, func(et *engine.Task) {
		result.RawSetString("args", tr.plainArgs(L, et.DecodedCall()))
	})
	luart.RaiseIf(L, err)
	call := out.Task.DecodedCall()
	result.RawSetString("line", lua.LString(textFormat.AppendCall(nil, call)))
	result.RawSetString("full", lua.LString((&decode.Text{StringLimit: decode.MaxData}).AppendCall(nil, call)))
	result.RawSetString("skipped", lua.LBool(out.Skipped))
	if out.Returned {
		if e := syscalls.ResultErrno(out.Ret); e != 0 {
			result.RawSetString("ret", number(-1))
			result.RawSetString("err", lua.LString(errnoName(e)))
		} else {
			result.RawSetString("ret", rawWord(uint64(out.Ret)))
		}
	}
	tr.outcome(L, result, out)
	return result
}

// firstFD is the descriptor that fdpath speaks of: 3 if the test gives none.
func firstFD(abi syscalls.ABI, name string, values map[string]any) (int, error) {
	nr, _ := syscalls.Number(abi, name)
	if sig := syscalls.Lookup(abi, nr); sig != nil {
		for i := range sig.Params {
			p := &sig.Params[i]
			if p.Kind != syscalls.KindFD && p.Kind != syscalls.KindDirFD {
				continue
			}
			for _, key := range append([]string{p.Name}, p.Aliases...) {
				if v, ok := values[key].(float64); ok {
					return int(v), nil
				}
			}
			values[p.Name] = float64(3)
			return 3, nil
		}
	}
	return 0, fmt.Errorf("fdpath: %s has no descriptor", name)
}

// plainArgs are the arguments as hooks have left them before the call.
func (tr *testRun) plainArgs(L *lua.LState, c *decode.Call) *lua.LTable {
	tb := L.NewTable()
	for i := range c.NumArgs() {
		p := c.Param(i)
		if p.Hidden || p.Dir == syscalls.Out && p.Pointer() {
			continue
		}
		tb.RawSetString(p.Name, tr.t.plain(L, nil, c.Entry(i)))
	}
	return tb
}

// outcome adds what every event's result has.
func (tr *testRun) outcome(L *lua.LState, result *lua.LTable, out engine.Outcome) {
	result.RawSetString("delay", lua.LNumber(out.Delay.Seconds()))
	result.RawSetString("detached", lua.LBool(out.Detached))
	result.RawSetString("stopped", lua.LBool(out.Stopped))
	killed := L.NewTable()
	for _, sig := range out.Killed {
		killed.Append(lua.LString(syscalls.SignalName(int(sig))))
	}
	result.RawSetString("killed", killed)
}

func (tr *testRun) signalEvent(L *lua.LState, f *testFields, name string) lua.LValue {
	m := f.subject()
	sig, ok := syscalls.Signal(name)
	if !ok || sig == 0 {
		L.RaiseError("which signal? \"signal:SIGTERM\", not %q", luart.EscapeName("signal:"+name))
	}
	code, sender, addr := f.number("code", 0), f.number("sender", 1), f.number("addr", 0)
	f.done("a signal event", append([]string{"code", "sender", "addr"}, subjectFields...))
	out := tr.sim.Signal(m, unix.Signal(sig), int(code), int(sender), uint64(addr))
	result := L.NewTable()
	if out.Signal != 0 {
		result.RawSetString("sig", lua.LString(syscalls.SignalName(int(out.Signal))))
	}
	tr.outcome(L, result, out)
	return result
}

func (tr *testRun) procEvent(L *lua.LState, f *testFields, what string) lua.LValue {
	m := f.subject()
	var out engine.Outcome
	switch what {
	case "fork":
		thread := f.flag("thread")
		child := &engine.MadeUp{ABI: m.ABI, TID: f.id("child")}
		if child.TID == 0 {
			child.TID = m.TID + 1
		}
		child.PID = child.TID
		event := unix.PTRACE_EVENT_FORK
		if thread {
			child.PID, event = m.PID, unix.PTRACE_EVENT_CLONE
		}
		f.done("proc:fork", append([]string{"child", "thread"}, subjectFields...))
		out = tr.sim.Fork(m, child, event)
	case "exec":
		former := int(f.number("former_tid", int64(m.TID)))
		f.done("proc:exec", append([]string{"former_tid"}, subjectFields...))
		out = tr.sim.Exec(m, former)
	case "exit":
		exit := tracer.Exit{Code: int(f.number("status", 0)), Core: f.flag("core")}
		if name := f.text("killed"); name != nil {
			sig, ok := syscalls.Signal(*name)
			if !ok {
				L.RaiseError("killed: there is no signal %q", luart.EscapeName(*name))
			}
			exit.Signal = unix.Signal(sig)
		}
		f.done("proc:exit", append([]string{"status", "killed", "core"}, subjectFields...))
		out = tr.sim.Exit(m, exit)
	default:
		L.RaiseError("there are proc:fork, proc:exec and proc:exit, not %q", luart.EscapeName("proc:"+what))
	}
	result := L.NewTable()
	tr.outcome(L, result, out)
	return result
}

// plainGo converts a value of a test for package encode.
func plainGo(L *lua.LState, v lua.LValue, depth int) any {
	if depth > maxTestDepth {
		L.RaiseError("the tables of an argument are nested too deeply")
	}
	if x, ok := goScalar(v); ok {
		return x
	}
	switch v := v.(type) {
	case *lua.LUserData:
		if v.Value == nil { // json.null
			return nil
		}
	case *lua.LTable:
		if n := v.Len(); n > 0 {
			list := make([]any, n)
			for i := range n {
				list[i] = plainGo(L, v.RawGetInt(i+1), depth+1)
			}
			return list
		}
		m := map[string]any{}
		v.ForEach(func(k, e lua.LValue) { m[k.String()] = plainGo(L, e, depth+1) })
		return m
	case *lua.LNilType:
		return nil
	}
	L.RaiseError("a value of type %s can't be an argument of a call", luart.TypeName(v))
	return nil
}

// maxTestDepth is how deep tables may be nested: a table can contain itself.
const maxTestDepth = 32
