package luart

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// NotInSandbox words the refusal of what a script in the sandbox has not.
func NotInSandbox(name string) string { return name + " is not available with --sandbox" }

// outsideGlobal says whether a global is one of those that the sandbox lacks: a
// function, or a library none of whose members is left.
func outsideGlobal(name string) bool {
	for _, lib := range StandardLibraries {
		if lib.Name == "" && slices.Contains(lib.Outside, name) || lib.Name != "" && lib.Name == name && len(lib.Names) == 0 {
			return true
		}
	}
	return false
}

// closeLibrary makes the members that the sandbox takes from a library errors
// that say so; others are nil, as ever.
func (r *Runtime) closeLibrary(lib StandardLibrary, tb *lua.LTable) {
	if len(lib.Outside) == 0 {
		return
	}
	mt := r.L.NewTable()
	mt.RawSetString("__index", r.L.NewFunction(func(L *lua.LState) int {
		if name := L.Get(2).String(); slices.Contains(lib.Outside, name) {
			L.RaiseError("%s", NotInSandbox(lib.Name+"."+name))
		}
		L.Push(lua.LNil)
		return 1
	}))
	mt.RawSetString("__metatable", lua.LFalse)
	tb.Metatable = mt
}

// behindMeta makes the functions of a library that reach out of the script
// refuse to while only meta is wanted: who lists or checks a script does not
// run it.
func (r *Runtime) behindMeta(lib StandardLibrary, tb *lua.LTable) {
	for _, name := range lib.Outside {
		fn, ok := tb.RawGetString(name).(*lua.LFunction)
		if !ok || !fn.IsG {
			continue
		}
		guarded, inner := *fn, fn.GFunction // with its upvalues
		what := name
		if lib.Name != "" {
			what = lib.Name + "." + name
		}
		guarded.GFunction = func(L *lua.LState) int {
			if r.lookedAt {
				L.RaiseError("%s stands before meta: the script is only looked at", what)
			}
			return inner(L)
		}
		tb.RawSetString(name, &guarded)
	}
}

// links are the entries of /proc/PID that lead to files anywhere.
var links = []string{"root", "cwd", "exe", "fd", "map_files", "ns"}

// LeadsOut says whether a name below /proc/PID may be of a file elsewhere.
func LeadsOut(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if slices.Contains(links, part) {
			return true
		}
	}
	return false
}
