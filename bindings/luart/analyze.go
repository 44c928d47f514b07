package luart

import (
	"maps"

	lua "github.com/yuin/gopher-lua"
)

// Use tells what a function does with its first parameter, the event of a
// hook, as far as its bytecode shows.
type Use struct {
	// Reads, Writes and Calls are the names of fields read (ev.path), fields
	// assigned (ev.ret = 0) and methods called (ev:fail()), also in functions
	// inside that use the same variable. They are complete unless Escapes.
	Reads, Writes, Calls map[string]bool
	// Escapes is set when the event may be used in ways not seen here: it is
	// passed to a function, stored, returned, indexed by a computed key.
	Escapes bool
}

// Analyze finds out how a function uses its first parameter. The answer errs
// on the side of Escapes. It holds for gopher-lua's bytecode and for scripts
// that have no debug.getlocal and no setfenv.
func Analyze(fn *lua.FunctionProto) Use {
	u := Use{Reads: map[string]bool{}, Writes: map[string]bool{}, Calls: map[string]bool{}}
	if fn.NumParameters == 0 {
		// function(...): the event is among the varargs, if those are used.
		// Even an unused "..." makes the table "arg" of Lua 5.0.
		u.Escapes = fn.IsVarArg != 0
		return u
	}
	a := analysis{p: fn, use: &u}
	a.run(true, nil)
	return u
}

// Mentions reports whether a name stands among the constants of a function or
// of the functions inside it: as a global, a field, a method or a string.
func Mentions(p *lua.FunctionProto, name string) bool {
	for _, c := range p.Constants {
		if s, ok := c.(lua.LString); ok && string(s) == name {
			return true
		}
	}
	for _, sub := range p.FunctionPrototypes {
		if Mentions(sub, name) {
			return true
		}
	}
	return false
}

// merge adds what another use found.
func (u *Use) merge(other Use) {
	maps.Copy(u.Reads, other.Reads)
	maps.Copy(u.Writes, other.Writes)
	maps.Copy(u.Calls, other.Calls)
	u.Escapes = u.Escapes || other.Escapes
}

// Instruction is a decoded instruction: 6 bits opcode, 8 A, 9 C, 9 B from the
// top; Bx and sBx are C and B together, without and with a sign.
type Instruction struct {
	Op, A, B, C, Bx, sbx int
}

// ConstBit is set in B or C where they are an index of the constants, not a register.
const ConstBit = 1 << 8

const maxSBx = 1<<17 - 1 // bias of sBx

// DecodeInstruction takes a word of a function's code apart.
func DecodeInstruction(word uint32) Instruction {
	bx := int(word & 0x3ffff)
	return Instruction{
		Op: int(word >> 26), A: int(word>>18) & 0xff, B: int(word) & 0x1ff, C: int(word>>9) & 0x1ff,
		Bx: bx, sbx: bx - maxSBx,
	}
}

// EachInstruction visits the instructions of one function in order, without the
// words that are operands of others.
func EachInstruction(p *lua.FunctionProto, visit func(pc int, in Instruction)) {
	for pc := 0; pc < len(p.Code); pc++ {
		in := DecodeInstruction(p.Code[pc])
		visit(pc, in)
		pc += Operands(p, in)
	}
}

// Operands is how many of the following words belong to an instruction.
func Operands(p *lua.FunctionProto, in Instruction) int {
	switch {
	case in.Op == lua.OP_CLOSURE && in.Bx < len(p.FunctionPrototypes):
		return int(p.FunctionPrototypes[in.Bx].NumUpvalues)
	case in.Op == lua.OP_SETLIST && in.C == 0:
		return 1
	}
	return 0
}

// NumRegs is the number of registers an instruction can address, and some more for
// those that address a range.
const NumRegs = 256 + 8

// content is what is known of a register at one point: isEvent if it may hold
// the event; isMethod if it does hold a method fetched by ev:name; the low bits
// are one more than the index of the string constant it does hold, or 0.
type content uint32

const (
	isEvent  content = 1 << 31
	isMethod content = 1 << 30
	constOf          = isMethod - 1
)

// join combines what two paths bring: may for the event, must for the rest.
func (c content) join(d content) content {
	j := (c | d) & isEvent
	if c&^isEvent == d&^isEvent {
		j |= c &^ isEvent
	}
	return j
}

type regState [NumRegs]content

