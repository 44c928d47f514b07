package luart

import (
	"slices"
	"sort"

	lua "github.com/yuin/gopher-lua"

	"luatrace/internal/suggest"
)

// protectGlobals ends the making of the globals. What stands in the table now
// is built in. The table itself holds it, so that a hook reads it as fast as
// can be; an assignment to it is found when a chunk is compiled, and _G is a
// table in front that lets none through.
func (r *Runtime) protectGlobals() {
	front := r.L.NewTable()
	mt := r.L.NewTable()
	mt.RawSetString("__index", r.globals)
	mt.RawSetString("__newindex", r.L.NewFunction(r.setGlobal))
	mt.RawSetString("__metatable", lua.LFalse)
	front.Metatable = mt
	r.globals.RawSetString("_G", front)
	for _, name := range TableNames(r.globals) {
		r.builtin[name] = true
		r.builtins[name] = r.globals.RawGetString(name)
	}
	mt = r.L.NewTable()
	mt.RawSetString("__index", r.L.NewFunction(r.missingGlobal))
	mt.RawSetString("__newindex", r.L.NewFunction(r.setGlobal))
	mt.RawSetString("__metatable", lua.LFalse)
	r.globals.Metatable = mt
}

// missingGlobal serves a global that the table doesn't have: a constant, which
// is kept there from now on, else nil in -e code and an error in script files.
func (r *Runtime) missingGlobal(L *lua.LState) int {
	name, ok := L.Get(2).(lua.LString)
	if !ok {
		L.Push(lua.LNil)
		return 1
	}
	if r.opts.Sandbox && outsideGlobal(string(name)) {
		L.RaiseError("%s", NotInSandbox(string(name)))
	}
	if v, ok := r.constant(string(name)); ok {
		r.globals.RawSetString(string(name), v)
		L.Push(v)
		return 1
	}
	if !r.looseCaller(L) {
		L.RaiseError("%s", r.undefinedGlobal(string(name)))
	}
	L.Push(lua.LNil)
	return 1
}

// setGlobal serves the first assignment to a global, and all those by way of
// _G.
func (r *Runtime) setGlobal(L *lua.LState) int {
	key, value := L.Get(2), L.Get(3)
	name, ok := key.(lua.LString)
	if !ok {
		L.RaiseError("a global's name must be a string, not a %s", TypeName(key))
	}
	if msg := r.readOnly(string(name)); msg != "" {
		L.RaiseError("%s", msg)
	}
	if r.globals.RawGetString(string(name)) == lua.LNil && !r.looseCaller(L) {
		L.RaiseError("%s", undeclaredGlobal(string(name)))
	}
	r.globals.RawSetString(string(name), value)
	return 0
}

// readOnly returns why a global can't be assigned to, or "".
func (r *Runtime) readOnly(name string) string {
	if r.builtin[name] {
		return "'" + name + "' is built in and can't be changed; use another name or 'local " + name + "'"
	}
	if _, ok := r.constant(name); ok {
		return "'" + name + "' is a constant and can't be changed; use another name or 'local " + name + "'"
	}
	return ""
}

// looseCaller reports whether the Lua function that runs is -e code. Without
// one, as when Go code sets a global, the answer is yes.
func (r *Runtime) looseCaller(L *lua.LState) bool {
	s := r.callerSource(L)
	return s == nil || s.kind == FromCode
}

// callerSource returns where the innermost Lua function comes from, or nil.
func (r *Runtime) callerSource(L *lua.LState) *source {
	for level := 0; ; level++ {
		dbg, ok := L.GetStack(level)
		if !ok {
			return nil
		}
		if fn, err := L.GetInfo("Sf", dbg, lua.LNil); err == nil {
			if f, ok := fn.(*lua.LFunction); ok && !f.IsG {
				return r.sources[dbg.Source]
			}
		}
	}
}

func undeclaredGlobal(name string) string {
	return "assignment to the undeclared global '" + name + "'; declare it with 'local " + name + "'"
}

// undefinedGlobal words the error for reading a name nobody defines.
func (r *Runtime) undefinedGlobal(name string) string {
	var candidates []string
	if IsConstantName(name) && r.face.Constants != nil {
		candidates = r.face.Constants()
	}
	candidates = append(slices.Clone(candidates), r.globalNames()...)
	if near := suggest.Nearest(name, candidates); near != "" {
		return "undefined global '" + name + "'; did you mean '" + near + "'?"
	}
	return "undefined global '" + name + "'"
}

// globalNames lists the built-ins, the constants used so far and the globals
// scripts have set, sorted.
func (r *Runtime) globalNames() []string { return TableNames(r.globals) }

// checkGlobals looks through a compiled chunk for globals that can't be used as
// it does, so that a typing error in a rarely run branch is found at once.
// Problems come in the order of the source. In loose chunks only assignments to
// what is read-only are found.
func (r *Runtime) checkGlobals(p *lua.FunctionProto, loose bool) []*ScriptError {
	var found []*ScriptError
	written := map[string]bool{}
	r.eachGlobal(p, func(name string, line int, write bool) {
		if !write || written[name] {
			return
		}
		msg := r.readOnly(name)
		if msg == "" {
			if loose || r.globals.RawGetString(name) != lua.LNil {
				return
			}
			msg = undeclaredGlobal(name)
		}
		written[name] = true
		found = append(found, ErrorAt(p.SourceName, line, "%s", msg))
	})
	if !loose {
		seen := map[string]bool{}
		r.eachGlobal(p, func(name string, line int, write bool) {
			if write || written[name] || seen[name] || r.globals.RawGetString(name) != lua.LNil {
				return
			}
			seen[name] = true
			if r.opts.Sandbox && outsideGlobal(name) {
				return // an error where it is used, if it is
			}
			if _, ok := r.constant(name); !ok {
				found = append(found, ErrorAt(p.SourceName, line, "%s", r.undefinedGlobal(name)))
			}
		})
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].Line < found[j].Line })
	return found
}

// eachGlobal visits every instruction that reads or writes a global.
func (r *Runtime) eachGlobal(p *lua.FunctionProto, visit func(name string, line int, write bool)) {
	EachInstruction(p, func(pc int, in Instruction) {
		if in.Op != lua.OP_GETGLOBAL && in.Op != lua.OP_SETGLOBAL {
			return
		}
		if name, ok := p.Constants[in.Bx].(lua.LString); ok {
			visit(string(name), p.DbgSourcePositions[pc], in.Op == lua.OP_SETGLOBAL)
		}
	})
	for _, sub := range p.FunctionPrototypes {
		r.eachGlobal(sub, visit)
	}
}

// constant returns the value of a named constant of the host's.
func (r *Runtime) constant(name string) (lua.LValue, bool) {
	if r.face.Constant == nil || !IsConstantName(name) {
		return nil, false
	}
	return r.face.Constant(name)
}

// IsConstantName reports whether a name is made like a constant: at least two
// characters, capitals, digits and underscores only, beginning with a letter
// or an underscore that a letter follows.
func IsConstantName(name string) bool {
	if len(name) < 2 || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	letters := false
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'A' && c <= 'Z':
			letters = true
		case c >= '0' && c <= '9', c == '_':
		default:
			return false
		}
	}
	return letters
}
