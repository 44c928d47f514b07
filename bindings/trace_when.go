package bindings

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine/spec"
)

// condition is what ge(4096), bits "O_CREAT" and their like return: a test for
// a when table, without the field.
type condition struct {
	spec.Condition
	text string
}

func conditionObject() luart.Object {
	return luart.Object{Name: "condition", Help: "A test for a when table, such as ge(4096) or under \"/etc\".",
		Methods: []luart.Function{{
			Name: "test", Params: "v: any", Returns: "boolean",
			Help: "Makes the test of a value of the script: under(\"/etc\"):test(path). A path must be absolute, such as those of ev.paths.",
			Fn: luart.Bind(func(_ *Runtime, L *lua.LState) int {
				c := luart.Receiver[*condition](L, 1, "condition")
				ok := L.Get(2) != lua.LNil && c.Test(goValue(L, L.Get(2)))
				L.Push(lua.LBool(ok))
				return 1
			}),
		}},
	}
}

func conditionGlobals() luart.Module {
	one := func(name, param, help string, make func(v any) (spec.Condition, error)) luart.Function {
		return luart.Function{Name: name, Params: param, Returns: "condition", Help: help,
			Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
				c, err := make(goValue(L, L.CheckAny(1)))
				if err != nil {
					L.ArgError(1, err.Error())
				}
				L.Push(r.NewObject("condition", &condition{c, name}))
				return 1
			})}
	}
	str := func(name, param, help string, make func(s string) (spec.Condition, error)) luart.Function {
		return luart.Function{Name: name, Params: param, Returns: "condition", Help: help,
			Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
				c, err := make(L.CheckString(1))
				if err != nil {
					L.ArgError(1, err.Error())
				}
				L.Push(r.NewObject("condition", &condition{c, name}))
				return 1
			})}
	}
	return luart.Module{Functions: []luart.Function{
		one("ge", "n: number|string", "Condition for when: at least n.", spec.Ge),
		one("gt", "n: number|string", "Condition for when: greater than n.", spec.Gt),
		one("le", "n: number|string", "Condition for when: at most n.", spec.Le),
		one("lt", "n: number|string", "Condition for when: less than n.", spec.Lt),
		one("ne", "v: any", "Condition for when: not equal to v.", spec.Ne),
		one("bits", "flags: string|number", "Condition for when: all these flags are set: bits \"O_CREAT|O_EXCL\".", spec.Bits),
		one("nobits", "flags: string|number", "Condition for when: none of these flags is set.", spec.NoBits),
		str("under", "dir: string", "Condition for when: a path that is dir or lies below it, after resolving relative paths, \"..\" and \"//\".", spec.Under),
		str("glob", "pattern: string", "Condition for when: a string that matches the shell pattern as a whole; * does not match a slash, ** does.", spec.Glob),
	}}
}

// goScalar converts a script's number, string, boolean or flags to Go's.
func goScalar(v lua.LValue) (x any, ok bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LBool:
		return bool(v), true
	case lua.LNumber:
		return float64(v), true
	case luart.Word:
		return uint64(v), true
	case luart.SignedWord:
		return int64(v), true
	case *lua.LUserData:
		if f, ok := v.Value.(*flags); ok {
			return f.Bits, true
		}
	}
	return nil, false
}

// goValue converts a script's value to what conditions are made of.
func goValue(L *lua.LState, v lua.LValue) any {
	if x, ok := goScalar(v); ok {
		return x
	}
	L.RaiseError("a condition takes numbers, strings and booleans, not a %s", luart.TypeName(v))
	return nil
}

// when converts a when table.
func (t *Trace) when(L *lua.LState, sel *spec.Spec, tb *lua.LTable) spec.When {
	var list []spec.Condition
	tb.ForEach(func(k, v lua.LValue) {
		field, ok := k.(lua.LString)
		if !ok {
			L.RaiseError("when: a field's name is wanted on the left, such as fd = 2, not %s", luart.EscapeName(k.String()))
		}
		c, err := t.condition(L, v)
		if err != nil {
			L.RaiseError("when %s: %s", luart.EscapeName(string(field)), err.Error())
		}
		c.Field = string(field)
		list = append(list, c)
	})
	when, err := spec.NewWhen(list...).Resolve(sel)
	luart.RaiseIf(L, err)
	return when
}

func (t *Trace) condition(L *lua.LState, v lua.LValue) (spec.Condition, error) {
	switch v := v.(type) {
	case *lua.LUserData:
		switch x := v.Value.(type) {
		case *condition:
			return x.Condition, nil
		case *luart.Regex:
			return spec.Match(x.RE), nil
		}
	case *lua.LTable:
		var list []any
		for i := 1; i <= v.Len(); i++ {
			list = append(list, goValue(L, v.RawGetInt(i)))
		}
		if v.Len() == 0 {
			return spec.Condition{}, fmt.Errorf("a list of values must not be empty")
		}
		return spec.In(list...)
	}
	return spec.Equal(goValue(L, v))
}
