package luart

import (
	"fmt"
	"sort"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"luatrace/internal/suggest"
)

// Function is one function or method of the interface.
//
// Params is "name: type, name?: type, ...: type" (? marks an optional one),
// Returns is "type" or "type, type", both with Lua type names joined by "|" or
// the name of an object of this table; Help is one or more plain sentences.
// For methods the receiver is argument 1 of Fn and does not stand in Params.
type Function struct {
	Name, Params, Returns, Help string
	Example                     string // lines of Lua, or none
	Fn                          Method
	Acts                        bool // it changes what scripts look at: not with ReadOnly
}

// Value is a constant member of a module, made by Get once for each Runtime. Type is
// written as in a [Function]'s Params.
type Value struct {
	Name, Type, Help string
	Example          string
	Get              func(r *Runtime) lua.LValue
}

// Module is a table of functions and values. The Name "" stands for the globals, and may
// occur several times so that each file can bring its own.
type Module struct {
	Name, Help string
	Functions  []Function
	Values     []Value
}

// Field is a readable or assignable member of an object: its Name, its Type as in a
// [Function]'s Params, and Help in full sentences.
type Field struct{ Name, Type, Help string }

// Object is a kind of userdata. [Runtime.Class] installs its methods; fields are
// documentation, and served by its handlers.
type Object struct {
	Name, Help string
	Fields     []Field
	Methods    []Function
	Acts       bool                      // assigning to a field changes what scripts look at: not with ReadOnly
	Handlers   func(r *Runtime) Handlers // nil for an object without fields
}

// Handlers are the metamethods of an object, "__index" for one.
type Handlers map[string]lua.LGFunction

// Method makes the function of a row for an interpreter.
type Method func(r *Runtime) lua.LGFunction

// Bind makes a row's function of one whose first argument is the interpreter, or the host
// that was given to [New]: T is the type of one of the two.
func Bind[T any](fn func(r T, L *lua.LState) int) Method {
	return func(r *Runtime) lua.LGFunction {
		own := hostOf[T](r)
		return func(L *lua.LState) int { return fn(own, L) }
	}
}

// With makes a function of an interpreter of one that gets the host: for the Get of a
// [Value] and the Handlers of an [Object].
func With[T, R any](get func(own T) R) func(r *Runtime) R {
	return func(r *Runtime) R { return get(hostOf[T](r)) }
}

// hostOf is the interpreter, or what its host keeps for it: whichever T is.
func hostOf[T any](r *Runtime) T {
	if own, ok := any(r).(T); ok {
		return own
	}
	return r.host.(T)
}

// Face is what a package adds to the interpreter, and what the interpreter asks it. Each
// field may be nil.
type Face struct {
	// Modules and Objects stand behind those that every interpreter has.
	Modules []Module
	Objects []Object
	// Tree, if set, changes the tree of each chunk before it is compiled, and Find says
	// what is wrong with it then.
	Tree func(chunk []ast.Stmt, kind SourceKind) []ast.Stmt
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
	// Moment says what is handled; see [Moment].
	Moment func() Moment
	// Scripts are the names of the scripts that are loaded.
	Scripts func() []string
}

// Moment is what scripts are called for at present.
type Moment struct {
	At    time.Time
	Call  uint64 // number of the call, 0 if it stands for no event
	Lines bool   // what is written is about the event, and gets its time
}

