package luart

import (
	lua "github.com/yuin/gopher-lua"
)

// maxJSONDepth bounds the nesting of encoded and decoded values.
const maxJSONDepth = 200

func jsonModule() Module {
	return Module{
		Name: "json",
		Help: "JSON for scripts. A table whose keys are 1 to n is an array, any other an object; an empty table is an object unless it was made by json.array. Keys of objects are strings, numbers or words and come out sorted. Whole numbers and words are written exactly. Flags and structs have the form that --json gives them. Bytes that are not UTF-8 are written as the text \\xNN, so that the output is always valid.",
		Functions: []Function{
			{
				Name: "encode", Params: "value: any", Returns: "string",
				Help: "The value as JSON on one line. Functions, infinite numbers, cycles and nesting beyond 200 levels are errors that name the place.",
				Fn: Bind(func(r *Runtime, L *lua.LState) int {
					out, err := r.appendJSON(r.takeLine(), L.CheckAny(1))
					if err != nil {
						r.Poll(L)
						L.RaiseError("json.encode: %s", err.Error())
					}
					L.Push(r.text(out))
					return 1
				}),
			},
			{
				Name: "decode", Params: "text: string", Returns: "any",
				Help: "The value of a JSON text, which must be valid to the letter. null becomes json.null, an integer beyond 2^53 a word, an array a table marked by json.array.",
				Fn: Bind(func(r *Runtime, L *lua.LState) int {
					v, err := r.DecodeJSON(L.CheckString(1))
					if err != nil {
						r.Poll(L)
						L.RaiseError("json.decode: %s", err.Error())
					}
					L.Push(v)
					return 1
				}),
			},
			{
				Name: "array", Params: "list?: table", Returns: "table",
				Help: "Marks a table as an array, so that it is encoded as [] when it is empty; returns it.",
				Fn: Bind(func(r *Runtime, L *lua.LState) int {
					tb := L.OptTable(1, L.NewTable())
					if tb.Metatable != lua.LNil && tb.Metatable != r.arrays {
						L.ArgError(1, "the table has a metatable already")
					}
					tb.Metatable = r.arrays
					L.Push(tb)
					return 1
				}),
			},
		},
		Values: []Value{{
			Name: "null", Type: "userdata", Help: "Stands for null, which a table can't hold as nil.",
			Get: func(r *Runtime) lua.LValue {
				mt := r.L.NewTable()
				mt.RawSetString("__tostring", r.L.NewFunction(func(L *lua.LState) int {
					L.Push(lua.LString("null"))
					return 1
				}))
				mt.RawSetString("__metatable", lua.LFalse)
				r.null = &lua.LUserData{Env: r.L.Env, Metatable: mt}
				r.arrays = r.L.NewTable()
				r.arrays.RawSetString("__metatable", lua.LFalse)
				return r.null
			},
		}},
	}
}

// IsNull says whether a value is json.null.
func (r *Runtime) IsNull(v lua.LValue) bool { return v == r.null }
