package luart

import (
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// callFrame is the beginning of gopher-lua's record of a call that has not
// returned, which it doesn't export; that the fields are there is checked at
// start.
type callFrame struct {
	idx    int // in the stack of its state, from 0
	fn     *lua.LFunction
	parent *callFrame
	pc     int // of the next instruction
	_      int // the register of the function itself
	local  int // its first register
}

var currentFrameOffset = func() uintptr {
	f, ok := reflect.TypeFor[lua.LState]().FieldByName("currentFrame")
	if !ok || f.Type.Kind() != reflect.Pointer || f.Type.Elem().Kind() != reflect.Struct {
		panic("gopher-lua's LState has no field currentFrame")
	}
	theirs, ours := f.Type.Elem(), reflect.TypeFor[callFrame]()
	for i, name := range []string{"Idx", "Fn", "Parent", "Pc", "Base", "LocalBase"} {
		want := ours.Field(i)
		got, ok := theirs.FieldByName(name)
		if !ok || got.Offset != want.Offset || got.Type.Kind() != want.Type.Kind() || got.Type.Size() != want.Type.Size() {
			panic("gopher-lua's " + theirs.Name() + " has no field " + name + " as it was")
		}
	}
	return f.Offset
}()

// currentFrame is the record of the function that a state runs, or nil.
func currentFrame(L *lua.LState) *callFrame {
	return *(**callFrame)(unsafe.Add(unsafe.Pointer(L), currentFrameOffset))
}
