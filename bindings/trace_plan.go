package bindings

import (
	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine/plan"
	"luatrace/engine/spec"
)

// noteMentions remembers whether code that was compiled names registers, as a hook
// that passes its event on may look at them, or what is traced.
func (r *Runtime) noteMentions(p *lua.FunctionProto) {
	if luart.Mentions(p, "regs") {
		r.mentioned["regs"] = true
	}
	for _, name := range [...]string{"tasks", "processes", "parent", "children"} {
		if r.tracing != nil && luart.Mentions(p, name) {
			r.tracing.eng.KeepTasks() // an end hook may ask
		}
	}
}

// root is a Lua function that the engine calls.
type root struct {
	fn    *lua.LFunction
	begin bool // before the plan is made: what it does itself is known by then
}

// noteRoot remembers the function of a hook or timer.
func (t *Trace) noteRoot(sel *spec.Spec, fn *lua.LFunction) {
	if sel != nil && sel.Kind == spec.End {
		return // no plan matters any more
	}
	t.roots = append(t.roots, root{fn, sel != nil && sel.Kind == spec.Begin})
}

// NoFilter is why the scripts loaded so far speak against a seccomp filter: code that hooks can reach detaches from processes or adds hooks. It is a
// hint: what it does not see meets an error of the engine when it happens.
func (t *Trace) NoFilter() plan.Reason {
	w := reached{r: t.r, protos: map[*lua.FunctionProto]bool{}, values: map[lua.LValue]bool{}, names: map[string]bool{}}
	for _, root := range t.roots {
		if !root.begin {
			w.value(root.fn)
			continue
		}
		for _, p := range root.fn.Proto.FunctionPrototypes {
			w.proto(p, nil)
		}
		w.upvalues(root.fn)
	}
	w.settle()
	switch {
	case w.names["detach"]:
		return "the script may let processes go (detach)"
	case w.calls("stop_trace"):
		return "the script may end the trace (stop_trace)"
	case w.calls("on") || w.calls("fault"):
		return "the script may add hooks while it runs"
	}
	return ""
}

// reached is what Lua code can get at: functions it holds as upvalues or finds in
// globals, and what stands in tables under the names that the code has. What
// is made while it runs, and names that are put together, it does not see.
type reached struct {
	r      *Runtime
	protos map[*lua.FunctionProto]bool
	values map[lua.LValue]bool // functions and tables
	tables []*lua.LTable
	names  map[string]bool // constants of the code
}

// calls says whether the function that a global has from the beginning was
// reached.
func (w *reached) calls(global string) bool { return w.values[w.r.Builtin(global)] }

// settle looks into the tables until nothing new comes of it: code that was
// found there brings names and tables of its own.
func (w *reached) settle() {
	for before := -1; before != len(w.names)+len(w.values); {
		before = len(w.names) + len(w.values)
		for i := 0; i < len(w.tables); i++ {
			for name := range w.names {
				w.value(w.tables[i].RawGetString(name))
			}
		}
	}
}

func (w *reached) value(v lua.LValue) {
	switch v := v.(type) {
	case *lua.LFunction:
		if w.values[v] {
			return
		}
		w.values[v] = true
		if v.Proto != nil {
			w.proto(v.Proto, v)
			w.upvalues(v)
		}
	case *lua.LTable:
		if !w.values[v] && v != w.r.Globals() {
			w.values[v] = true
			w.tables = append(w.tables, v)
		}
	}
}

func (w *reached) upvalues(fn *lua.LFunction) {
	for _, u := range fn.Upvalues {
		if u != nil {
			w.value(u.Value())
		}
	}
}

// proto notes what the code of a function, and of those inside it, can name. fn
// is the function itself where it exists.
func (w *reached) proto(p *lua.FunctionProto, fn *lua.LFunction) {
	if w.protos[p] {
		return
	}
	w.protos[p] = true
	for _, c := range p.Constants {
		if s, ok := c.(lua.LString); ok {
			w.names[string(s)] = true
		}
	}
	luart.EachInstruction(p, func(pc int, in luart.Instruction) {
		switch in.Op {
		case lua.OP_GETGLOBAL:
			w.value(w.global(p, in))
		case lua.OP_GETTABLE:
			if in.C&luart.ConstBit == 0 {
				w.all(w.loaded(p, fn, pc, in.B))
			}
		}
	})
	for _, inner := range p.FunctionPrototypes {
		w.proto(inner, nil)
	}
}

func (w *reached) global(p *lua.FunctionProto, in luart.Instruction) lua.LValue {
	if s, ok := p.Constants[in.Bx].(lua.LString); ok {
		return w.r.Globals().RawGetString(string(s))
	}
	return lua.LNil
}

// loaded is what the code before pc puts into a register, as far as it is an
// upvalue of fn or a global.
func (w *reached) loaded(p *lua.FunctionProto, fn *lua.LFunction, pc, register int) lua.LValue {
	for pc--; pc >= 0; pc-- {
		switch in := luart.DecodeInstruction(p.Code[pc]); {
		case in.A != register:
		case in.Op == lua.OP_GETUPVAL && fn != nil && in.B < len(fn.Upvalues) && fn.Upvalues[in.B] != nil:
			return fn.Upvalues[in.B].Value()
		case in.Op == lua.OP_GETGLOBAL:
			return w.global(p, in)
		default:
			return lua.LNil
		}
	}
	return lua.LNil
}

// all notes everything in a table that is indexed by what nobody knows before.
func (w *reached) all(v lua.LValue) {
	if tb, ok := v.(*lua.LTable); ok && tb != w.r.Globals() {
		w.value(tb)
		tb.ForEach(func(_, v lua.LValue) { w.value(v) })
	}
}
