package luart

import (
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// When an error is raised, gopher-lua 1.1.2 closes the variables that closures
// share with any function that runs, also those outside of the pcall that holds
// the error: each closure and the function go on with a value of their own.
// protected opens again what should have stayed open. It reaches into fields that
// the library doesn't export; that they are there is checked at start.
var (
	upvaluesOffset = fieldOffset[lua.LState]("uvcache", reflect.TypeFor[*lua.Upvalue]())
	nextOffset     = fieldOffset[lua.Upvalue]("next", reflect.TypeFor[*lua.Upvalue]())
	closedOffset   = fieldOffset[lua.Upvalue]("closed", reflect.TypeFor[bool]())
)

func fieldOffset[T any](name string, want reflect.Type) uintptr {
	f, ok := reflect.TypeFor[T]().FieldByName(name)
	if !ok || f.Type != want {
		panic("gopher-lua's " + reflect.TypeFor[T]().Name() + " has no field " + name + " of type " + want.String())
	}
	return f.Offset
}

// openUpvalues is where a state holds its list of open upvalues, by register.
func openUpvalues(L *lua.LState) **lua.Upvalue {
	return (**lua.Upvalue)(unsafe.Add(unsafe.Pointer(L), upvaluesOffset))
}

func nextUpvalue(uv *lua.Upvalue) **lua.Upvalue {
	return (**lua.Upvalue)(unsafe.Add(unsafe.Pointer(uv), nextOffset))
}

// Protected calls the function below the n values on top of the stack, as
// [lua.LState.PCall] without a handler does. An error closes the variables of
// the functions it leaves, and no others.
func (r *Runtime) Protected(L *lua.LState, n, results int) error {
	outer := r.nesting
	if outer.calls >= maxNested {
		return tooDeep(L, n)
	}
	r.nesting.calls++
	mark := len(r.open)
	for uv := *openUpvalues(L); uv != nil; uv = *nextUpvalue(uv) {
		r.open = append(r.open, uv)
	}
	err := L.PCall(n, results, nil)
	r.nesting = outer
	if err != nil {
		// All that was open then belongs to functions outside, which have not run
		// since.
		last := openUpvalues(L)
		for _, uv := range r.open[mark:] {
			*(*bool)(unsafe.Add(unsafe.Pointer(uv), closedOffset)) = false
			*last = uv
			last = nextUpvalue(uv)
		}
		*last = nil
	}
	clear(r.open[mark:])
	r.open = r.open[:mark]
	return err
}
