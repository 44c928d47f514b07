package bindings

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/internal/suggest"
	"luatrace/tracer/syscalls"
)

// syscallModule is what scripts can ask about system calls and structs, and tell.
func syscallModule() luart.Module {
	return luart.Module{
		Name: "syscall",
		Help: "What is known about system calls and structs: their arguments, fields and numbers. Types are spelled as in tracer/syscalls/table: " +
			"\"fd\", \"path\", \"flags:open\", \"struct:stat\", \"buf:count\" (as many bytes as the argument count says), \"[struct:pollfd;nfds]\".",
		Functions: []luart.Function{
			{Name: "describe", Params: "name: string", Returns: "table",
				Help: "Describes a system call: name, numbers (by ABI), classes, args, ret and variants. args is a list of {name, aliases, kind, type, direction, names, set, struct, only}: " +
					"kind is the type as syscall.define takes it, type what it is in Lua (number, string, flags, name, struct, list, word), direction \"in\", \"out\" or \"inout\"; " +
					"set and names are of flags and names, only says when the call has the argument. variants is a list of {only, args, ret}: what the arguments are if others have certain values.",
				Fn: luart.Bind(syscallDescribe)},
			{Name: "struct", Params: "name: string", Returns: "table",
				Help: "Describes a struct: name, size and fields, a list of {name, offset, size, kind, type, count, names, set, struct, only}, with bits for bit fields.",
				Fn:   luart.Bind(syscallStruct)},
			{Name: "define", Params: "signature: string", Returns: "string",
				Help: "Gives a system call the arguments you say, for specs, fields, conditions and output: syscall.define \"mycall@480(fd fd, buf <buf:len, len size) size\". " +
					"A call that luatrace does not know needs its number; one that it knows does without. \">\" marks what the kernel writes, \"=\" what goes in and comes out. " +
					"It stands before the hooks that name the call, and returns the name.",
				Fn: luart.Bind(syscallDefine)},
		},
	}
}

// fieldsGlobals are functions over structs and arguments.
func fieldsGlobals() luart.Module {
	return luart.Module{Functions: []luart.Function{{
		Name: "fields", Params: "of: struct|arguments|table", Returns: "function",
		Help: "Iterates over the fields of a struct, in order, or over the arguments that a call has: for name, value in fields(ev.statbuf) do. " +
			"Of a list it yields positions and elements. Padding, and members of a union that do not hold now, are left out; so is what is nil.",
		Fn: luart.Bind(fieldsOf),
	}}}
}

func syscallDescribe(r *Runtime, L *lua.LState) int {
	name := L.CheckString(1)
	abi, sig := lookupCall(name)
	if sig == nil {
		msg := fmt.Sprintf("there is no system call %q", luart.EscapeName(name))
		if near := suggest.Nearest(name, syscalls.Names(syscalls.Native())); near != "" {
			msg += fmt.Sprintf("; did you mean %q?", near)
		}
		L.RaiseError("%s", msg)
	}
	tb := L.NewTable()
	tb.RawSetString("name", lua.LString(name))
	numbers := L.NewTable()
	for _, abi := range []syscalls.ABI{syscalls.AMD64, syscalls.I386, syscalls.ARM64} {
		if nr, ok := syscalls.Number(abi, name); ok {
			numbers.RawSetString(abi.String(), number(int64(nr)))
		}
	}
	tb.RawSetString("numbers", numbers)
	tb.RawSetString("classes", luaList(L, sig.Classes))
	tb.RawSetString("args", paramList(L, abi, sig.Params))
	tb.RawSetString("ret", typeTable(L, sig.Ret))
	variants := L.NewTable()
	for i := range sig.Variants {
		v := &sig.Variants[i]
		one := L.NewTable()
		one.RawSetString("only", lua.LString(v.Describe(abi, sig.Params)))
		one.RawSetString("args", paramList(L, abi, v.Params))
		one.RawSetString("ret", typeTable(L, v.Ret))
		variants.Append(one)
	}
	tb.RawSetString("variants", variants)
	L.Push(tb)
	return 1
}

// lookupCall finds a call on the native ABI, or on the first that has it.
func lookupCall(name string) (syscalls.ABI, *syscalls.Signature) {
	for _, abi := range []syscalls.ABI{syscalls.Native(), syscalls.AMD64, syscalls.ARM64, syscalls.I386} {
		if nr, ok := syscalls.Number(abi, name); ok {
			if sig := syscalls.Lookup(abi, nr); sig != nil {
				return abi, sig
			}
		}
	}
	return 0, nil
}

func paramList(L *lua.LState, abi syscalls.ABI, params []syscalls.Param) *lua.LTable {
	list := L.NewTable()
	for i := range params {
		p := &params[i]
		if p.Hidden {
			continue
		}
		tb := typeTable(L, p.Type)
		tb.RawSetString("name", lua.LString(p.Name))
		tb.RawSetString("aliases", luaList(L, p.Aliases))
		tb.RawSetString("direction", lua.LString(p.Dir.Word()))
		if p.Cond != nil {
			tb.RawSetString("only", lua.LString(p.Cond.Describe(abi, syscalls.TypeOf(params))))
		}
		list.Append(tb)
	}
	return list
}

