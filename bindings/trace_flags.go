package bindings

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/internal/suggest"
	"luatrace/tracer/decode"
)

// flags is a copy of a flags value: it can be kept. It lies behind its userdata
// in one piece of memory.
type flags struct {
	ud lua.LUserData
	decode.Flags
}

func (t *Trace) flags(v *decode.Value) lua.LValue {
	f := &flags{Flags: v.Flags()}
	t.r.InitObject(&f.ud, "flags", f)
	return &f.ud
}

func flagsObject() luart.Object {
	boolean := func(name, help string, test func(decode.Flags, string) (bool, error)) luart.Function {
		return luart.Function{Name: name, Params: "names: string", Returns: "boolean", Help: help, Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
			f := luart.Receiver[*flags](L, 1, "flags")
			L.Push(f.test(L, test, L.CheckString(2)))
			return 1
		})}
	}
	return luart.Object{
		Name: "flags",
		Handlers: luart.With(func(r *Runtime) luart.Handlers {
			return luart.Handlers{"__index": r.flagsIndex, "__tostring": r.refString, "__concat": r.concat, "__eq": flagsEqual}
		}),
		Help: "A set of flags. tostring gives the names, flags.O_CREAT says whether one is in it, and it can be given to bit functions " +
			"and assigned to arguments as the number it is. == compares with other flags, :is with names. It is a copy and can be kept.",
		Fields: []luart.Field{
			{Name: "value", Type: "number|word", Help: "The number."},
			{Name: "rest", Type: "number|word", Help: "The bits that have no name, 0 if all have."},
			{Name: "NAME", Type: "boolean", Help: "Whether the flag NAME is in it; an unknown name is an error."},
		},
		Methods: []luart.Function{
			boolean("has", "Says whether all of these are in it: flags:has \"O_CREAT|O_EXCL\".", decode.Flags.Has),
			boolean("any", "Says whether at least one of these is in it: flags:any \"O_WRONLY|O_RDWR\".", decode.Flags.Any),
			boolean("is", "Says whether these are in it and no others: flags:is \"O_RDONLY|O_CLOEXEC\".", decode.Flags.Is),
			{Name: "names", Returns: "table", Help: "Returns the names as a list.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					names := luart.Receiver[*flags](L, 1, "flags").Names()
					tb := L.CreateTable(len(names), 0)
					for i, s := range names {
						tb.RawSetInt(i+1, r.trace().str(s))
					}
					L.Push(tb)
					return 1
				})},
		},
	}
}

func (r *Runtime) flagsIndex(L *lua.LState) int {
	f := L.Get(1).(*lua.LUserData).Value.(*flags)
	key := L.Get(2).String()
	switch m := r.MethodOf("flags", key); {
	case m != lua.LNil:
		L.Push(m)
	case key == "value":
		L.Push(rawWord(f.Bits))
	case key == "rest":
		L.Push(rawWord(f.Rest()))
	default:
		L.Push(f.test(L, decode.Flags.Has, key))
	}
	return 1
}

// test asks for names. One that is no flag of this set raises an error.
func (f *flags) test(L *lua.LState, ask func(decode.Flags, string) (bool, error), names string) lua.LBool {
	yes, err := ask(f.Flags, names)
	if err == nil {
		return lua.LBool(yes)
	}
	known := f.Members()
	if known == nil {
		luart.RaiseIf(L, err)
	}
	for name := range strings.SplitSeq(names, "|") {
		name = strings.TrimSpace(name)
		if _, err := f.Has(name); err == nil {
			continue
		}
		if near := suggest.Nearest(name, known); near != "" {
			L.RaiseError("'%s' is no flag of this argument; did you mean '%s'?", luart.EscapeName(name), near)
		}
		L.RaiseError("'%s' is no flag of this argument; it has %s", luart.EscapeName(name), strings.Join(known, ", "))
	}
	return lua.LFalse
}

// appendJSON is what json.encode writes: the form of --json.
func (f *flags) EncodeJSON(_ *luart.Runtime, dst []byte) ([]byte, error) {
	return f.AppendJSON(dst), nil
}

// Word makes flags a number where one is wanted.
func (f *flags) Word() uint64 { return f.Bits }
