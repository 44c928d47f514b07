package luart

import (
	"reflect"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// installFaults gives nil, booleans and numbers metatables whose functions raise
// the errors of Lua with the name of the variable, field or method that held the
// wrong value; gopher-lua's own name none. Nothing else runs slower for it.
func (r *Runtime) installFaults() {
	call := r.L.NewFunction(func(L *lua.LState) int {
		L.RaiseError("attempt to call a %s value%s", TypeName(L.Get(1)), calledName(L))
		return 0
	})
	index := r.L.NewFunction(func(L *lua.LState) int {
		L.RaiseError("attempt to index %s%s with key '%s'", TypeName(L.Get(1)), indexedName(L), L.Get(2).String())
		return 0
	})
	for _, v := range []lua.LValue{lua.LNil, lua.LTrue, lua.LNumber(0)} {
		mt := r.L.NewTable()
		mt.RawSetString("__call", call)
		mt.RawSetString("__metatable", lua.LFalse)
		mt.RawSetString("__index", index)
		mt.RawSetString("__newindex", index)
		if _, isNumber := v.(lua.LNumber); !isNumber {
			for event := range arithmetic {
				mt.RawSetString(event, r.L.NewFunction(func(L *lua.LState) int { return r.otherArithmetic(L, event) }))
			}
		}
		r.L.SetMetatable(v, mt)
	}
	if mt, ok := r.L.GetMetatable(lua.LString("")).(*lua.LTable); ok {
		mt.RawSetString("__call", call)
	}
}

// luaGetMetatable is getmetatable, which does not show what installFaults did.
func (r *Runtime) luaGetMetatable(L *lua.LState) int {
	switch v := L.CheckAny(1); v.Type() {
	case lua.LTNil, lua.LTBool, lua.LTNumber:
		L.Push(lua.LNil)
	default:
		L.Push(L.GetMetatable(v))
	}
	return 1
}

// site is the instruction of a Lua function that called the Go function that
// runs, as a metamethod.
type site struct {
	p  *lua.FunctionProto
	pc int
	in Instruction
}

// faultSite returns the instruction at fault; ok is false outside of Lua code.
func faultSite(L *lua.LState) (s site, ok bool) {
	dbg, ok := L.GetStack(1)
	if !ok {
		return s, false
	}
	v, err := L.GetInfo("f", dbg, lua.LNil)
	fn, isFunction := v.(*lua.LFunction)
	if err != nil || !isFunction || fn.IsG {
		return s, false
	}
	pc := reflect.ValueOf(dbg).Elem().FieldByName("frame").Elem().FieldByName("Pc") // of the next instruction
	if !pc.IsValid() || pc.Int() < 1 || pc.Int() > int64(len(fn.Proto.Code)) {
		return s, false
	}
	s = site{p: fn.Proto, pc: int(pc.Int()) - 1}
	s.in = DecodeInstruction(s.p.Code[s.pc])
	return s, true
}

// calledName names what the call at fault called: " (global 'f')", or "".
func calledName(L *lua.LState) string {
	s, ok := faultSite(L)
	if !ok {
		return ""
	}
	switch s.in.Op {
	case lua.OP_TFORLOOP:
		return " (what the for loop iterates with)"
	case lua.OP_CALL, lua.OP_TAILCALL:
	default:
		return ""
	}
	kind, name := s.origin(s.in.A)
	for _, c := range s.p.DbgCalls {
		if c.Pc == s.pc && kind == "local" {
			name = c.Name
		}
	}
	return named(kind, name)
}

// indexedName names what was indexed.
func indexedName(L *lua.LState) string {
	s, ok := faultSite(L)
	if !ok {
		return ""
	}
	switch s.in.Op {
	case lua.OP_GETTABLE, lua.OP_GETTABLEKS, lua.OP_SELF:
		return named(s.origin(s.in.B))
	case lua.OP_SETTABLE, lua.OP_SETTABLEKS:
		return named(s.origin(s.in.A))
	}
	return ""
}

// operandName names the first or second operand of the arithmetic at fault.
func operandName(L *lua.LState, n int) string {
	s, ok := faultSite(L)
	if !ok {
		return ""
	}
	switch s.in.Op {
	case lua.OP_ADD, lua.OP_SUB, lua.OP_MUL, lua.OP_DIV, lua.OP_MOD, lua.OP_POW:
		if n == 2 {
			return named(s.origin(s.in.C))
		}
		return named(s.origin(s.in.B))
	case lua.OP_UNM:
		return named(s.origin(s.in.B))
	}
	return ""
}

func named(kind, name string) string {
	if kind == "" || name == "" || name == "?" || strings.HasPrefix(name, "(") {
		return ""
	}
	return " (" + kind + " '" + EscapeName(name) + "')"
}

// origin says where the value of a register came from, as far as the bytecode
// tells: the last instruction before that wrote it, if no jump leads around it.
func (s site) origin(reg int) (kind, name string) {
	if reg&ConstBit != 0 {
		return "", ""
	}
	writer := s.writer(reg)
	if writer < 0 {
		if reg < int(s.p.NumParameters) && reg < len(s.p.DbgLocals) {
			return "local", s.p.DbgLocals[reg].Name
		}
		return "", ""
	}
	// A variable begins behind the instruction that sets it first.
	var begun []string
	for _, l := range s.p.DbgLocals {
		if l.StartPc == writer+1 {
			begun = append(begun, l.Name)
		}
	}
	if len(begun) == 1 && s.in.Op != lua.OP_CALL && s.in.Op != lua.OP_TAILCALL {
		return "local", begun[0]
	}
	in := DecodeInstruction(s.p.Code[writer])
	switch in.Op {
	case lua.OP_GETGLOBAL:
		return "global", s.constant(in.Bx)
	case lua.OP_GETUPVAL:
		if in.B < len(s.p.DbgUpvalues) {
			return "upvalue", s.p.DbgUpvalues[in.B]
		}
	case lua.OP_GETTABLE, lua.OP_GETTABLEKS:
		return "field", s.key(writer, in.C)
	case lua.OP_SELF:
		if in.A == reg {
			return "method", s.key(writer, in.C)
		}
	case lua.OP_MOVE:
		if in.B < int(s.p.NumParameters) && in.B < len(s.p.DbgLocals) {
			return "local", s.p.DbgLocals[in.B].Name
		}
		return "local", ""
	}
	return "", ""
}

// key is a constant string that indexes at an instruction.
func (s site) key(pc, operand int) string {
	if operand&ConstBit != 0 {
		return s.constant(operand &^ ConstBit)
	}
	at := site{p: s.p, pc: pc}
	if w := at.writer(operand); w >= 0 {
		if in := DecodeInstruction(s.p.Code[w]); in.Op == lua.OP_LOADK {
			return s.constant(in.Bx)
		}
	}
	return ""
}

func (s site) constant(i int) string {
	if i < len(s.p.Constants) {
		if text, ok := s.p.Constants[i].(lua.LString); ok {
			return string(text)
		}
	}
	return ""
}

// writer is the last instruction before that wrote a register, -1 if there is
// none, or if a jump may have come around it.
func (s site) writer(reg int) int {
	last := -1
	type jump struct{ from, to int }
	var jumps []jump
	EachInstruction(s.p, func(pc int, in Instruction) {
		if pc >= s.pc {
			return
		}
		if in.Op == lua.OP_JMP {
			jumps = append(jumps, jump{pc, pc + 1 + in.sbx})
		}
		if writes(in, reg) {
			last = pc
		}
	})
	for _, j := range jumps {
		if j.from < last && j.to > last && j.to <= s.pc {
			return -1
		}
	}
	return last
}

// writes says whether an instruction sets a register.
func writes(in Instruction, reg int) bool {
	switch in.Op {
	case lua.OP_MOVE, lua.OP_MOVEN, lua.OP_LOADK, lua.OP_LOADBOOL, lua.OP_GETUPVAL, lua.OP_GETGLOBAL, lua.OP_GETTABLE, lua.OP_GETTABLEKS,
		lua.OP_NEWTABLE, lua.OP_ADD, lua.OP_SUB, lua.OP_MUL, lua.OP_DIV, lua.OP_MOD, lua.OP_POW, lua.OP_UNM, lua.OP_NOT, lua.OP_LEN,
		lua.OP_CONCAT, lua.OP_TESTSET, lua.OP_CLOSURE:
		return in.A == reg
	case lua.OP_SELF:
		return in.A == reg || in.A+1 == reg
	case lua.OP_LOADNIL:
		return in.A <= reg && reg <= max(in.A, in.B)
	case lua.OP_CALL:
		return in.A <= reg && (in.C == 0 || reg < in.A+in.C-1)
	case lua.OP_VARARG:
		return in.A <= reg && (in.B == 0 || reg < in.A+in.B-1)
	case lua.OP_TFORLOOP:
		return in.A+3 <= reg && reg < in.A+3+in.C
	case lua.OP_FORLOOP:
		return reg == in.A || reg == in.A+3
	}
	return false
}
