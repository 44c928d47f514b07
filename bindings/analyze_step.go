package bindings

import (
	lua "github.com/yuin/gopher-lua"
)

// step interprets the instruction at a.pc on a copy of the state before it and
// passes the result to its successors.
func (a *analysis) step() {
	in := decodeInstruction(a.p.Code[a.pc])
	s := *a.before[a.pc]
	next := a.pc + 1 + operands(a.p, in)

	switch in.op {
	case lua.OP_MOVE, lua.OP_MOVEN: // the moves that MOVEN bundles follow it as MOVE
		a.assign(&s, in.a, in.b)

	case lua.OP_LOADK:
		s[in.a] = content(in.bx + 1)
	case lua.OP_LOADBOOL:
		s[in.a] = 0
		if in.c != 0 {
			next++
		}
	case lua.OP_LOADNIL:
		s.clear(in.a, max(in.b, in.a)+1)
	case lua.OP_GETUPVAL:
		s[in.a] = 0
		if in.b < len(a.upvalues) && a.upvalues[in.b] {
			s[in.a] = isEvent
			a.assigned[in.a] = true
		}
	case lua.OP_GETGLOBAL, lua.OP_NEWTABLE:
		s[in.a] = 0
	case lua.OP_SETGLOBAL, lua.OP_SETUPVAL:
		a.escapeIf(&s, in.a)

	case lua.OP_GETTABLE, lua.OP_GETTABLEKS:
		if s[in.b]&isEvent != 0 {
			a.note(a.use.Reads, &s, in.c, in.op == lua.OP_GETTABLEKS)
		}
		a.escapeIf(&s, in.c)
		s[in.a] = 0
	case lua.OP_SETTABLE, lua.OP_SETTABLEKS:
		if s[in.a]&isEvent != 0 {
			a.note(a.use.Writes, &s, in.b, in.op == lua.OP_SETTABLEKS)
		}
		a.escapeIf(&s, in.b, in.c)
	case lua.OP_SELF:
		receiver, method := s[in.b], content(0)
		if receiver&isEvent != 0 {
			a.note(a.use.Calls, &s, in.c, true)
			method = isMethod
		}
		s[in.a], s[in.a+1] = method, receiver

	case lua.OP_ADD, lua.OP_SUB, lua.OP_MUL, lua.OP_DIV, lua.OP_MOD, lua.OP_POW:
		a.escapeIf(&s, in.b, in.c) // the other operand's metamethod gets it
		s[in.a] = 0
	case lua.OP_UNM, lua.OP_LEN:
		a.escapeIf(&s, in.b)
		s[in.a] = 0
	case lua.OP_NOT:
		s[in.a] = 0
	case lua.OP_CONCAT:
		a.escapeRange(&s, in.b, in.c+1)
		s[in.a] = 0

	case lua.OP_JMP:
		next = a.pc + 1 + in.sbx
	case lua.OP_EQ: // __eq is called only if both operands have the same
		a.flow(next+1, &s)
	case lua.OP_LT, lua.OP_LE:
		a.escapeIf(&s, in.b, in.c)
		a.flow(next+1, &s)
	case lua.OP_TEST:
		a.flow(next+1, &s)
	case lua.OP_TESTSET:
		a.flow(next+1, &s)
		a.assign(&s, in.a, in.b)

	case lua.OP_CALL:
		a.call(&s, in)
		if in.c == 0 {
			s.clear(in.a, numRegs)
		} else {
			s.clear(in.a, in.a+in.c-1)
			for i := in.a + in.c - 1; i < numRegs; i++ {
				s[i] &= isEvent // above the results everything is stale
			}
		}
	case lua.OP_TAILCALL:
		a.call(&s, in)
		return
	case lua.OP_RETURN:
		switch {
		case in.b != 0:
			a.escapeRange(&s, in.a, in.a+in.b-1)
		case a.oneResult(in.a):
			a.escapeRange(&s, in.a, in.a+1)
		default:
			a.escapeRange(&s, in.a, numRegs)
		}
		return

	case lua.OP_FORPREP:
		s[in.a] = 0
		next = a.pc + 1 + in.sbx
	case lua.OP_FORLOOP:
		s[in.a] = 0
		leave := s
		a.flow(next, &leave)
		s[in.a+3] = 0
		next = a.pc + 1 + in.sbx
	case lua.OP_TFORLOOP:
		a.escapeRange(&s, in.a, in.a+3)
		s.clear(in.a+2, numRegs)
		a.flow(next+1, &s) // past the jump back

	case lua.OP_SETLIST:
		to := in.a + in.b + 1
		if in.b == 0 {
			to = numRegs
		}
		a.escapeRange(&s, in.a+1, to)
	case lua.OP_CLOSE, lua.OP_NOP:
	case lua.OP_CLOSURE:
		s[in.a] = 0
		a.capture(&s, in)
	case lua.OP_VARARG:
		if in.b == 0 {
			s.clear(in.a, numRegs)
		} else {
			s.clear(in.a, in.a+in.b-1)
		}
	default:
		a.use.Escapes = true
		return
	}
	a.flow(next, &s)
}

// call notes an escape if the event is called or is an argument, except as the
// receiver of its own method.
func (a *analysis) call(s *regState, in instruction) {
	first, to := in.a+1, in.a+in.b
	if in.b == 0 {
		to = numRegs
	}
	a.escapeIf(s, in.a)
	if s[in.a]&isMethod != 0 {
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
	in := decodeInstruction(a.p.Code[a.pc-1])
	return in.op == lua.OP_CALL && in.a == r && in.c == 2
}

// capture notes which upvalues of a new function hold the event now.
func (a *analysis) capture(s *regState, in instruction) {
	n := operands(a.p, in)
	holds := a.closures[a.pc]
	if holds == nil {
		holds = make([]bool, n)
		a.closures[a.pc] = holds
	}
	for i := range n {
		switch c := decodeInstruction(a.p.Code[a.pc+1+i]); c.op {
		case lua.OP_MOVE:
			holds[i] = holds[i] || s[c.b]&isEvent != 0
		case lua.OP_GETUPVAL:
			holds[i] = holds[i] || c.b < len(a.upvalues) && a.upvalues[c.b]
		}
	}
}
