package bindings

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/internal/suggest"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// structRef is a struct of the event's decoded arguments. It lies behind its
// userdata in one piece of memory.
type structRef struct {
	ud lua.LUserData
	eventRef
	v *decode.Value
}

// structure makes the object of a struct.
func (t *Trace) structure(ev *engine.Event, v *decode.Value) lua.LValue {
	s := &structRef{eventRef: eventRef{t, ev, t.seq, t.hook}, v: v}
	t.r.InitObject(&s.ud, "struct", s)
	return &s.ud
}

func structObject() luart.Object {
	return luart.Object{
		Name: "struct", Acts: true,
		Handlers: luart.With(func(r *Runtime) luart.Handlers {
			return luart.Handlers{"__index": r.structIndex, "__newindex": r.structNewIndex, "__tostring": r.refString, "__concat": r.concat}
		}),
		Help: "A struct in the program's memory: s.st_size reads a field, s.sysname = \"x\" writes one, tostring gives strace's form. " +
			"It is valid until the hook returns; s:table() makes a copy to keep.",
		Fields: []luart.Field{{Name: "FIELD", Type: "any", Help: "A field by its C name; an unknown name is an error."}},
		Methods: []luart.Function{
			{Name: "table", Returns: "table", Help: "Returns the fields as a plain table.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					s := luart.Receiver[*structRef](L, 1, "struct")
					L.Push(s.t.plain(L, s.live(L), s.v))
					return 1
				})},
			{Name: "address", Returns: "number", Help: "Returns where the struct lies in the program's memory.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					s := luart.Receiver[*structRef](L, 1, "struct")
					s.live(L)
					L.Push(rawWord(s.v.Addr))
					return 1
				})},
		},
	}
}

// fieldIndex finds a field by name, or raises an error that says which exist.
func (s *structRef) fieldIndex(L *lua.LState, name string) int {
	if i := s.v.FieldIndex(name); i >= 0 {
		return i
	}
	s.noField(L, name)
	return -1
}

// noField raises the error for a name that is no field.
func (s *structRef) noField(L *lua.LState, name string) {
	var names []string
	for i := range s.v.Len() {
		if f := s.v.FieldInfo(i); !f.Hidden {
			names = append(names, f.Name)
		}
	}
	if near := suggest.Nearest(name, names); near != "" {
		L.RaiseError("struct %s has no field '%s'; did you mean '%s'?", s.v.StructName(), luart.EscapeName(name), near)
	}
	L.RaiseError("struct %s has no field '%s'; it has %s", s.v.StructName(), luart.EscapeName(name), strings.Join(names, ", "))
}

func (r *Runtime) structIndex(L *lua.LState) int {
	s := L.Get(1).(*lua.LUserData).Value.(*structRef)
	key := L.Get(2).String()
	if m := r.MethodOf("struct", key); m != lua.LNil {
		L.Push(m)
		return 1
	}
	ev := s.live(L)
	f := s.v.Field(key)
	if f == nil {
		s.noField(L, key)
	}
	L.Push(s.t.value(L, ev, f))
	return 1
}

// structNewIndex writes a field of a struct in the program's memory.
func (r *Runtime) structNewIndex(L *lua.LState) int {
	s := L.Get(1).(*lua.LUserData).Value.(*structRef)
	ev := s.live(L)
	i := s.fieldIndex(L, L.Get(2).String())
	f := s.v.FieldInfo(i)
	what := s.v.StructName() + "." + f.Name
	if s.v.Addr == 0 {
		L.RaiseError("%s can't be written", what)
	}
	var b []byte
	if f.BitSize != 0 {
		b = bitFieldBytes(L, ev, s.v.Addr, f, L.Get(3), what)
	} else {
		b = fieldBytes(L, abiOf(ev), f, L.Get(3), what)
	}
	if _, err := ev.Task.Proc.WriteMemory(s.v.Addr+uint64(f.Offset), b); err != nil {
		L.RaiseError("%s: cannot write to the program's memory: %s", what, err.Error())
	}
	s.v.Patch(i, b)
	ev.ArgumentChanged()
	return 0
}

// bitFieldBytes is the bytes that a bit field is part of, with another value in
// it.
func bitFieldBytes(L *lua.LState, ev *engine.Event, addr uint64, f *syscalls.Field, v lua.LValue, what string) []byte {
	first, last := f.BitOffset/8, (f.BitOffset+f.BitSize+7)/8
	w := argWord(L, v, what)
	if f.BitSize < 64 && w>>f.BitSize != 0 {
		L.RaiseError("%s has %d bits, from 0 to %d", what, f.BitSize, uint64(1)<<f.BitSize-1)
	}
	var b [16]byte
	if _, err := ev.Task.Proc.ReadMemory(addr+uint64(first), b[:last-first]); err != nil {
		L.RaiseError("%s: cannot read the program's memory: %s", what, err.Error())
	}
	for i := range f.BitSize {
		bit := f.BitOffset%8 + i
		b[bit/8] &^= 1 << (bit % 8)
		b[bit/8] |= byte(w>>i&1) << (bit % 8)
	}
	return b[:last-first]
}

