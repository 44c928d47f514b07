package luart

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"
)

func helperGlobals() Module {
	return Module{Functions: []Function{
		{
			Name: "strerror", Params: "errno: string|number", Returns: "string",
			Help: "What an errno means, in the words of strerror(3): strerror(2), strerror(\"ENOENT\") and strerror(ev.errno). A result such as -2 is taken for its errno.",
			Example: `on("openat", {when = {failed = true}}, function(ev)
  print(ev.path, strerror(ev.err))
end)`,
			Fn: Bind((*Runtime).strerror),
		},
		{
			Name: "inspect", Params: "value: any", Returns: "string",
			Help: "The value as print shows it: a table with its contents, strings in it quoted.",
			Fn: Bind(func(r *Runtime, L *lua.LState) int {
				L.Push(r.text(r.AppendValue(r.takeLine(), L, L.Get(1), ShowTop)))
				return 1
			}),
		},
	}}
}

func (r *Runtime) strerror(L *lua.LState) int {
	n := 0
	switch v := L.CheckAny(1).(type) {
	case lua.LNumber:
		if n = int(v); n < 0 {
			n = -n
		}
	default:
		e, err := r.errno(L.CheckString(1))
		RaiseIf(L, err)
		n = e
	}
	if n == 0 {
		L.Push(lua.LString("Success"))
		return 1
	}
	text := unix.Errno(n).Error() // begins with a small letter
	if strings.HasPrefix(text, "errno ") {
		text = "Unknown error" + strings.TrimPrefix(text, "errno")
	} else {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	L.Push(lua.LString(text))
	return 1
}

// addToLibraries adds to Lua's libraries what later versions of Lua have, and
// what awk has.
func (r *Runtime) addToLibraries(str, table *lua.LTable) {
	set := func(tb *lua.LTable, name string, fn func(r *Runtime, L *lua.LState) int) {
		tb.RawSetString(name, r.function(fn))
	}
	set(str, "split", (*Runtime).luaSplit)
	set(str, "trim", func(_ *Runtime, L *lua.LState) int {
		L.Push(lua.LString(strings.Trim(L.CheckString(1), " \t\n\v\f\r")))
		return 1
	})
	set(str, "startswith", func(_ *Runtime, L *lua.LState) int {
		L.Push(lua.LBool(strings.HasPrefix(L.CheckString(1), L.CheckString(2))))
		return 1
	})
	set(str, "endswith", func(_ *Runtime, L *lua.LState) int {
		L.Push(lua.LBool(strings.HasSuffix(L.CheckString(1), L.CheckString(2))))
		return 1
	})
	table.RawSetString("unpack", r.globals.RawGetString("unpack"))
	set(table, "pack", func(_ *Runtime, L *lua.LState) int {
		n := L.GetTop()
		tb := L.CreateTable(n, 1)
		for i := 1; i <= n; i++ {
			tb.RawSetInt(i, L.Get(i))
		}
		tb.RawSetString("n", lua.LNumber(n))
		L.Push(tb)
		return 1
	})
}

// luaSplit is string.split: at each separator, or, as awk does, between blanks.
func (r *Runtime) luaSplit(L *lua.LState) int {
	s := L.CheckString(1)
	var parts []string
	const perPart = 48 // its header in the list of Go, as a value of Lua, in the table
	if L.Get(2) == lua.LNil {
		if len(s) >= largeResult {
			n := 0
			r.eachField(L, s, func(string) { n++ })
			r.Room(L, perPart*n)
			parts = make([]string, 0, n)
		}
		r.eachField(L, s, func(field string) { parts = append(parts, field) })
	} else {
		sep := L.CheckString(2)
		if sep == "" {
			L.ArgError(2, "the separator is empty; s:split() splits at blanks")
		}
		r.Room(L, perPart*(strings.Count(s, sep)+1))
		parts = strings.Split(s, sep)
	}
	tb := L.CreateTable(len(parts), 0)
	for i, p := range parts {
		tb.RawSetInt(i+1, lua.LString(p))
	}
	L.Push(tb)
	return 1
}

// eachField calls found with what stands between blanks.
func (r *Runtime) eachField(L *lua.LState, s string, found func(string)) {
	start := -1 // of the field, if in one
	for i := range len(s) {
		if i%piece == piece-1 {
			r.Poll(L)
		}
		switch blank := s[i] == ' ' || s[i] >= '\t' && s[i] <= '\r'; {
		case !blank && start < 0:
			start = i
		case blank && start >= 0:
			found(s[start:i])
			start = -1
		}
	}
	if start >= 0 {
		found(s[start:])
	}
}

// errno is the number of an errno's name.
func (r *Runtime) errno(name string) (int, error) {
	if r.face.Errno == nil {
		return 0, fmt.Errorf("unknown errno %q", EscapeName(name))
	}
	return r.face.Errno(name)
}
