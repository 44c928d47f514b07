package luart

import (
	"bufio"
	"reflect"
	"sync"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// gopher-lua's files are of a type that it doesn't export. What a script reads of one
// comes from its buffer, which is taken from there.
var fileFields = sync.OnceValue(func() (f struct {
	file           reflect.Type
	reader, closed uintptr
}) {
	L := lua.NewState(lua.Options{SkipOpenLibs: true, RegistrySize: 256, CallStackSize: 16})
	defer L.Close()
	L.Push(L.NewFunction(lua.OpenIo))
	L.Call(0, 1)
	stdin := L.Get(-1).(*lua.LTable).RawGetString("stdin").(*lua.LUserData)
	f.file = reflect.TypeOf(stdin.Value)
	offset := func(name string, want reflect.Type) uintptr {
		field, ok := f.file.Elem().FieldByName(name)
		if !ok || field.Type != want {
			panic("gopher-lua's files have no field " + name + " of type " + want.String())
		}
		return field.Offset
	}
	f.reader = offset("reader", reflect.TypeFor[*bufio.Reader]())
	f.closed = offset("closed", reflect.TypeFor[bool]())
	return f
})

// fileReader is the buffer of an open file, nil for one that can't be read and for
// what is no file.
func fileReader(v lua.LValue) *bufio.Reader {
	ud, ok := v.(*lua.LUserData)
	if !ok {
		return nil
	}
	f := fileFields()
	if reflect.TypeOf(ud.Value) != f.file {
		return nil
	}
	file := reflect.ValueOf(ud.Value).UnsafePointer()
	if *(*bool)(unsafe.Add(file, f.closed)) {
		return nil
	}
	return *(**bufio.Reader)(unsafe.Add(file, f.reader))
}