// fieldBytes is a Lua value as the bytes of a field.
func fieldBytes(L *lua.LState, abi syscalls.ABI, f *syscalls.Field, v lua.LValue, what string) []byte {
	if text, ok := v.(lua.LString); ok {
		if f.Type.Kind == syscalls.KindFlags || f.Type.Kind == syscalls.KindEnum {
			w, err := parseFlags(abi, f.Type, string(text))
			luart.RaiseIf(L, err)
			return leBytes(w, f.Size)
		}
		if isAddress(f.Type.Kind) {
			a, err := netip.ParseAddr(string(text))
			if err != nil || len(a.AsSlice()) != f.Size {
				L.RaiseError("%s is an address such as %q, not %q", what, addressExample(f.Type.Kind), luart.EscapeName(string(text)))
			}
			return a.AsSlice()
		}
		if f.Count == 0 {
			L.RaiseError("%s is a number, not a string", what)
		}
		if len(text) > f.Size || len(text) == f.Size && f.Type.Kind == syscalls.KindString {
			L.RaiseError("%s: %d bytes do not fit into %d", what, len(text), f.Size)
		}
		b := make([]byte, f.Size)
		copy(b, text)
		return b
	}
	if f.Size > 8 || f.Count > 0 {
		L.RaiseError("%s takes a string of up to %d bytes", what, f.Size)
	}
	b := leBytes(argWord(L, v, what), f.Size)
	if f.Type.Kind == syscalls.KindNetPort || f.Type.Kind == syscalls.KindNetLong {
		slices.Reverse(b) // read in the host's order, so written in it too
	}
	return b
}

func addressExample(k syscalls.TypeKind) string {
	if k == syscalls.KindIPv4 {
		return "127.0.0.1"
	}
	return "::1"
}

// leBytes: amd64, i386 and arm64 (as Linux runs it here) are little-endian.
func leBytes(w uint64, size int) []byte {
	return binary.LittleEndian.AppendUint64(nil, w)[:size]
}

// appendJSON is what json.encode writes: the form of --json.
func (s *structRef) EncodeJSON(_ *luart.Runtime, dst []byte) ([]byte, error) {
	if s.seq != s.t.seq || s.seq == 0 {
		return dst, errors.New("a struct of an event that is over")
	}
	return decode.AppendJSON(dst, s.v), nil
}

// plain converts a value to what can be kept: tables, strings and numbers.
func (t *Trace) plain(L *lua.LState, ev *engine.Event, v *decode.Value) lua.LValue {
	if v == nil {
		return lua.LNil
	}
	switch v.Kind {
	case decode.KindStruct:
		tb := L.NewTable()
		for name, f := range v.Members {
			tb.RawSetString(name, t.plain(L, ev, f))
		}
		return tb
	case decode.KindArray:
		tb := L.NewTable()
		for i := range v.Len() {
			tb.RawSetInt(i+1, element(t.plain(L, ev, v.Elem(i))))
		}
		return tb
	case decode.KindFlags:
		return lua.LString(v.String())
	}
	return t.value(L, ev, v)
}

// evTable makes the plain table of an event.
func evTable(r *Runtime, L *lua.LState) int {
	ref, ev := evRef(L)
	t := ref.t
	tb := L.NewTable()
	set := func(k string) { tb.RawSetString(k, t.field(L, ev, k)) }
	set("name")
	set("phase")
	set("time")
	if ev.Task != nil {
		set("pid")
		set("tid")
		set("comm")
	}
	switch ev.Kind {
	case engine.KindEnter, engine.KindExit:
		c := ev.Call()
		args := L.NewTable()
		for i := range c.NumArgs() {
			p := c.Param(i)
			if p.Hidden || !c.Shown(i) || ev.Kind == engine.KindEnter && p.Dir == syscalls.Out {
				continue
			}
			args.RawSetString(p.Name, t.plain(L, ev, c.Arg(i)))
		}
		tb.RawSetString("args", args)
		if ev.Kind == engine.KindExit {
			set("ret")
			set("err")
			set("duration")
		}
	case engine.KindSignal:
		for _, k := range signalFields {
			set(k)
		}
	case engine.KindFork:
		tb.RawSetString("child", number(int64(ev.Child.TID())))
		set("thread")
	case engine.KindDeath:
		set("status")
		set("killed")
		set("thread")
	default: // no fields but those of the task
	}
	L.Push(tb)
	return 1
}

// eventString is tostring(ev): the strace line of a call, or a short form.
func (r *Runtime) eventString(L *lua.LState) int {
	ref := L.Get(1).(*lua.LUserData).Value.(*eventRef)
	if ref.seq != ref.t.seq || ref.seq == 0 {
		L.Push(lua.LString("event (over)"))
		return 1
	}
	ev := ref.ev
	var b []byte
	switch {
	case ref.t.format.Line != nil:
		b = ref.t.format.Line(nil, ev)
	case ev.Call() != nil && ev.Kind == engine.KindExit:
		b = textFormat.AppendCall(nil, ev.Call())
	case ev.Call() != nil:
		b = textFormat.AppendArgs(nil, ev.Call())
	default:
		b = fmt.Append(nil, ev.Name())
	}
	L.Push(lua.LString(b))
	return 1
}
