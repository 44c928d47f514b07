package bindings

import lua "github.com/yuin/gopher-lua"

// traceObjects are the objects of the tracing interface.
func traceObjects() []object {
	return []object{
		eventObject(), argumentsObject(), flagsObject(), structObject(), registersObject(), memoryObject(),
		taskObject(), pendingObject(), processObject(), descriptorObject(), aggregationObject(), conditionObject(), testObject(),
	}
}

// installHandlers gives an object with fields its own __index: fields are made
// when asked for, in Go.
func (r *Runtime) installHandlers(mt *lua.LTable, o object) {
	type h = map[string]func(*lua.LState) int
	set := func(class string, handlers h) {
		if class != o.name {
			return
		}
		for event, f := range handlers {
			if event == "__newindex" && r.opts.ReadOnly && o.acts {
				f = refuseAssignment(class)
			}
			mt.RawSetString(event, r.L.NewFunction(f))
		}
	}
	set("event", h{"__index": r.evIndex, "__newindex": r.evNewIndex, "__tostring": r.eventString})
	set("arguments", h{"__index": r.argsIndex, "__newindex": r.argsNewIndex, "__len": r.argsLen})
	set("flags", h{"__index": r.flagsIndex, "__tostring": r.refString, "__concat": r.concat, "__eq": flagsEqual})
	set("struct", h{"__index": r.structIndex, "__newindex": r.structNewIndex, "__tostring": r.refString, "__concat": r.concat})
	set("registers", h{"__index": r.regsIndex, "__newindex": r.regsNewIndex})
	set("task", h{"__index": r.taskIndex, "__tostring": r.refString, "__concat": r.concat})
	set("pending", h{"__index": r.pendingIndex, "__tostring": r.pendingString, "__concat": r.concat})
	set("test", h{"__index": r.testIndex})
	set("descriptor", h{"__index": r.descriptorIndex, "__tostring": r.refString, "__concat": r.concat})
	set("process", h{"__index": r.procIndex, "__tostring": r.refString, "__concat": r.concat})
}

// concat is ".." for objects that have a text.
func (r *Runtime) concat(L *lua.LState) int {
	L.Push(lua.LString(toString(L, L.Get(1)) + toString(L, L.Get(2))))
	return 1
}

func flagsEqual(L *lua.LState) int {
	a, ok1 := L.Get(1).(*lua.LUserData).Value.(*flags)
	b, ok2 := L.Get(2).(*lua.LUserData).Value.(*flags)
	L.Push(lua.LBool(ok1 && ok2 && a.Bits == b.Bits))
	return 1
}
