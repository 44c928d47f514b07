package luart

import "github.com/yuin/gopher-lua/ast"

// The compiler makes a jump to a jump go to the end of both. It takes the second
// one's distance for the number of a label if it comes earlier in the code, which
// sends the first anywhere. So no jump back may lead to a jump: where a loop, or
// what follows a label, would begin with one, it gets an instruction before it.

// apart returns statements that don't begin with a jump. after says whether what
// comes behind them does.
func apart(list []ast.Stmt, after bool) []ast.Stmt {
	if !beginsWithJump(list, after) {
		return list
	}
	nothing := &ast.LocalAssignStmt{Names: []string{"(nothing)"}}
	block := &ast.DoBlockStmt{Stmts: []ast.Stmt{nothing}}
	if len(list) > 0 {
		at(nothing, list[0])
		at(block, list[0])
	}
	return append([]ast.Stmt{block}, list...)
}

// beginsWithJump errs on the side of yes.
func beginsWithJump(list []ast.Stmt, after bool) bool {
	first := func(list []ast.Expr) bool { return len(list) > 0 && jumps(list[0], false) }
	for _, s := range list {
		switch s := s.(type) {
		case *ast.LabelStmt:
		case *ast.DoBlockStmt:
			if len(s.Stmts) > 0 {
				return beginsWithJump(s.Stmts, true)
			}
		case *ast.BreakStmt:
			return true
		case *ast.IfStmt:
			return jumps(s.Condition, true)
		case *ast.WhileStmt:
			return jumps(s.Condition, true)
		case *ast.RepeatStmt:
			return beginsWithJump(s.Stmts, jumps(s.Condition, true))
		case *ast.LocalAssignStmt:
			return first(s.Exprs)
		case *ast.AssignStmt:
			if get, ok := s.Lhs[0].(*ast.AttrGetExpr); ok {
				return jumps(get, false)
			}
			return first(s.Rhs)
		case *ast.ReturnStmt:
			return first(s.Exprs)
		case *ast.FuncCallStmt:
			return jumps(s.Expr, false)
		case *ast.NumberForStmt:
			return jumps(s.Init, false)
		case *ast.GenericForStmt:
			return first(s.Exprs)
		default:
			return false
		}
	}
	return after
}

// jumps says whether the code of an expression begins with a jump: the first
// operand of and, or, or of a condition, is a constant.
func jumps(e ast.Expr, condition bool) bool {
	switch e := e.(type) {
	case *ast.LogicalOpExpr:
		return jumps(e.Lhs, true)
	case *ast.UnaryNotOpExpr:
		return jumps(e.Expr, condition)
	case *ast.RelationalOpExpr: // a constant or a variable on the left needs no code
		return jumps(e.Lhs, false) || jumps(e.Rhs, false)
	case *ast.StringConcatOpExpr:
		return jumps(e.Lhs, false)
	case *ast.ArithmeticOpExpr:
		return jumps(e.Lhs, false) || jumps(e.Rhs, false)
	case *ast.UnaryMinusOpExpr:
		return jumps(e.Expr, false)
	case *ast.UnaryLenOpExpr:
		return jumps(e.Expr, false)
	case *ast.AttrGetExpr:
		return jumps(e.Object, false) || jumps(e.Key, false)
	case *ast.FuncCallExpr:
		if e.Func != nil {
			return jumps(e.Func, false)
		}
		return jumps(e.Receiver, false)
	}
	return condition && isLiteral(e)
}

// loopForever is a while that would begin with a jump, with its condition inside:
//
//	while true do if CONDITION then BODY else break end end
func loopForever(s *ast.WhileStmt) {
	end := at(&ast.BreakStmt{}, s.Condition)
	inner := at(&ast.IfStmt{Condition: s.Condition, Then: s.Stmts, Else: []ast.Stmt{end}}, s)
	s.Condition = at(&ast.TrueExpr{}, s.Condition)
	s.Stmts = []ast.Stmt{inner}
}
