package luart

import (
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/ast"
)

// The compiler of gopher-lua 1.1.2 makes wrong code of programs that are right:
//
//   - it computes the value of an assignment to a local variable in the variable
//     itself, while the expression, or the next one, still reads it: "p = m.dir
//     and p" keeps the old p, "a, b = b, a" makes both the same;
//   - it loses count of registers when one assignment has targets of several
//     kinds, and takes a register for the constant in ("x").y = 1;
//   - it leaves the state of a generic for unset where fewer than three values
//     are written;
//   - in "local f = function() return f end" f is the new variable;
//   - break and goto leave the variables of inner blocks open that closures
//     hold, and goto closes those that live on;
//   - a jump back to a jump goes anywhere;
//   - a table constructor whose last field has a key and a call takes all results
//     of the call for list items, and one with a key behind 50 list items stores
//     those again.
//
// mend rewrites such statements to others of the same meaning that are compiled
// right, and only them. What it adds to a function is a temporary variable in a
// block of its own, in a register that the expression needed anyway. The
// differential test beside it compares the outcome with lua5.1.
type mender struct {
	file   string
	fn     *mendFunc
	leaps  []*leap // by their number; see leap
	labels int     // that stand for breaks
	err    *ScriptError
}

// mendFunc is a function around the code that is looked at, the innermost first.
type mendFunc struct {
	block    *mendBlock
	leaps    []*leap // that wait for their label
	closures bool    // functions are made in it
}

// mendBlock is a block of the innermost function.
type mendBlock struct {
	outer  *mendBlock
	base   int // registers taken by the variables outside
	names  []string
	labels map[string]int // the variables that live on at a label: what a leap there must not close
	loop   *mendLoop      // set in the body of a loop
	until  bool           // the body of a repeat: its variables live in the condition
}

// mendLoop is a loop around the code that is looked at.
type mendLoop struct {
	label string // behind the loop, "" as long as no break needs it
}

// leap is a goto. The compiler gets leapLines plus its number for its line, so
// that its instructions can be found: see [mender.patch].
type leap struct {
	label string
	line  int
	live  int // registers that stay open
	outer *mendBlock
	vars  int // variables at the goto, then of the outermost block it has left
}

// leapLines is beyond every line of a script.
const leapLines = 1 << 30

// mend returns the statements to compile instead of a chunk's; m.patch must see
// what the compiler makes of them. The statements are changed in place.
func mend(chunk []ast.Stmt, file string) ([]ast.Stmt, *mender, *ScriptError) {
	m := &mender{file: file}
	m.enterFunc(chunk, nil, false)
	chunk = m.stmts(chunk)
	m.leaveFunc()
	return chunk, m, m.err
}

func (m *mender) fail(line int, format string, a ...any) {
	if m.err == nil {
		m.err = ErrorAt(m.file, line, "%s", EscapeName(fmt.Sprintf(format, a...)))
	}
}

func (m *mender) enterFunc(stmts []ast.Stmt, names []string, varargs bool) (outer *mendFunc) {
	outer = m.fn
	m.fn = &mendFunc{closures: makesFunctions(stmts)}
	m.enterBlock()
	m.declare(names...)
	if varargs {
		m.declare("arg") // as in Lua 5.0; see lua.CompatVarArg
	}
	return outer
}

func (m *mender) leaveFunc() {
	m.leaveBlock()
	for _, l := range m.fn.leaps {
		m.fail(l.line, "no visible label '%s' for <goto>", l.label)
	}
}

func (m *mender) function(f *ast.FunctionExpr, method bool) {
	if f == nil {
		return
	}
	names := f.ParList.Names
	if method {
		names = append([]string{"self"}, names...)
	}
	outer := m.enterFunc(f.Stmts, names, f.ParList.HasVargs)
	f.Stmts = m.stmts(f.Stmts)
	m.leaveFunc()
	m.fn = outer
}