// analysis is an abstract interpretation of one function: a work list over the
// instructions until the states in front of them don't change any more.
type analysis struct {
	p        *lua.FunctionProto
	use      *Use
	upvalues []bool // upvalues that hold the event
	before   []*regState
	work     []int
	pc       int

	captured [NumRegs]bool // registers that are upvalues of functions inside
	assigned [NumRegs]bool // registers an assignment may have put the event into
	closures map[int][]bool
}

// run analyses the function, with the event in the first parameter or in
// upvalues.
func (a *analysis) run(param bool, upvalues []bool) {
	a.upvalues = upvalues
	a.before = make([]*regState, len(a.p.Code)+2)
	a.closures = map[int][]bool{}
	EachInstruction(a.p, func(pc int, in Instruction) {
		if in.Op == lua.OP_CLOSURE {
			for i := 1; i <= Operands(a.p, in); i++ {
				if c := DecodeInstruction(a.p.Code[pc+i]); c.Op == lua.OP_MOVE {
					a.captured[c.B] = true
				}
			}
		}
	})
	var start regState
	if param {
		start[0] = isEvent
		a.assigned[0] = true
	}
	a.flow(0, &start)
	for len(a.work) > 0 && !a.use.Escapes {
		a.pc = a.work[len(a.work)-1]
		a.work = a.work[:len(a.work)-1]
		a.step()
	}
	if a.use.Escapes {
		return
	}
	// The functions inside see the registers they capture.
	for pc, at := range a.closures {
		in := DecodeInstruction(a.p.Code[pc])
		sub := a.p.FunctionPrototypes[in.Bx]
		holds := make([]bool, len(at))
		any := false
		for i := range at {
			c := DecodeInstruction(a.p.Code[pc+1+i])
			holds[i] = at[i] || c.Op == lua.OP_MOVE && a.assigned[c.B]
			any = any || holds[i]
		}
		if any {
			inner := analysis{p: sub, use: a.use}
			inner.run(false, holds)
		}
	}
}

// flow brings a state to an instruction and queues it if that is news.
func (a *analysis) flow(pc int, s *regState) {
	if pc < 0 || pc >= len(a.p.Code) {
		if pc != len(a.p.Code) { // the compiler ends every function with RETURN
			a.use.Escapes = true
		}
		return
	}
	old := a.before[pc]
	if old == nil {
		fresh := *s
		a.before[pc] = &fresh
		a.work = append(a.work, pc)
		return
	}
	changed := false
	for i := range old {
		if j := old[i].join(s[i]); j != old[i] {
			old[i], changed = j, true
		}
	}
	if changed {
		a.work = append(a.work, pc)
	}
}

// key returns the string a B or C operand stands for. A register counts if it
// must hold a constant; where the compiler used a register for a literal key
// that is a temporary, elsewhere it may be a local variable, which a function
// inside could change.
func (a *analysis) key(s *regState, operand int, temporary bool) (string, bool) {
	index := 0
	switch {
	case operand&ConstBit != 0:
		index = operand &^ ConstBit
	case !temporary && a.captured[operand]:
		return "", false
	default:
		index = int(s[operand]&constOf) - 1
	}
	if index < 0 || index >= len(a.p.Constants) {
		return "", false
	}
	str, ok := a.p.Constants[index].(lua.LString)
	return string(str), ok
}

// note records a use of a field by name, or an escape if the name is unknown.
func (a *analysis) note(set map[string]bool, s *regState, operand int, temporary bool) {
	if name, ok := a.key(s, operand, temporary); ok {
		set[name] = true
	} else {
		a.use.Escapes = true
	}
}

// escapeIf notes an escape if a B or C operand may be the event.
func (a *analysis) escapeIf(s *regState, operands ...int) {
	for _, o := range operands {
		if o&ConstBit == 0 && s[o]&isEvent != 0 {
			a.use.Escapes = true
		}
	}
}

// escapeRange notes an escape if any of the registers from..to-1 may be the
// event.
func (a *analysis) escapeRange(s *regState, from, to int) {
	for i := max(from, 0); i < min(to, NumRegs); i++ {
		if s[i]&isEvent != 0 {
			a.use.Escapes = true
		}
	}
}

// clear forgets the registers from..to-1, which get values that are not the
// event.
func (s *regState) clear(from, to int) {
	for i := max(from, 0); i < min(to, NumRegs); i++ {
		s[i] = 0
	}
}

// assign copies register b to a, as MOVE does.
func (a *analysis) assign(s *regState, to, from int) {
	s[to] = s[from]
	if s[to]&isEvent != 0 {
		a.assigned[to] = true
	}
}
