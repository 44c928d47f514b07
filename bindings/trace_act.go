package bindings

import (
	"bytes"
	"fmt"
	"slices"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/internal/suggest"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

func evRef(L *lua.LState) (*eventRef, *engine.Event) {
	ref := luart.Receiver[*eventRef](L, 1, "event")
	return ref, ref.live(L)
}

// checkErrno takes an errno as "EIO" or as a number.
func checkErrno(L *lua.LState, v lua.LValue) int {
	switch v := v.(type) {
	case lua.LString:
		e, err := LookupErrno(string(v))
		luart.RaiseIf(L, err)
		return e
	case lua.LNumber:
		if errnoNumber(v) {
			return int(v)
		}
	}
	L.RaiseError("an errno is wanted, such as \"EIO\" or a number from 1 to 4095, not %s", luart.EscapeName(v.String()))
	return 0
}

// LookupErrno returns the number of an errno that a program may get.
func LookupErrno(name string) (int, error) {
	if e, ok := syscalls.Errno(name); ok && e < 512 {
		return e, nil
	}
	if near := suggest.Nearest(name, errnoNames()); near != "" {
		return 0, fmt.Errorf("unknown errno %q; did you mean %q?", luart.EscapeName(name), near)
	}
	return 0, fmt.Errorf("unknown errno %q", luart.EscapeName(name))
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
	L.RaiseError("a signal is wanted, such as \"SIGTERM\" or a number up to 64, not %s", luart.EscapeName(v.String()))
	return 0
}

func evFail(_ *Runtime, L *lua.LState) int {
	_, ev := evRef(L)
	luart.RaiseIf(L, ev.SetRet(-int64(checkErrno(L, L.CheckAny(2)))))
	return 0
}

func evSkip(_ *Runtime, L *lua.LState) int {
	_, ev := evRef(L)
	ret := int64(0)
	if L.GetTop() >= 2 && L.Get(2) != lua.LNil {
		ret = wholeNumber(L, L.Get(2), "the result")
	}
	luart.RaiseIf(L, ev.Skip(ret))
	return 0
}

func evOnExit(_ *Runtime, L *lua.LState) int {
	ref, ev := evRef(L)
	fn := L.CheckFunction(2)
	t := ref.t
	luart.RaiseIf(L, ev.OnExit(func(ev *engine.Event) error { return t.call(fn, true, ev) }))
	return 0
}

func evDelay(_ *Runtime, L *lua.LState) int {
	_, ev := evRef(L)
	luart.RaiseIf(L, ev.Delay(checkDuration(L, 2)))
	return 0
}

func evSuppress(_ *Runtime, L *lua.LState) int {
	_, ev := evRef(L)
	luart.RaiseIf(L, ev.SetSignal(0))
	return 0
}

// evNewIndex is __newindex of the event object: assignments.
func (r *Runtime) evNewIndex(L *lua.LState) int {
	ref := L.Get(1).(*lua.LUserData).Value.(*eventRef)
	ev := ref.live(L)
	key, value := L.Get(2).String(), L.Get(3)
	switch {
	case key == "sig" && ev.Kind == engine.KindSignal:
		luart.RaiseIf(L, ev.SetSignal(checkSignal(L, value)))
	case key == "ret" && ev.Call() != nil:
		luart.RaiseIf(L, ev.SetRet(wholeNumber(L, value, "ret")))
	case key == "nr" && ev.Call() != nil:
		luart.RaiseIf(L, ev.SetNumber(int(wholeNumber(L, value, "nr"))))
	case ev.Call() == nil || hidesArgument[key]:
		ref.t.notAssignable(L, ev, key)
	default:
		ref.t.assignArg(L, ev, key, value)
	}
	return 0
}

// notAssignable raises the error for a field that can only be read, or that is
// none.
func (t *Trace) notAssignable(L *lua.LState, ev *engine.Event, key string) {
	if c := ev.Call(); c != nil && c.Index(key) >= 0 {
		L.RaiseError("ev.%s can't be assigned; ev.args.%s is the argument", key, key)
	}
	if !hidesArgument[key] && !slices.Contains(t.fieldNames(ev), key) {
		t.noField(L, ev, key)
	}
	L.RaiseError("ev.%s can't be assigned", key)
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
	text, isText := value.(lua.LString)
	switch {
	case p.Kind == syscalls.KindRef || p.Kind == syscalls.KindWait:
		t.assignRef(L, ev, i, value)
	case !isText:
		luart.RaiseIf(L, ev.SetArg(i, argWord(L, value, key)))
	case p.Pointer():
		t.assignMemory(L, ev, i, []byte(text))
	default:
		luart.RaiseIf(L, ev.SetArg(i, constantWord(L, c.ABI, p.Type, text, key)))
	}
}

// constantWord is the number of a constant's name given for a value of a type.
func constantWord(L *lua.LState, abi syscalls.ABI, typ *syscalls.Type, text lua.LString, what string) uint64 {
	switch typ.Kind {
	case syscalls.KindFlags, syscalls.KindEnum, syscalls.KindClock:
		w, err := parseFlags(abi, typ, string(text))
		luart.RaiseIf(L, err)
		return w
	case syscalls.KindSignal:
		return uint64(checkSignal(L, text))
	}
	w, ok := syscalls.Constant(string(text))
	if !ok {
		L.RaiseError("ev.%s is a number, and %q is no constant", what, luart.EscapeName(string(text)))
	}
	return w
}

// checkTurn raises an error if the memory of an argument can't be given to the
// kernel (before the call) or to the program (after it) now.
func checkTurn(L *lua.LState, ev *engine.Event, p *syscalls.Param) {
	switch before := ev.Kind == engine.KindEnter; {
	case before && (p.Dir == syscalls.Out || p.Dir == syscalls.OutIntr):
		L.RaiseError("ev.%s is filled in by the kernel: assign it after the call, in a hook without \":enter\"", p.Name)
	case !before && p.Dir == syscalls.In:
		L.RaiseError("ev.%s: %s", p.Name, engine.ErrEnterOnly.Error())
	}
}

// assignMemory changes a string, bytes or a struct. What the kernel only reads
// is put elsewhere for the time of the call; what it writes stays where it is.
func (t *Trace) assignMemory(L *lua.LState, ev *engine.Event, i int, b []byte) {
	p := ev.Call().Param(i)
	checkTurn(L, ev, p)
	if p.Kind == syscalls.KindPath || p.Kind == syscalls.KindString {
		if bytes.IndexByte(b, 0) >= 0 {
			L.RaiseError("ev.%s: a string argument can't hold a zero byte", p.Name)
		}
		b = append(b, 0)
	}
	if p.Dir == syscalls.In {
		luart.RaiseIf(L, ev.SetArgBytes(i, b))
		return
	}
	t.writeBack(L, ev, i, b)
}

// assignRef changes the number that a pointer leads to.
func (t *Trace) assignRef(L *lua.LState, ev *engine.Event, i int, value lua.LValue) {
	c := ev.Call()
	p := c.Param(i)
	checkTurn(L, ev, p)
	v := c.Arg(i)
	if v.Kind == decode.KindNull || v.Kind == decode.KindUnreadable || v.Kind == decode.KindAddr && v.Uint() == c.Word(i) && !v.Ref {
		L.RaiseError("ev.%s: the program has given no memory for it", p.Name)
	}
	typ := p.Type
	if p.Elem != nil {
		typ = p.Elem
	}
	var w uint64
	if text, ok := value.(lua.LString); ok {
		w = constantWord(L, c.ABI, typ, text, p.Name)
	} else {
		w = argWord(L, value, p.Name)
	}
	size := v.Size()
	if p.Kind == syscalls.KindWait {
		size = 4
	}
	t.writeArgument(L, ev, i, leBytes(w, size))
}

// writeBack overwrites the memory that an argument points to. It may not grow:
// only as many bytes as the value has now are known to belong to it.
func (t *Trace) writeBack(L *lua.LState, ev *engine.Event, i int, b []byte) {
	c := ev.Call()
	room := 0
	switch v := c.Arg(i); v.Kind {
	case decode.KindString:
		room = v.Size() + 1 // its zero byte
	case decode.KindStruct, decode.KindBytes:
		room = v.Size()
	}
	if room = max(room, t.capacity(ev, i)); len(b) > room {
		L.RaiseError("ev.%s: %d bytes do not fit into the program's %d", c.Param(i).Name, len(b), room)
	}
	t.writeArgument(L, ev, i, b)
}

// writeArgument writes to the memory that an argument points to.
func (t *Trace) writeArgument(L *lua.LState, ev *engine.Event, i int, b []byte) {
	c := ev.Call()
	if _, err := ev.Task.Proc.WriteMemory(c.Word(i), b); err != nil {
		L.RaiseError("ev.%s: cannot write to the program's memory: %s", c.Param(i).Name, err.Error())
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
		return int(min(c.Word(i+1), 1<<30))
	}
	return 0
}