func (m *mender) enterBlock() *mendBlock {
	b := &mendBlock{outer: m.fn.block}
	if b.outer != nil {
		b.base = b.outer.top()
	}
	m.fn.block = b
	return b
}

func (b *mendBlock) top() int { return b.base + len(b.names) }

func (m *mender) declare(names ...string) {
	m.fn.block.names = append(m.fn.block.names, names...)
}

// local says whether a name is a variable of the innermost function.
func (m *mender) local(name string) bool {
	for b := m.fn.block; b != nil; b = b.outer {
		for _, n := range b.names {
			if n == name {
				return true
			}
		}
	}
	return false
}

// block mends the statements of a block and returns them.
func (m *mender) block(stmts []ast.Stmt) []ast.Stmt {
	m.enterBlock()
	stmts = m.stmts(stmts)
	m.leaveBlock()
	return stmts
}

// loopBody mends the body of a loop whose own variables are given.
func (m *mender) loopBody(stmts []ast.Stmt, loop *mendLoop, names ...string) []ast.Stmt {
	b := m.enterBlock()
	b.loop = loop
	m.declare(names...)
	stmts = m.stmts(stmts)
	m.leaveBlock()
	return stmts
}

// stmts mends a list of statements in the block that is open.
func (m *mender) stmts(list []ast.Stmt) []ast.Stmt {
	out := list[:0:0]
	for i := 0; i < len(list); i++ {
		s := list[i]
		var loop *mendLoop
		switch s := s.(type) {
		case *ast.AssignStmt:
			out = append(out, m.assign(s))
			continue
		case *ast.BreakStmt:
			out = append(out, m.leaveLoop(s))
			continue
		case *ast.LabelStmt:
			m.label(s, list[i+1:])
			list = append(list[:i+1:i+1], apart(list[i+1:], false)...)
		case *ast.GotoStmt:
			m.leap(s, s.Label)
		case *ast.WhileStmt:
			loop = &mendLoop{}
			if _, forever := s.Condition.(*ast.TrueExpr); !forever && jumps(s.Condition, true) {
				loopForever(s)
			}
			m.expr(s.Condition)
			s.Stmts = apart(m.loopBody(s.Stmts, loop), false)
		case *ast.RepeatStmt:
			loop = &mendLoop{}
			b := m.enterBlock()
			b.loop, b.until = loop, true
			s.Stmts = apart(m.stmts(s.Stmts), jumps(s.Condition, true))
			m.expr(s.Condition)
			m.leaveBlock()
		case *ast.NumberForStmt:
			loop = &mendLoop{}
			m.exprs([]ast.Expr{s.Init, s.Limit, s.Step})
			s.Stmts = m.loopBody(s.Stmts, loop, "(for index)", "(for limit)", "(for step)", s.Name)
		case *ast.GenericForStmt:
			loop = &mendLoop{}
			m.exprs(s.Exprs)
			if len(s.Exprs) != 1 || !multiple(s.Exprs[0]) {
				for len(s.Names) < 3 { // the compiler sets as many as there are names
					s.Names = append(s.Names, "(for unused)")
				}
			}
			names := append([]string{"(for generator)", "(for state)", "(for control)"}, s.Names...)
			s.Stmts = apart(m.loopBody(s.Stmts, loop, names...), false)
		default:
			m.simple(s)
		}
		out = append(out, s)
		if loop != nil && loop.label != "" {
			l := &ast.LabelStmt{Name: loop.label}
			l.SetLine(s.LastLine())
			m.label(l, nil)
			out = append(out, l)
		}
	}
	return out
}

// simple mends what is inside of a statement.
func (m *mender) simple(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.LocalAssignStmt:
		m.localAssign(s)
	case *ast.FuncCallStmt:
		m.expr(s.Expr)
	case *ast.DoBlockStmt:
		s.Stmts = m.block(s.Stmts)
	case *ast.IfStmt:
		m.expr(s.Condition)
		s.Then = m.block(s.Then)
		s.Else = m.block(s.Else)
	case *ast.FuncDefStmt:
		if s.Name.Func != nil {
			m.expr(s.Name.Func)
		} else {
			m.expr(s.Name.Receiver)
		}
		m.function(s.Func, s.Name.Func == nil)
	case *ast.ReturnStmt:
		m.exprs(s.Exprs)
	}
}