// typeTable describes a type: kind, type, and what it is made of.
func typeTable(L *lua.LState, t *syscalls.Type) *lua.LTable {
	tb := L.NewTable()
	tb.RawSetString("kind", lua.LString(t.String()))
	tb.RawSetString("type", lua.LString(t.Shape()))
	base := t.Base()
	if base.Set != nil {
		tb.RawSetString("set", lua.LString(base.Set.Name))
		tb.RawSetString("names", luaList(L, base.MemberNames()))
	}
	if base.Struct != "" {
		tb.RawSetString("struct", lua.LString(base.Struct))
	}
	return tb
}

func luaList(L *lua.LState, list []string) *lua.LTable {
	tb := L.CreateTable(len(list), 0)
	for i, s := range list {
		tb.RawSetInt(i+1, lua.LString(s))
	}
	return tb
}

func syscallStruct(r *Runtime, L *lua.LState) int {
	abi := syscalls.Native()
	s := syscalls.StructByName(abi, checkStruct(L, abi, L.CheckString(1)))
	tb := L.NewTable()
	tb.RawSetString("name", lua.LString(s.Name))
	tb.RawSetString("size", number(int64(s.Size)))
	list := L.NewTable()
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Hidden {
			continue
		}
		one := typeTable(L, f.Type)
		one.RawSetString("name", lua.LString(f.Name))
		one.RawSetString("offset", number(int64(f.Offset)))
		one.RawSetString("size", number(int64(f.Size)))
		if f.BitSize > 0 {
			one.RawSetString("bits", number(int64(f.BitSize)))
		}
		if f.Count != 0 {
			one.RawSetString("count", number(int64(max(f.Count, 0))))
		}
		if f.Cond != nil {
			one.RawSetString("only", lua.LString(f.Cond.Describe(abi, s.TypeOf)))
		}
		list.Append(one)
	}
	tb.RawSetString("fields", list)
	L.Push(tb)
	return 1
}

// checkStruct returns the kernel's name of a struct, or raises an error that
// names the nearest.
func checkStruct(L *lua.LState, abi syscalls.ABI, name string) string {
	known := kernelStruct(abi, strings.TrimPrefix(name, "struct "))
	if known == "" {
		msg := fmt.Sprintf("there is no struct %q", luart.EscapeName(name))
		if near := suggest.Nearest(name, syscalls.StructNames(abi)); near != "" {
			msg += fmt.Sprintf("; did you mean %q?", near)
		}
		L.RaiseError("%s", msg)
	}
	return known
}

func syscallDefine(r *Runtime, L *lua.LState) int {
	if r.tracing != nil && r.tracing.seq != 0 {
		L.RaiseError("syscall.define stands at the top of a script, before the hooks: the trace is running already")
	}
	name, err := syscalls.Define(L.CheckString(1))
	var de *syscalls.DefineError
	switch {
	case errors.As(err, &de) && de.Word != "":
		if near := suggest.Nearest(de.Word, de.Known); near != "" {
			L.RaiseError("syscall.define: %s; did you mean %q?", de.Message, near)
		}
		if len(de.Known) < 100 && !strings.HasPrefix(de.Message, "there is no") {
			L.RaiseError("syscall.define: %s; there are %s", de.Message, strings.Join(de.Known, " "))
		}
		fallthrough
	case err != nil:
		L.RaiseError("syscall.define: %s", err.Error())
	}
	L.Push(lua.LString(name))
	return 1
}

// fieldsOf makes the iterator of fields(x).
func fieldsOf(r *Runtime, L *lua.LState) int {
	var names []lua.LValue
	var values []lua.LValue
	add := func(name, v lua.LValue) {
		if v != lua.LNil {
			names, values = append(names, name), append(values, v)
		}
	}
	switch x := L.Get(1).(type) {
	case *lua.LTable:
		for i := 1; i <= x.Len(); i++ {
			add(number(int64(i)), x.RawGetInt(i))
		}
	case *lua.LUserData:
		switch v := x.Value.(type) {
		case *structRef:
			ev := v.live(L)
			for name, f := range v.v.Members {
				add(lua.LString(name), v.t.value(L, ev, f))
			}
		case *eventRef:
			ev := v.live(L)
			if x.Metatable != r.Class("arguments") || ev.Call() == nil {
				L.ArgError(1, "a struct, ev.args or a list is wanted")
			}
			c := ev.Call()
			for i := range c.NumArgs() {
				if p := c.Param(i); c.Shown(i) && (ev.Kind == engine.KindExit || p.Dir != syscalls.Out || !p.Pointer()) {
					add(lua.LString(p.Name), v.t.arg(L, ev, i))
				}
			}
		default:
			L.ArgError(1, "a struct, ev.args or a list is wanted")
		}
	default:
		L.ArgError(1, fmt.Sprintf("a struct, ev.args or a list is wanted, not %s", luart.TypeName(x)))
	}
	i := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		if i == len(names) {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(names[i])
		L.Push(values[i])
		i++
		return 2
	}))
	return 1
}
