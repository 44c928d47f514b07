package bindings

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luatrace/engine"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// flags is a copy of a flags value: it can be kept.
type flags struct {
	value uint64
	set   *syscalls.SetView
	text  string
}

func (t *Trace) flags(v *decode.Value) lua.LValue {
	f := &flags{value: v.Uint(), text: v.String()}
	if typ := v.Type(); typ != nil && typ.Set != nil {
		f.set = typ.Set.On(syscalls.Native())
	}
	return t.r.newObject("flags", f)
}

func flagsObject() object {
	return object{
		name: "flags",
		help: "A set of flags. tostring gives the names, flags.O_CREAT says whether one is in it, and it can be given to bit functions " +
			"and assigned to arguments as the number it is.",
		fields: []field{
			{"value", "number|word", "The number."},
			{"NAME", "boolean", "Whether the flag NAME is in it; an unknown name is an error."},
		},
		methods: []function{
			{name: "has", params: "names: string", returns: "boolean",
				help: "Says whether all of these are in it: flags:has \"O_CREAT|O_EXCL\".",
				fn: func(r *Runtime, L *lua.LState) int {
					f := receiver[*flags](L, 1, "flags")
					for _, name := range strings.Split(L.CheckString(2), "|") {
						if !f.has(L, strings.TrimSpace(name)) {
							L.Push(lua.LFalse)
							return 1
						}
					}
					L.Push(lua.LTrue)
					return 1
				}},
			{name: "names", returns: "table",
				help: "Returns the names as a list.",
				fn: func(r *Runtime, L *lua.LState) int {
					f := receiver[*flags](L, 1, "flags")
					tb := L.NewTable()
					for i, s := range strings.Split(f.text, "|") {
						tb.RawSetInt(i+1, lua.LString(s))
					}
					L.Push(tb)
					return 1
				}},
		},
	}
}

// has raises an error for a name that is no flag of this set.
func (f *flags) has(L *lua.LState, name string) bool {
	if f.set != nil {
		if has, known := f.set.Has(f.value, name); known {
			return has
		}
	}
	if v, ok := syscalls.Constant(name); ok && v != 0 {
		return f.value&v == v
	}
	var names []string
	if f.set != nil {
		for i := range f.set.Members {
			names = append(names, f.set.Members[i].Name)
		}
	}
	if near := engine.Nearest(name, names); near != "" {
		L.RaiseError("'%s' is no flag of this argument; did you mean '%s'?", escape(name), near)
	}
	L.RaiseError("'%s' is no flag of this argument; it has %s", escape(name), strings.Join(names, ", "))
	return false
}

func (r *Runtime) flagsIndex(L *lua.LState) int {
	f := L.Get(1).(*lua.LUserData).Value.(*flags)
	key := L.Get(2).String()
	switch m := r.methods["flags"].RawGetString(key); {
	case m != lua.LNil:
		L.Push(m)
	case key == "value":
		L.Push(rawWord(f.value))
	default:
		L.Push(lua.LBool(f.has(L, key)))
	}
	return 1
}
