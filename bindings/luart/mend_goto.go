package luart

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// leaveLoop returns what stands for a break. The compiler closes variables that
// closures hold at a break only if they are the loop's own: one out of an inner
// block becomes a goto, which closes what m.patch says.
func (m *mender) leaveLoop(s *ast.BreakStmt) ast.Stmt {
	b := m.fn.block
	for ; b != nil && b.loop == nil; b = b.outer {
	}
	if b == nil || b == m.fn.block || !m.fn.closures {
		return s
	}
	if b.loop.label == "" {
		m.labels++
		b.loop.label = fmt.Sprintf("(break %d)", m.labels)
	}
	g := &ast.GotoStmt{Label: b.loop.label}
	g.SetLine(s.Line())
	m.leap(g, b.loop.label)
	return g
}

// leap notes a goto, which finds its label now or when that comes.
func (m *mender) leap(s *ast.GotoStmt, label string) {
	l := &leap{label: label, line: s.Line(), outer: m.fn.block, vars: m.fn.block.top()}
	s.SetLastLine(s.Line())
	s.SetLine(leapLines + len(m.leaps))
	m.leaps = append(m.leaps, l)
	for b := m.fn.block; b != nil; b = b.outer {
		if live, ok := b.labels[label]; ok {
			l.live = live
			return
		}
	}
	m.fn.leaps = append(m.fn.leaps, l)
}

// label notes a label and the gotos before it that it ends. rest is what follows
// in the block.
func (m *mender) label(s *ast.LabelStmt, rest []ast.Stmt) {
	b := m.fn.block
	if b.labels == nil {
		b.labels = map[string]int{}
	}
	if _, twice := b.labels[s.Name]; twice {
		m.fail(s.Line(), "label '%s' is already defined in this block", s.Name)
		return
	}
	last := rest != nil && !b.until
	for _, next := range rest {
		_, label := next.(*ast.LabelStmt)
		last = last && label
	}
	vars, live := b.top(), b.top()
	if last {
		vars, live = b.base, b.base // the block's own variables end here
		if b.loop != nil {
			live += loopVars(b.names) // but for the loop's, which its end closes
		}
	}
	b.labels[s.Name] = live
	waiting := m.fn.leaps[:0]
	for _, l := range m.fn.leaps {
		switch {
		case l.label != s.Name || l.outer != b:
			waiting = append(waiting, l)
		case l.vars < vars:
			m.fail(l.line, "<goto %s> jumps into the scope of local '%s'", s.Name, b.names[len(b.names)-1])
		default:
			l.live = live
		}
	}
	m.fn.leaps = waiting
}

// loopVars counts the variables that a for statement itself declares.
func loopVars(names []string) int {
	n := 0
	for n < len(names) && names[n][0] == '(' {
		n++
	}
	return n
}

// leaveBlock ends the innermost block: gotos in it look for their label outside.
func (m *mender) leaveBlock() {
	b := m.fn.block
	for _, l := range m.fn.leaps {
		if l.outer == b {
			if l.outer = b.outer; b.outer != nil {
				l.vars = min(l.vars, b.base)
			}
		}
	}
	m.fn.block = b.outer
}

// patch gives the instructions of gotos their lines, and the registers to close.
func (m *mender) patch(p *lua.FunctionProto) {
	if len(m.leaps) == 0 {
		return
	}
	for pc, line := range p.DbgSourcePositions {
		if line < leapLines {
			continue
		}
		l := m.leaps[line-leapLines]
		p.DbgSourcePositions[pc] = l.line
		if DecodeInstruction(p.Code[pc]).Op == lua.OP_CLOSE {
			p.Code[pc] = p.Code[pc]&^(0xff<<18) | uint32(l.live)<<18
		}
	}
	for _, inner := range p.FunctionPrototypes {
		m.patch(inner)
	}
}
