package bindings

import (
	"encoding/binary"
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/internal/suggest"
	"luatrace/tracer"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// DefaultMaxRead bounds one read of a script: a wrong length must not take all
// memory.
const DefaultMaxRead = 64 << 20

func memoryObject() luart.Object {
	o := luart.Object{
		Name: "memory",
		Help: "The memory of the event's process. A bad address gives nil and the errno's name, never an error.",
		Methods: []luart.Function{
			{Name: "read", Params: "addr: number|word, n: number", Returns: "string|nil, string|nil",
				Help: "Reads n bytes. What can be read of a range that is partly bad comes with the errno's name behind it.", Fn: luart.Bind(memRead)},
			{Name: "string", Params: "addr: number|word, max?: number", Returns: "string|nil, string|nil",
				Help: "Reads a zero-terminated string of at most max bytes (default 4096).", Fn: luart.Bind(memString)},
			{Name: "write", Acts: true, Params: "addr: number|word, bytes: string", Returns: "number|nil, string|nil",
				Help: "Writes bytes, also to read-only pages, and returns how many.", Fn: luart.Bind(memWrite)},
			{Name: "struct", Params: "name: string, addr: number|word", Returns: "struct|nil, string|nil",
				Help: "Decodes the struct of that name, such as \"stat\" or \"epoll_event\", at an address. Its fields can be read and written.", Fn: luart.Bind(memStruct)},
			{Name: "array", Params: "type: string, addr: number|word, n: number", Returns: "table|nil, string|nil",
				Help: "Reads n values behind each other as a list: structs by name (\"iovec\"), or \"u8\" to \"i64\". What can be read of a range that is partly bad comes with the errno's name behind it.", Fn: luart.Bind(memArray)},
		},
	}
	for _, name := range []string{"u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"} {
		k := integerKinds[name]
		kind := "an unsigned"
		if k.signed {
			kind = "a signed"
		}
		ret := "number|nil, string|nil"
		if k.size == 8 {
			ret = "word|nil, string|nil"
		}
		o.Methods = append(o.Methods, luart.Function{Name: name, Params: "addr: number|word", Returns: ret,
			Help: "Reads " + kind + " integer of " + map[int]string{1: "1 byte", 2: "2 bytes", 4: "4 bytes", 8: "8 bytes"}[k.size] + ".",
			Fn:   luart.Bind(memInteger(k))})
	}
	return o
}

func memRef(L *lua.LState) (*engine.Event, uint64) {
	ev := luart.Receiver[*eventRef](L, 1, "memory").live(L)
	return ev, uint64(wholeNumber(L, L.Get(2), "addr"))
}

func pushErr(L *lua.LState, err error) int {
	L.Push(lua.LNil)
	L.Push(errText(err))
	return 2
}

func errText(err error) lua.LValue {
	var e unix.Errno
	if errors.As(err, &e) {
		return lua.LString(errnoName(int(e)))
	}
	return lua.LString(err.Error())
}

func memRead(r *Runtime, L *lua.LState) int {
	ev, addr := memRef(L)
	n := wholeNumber(L, L.Get(3), "n")
	r.checkRead(L, "n", n)
	b := make([]byte, n)
	got, err := ev.Task.Proc.ReadMemory(addr, b)
	if err != nil && got == 0 {
		return pushErr(L, err)
	}
	L.Push(lua.LString(luart.TextOf(b[:got]))) // nobody else has it
	if err != nil {
		L.Push(errText(err))
		return 2
	}
	return 1
}

// checkRead refuses a length that is none, or more than may be read at once.
func (r *Runtime) checkRead(L *lua.LState, name string, n int64) {
	limit := uint64(DefaultMaxRead)
	if r.tracing != nil {
		limit = r.tracing.format.MaxRead
	}
	if n < 0 || uint64(n) > limit {
		L.ArgError(2, fmt.Sprintf("%s must be from 0 to %d (--max-read)", name, limit))
	}
	r.RoomForText(L, int(n))
}

func memString(r *Runtime, L *lua.LState) int {
	ev, addr := memRef(L)
	limit := int64(4096)
	if L.GetTop() >= 3 {
		limit = wholeNumber(L, L.Get(3), "max")
	}
	r.checkRead(L, "max", limit)
	b, _, err := ev.Task.Proc.ReadString(addr, int(limit), nil)
	if err != nil && len(b) == 0 {
		return pushErr(L, err)
	}
	L.Push(lua.LString(b))
	if err != nil {
		L.Push(errText(err))
		return 2
	}
	return 1
}

func memWrite(_ *Runtime, L *lua.LState) int {
	ev, addr := memRef(L)
	n, err := ev.Task.Proc.WriteMemory(addr, []byte(L.CheckString(3)))
	ev.MemoryChanged()
	if err != nil && n == 0 {
		return pushErr(L, err)
	}
	L.Push(number(int64(n)))
	if err != nil {
		L.Push(errText(err))
		return 2
	}
	return 1
}

func memStruct(r *Runtime, L *lua.LState) int {
	e := luart.Receiver[*eventRef](L, 1, "memory")
	ev := e.live(L)
	name := L.CheckString(2)
	addr := uint64(wholeNumber(L, L.Get(3), "addr"))
	abi := abiOf(ev)
	known := checkStruct(L, abi, name)
	v, err := readStruct(e, L, ev, abi, known, addr)
	if err != nil {
		return pushErr(L, err)
	}
	L.Push(v)
	return 1
}

// readStruct decodes a struct that the ABI has: what can go wrong is that it
// can't be read.
func readStruct(e *eventRef, L *lua.LState, ev *engine.Event, abi syscalls.ABI, name string, addr uint64) (lua.LValue, error) {
	v, err := decode.Struct(abi, name, ev.Task.Proc, addr)
	if err != nil {
		return nil, unix.EFAULT
	}
	return e.t.value(L, ev, v), nil
}

// maxArray bounds the elements of one array, as each is a value of its own.
const maxArray = 1 << 16

func memArray(_ *Runtime, L *lua.LState) int {
	e := luart.Receiver[*eventRef](L, 1, "memory")
	ev := e.live(L)
	name := L.CheckString(2)
	addr := uint64(wholeNumber(L, L.Get(3), "addr"))
	n := wholeNumber(L, L.Get(4), "n")
	if n < 0 || n > maxArray {
		L.ArgError(3, "n must be from 0 to 65536")
	}
	abi := abiOf(ev)
	size, read := 0, (func(addr uint64) (lua.LValue, error))(nil)
	if k, ok := integerKinds[name]; ok {
		size, read = k.size, func(addr uint64) (lua.LValue, error) { return readInteger(ev, addr, k) }
	} else {
		known := checkStruct(L, abi, name)
		size, read = syscalls.StructByName(abi, known).Size, func(addr uint64) (lua.LValue, error) {
			return readStruct(e, L, ev, abi, known, addr)
		}
	}
	tb := L.CreateTable(int(n), 0)
	for i := range int(n) {
		v, err := read(addr + uint64(i*size))
		if err != nil && i == 0 {
			return pushErr(L, err)
		}
		if err != nil {
			L.Push(tb)
			L.Push(errText(err))
			return 2
		}
		tb.RawSetInt(i+1, v)
	}
	L.Push(tb)
	return 1
}

// abiOf is the ABI of the event's call, or that of the machine.
func abiOf(ev *engine.Event) syscalls.ABI {
	if c := ev.Call(); c != nil {
		return c.ABI
	}
	return syscalls.Native()
}

// kernelStruct returns the kernel's name of a struct, "" if there is none: the
// C library's utsname is new_utsname there, its timespec __kernel_timespec.
func kernelStruct(abi syscalls.ABI, name string) string {
	for _, prefix := range [...]string{"", "__kernel_", "new_"} {
		if syscalls.StructByName(abi, prefix+name) != nil {
			return prefix + name
		}
	}
	return ""
}

// integerKind is how an integer lies in memory.
type integerKind struct {
	size   int
	signed bool
}

var integerKinds = map[string]integerKind{
	"u8": {1, false}, "u16": {2, false}, "u32": {4, false}, "u64": {8, false},
	"i8": {1, true}, "i16": {2, true}, "i32": {4, true}, "i64": {8, true},
}

func memInteger(k integerKind) func(*Runtime, *lua.LState) int {
	return func(_ *Runtime, L *lua.LState) int {
		ev, addr := memRef(L)
		v, err := readInteger(ev, addr, k)
		if err != nil {
			return pushErr(L, err)
		}
		L.Push(v)
		return 1
	}
}

func readInteger(ev *engine.Event, addr uint64, k integerKind) (lua.LValue, error) {
	var b [8]byte
	if _, err := ev.Task.Proc.ReadMemory(addr, b[:k.size]); err != nil {
		return nil, err
	}
	w := binary.LittleEndian.Uint64(b[:])
	shift := 64 - 8*k.size
	switch {
	case k.size == 8 && k.signed:
		return luart.SignedWord(int64(w)), nil
	case k.size == 8:
		return luart.Word(w), nil
	case k.signed:
		return number(int64(w<<shift) >> shift), nil
	}
	return number(int64(w)), nil
}

func registersObject() luart.Object {
	return luart.Object{
		Name: "registers",
		Handlers: luart.With(func(r *Runtime) luart.Handlers {
			return luart.Handlers{"__index": r.regsIndex, "__newindex": r.regsNewIndex}
		}),
		Acts:   true,
		Help:   "The thread's registers by the names of struct user_regs_struct (amd64: rip, rsp, rax, orig_rax, rdi, ...; arm64: x0 to x30, sp, pc, pstate). Assigning one changes it when the hook returns.",
		Fields: []luart.Field{{Name: "NAME", Type: "number|word", Help: "A register; an unknown name is an error that lists them."}},
	}
}

func (e *eventRef) registers(L *lua.LState) (*engine.Event, *tracer.Registers) {
	ev := e.live(L)
	regs, err := ev.Registers()
	if err != nil {
		L.RaiseError("the registers can't be read: %s", err.Error())
	}
	return ev, regs
}

func unknownRegister(L *lua.LState, name string) {
	names := tracer.RegisterNames()
	if near := suggest.Nearest(name, names); near != "" {
		L.RaiseError("there is no register '%s'; did you mean '%s'?", luart.EscapeName(name), near)
	}
	L.RaiseError("there is no register '%s'; there are %s", luart.EscapeName(name), joinNames(names))
}

func (r *Runtime) regsIndex(L *lua.LState) int {
	e := L.Get(1).(*lua.LUserData).Value.(*eventRef)
	_, regs := e.registers(L)
	name := L.Get(2).String()
	w, ok := regs.Get(name)
	if !ok {
		unknownRegister(L, name)
	}
	L.Push(rawWord(w))
	return 1
}

func (r *Runtime) regsNewIndex(L *lua.LState) int {
	e := L.Get(1).(*lua.LUserData).Value.(*eventRef)
	ev, regs := e.registers(L)
	name := L.Get(2).String()
	if !regs.Set(name, argWord(L, L.Get(3), name)) {
		unknownRegister(L, name)
	}
	ev.RegistersChanged()
	return 0
}
