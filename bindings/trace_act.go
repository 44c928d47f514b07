package bindings

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"luatrace/engine"
	"luatrace/tracer/syscalls"
)

func evRef(L *lua.LState) (*eventRef, *engine.Event) {
	ref := receiver[*eventRef](L, 1, "event")
	return ref, ref.live(L)
}

func raiseIf(L *lua.LState, err error) {
	if err != nil {
		L.RaiseError("%s", err.Error())
	}
}

// checkErrno takes an errno as "EIO" or as a number.
func checkErrno(L *lua.LState, v lua.LValue) int {
	switch v := v.(type) {
	case lua.LString:
		e, err := lookupErrno(string(v))
		raiseIf(L, err)
		return e
	case lua.LNumber:
		if v >= 1 && v <= 4095 && v == lua.LNumber(int(v)) && (v < 512 || v > 516) {
			return int(v)
		}
	}
	L.RaiseError("an errno is wanted, such as \"EIO\" or a number from 1 to 4095, not %s", escape(v.String()))
	return 0
}

// lookupErrno returns the number of an errno that a program may get.
func lookupErrno(name string) (int, error) {
	if e, ok := syscalls.Errno(name); ok && e < 512 {
		return e, nil
	}
	if near := engine.Nearest(name, errnoNames()); near != "" {
		return 0, fmt.Errorf("unknown errno %q; did you mean %q?", escape(name), near)
	}
	return 0, fmt.Errorf("unknown errno %q", escape(name))
}

func errnoNames() []string {
	var names []string
	for e := 1; e < 512; e++ {
		if n := syscalls.ErrnoName(e); n != "" {
			names = append(names, n)
		}
	}
	return names
}

// checkSignal takes a signal as "SIGTERM", "TERM" or a number.
func checkSignal(L *lua.LState, v lua.LValue) unix.Signal {
	switch v := v.(type) {
	case lua.LString:
		if n, ok := syscalls.Signal(string(v)); ok {
			return unix.Signal(n)
		}
	case lua.LNumber:
		if v >= 0 && v <= 64 && v == lua.LNumber(int(v)) {
			return unix.Signal(v)
		}
	}
	L.RaiseError("a signal is wanted, such as \"SIGTERM\" or a number up to 64, not %s", escape(v.String()))
	return 0
}

func evFail(_ *Runtime, L *lua.LState) int {
	_, ev := evRef(L)
	raiseIf(L, ev.SetRet(-int64(checkErrno(L, L.CheckAny(2)))))
	return 0
}

func evSkip(_ *Runtime, L *lua.LState) int {
	_, ev := evRef(L)
	ret := int64(0)
	if L.GetTop() >= 2 && L.Get(2) != lua.LNil {
		ret = wholeNumber(L, L.Get(2), "the result")
	}
	raiseIf(L, ev.Skip(ret))
	return 0
}

func evOnExit(_ *Runtime, L *lua.LState) int {
	ref, ev := evRef(L)
	fn := L.CheckFunction(2)
	t := ref.t
	raiseIf(L, ev.OnExit(func(ev *engine.Event) error { return t.call(fn, true, ev) }))
	return 0
}

func evDelay(_ *Runtime, L *lua.LState) int {
	_, ev := evRef(L)
	raiseIf(L, ev.Delay(checkDuration(L, 2)))
	return 0
}

func evSuppress(_ *Runtime, L *lua.LState) int {
	_, ev := evRef(L)
	raiseIf(L, ev.SetSignal(0))
	return 0
}

// evNewIndex is __newindex of the event object: assignments.
func (r *Runtime) evNewIndex(L *lua.LState) int {
	ref := L.Get(1).(*lua.LUserData).Value.(*eventRef)
	ev := ref.live(L)
	key, value := L.Get(2).String(), L.Get(3)
	switch {
	case key == "sig" && ev.Kind == engine.KindSignal:
		raiseIf(L, ev.SetSignal(checkSignal(L, value)))
	case key == "ret" && ev.Call() != nil:
		raiseIf(L, ev.SetRet(wholeNumber(L, value, "ret")))
	case key == "nr" && ev.Call() != nil:
		raiseIf(L, ev.SetNumber(int(wholeNumber(L, value, "nr"))))
	default:
		for _, f := range eventFields {
			if f.name == key {
				L.RaiseError("ev.%s can't be assigned; ev.args.%s is the argument, if the call has one", key, key)
			}
		}
		if ev.Call() == nil {
			ref.t.noField(L, ev, key)
		}
		ref.t.assignArg(L, ev, key, value)
	}
	return 0
}

// assignArg changes an argument: a word in a register, or for strings and
// bytes the memory a pointer stands for.
func (t *Trace) assignArg(L *lua.LState, ev *engine.Event, key string, value lua.LValue) {
	c := ev.Call()
	i := c.Index(key)
	if i < 0 {
		t.noField(L, ev, key)
	}
	p := c.Param(i)
	s, isString := value.(lua.LString)
	if !isString {
		raiseIf(L, ev.SetArg(i, argWord(L, value, key)))
		return
	}
	switch p.Kind {
	case syscalls.KindFlags, syscalls.KindEnum:
		w, err := parseFlags(c.ABI, p.Type, string(s))
		raiseIf(L, err)
		raiseIf(L, ev.SetArg(i, w))
	case syscalls.KindSignal:
		raiseIf(L, ev.SetArg(i, uint64(checkSignal(L, value))))
	case syscalls.KindPath, syscalls.KindString:
		if ev.Kind == engine.KindExit {
			t.writeBack(L, ev, i, append([]byte(s), 0))
			return
		}
		for j := range len(s) {
			if s[j] == 0 {
				L.RaiseError("ev.%s: a string argument can't hold a zero byte", key)
			}
		}
		raiseIf(L, ev.SetArgBytes(i, append([]byte(s), 0)))
	default:
		if !p.Pointer() {
			L.RaiseError("ev.%s is a number, not a string", key)
		}
		if ev.Kind == engine.KindExit {
			t.writeBack(L, ev, i, []byte(s))
			return
		}
		raiseIf(L, ev.SetArgBytes(i, []byte(s)))
	}
}

// writeBack overwrites, at exit, the memory that an argument points to. It may
// not grow: only as many bytes as the value has now are known to belong to it.
func (t *Trace) writeBack(L *lua.LState, ev *engine.Event, i int, b []byte) {
	c := ev.Call()
	p := c.Param(i)
	v := c.Arg(i)
	room := v.Size()
	if n := t.capacity(ev, i); n > room {
		room = n
	}
	if len(b) > room {
		L.RaiseError("ev.%s: %d bytes do not fit into the program's %d", p.Name, len(b), room)
	}
	if _, err := ev.Task.Proc.WriteMemory(c.Args[i], b); err != nil {
		L.RaiseError("ev.%s: cannot write to the program's memory: %s", p.Name, err.Error())
	}
	ev.MemoryChanged()
}

// capacity is how large the program says its buffer is, 0 if it does not.
func (t *Trace) capacity(ev *engine.Event, i int) int {
	c := ev.Call()
	// By convention of the system call interface the size follows the buffer.
	next := c.Param(i + 1)
	if next == nil {
		return 0
	}
	switch next.Kind {
	case syscalls.KindSize, syscalls.KindUint:
		return int(min(c.Args[i+1], 1<<30))
	}
	return 0
}
