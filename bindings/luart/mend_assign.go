package luart

import (
	"fmt"
	"reflect"

	"github.com/yuin/gopher-lua/ast"
)

// assign mends an assignment and returns what stands for it: itself, or
//
//	do local TEMPORARIES = VALUES; TARGET = TEMPORARY ... end
//
// which evaluates in the order of Lua 5.1: what targets are made of, then the
// values, then the stores from the last to the first.
func (m *mender) assign(s *ast.AssignStmt) ast.Stmt {
	m.exprs(s.Lhs)
	m.exprs(s.Rhs)
	if m.compiledRight(s) {
		return s
	}
	block := at(&ast.DoBlockStmt{}, s)
	block.SetLastLine(lastLine(s))
	temporary := func(name string, like ast.Expr, value ast.Expr) *ast.IdentExpr {
		local := &ast.LocalAssignStmt{Names: []string{name}, Exprs: []ast.Expr{value}}
		local.SetLine(like.Line())
		block.Stmts = append(block.Stmts, local)
		return at(&ast.IdentExpr{Value: name}, like)
	}
	targets := make([]ast.Expr, len(s.Lhs))
	for i, lhs := range s.Lhs {
		get, ok := lhs.(*ast.AttrGetExpr)
		if !ok {
			targets[i] = lhs
			continue
		}
		target := at(&ast.AttrGetExpr{Object: get.Object, Key: get.Key}, get)
		if !m.stays(get.Object, s.Lhs) {
			target.Object = temporary(fmt.Sprintf("(object %d)", i), get.Object, get.Object)
		}
		if len(s.Lhs) > 1 && !isLiteral(get.Key) {
			target.Key = temporary(fmt.Sprintf("(key %d)", i), get.Key, get.Key)
		}
		targets[i] = target
	}
	if len(s.Lhs) == 1 && isLiteral(s.Rhs[0]) && len(s.Rhs) == 1 {
		block.Stmts = append(block.Stmts, at(&ast.AssignStmt{Lhs: targets, Rhs: s.Rhs}, s))
		return block
	}
	values := &ast.LocalAssignStmt{Exprs: s.Rhs}
	values.SetLine(s.Rhs[0].Line())
	for i := range s.Lhs {
		values.Names = append(values.Names, fmt.Sprintf("(value %d)", i))
	}
	block.Stmts = append(block.Stmts, values)
	for i := len(s.Lhs) - 1; i >= 0; i-- {
		value := at(&ast.IdentExpr{Value: values.Names[i]}, s.Lhs[i])
		store := &ast.AssignStmt{Lhs: targets[i : i+1], Rhs: []ast.Expr{value}}
		store.SetLine(s.Lhs[i].Line())
		block.Stmts = append(block.Stmts, store)
	}
	return block
}

// compiledRight says whether the compiler makes right code of an assignment.
func (m *mender) compiledRight(s *ast.AssignStmt) bool {
	if len(s.Lhs) == 1 {
		switch lhs := s.Lhs[0].(type) {
		case *ast.IdentExpr:
			return !m.local(lhs.Value) || len(s.Rhs) == 1 && fitsVariable(s.Rhs[0])
		case *ast.AttrGetExpr:
			return canBeIndexed(lhs.Object)
		}
		return true
	}
	var locals, others, fields int
	literal := true
	for _, lhs := range s.Lhs {
		switch lhs := lhs.(type) {
		case *ast.IdentExpr:
			if m.local(lhs.Value) {
				locals++
			} else {
				others++
			}
		case *ast.AttrGetExpr:
			if fields++; !canBeIndexed(lhs.Object) {
				return false
			}
		}
	}
	for _, rhs := range s.Rhs {
		literal = literal && isLiteral(rhs)
	}
	switch {
	case fields == 0 && len(s.Rhs) == 1 && multiple(s.Rhs[0]):
		return true // a, b = f()
	case locals == len(s.Lhs):
		return literal && len(s.Rhs) <= len(s.Lhs)
	case others == len(s.Lhs):
		return true
	case fields == len(s.Lhs):
		// A value that is a variable is not copied, and a call may change it.
		return !m.localAmong(s.Rhs)
	}
	return false
}

// fitsVariable says whether the compiler may compute an expression in a variable.
// Calls and ... get a register of their own unless they stand in brackets.
func fitsVariable(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.LogicalOpExpr:
		return false
	case *ast.FuncCallExpr, *ast.Comma3Expr:
		return multiple(e)
	}
	return true
}

// localAmong says whether one of the expressions is a variable of this function.
func (m *mender) localAmong(list []ast.Expr) bool {
	for _, e := range list {
		if id, ok := e.(*ast.IdentExpr); ok && m.local(id.Value) {
			return true
		}
	}
	return false
}

// stays says whether the object of a target needs no copy: a variable of this
// function that the same assignment does not change.
func (m *mender) stays(object ast.Expr, targets []ast.Expr) bool {
	id, ok := object.(*ast.IdentExpr)
	if !ok || !m.local(id.Value) {
		return false
	}
	for _, t := range targets {
		if target, ok := t.(*ast.IdentExpr); ok && target.Value == id.Value {
			return false
		}
	}
	return true
}

// canBeIndexed is false for what the compiler may keep as a constant.
func canBeIndexed(e ast.Expr) bool {
	switch e.(type) {
	case *ast.IdentExpr, *ast.AttrGetExpr, *ast.FuncCallExpr:
		return true
	}
	return false
}

func isLiteral(e ast.Expr) bool {
	switch e.(type) {
	case *ast.StringExpr, *ast.NumberExpr, *ast.TrueExpr, *ast.FalseExpr, *ast.NilExpr:
		return true
	}
	return false
}

// lastLine is the last line of a statement, as far as the parser tells.
func lastLine(s *ast.AssignStmt) int {
	line := s.Line()
	for _, e := range s.Rhs {
		line = max(line, e.Line(), e.LastLine())
	}
	return line
}

// makesFunctions says whether a function is made anywhere below a node.
func makesFunctions(stmts []ast.Stmt) bool {
	found := false
	var walk func(node reflect.Value)
	walk = func(node reflect.Value) {
		switch node.Kind() {
		case reflect.Interface, reflect.Pointer:
			if _, ok := node.Interface().(*ast.FunctionExpr); ok {
				found = found || !node.IsNil()
			} else if !node.IsNil() {
				walk(node.Elem())
			}
		case reflect.Slice:
			for i := 0; i < node.Len() && !found; i++ {
				walk(node.Index(i))
			}
		case reflect.Struct:
			for i := range node.NumField() {
				if node.Type().Field(i).IsExported() {
					walk(node.Field(i))
				}
			}
		}
	}
	walk(reflect.ValueOf(stmts))
	return found
}

// mentionsName says whether a name is used anywhere below a node.
func mentionsName(stmts []ast.Stmt, name string) bool {
	found := false
	EachExpr(reflect.ValueOf(stmts), func(e ast.Expr) {
		if id, ok := e.(*ast.IdentExpr); ok && id.Value == name {
			found = true
		}
	})
	return found
}