// OwnModules lists the modules that every interpreter has, in the order of the
// reference; those of its host follow.
func OwnModules() []Module {
	return []Module{
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

// OwnObjects lists the objects that every interpreter has.
func OwnObjects() []Object { return []Object{wordObject(), regexObject(), rngObject()} }

// install fills the globals from the module tables.
func (r *Runtime) install() {
	for _, m := range append(OwnModules(), r.face.Modules...) {
		tb := r.globals
		if m.Name != "" {
			tb = r.L.NewTable()
			r.globals.RawSetString(m.Name, tb)
		}
		for _, f := range m.Functions {
			tb.RawSetString(f.Name, r.member(m.Name, f))
		}
		for _, v := range m.Values {
			tb.RawSetString(v.Name, v.Get(r))
		}
		if m.Name != "" {
			mt := r.L.NewTable()
			mt.RawSetString("__index", r.unknownMember("module "+m.Name, TableNames(tb)))
			mt.RawSetString("__metatable", lua.LFalse)
			tb.Metatable = mt
		}
	}
}

// function makes a Lua function that gets the interpreter.
func (r *Runtime) function(fn func(r *Runtime, L *lua.LState) int) *lua.LFunction {
	return r.L.NewFunction(func(L *lua.LState) int { return fn(r, L) })
}

// member makes the Lua function of a row, which raises an error if it acts and
// scripts may only look.
func (r *Runtime) member(owner string, f Function) *lua.LFunction {
	if f.Acts && r.opts.ReadOnly {
		msg := r.refusal(owner, f.Name, false)
		return r.L.NewFunction(func(L *lua.LState) int {
			L.RaiseError("%s", msg)
			return 0
		})
	}
	return r.L.NewFunction(f.Fn(r))
}

// refusal words why a member is not there with ReadOnly.
func (r *Runtime) refusal(owner, member string, assigned bool) string {
	if r.face.Refusal == nil {
		return owner + "." + member + " is not allowed"
	}
	return r.face.Refusal(owner, member, assigned)
}

// setHandlers gives an object with fields its own __index and the like: fields are
// made when asked for, in Go.
func (r *Runtime) setHandlers(mt *lua.LTable, o Object) {
	if o.Handlers == nil {
		return
	}
	for event, f := range o.Handlers(r) {
		if event == "__newindex" && r.opts.ReadOnly && o.Acts {
			f = func(L *lua.LState) int {
				L.RaiseError("%s", r.refusal(o.Name, L.Get(2).String(), true))
				return 0
			}
		}
		mt.RawSetString(event, r.L.NewFunction(f))
	}
}

// Class returns the metatable of an object, made on first use: its methods
// behind __index, and an error that lists the members for any other name.
// Objects with fields replace __index by a function of their own and find the
// methods in r.methods.
func (r *Runtime) Class(name string) *lua.LTable {
	if mt := r.classes[name]; mt != nil {
		return mt
	}
	for _, o := range r.objects {
		if o.Name != name {
			continue
		}
		methods := r.L.NewTable()
		for _, f := range o.Methods {
			methods.RawSetString(f.Name, r.member(o.Name, f))
		}
		missing := r.L.NewTable()
		missing.RawSetString("__index", r.unknownMember(name, o.MemberNames()))
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

// NewObject returns a userdata of the given kind that holds v.
func (r *Runtime) NewObject(name string, v any) *lua.LUserData {
	return &lua.LUserData{Value: v, Env: r.L.Env, Metatable: r.Class(name)}
}

// InitObject makes ud a userdata of the given kind that holds v: for objects that
// have their userdata in the same piece of memory.
func (r *Runtime) InitObject(ud *lua.LUserData, name string, v any) {
	ud.Value, ud.Env, ud.Metatable = v, r.L.Env, r.Class(name)
}

// Receiver returns argument n as the Go value of an object, or raises an error
// that says what was expected; name is the object's name.
func Receiver[T any](L *lua.LState, n int, name string) T {
	if ud, ok := L.Get(n).(*lua.LUserData); ok {
		if v, ok := ud.Value.(T); ok {
			return v
		}
	}
	if n == 1 {
		L.RaiseError("%s expected as receiver, got %s: call methods with a colon, x:method()", name, TypeName(L.Get(n)))
	}
	L.ArgError(n, fmt.Sprintf("%s expected, got %s", name, TypeName(L.Get(n))))
	panic("unreachable")
}

// unknownMember is an __index that raises an error naming the nearest member.
func (r *Runtime) unknownMember(owner string, names []string) *lua.LFunction {
	return r.L.NewFunction(func(L *lua.LState) int {
		key := L.Get(2)
		text := key.String()
		if near := suggest.Nearest(text, names); near != "" {
			L.RaiseError("%s has no member '%s'; did you mean '%s'?", owner, EscapeName(text), near)
		}
		L.RaiseError("%s has no member '%s'; it has %s", owner, EscapeName(text), strings.Join(names, ", "))
		return 0
	})
}

// MemberNames are the names of all fields and methods, sorted.
func (o Object) MemberNames() []string {
	var names []string
	for _, f := range o.Fields {
		names = append(names, f.Name)
	}
	for _, f := range o.Methods {
		names = append(names, f.Name)
	}
	sort.Strings(names)
	return names
}

// TableNames returns the string keys of a table, sorted.
func TableNames(tb *lua.LTable) []string {
	var names []string
	tb.ForEach(func(k, _ lua.LValue) {
		if s, ok := k.(lua.LString); ok {
			names = append(names, string(s))
		}
	})
	sort.Strings(names)
	return names
}

// TypeName is the name of a value's type for error messages: Lua's, or that of
// a 64-bit word.
func TypeName(v lua.LValue) string {
	switch v.(type) {
	case Word, SignedWord:
		return "64-bit word"
	}
	return v.Type().String()
}

// MethodOf is a method of an object, nil if it has none of that name. An object of that
// kind must have been made.
func (r *Runtime) MethodOf(object, name string) lua.LValue {
	return r.methods[object].RawGetString(name)
}

// Options are what the interpreter was made with.
func (r *Runtime) Options() Options { return r.opts }

// Globals holds the globals; see protectGlobals.
func (r *Runtime) Globals() *lua.LTable { return r.globals }

// Builtin is what a global was from the beginning, nil if there was none.
func (r *Runtime) Builtin(name string) lua.LValue { return r.builtins[name] }
