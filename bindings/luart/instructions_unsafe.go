package luart

import (
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// Two instructions of gopher-lua make any amount of memory in one step, between
// which nothing can be interrupted: a..b..c joins up to 250 strings, and
// t[16000000] = 1 fills the array of a table up to there. They are looked at
// before they are carried out, by functions that stand before the interpreter's own
// in its table of instructions. Nothing else gets slower by that, and a concatenation
// by some nanoseconds; calls that the compiler would insert cost twenty times that.
//
// The table is a variable that the library doesn't export. That it is there,
// and is laid out as here, is checked at start.

// instructionFunc is gopher-lua's instFunc; frame is its *callFrame, which is passed on.
type instructionFunc func(L *lua.LState, inst uint32, frame unsafe.Pointer) int

//go:linkname instructions github.com/yuin/gopher-lua.jumpTable
var instructions [lua.OP_NOP + 1]instructionFunc

var (
	registryOffset, valuesOffset = registryOffsets()
	arrayOffset                  = fieldOffset[lua.LTable]("array", reflect.TypeFor[[]lua.LValue]())
)

// registryOffsets are where a state has its registry, and that its values.
func registryOffsets() (registry, values uintptr) {
	r, ok := reflect.TypeFor[lua.LState]().FieldByName("reg")
	if !ok || r.Type.Kind() != reflect.Pointer || r.Type.Elem().Kind() != reflect.Struct {
		panic("gopher-lua's LState has no field reg")
	}
	v, ok := r.Type.Elem().FieldByName("array")
	if !ok || v.Type != reflect.TypeFor[[]lua.LValue]() {
		panic("gopher-lua's registry has no field array of values")
	}
	return r.Offset, v.Offset
}

// registers are those of the running function, from its first on: LState.Get looks for
// them anew for each.
func registers(L *lua.LState) []lua.LValue {
	registry := *(*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(L), registryOffset))
	return (*(*[]lua.LValue)(unsafe.Add(registry, valuesOffset)))[currentFrame(L).local:]
}

// listPart is a table's array: the values from 1 up.
func listPart(tb *lua.LTable) []lua.LValue {
	return *(*[]lua.LValue)(unsafe.Add(unsafe.Pointer(tb), arrayOffset))
}

func init() {
	for _, op := range []int{lua.OP_CONCAT, lua.OP_SETTABLE} {
		if instructions[op] == nil {
			panic("gopher-lua's table of instructions is not where it was")
		}
	}
	concat := instructions[lua.OP_CONCAT]
	instructions[lua.OP_CONCAT] = func(L *lua.LState, inst uint32, frame unsafe.Pointer) int {
		size := 0
		for _, v := range registers(L)[inst&0x1ff : inst>>9&0x1ff+1] {
			if s, ok := v.(lua.LString); ok {
				size += len(s)
			}
		}
		if size >= largeResult {
			runtimeOf(L).RoomForText(L, size)
		}
		return concat(L, inst, frame)
	}
	setTable := instructions[lua.OP_SETTABLE]
	instructions[lua.OP_SETTABLE] = func(L *lua.LState, inst uint32, frame unsafe.Pointer) int {
		var key lua.LValue
		if b := int(inst & 0x1ff); b&ConstBit == 0 {
			key = registers(L)[b]
		} else {
			key = currentFrame(L).fn.Proto.Constants[b&^ConstBit]
		}
		if n, ok := key.(lua.LNumber); ok && n >= largeIndex && n < maxListLength {
			runtimeOf(L).roomForIndex(L, registers(L)[inst>>18&0xff], int(n))
		}
		return setTable(L, inst, frame)
	}
}

// runtimeKey is where the registry of an interpreter, which scripts don't see, holds
// its Runtime.
const runtimeKey = "luatrace"

// runtimeOf is the Runtime of a thread.
func runtimeOf(L *lua.LState) *Runtime {
	return L.G.Registry.RawGetString(runtimeKey).(*lua.LUserData).Value.(*Runtime)
}
