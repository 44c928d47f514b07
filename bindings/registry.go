package bindings

import (
	"fmt"
	"sort"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"luatrace/engine/spec"
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
	fn                          func(r *Runtime, L *lua.LState) int
	acts                        bool // it changes what is traced: not with ReadOnly
}

// value is a constant member of a module, made once for each Runtime.
type value struct {
	name, typ, help string
	example         string
	get             func(r *Runtime) lua.LValue
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
	acts       bool // assigning to a field changes what is traced: not with ReadOnly
}

// modules lists every module of the interface, in the order of the reference.
func modules() []module {
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
		syscallModule(),
		traceGlobals(),
		tracedGlobals(),
		fieldsGlobals(),
		conditionGlobals(),
		aggGlobals(),
		metaGlobals(),
		testGlobals(),
	}
}

// objects lists every object of the interface, in the order of the reference. The
// list is made once, and not to be changed.
func objects() []object {
	interfaceObjects.once.Do(func() {
		interfaceObjects.list = append([]object{wordObject(), regexObject(), rngObject()}, traceObjects()...)
	})
	return interfaceObjects.list
}

var interfaceObjects struct {
	once sync.Once
	list []object
}

// install fills the globals from the module tables.
func (r *Runtime) install() {
	for _, m := range modules() {
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

// function makes the Lua function of a row.
func (r *Runtime) function(f function) *lua.LFunction {
	fn := f.fn
	return r.L.NewFunction(func(L *lua.LState) int { return fn(r, L) })
}

// class returns the metatable of an object, made on first use: its methods
// behind __index, and an error that lists the members for any other name.
// Objects with fields replace __index by a function of their own and find the
// methods in r.methods.
func (r *Runtime) class(name string) *lua.LTable {
	if mt := r.classes[name]; mt != nil {
		return mt
	}
	for _, o := range objects() {
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
		r.installHandlers(mt, o)
		r.classes[name] = mt
		r.methods[name] = methods
		return mt
	}
	panic("bindings: no object " + name)
}

// newObject returns a userdata of the given kind that holds v.
func (r *Runtime) newObject(name string, v any) *lua.LUserData {
	return &lua.LUserData{Value: v, Env: r.L.Env, Metatable: r.class(name)}
}

// initObject makes ud a userdata of the given kind that holds v: for objects that
// have their userdata in the same piece of memory.
func (r *Runtime) initObject(ud *lua.LUserData, name string, v any) {
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
func (r *Runtime) unknownMember(owner string, names []string) *lua.LFunction {
	return r.L.NewFunction(func(L *lua.LState) int {
		key := L.Get(2)
		text := key.String()
		if near := spec.Nearest(text, names); near != "" {
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
