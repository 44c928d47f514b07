package bindings

import (
	"fmt"
	"sort"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"luatrace/internal/suggest"
)

// function is one function or method of the interface.
//
// params is "name: type, name?: type, ...: type" (? marks an optional one),
// returns is "type" or "type, type", both with Lua type names joined by "|" or
// the name of an object of this table; help is one or more plain sentences.
// For methods the receiver is argument 1 of fn and does not stand in params.
type function struct {
	name, params, returns, help string
	example                     string // lines of Lua, or none
	fn                          method
	acts                        bool // it changes what scripts look at: not with ReadOnly
}

// value is a constant member of a module, made once for each Runtime.
type value struct {
	name, typ, help string
	example         string
	get             func(r *vm) lua.LValue
}

// module is a table of functions; name "" stands for the globals, and may occur
// several times so that each file can bring its own.
type module struct {
	name, help string
	functions  []function
	values     []value
}

// field is a readable or assignable member of an object.
type field struct{ name, typ, help string }

// object is a kind of userdata. Its methods are installed by [Runtime.class];
// fields are documentation, and served by the object's own code.
type object struct {
	name, help string
	fields     []field
	methods    []function
	acts       bool // assigning to a field changes what scripts look at: not with ReadOnly
	handlers   func(r *vm) handlers
}

// handlers are the metamethods of an object, "__index" for one.
type handlers map[string]lua.LGFunction

// method makes the function of a row for an interpreter.
type method func(r *vm) lua.LGFunction

// bind makes a row's function of one that gets the interpreter, or what its host keeps
// for it.
func bind[T any](fn func(r T, L *lua.LState) int) method {
	return func(r *vm) lua.LGFunction {
		own := hostOf[T](r)
		return func(L *lua.LState) int { return fn(own, L) }
	}
}

// with makes what a row has for an interpreter of what gets its host.
func with[T, R any](get func(own T) R) func(r *vm) R {
	return func(r *vm) R { return get(hostOf[T](r)) }
}

// hostOf is the interpreter, or what its host keeps for it: whichever T is.
func hostOf[T any](r *vm) T {
	if own, ok := any(r).(T); ok {
		return own
	}
	return r.host.(T)
}

// face is what a package adds to the interpreter, and what the interpreter asks it.
type face struct {
	Modules []module
	Objects []object
	// Tree, if set, changes the tree of each chunk before it is compiled, and Find says
	// what is wrong with it then.
	Tree func(chunk []ast.Stmt, kind sourceKind) []ast.Stmt
	Find func(chunk []ast.Stmt, file string) []*ScriptError
	// Compiled, if set, is told of each function that was compiled.
	Compiled func(p *lua.FunctionProto)
	// Whole, if set, says that scripts are compiled anew, with all that is in them, in
	// the place of what was compiled beforehand.
	Whole func() bool
	// Constant returns the value of a named constant, and Constants all their names.
	Constant  func(name string) (lua.LValue, bool)
	Constants func() []string
	// Errno returns the number of an errno's name.
	Errno func(name string) (int, error)
	// ReadScript returns the text of a script file that may be run.
	ReadScript func(name string) ([]byte, error)
	// Refusal words why a function of a row, or an assignment to a field, is not there
	// with ReadOnly; owner is the name of the module or object.
	Refusal func(owner, member string, assigned bool) string
	// Moment says what is handled; see [moment].
	Moment func() moment
	// Scripts are the names of the scripts that are loaded.
	Scripts func() []string
}

// moment is what scripts are called for at present.
type moment struct {
	At    time.Time
	Call  uint64 // number of the call, 0 if it stands for no event
	Lines bool   // what is written is about the event, and gets its time
}

// ownModules lists the modules that every interpreter has, in the order of the
// reference; those of its host follow.
func ownModules() []module {
	return []module{
		outputGlobals(),
		helperGlobals(),
		loadGlobals(),
		wordGlobals(),
		reGlobals(),
		rngGlobals(),
		bitModule(),
		jsonModule(),
		outputModule(),
	}
}

// ownObjects lists the objects that every interpreter has.
func ownObjects() []object { return []object{wordObject(), regexObject(), rngObject()} }

// install fills the globals from the module tables.
func (r *vm) install() {
	for _, m := range append(ownModules(), r.face.Modules...) {
		tb := r.globals
		if m.name != "" {
			tb = r.L.NewTable()
			r.globals.RawSetString(m.name, tb)
		}
		for _, f := range m.functions {
			tb.RawSetString(f.name, r.member(m.name, f))
		}
		for _, v := range m.values {
			tb.RawSetString(v.name, v.get(r))
		}
		if m.name != "" {
			mt := r.L.NewTable()
			mt.RawSetString("__index", r.unknownMember("module "+m.name, tableNames(tb)))
			mt.RawSetString("__metatable", lua.LFalse)
			tb.Metatable = mt
		}
	}
}

// function makes a Lua function that gets the interpreter.
func (r *vm) function(fn func(r *vm, L *lua.LState) int) *lua.LFunction {
	return r.L.NewFunction(func(L *lua.LState) int { return fn(r, L) })
}

