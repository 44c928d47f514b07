package bindings

import (
	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
)

// notAllowed words the refusal of an act by a script that may only look.
func notAllowed(what string) string { return what + " is not allowed with --read-only" }

// spelled is how scripts write the objects that belong to an event.
var spelled = map[string]string{
	"event": "ev", "arguments": "ev.args", "registers": "ev.regs", "memory": "ev.mem", "process": "ev.proc", "task": "ev.task",
}

// ObjectOf is the kind of object that a field of an event is, "" for others.
func ObjectOf(name string) string {
	for _, f := range eventFields {
		if f.Name == name && spelled[f.Type] != "" {
			return f.Type
		}
	}
	return ""
}

// actTitle is a function or method in messages: "fault()", "ev:fail()".
func actTitle(owner, name string) string {
	if s := spelled[owner]; s != "" {
		owner = s
	}
	if owner != "" {
		owner += ":"
	}
	return owner + name + "()"
}

// assignTitle is an assignment in messages.
func assignTitle(owner, field string) string {
	if s := spelled[owner]; s != "" {
		owner = s
	}
	return "assigning " + owner + "." + luart.EscapeName(field)
}

// refusal words why a member is not there with --read-only; see [luart.Face].
func refusal(owner, member string, assigned bool) string {
	if assigned {
		return notAllowed(assignTitle(owner, member))
	}
	return notAllowed(actTitle(owner, member))
}

// ActingFunctions are the functions that change what is traced: "fault", and
// methods as "event:fail".
func ActingFunctions() map[string]bool {
	acting := map[string]bool{}
	for _, m := range modules() {
		for _, f := range m.Functions {
			if f.Acts && m.Name == "" {
				acting[f.Name] = true
			}
		}
	}
	for _, o := range objects() {
		for _, f := range o.Methods {
			if f.Acts {
				acting[o.Name+":"+f.Name] = true
			}
		}
	}
	return acting
}

// actingObjects are the objects to assign to which changes what is traced.
func actingObjects() map[string]bool {
	acting := map[string]bool{}
	for _, o := range objects() {
		if o.Acts {
			acting[o.Name] = true
		}
	}
	return acting
}

// certainAct looks for an act that a hook makes whenever it runs: one in front
// of every condition, loop and return. It returns how the act is called and in
// which line, or "". Acts that depend on something raise an error when they are
// reached.
func certainAct(p *lua.FunctionProto) (what string, line int) {
	if p.NumParameters == 0 {
		return "", 0
	}
	calls, assigns := ActingFunctions(), actingObjects()
	holds := map[int]string{0: "event"} // by register, kinds of objects
	constant := map[int]string{}        // by register
	key := func(operand int) string {
		if operand&luart.ConstBit == 0 {
			return constant[operand]
		}
		if i := operand &^ luart.ConstBit; i < len(p.Constants) {
			s, _ := p.Constants[i].(lua.LString)
			return string(s)
		}
		return ""
	}
	for pc := 0; pc < len(p.Code); pc++ {
		in := luart.DecodeInstruction(p.Code[pc])
		switch in.Op {
		case lua.OP_GETTABLE, lua.OP_GETTABLEKS:
			kind := ""
			if holds[in.B] == "event" {
				kind = ObjectOf(key(in.C))
			}
			delete(constant, in.A)
			holds[in.A] = kind
		case lua.OP_MOVE, lua.OP_MOVEN:
			holds[in.A], constant[in.A] = holds[in.B], constant[in.B]
		case lua.OP_LOADK:
			delete(holds, in.A)
			constant[in.A] = ""
			if in.Bx < luart.ConstBit {
				constant[in.A] = key(in.Bx | luart.ConstBit)
			}
		case lua.OP_SELF:
			if owner, name := holds[in.B], key(in.C); owner != "" && calls[owner+":"+name] {
				return actTitle(owner, name), p.DbgSourcePositions[pc]
			}
			holds[in.A+1] = holds[in.B]
			delete(holds, in.A)
		case lua.OP_SETTABLE, lua.OP_SETTABLEKS:
			if owner := holds[in.A]; assigns[owner] {
				return assignTitle(owner, key(in.B)), p.DbgSourcePositions[pc]
			}
		case lua.OP_GETGLOBAL, lua.OP_GETUPVAL, lua.OP_NEWTABLE, lua.OP_LOADBOOL, lua.OP_ADD, lua.OP_SUB, lua.OP_MUL, lua.OP_DIV,
			lua.OP_MOD, lua.OP_POW, lua.OP_UNM, lua.OP_LEN, lua.OP_NOT, lua.OP_CONCAT:
			delete(holds, in.A)
			delete(constant, in.A)
			if in.Op == lua.OP_LOADBOOL && in.C != 0 {
				return "", 0
			}
		case lua.OP_SETGLOBAL, lua.OP_SETUPVAL, lua.OP_NOP:
		case lua.OP_CALL, lua.OP_LOADNIL, lua.OP_VARARG, lua.OP_SETLIST, lua.OP_CLOSURE:
			for i := range luart.NumRegs { // results and temporaries; locals lie below
				if i >= in.A {
					delete(holds, i)
					delete(constant, i)
				}
			}
			pc += luart.Operands(p, in)
		default: // a branch, or the end
			return "", 0
		}
	}
	return "", 0
}
