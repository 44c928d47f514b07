package luart

import (
	lua "github.com/yuin/gopher-lua"
)

// step interprets the instruction at a.pc on a copy of the state before it and
// passes the result to its successors.
func (a *analysis) step() {
	in := DecodeInstruction(a.p.Code[a.pc])
	s := *a.before[a.pc]
	next := a.pc + 1 + Operands(a.p, in)

	switch in.Op {
	case lua.OP_MOVE, lua.OP_MOVEN: // the moves that MOVEN bundles follow it as MOVE
		a.assign(&s, in.A, in.B)

	case lua.OP_LOADK:
		s[in.A] = content(in.Bx + 1)
	case lua.OP_LOADBOOL:
		s[in.A] = 0
		if in.C != 0 {
			next++
		}
	case lua.OP_LOADNIL:
		s.clear(in.A, max(in.B, in.A)+1)
	case lua.OP_GETUPVAL:
		s[in.A] = 0
		if in.B < len(a.upvalues) && a.upvalues[in.B] {
			s[in.A] = isEvent
			a.assigned[in.A] = true
		}
	case lua.OP_GETGLOBAL, lua.OP_NEWTABLE:
		s[in.A] = 0
	case lua.OP_SETGLOBAL, lua.OP_SETUPVAL:
		a.escapeIf(&s, in.A)

	case lua.OP_GETTABLE, lua.OP_GETTABLEKS:
		if s[in.B]&isEvent != 0 {
			a.note(a.use.Reads, &s, in.C, in.Op == lua.OP_GETTABLEKS)
		}
		a.escapeIf(&s, in.C)
		s[in.A] = 0
	case lua.OP_SETTABLE, lua.OP_SETTABLEKS:
		if s[in.A]&isEvent != 0 {
			a.note(a.use.Writes, &s, in.B, in.Op == lua.OP_SETTABLEKS)
		}
		a.escapeIf(&s, in.B, in.C)
	case lua.OP_SELF:
		receiver, method := s[in.B], content(0)
		if receiver&isEvent != 0 {
			a.note(a.use.Calls, &s, in.C, true)
			method = isMethod
		}
		s[in.A], s[in.A+1] = method, receiver

	case lua.OP_ADD, lua.OP_SUB, lua.OP_MUL, lua.OP_DIV, lua.OP_MOD, lua.OP_POW:
		a.escapeIf(&s, in.B, in.C) // the other operand's metamethod gets it
		s[in.A] = 0
	case lua.OP_UNM, lua.OP_LEN:
		a.escapeIf(&s, in.B)
		s[in.A] = 0
	case lua.OP_NOT:
		s[in.A] = 0
	case lua.OP_CONCAT:
		a.escapeRange(&s, in.B, in.C+1)
		s[in.A] = 0

	case lua.OP_JMP:
		next = a.pc + 1 + in.sbx
	case lua.OP_EQ: // __eq is called only if both operands have the same
		a.flow(next+1, &s)
	case lua.OP_LT, lua.OP_LE:
		a.escapeIf(&s, in.B, in.C)
		a.flow(next+1, &s)
	case lua.OP_TEST:
		a.flow(next+1, &s)
	case lua.OP_TESTSET:
		a.flow(next+1, &s)
		a.assign(&s, in.A, in.B)

	case lua.OP_CALL:
		a.call(&s, in)
		if in.C == 0 {
			s.clear(in.A, NumRegs)
		} else {
			s.clear(in.A, in.A+in.C-1)
			for i := in.A + in.C - 1; i < NumRegs; i++ {
				s[i] &= isEvent // above the results everything is stale
			}
		}
	case lua.OP_TAILCALL:
		a.call(&s, in)
		return
	case lua.OP_RETURN:
		switch {
		case in.B != 0:
			a.escapeRange(&s, in.A, in.A+in.B-1)
		case a.oneResult(in.A):
			a.escapeRange(&s, in.A, in.A+1)
		default:
			a.escapeRange(&s, in.A, NumRegs)
		}
		return

	case lua.OP_FORPREP:
		s[in.A] = 0
		next = a.pc + 1 + in.sbx
	case lua.OP_FORLOOP:
		s[in.A] = 0
		leave := s
		a.flow(next, &leave)
		s[in.A+3] = 0
		next = a.pc + 1 + in.sbx
	case lua.OP_TFORLOOP:
		a.escapeRange(&s, in.A, in.A+3)
		s.clear(in.A+2, NumRegs)
		a.flow(next+1, &s) // past the jump back

	case lua.OP_SETLIST:
		to := in.A + in.B + 1
		if in.B == 0 {
			to = NumRegs
		}
		a.escapeRange(&s, in.A+1, to)
	case lua.OP_CLOSE, lua.OP_NOP:
	case lua.OP_CLOSURE:
		s[in.A] = 0
		a.capture(&s, in)
	case lua.OP_VARARG:
		if in.B == 0 {
			s.clear(in.A, NumRegs)
		} else {
			s.clear(in.A, in.A+in.B-1)
		}
	default:
		a.use.Escapes = true
		return
	}
	a.flow(next, &s)
}

// call notes an escape if the event is called or is an argument, except as the
// receiver of its own method.
func (a *analysis) call(s *regState, in Instruction) {
	first, to := in.A+1, in.A+in.B
	if in.B == 0 {
		to = NumRegs
	}
	a.escapeIf(s, in.A)
	if s[in.A]&isMethod != 0 {
		first++
	}
	a.escapeRange(s, first, to)
}

// oneResult reports whether the instruction before leaves exactly one value
// from register r up: "return (f())" is compiled as a return of all of them.
func (a *analysis) oneResult(r int) bool {
	if a.pc == 0 {
		return false
	}
	in := DecodeInstruction(a.p.Code[a.pc-1])
	return in.Op == lua.OP_CALL && in.A == r && in.C == 2
}

// capture notes which upvalues of a new function hold the event now.
func (a *analysis) capture(s *regState, in Instruction) {
	n := Operands(a.p, in)
	holds := a.closures[a.pc]
	if holds == nil {
		holds = make([]bool, n)
		a.closures[a.pc] = holds
	}
	for i := range n {
		switch c := DecodeInstruction(a.p.Code[a.pc+1+i]); c.Op {
		case lua.OP_MOVE:
			holds[i] = holds[i] || s[c.B]&isEvent != 0
		case lua.OP_GETUPVAL:
			holds[i] = holds[i] || c.B < len(a.upvalues) && a.upvalues[c.B]
		}
	}
}