func (m *mender) localAssign(s *ast.LocalAssignStmt) {
	if len(s.Names) == 1 && len(s.Exprs) == 1 {
		if f, ok := s.Exprs[0].(*ast.FunctionExpr); ok {
			// Only "local function" has a last line.
			if s.LastLine() == 0 && mentionsName(f.Stmts, s.Names[0]) {
				m.function(f, false)
				m.declare(s.Names[0])
				s.Exprs = append(s.Exprs, at(&ast.NilExpr{}, s)) // no longer the form that declares first
				return
			}
			m.declare(s.Names[0])
			m.function(f, false)
			return
		}
	}
	m.exprs(s.Exprs)
	m.declare(s.Names...)
}

func (m *mender) exprs(list []ast.Expr) {
	for _, e := range list {
		m.expr(e)
	}
}

func (m *mender) expr(e ast.Expr) {
	switch e := e.(type) {
	case *ast.NumberExpr:
		// The compiler takes a second leading zero for the sign of an octal number.
		if d := strings.TrimLeft(e.Value, "0"); len(d) < len(e.Value) && d != "" && d[0] >= '1' && d[0] <= '9' {
			e.Value = d
		}
	case *ast.AttrGetExpr:
		m.expr(e.Object)
		m.expr(e.Key)
	case *ast.TableExpr:
		m.table(e)
	case *ast.FuncCallExpr:
		m.expr(e.Func)
		m.expr(e.Receiver)
		m.exprs(e.Args)
	case *ast.LogicalOpExpr:
		m.expr(e.Lhs)
		m.expr(e.Rhs)
	case *ast.RelationalOpExpr:
		m.expr(e.Lhs)
		m.expr(e.Rhs)
	case *ast.StringConcatOpExpr:
		m.expr(e.Lhs)
		m.expr(e.Rhs)
	case *ast.ArithmeticOpExpr:
		m.expr(e.Lhs)
		m.expr(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		m.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		m.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		m.expr(e.Expr)
	case *ast.FunctionExpr:
		m.function(e, false)
	}
}

// The compiler stores the list items of a constructor fiftyfold.
const (
	itemsPerStore = 50
	maxItems      = 511 * itemsPerStore
)

func (m *mender) table(tb *ast.TableExpr) {
	items := 0
	for i, f := range tb.Fields {
		m.expr(f.Key)
		m.expr(f.Value)
		switch {
		case f.Key == nil:
			items++
		case items > 0 && items%itemsPerStore == 0:
			// The field goes before the item that fills the store. That item, if it
			// is a call, has one value as before.
			j := i
			for ; tb.Fields[j-1].Key != nil; j-- {
				tb.Fields[j] = tb.Fields[j-1]
			}
			oneValue(tb.Fields[j-1].Value)
			tb.Fields[j-1], tb.Fields[j] = f, tb.Fields[j-1]
		}
	}
	if items > maxItems {
		m.fail(tb.Line(), "a table constructor of %d items; the most is %d: add the rest later", items, maxItems)
	}
	if n := len(tb.Fields); n > 0 && tb.Fields[n-1].Key != nil {
		oneValue(tb.Fields[n-1].Value)
	}
}

// multiple says whether an expression can have several values, or none.
func multiple(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}

// oneValue makes an expression have one value, as (e) has.
func oneValue(e ast.Expr) {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
}

// at gives a new node the lines of another.
func at[T ast.PositionHolder](node T, like ast.PositionHolder) T {
	node.SetLine(like.Line())
	node.SetLastLine(like.LastLine())
	return node
}
