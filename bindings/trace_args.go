package bindings

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/internal/suggest"
)

func argumentsObject() luart.Object {
	return luart.Object{
		Name: "arguments", Acts: true,
		Handlers: luart.With(func(r *Runtime) luart.Handlers {
			return luart.Handlers{"__index": r.argsIndex, "__newindex": r.argsNewIndex, "__len": r.argsLen}
		}),
		Help: "The arguments of a call: ev.args[1] to ev.args[#ev.args], or by name; both can be assigned. Names are those of the man page.",
		Fields: []luart.Field{
			{Name: "N", Type: "any", Help: "Argument N, from 1."},
			{Name: "NAME", Type: "any", Help: "The argument of that name; an unknown name is an error."},
		},
	}
}

// argIndex finds an argument by number or name.
func (e *eventRef) argIndex(L *lua.LState, key lua.LValue) (*engine.Event, int) {
	ev := e.live(L)
	c := ev.Call()
	if n, ok := key.(lua.LNumber); ok {
		if i := int(n) - 1; i >= 0 && i < c.NumArgs() {
			return ev, i
		}
		L.RaiseError("%s has %d arguments, none with number %s", c.Name, c.NumArgs(), n.String())
	}
	if i := c.Index(key.String()); i >= 0 {
		return ev, i
	}
	var names []string
	for i := range c.NumArgs() {
		names = append(names, c.Param(i).Name)
	}
	msg := fmt.Sprintf("%s has no argument '%s'", c.Name, luart.EscapeName(key.String()))
	if near := suggest.Nearest(key.String(), names); near != "" {
		msg += fmt.Sprintf("; did you mean '%s'?", near)
	}
	L.RaiseError("%s (it has %s)", msg, strings.Join(names, ", "))
	return nil, 0
}

func (r *Runtime) argsIndex(L *lua.LState) int {
	e := L.Get(1).(*lua.LUserData).Value.(*eventRef)
	ev, i := e.argIndex(L, L.Get(2))
	L.Push(e.t.arg(L, ev, i))
	return 1
}

func (r *Runtime) argsNewIndex(L *lua.LState) int {
	e := L.Get(1).(*lua.LUserData).Value.(*eventRef)
	ev, i := e.argIndex(L, L.Get(2))
	e.t.assignArg(L, ev, ev.Call().Param(i).Name, L.Get(3))
	return 0
}

func (r *Runtime) argsLen(L *lua.LState) int {
	e := L.Get(1).(*lua.LUserData).Value.(*eventRef)
	L.Push(number(int64(e.live(L).Call().NumArgs())))
	return 1
}
