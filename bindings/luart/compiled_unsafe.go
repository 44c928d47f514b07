package luart

import (
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// stringConstantsField is the field of a compiled function in which gopher-lua's
// compiler puts the constants that are strings, by their numbers ("" for others). The
// interpreter reads it, and nobody else can set it.
var stringConstantsField, hasStringConstants = reflect.TypeFor[lua.FunctionProto]().FieldByName("stringConstants")

// setStringConstants sets that field.
func setStringConstants(p *lua.FunctionProto, texts []string) {
	*(*[]string)(unsafe.Add(unsafe.Pointer(p), stringConstantsField.Offset)) = texts
}

// stringConstants reads it.
func stringConstants(p *lua.FunctionProto) []string {
	return *(*[]string)(unsafe.Add(unsafe.Pointer(p), stringConstantsField.Offset))
}