// member makes the Lua function of a row, which raises an error if it acts and
// scripts may only look.
func (r *vm) member(owner string, f function) *lua.LFunction {
	if f.acts && r.opts.ReadOnly {
		msg := r.face.Refusal(owner, f.name, false)
		return r.L.NewFunction(func(L *lua.LState) int {
			L.RaiseError("%s", msg)
			return 0
		})
	}
	return r.L.NewFunction(f.fn(r))
}

// setHandlers gives an object with fields its own __index and the like: fields are
// made when asked for, in Go.
func (r *vm) setHandlers(mt *lua.LTable, o object) {
	if o.handlers == nil {
		return
	}
	for event, f := range o.handlers(r) {
		if event == "__newindex" && r.opts.ReadOnly && o.acts {
			f = func(L *lua.LState) int {
				L.RaiseError("%s", r.face.Refusal(o.name, L.Get(2).String(), true))
				return 0
			}
		}
		mt.RawSetString(event, r.L.NewFunction(f))
	}
}

// class returns the metatable of an object, made on first use: its methods
// behind __index, and an error that lists the members for any other name.
// Objects with fields replace __index by a function of their own and find the
// methods in r.methods.
func (r *vm) class(name string) *lua.LTable {
	if mt := r.classes[name]; mt != nil {
		return mt
	}
	for _, o := range r.objects {
		if o.name != name {
			continue
		}
		methods := r.L.NewTable()
		for _, f := range o.methods {
			methods.RawSetString(f.name, r.member(o.name, f))
		}
		missing := r.L.NewTable()
		missing.RawSetString("__index", r.unknownMember(name, o.memberNames()))
		methods.Metatable = missing
		mt := r.L.NewTable()
		mt.RawSetString("__index", methods)
		mt.RawSetString("__metatable", lua.LFalse)
		r.setHandlers(mt, o)
		r.classes[name] = mt
		r.methods[name] = methods
		return mt
	}
	panic("bindings: no object " + name)
}

// newObject returns a userdata of the given kind that holds v.
func (r *vm) newObject(name string, v any) *lua.LUserData {
	return &lua.LUserData{Value: v, Env: r.L.Env, Metatable: r.class(name)}
}

// initObject makes ud a userdata of the given kind that holds v: for objects that
// have their userdata in the same piece of memory.
func (r *vm) initObject(ud *lua.LUserData, name string, v any) {
	ud.Value, ud.Env, ud.Metatable = v, r.L.Env, r.class(name)
}

// receiver returns argument n as the Go value of an object, or raises an error
// that says what was expected; name is the object's name.
func receiver[T any](L *lua.LState, n int, name string) T {
	if ud, ok := L.Get(n).(*lua.LUserData); ok {
		if v, ok := ud.Value.(T); ok {
			return v
		}
	}
	if n == 1 {
		L.RaiseError("%s expected as receiver, got %s: call methods with a colon, x:method()", name, typeName(L.Get(n)))
	}
	L.ArgError(n, fmt.Sprintf("%s expected, got %s", name, typeName(L.Get(n))))
	panic("unreachable")
}

// unknownMember is an __index that raises an error naming the nearest member.
func (r *vm) unknownMember(owner string, names []string) *lua.LFunction {
	return r.L.NewFunction(func(L *lua.LState) int {
		key := L.Get(2)
		text := key.String()
		if near := suggest.Nearest(text, names); near != "" {
			L.RaiseError("%s has no member '%s'; did you mean '%s'?", owner, escape(text), near)
		}
		L.RaiseError("%s has no member '%s'; it has %s", owner, escape(text), strings.Join(names, ", "))
		return 0
	})
}

func (o object) memberNames() []string {
	var names []string
	for _, f := range o.fields {
		names = append(names, f.name)
	}
	for _, f := range o.methods {
		names = append(names, f.name)
	}
	sort.Strings(names)
	return names
}

// tableNames returns the string keys of a table, sorted.
func tableNames(tb *lua.LTable) []string {
	var names []string
	tb.ForEach(func(k, _ lua.LValue) {
		if s, ok := k.(lua.LString); ok {
			names = append(names, string(s))
		}
	})
	sort.Strings(names)
	return names
}

// typeName is the name of a value's type for error messages: Lua's, or that of
// a 64-bit word.
func typeName(v lua.LValue) string {
	switch v.(type) {
	case Word, SignedWord:
		return "64-bit word"
	}
	return v.Type().String()
}

// methodOf is a method of an object, nil if it has none of that name. An object of that
// kind must have been made.
func (r *vm) methodOf(object, name string) lua.LValue {
	return r.methods[object].RawGetString(name)
}

// options are what the interpreter was made with.
func (r *vm) options() Options { return r.opts }

// globalTable holds the globals; see protectGlobals.
func (r *vm) globalTable() *lua.LTable { return r.globals }

// builtinGlobal is what a global was from the beginning, nil if there was none.
func (r *vm) builtinGlobal(name string) lua.LValue { return r.builtins[name] }
