package bindings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"luatrace/bindings/luart"
)

// TestBlock is a test("...") at the outermost level of a script file.
type TestBlock struct {
	Name string
	Line int
	// Args are the script's arguments during the test, as -a would give them.
	Args map[string]string
}

// TestsOf lists the tests of a parsed file without running it: their
// arguments are needed before.
func TestsOf(file string, chunk []ast.Stmt) ([]TestBlock, error) {
	var list []TestBlock
	seen := map[string]bool{}
	for _, stmt := range chunk {
		expr := testCall(stmt)
		if expr == nil {
			continue
		}
		name, ok := expr.Args[0].(*ast.StringExpr)
		if !ok {
			return nil, luart.ErrorAt(file, stmt.Line(), "the name of a test must be written out as a string")
		}
		if seen[name.Value] {
			return nil, luart.ErrorAt(file, stmt.Line(), "there are two tests with the name %q", name.Value)
		}
		seen[name.Value] = true
		b := TestBlock{Name: name.Value, Line: stmt.Line()}
		if opts, ok := expr.Args[1].(*ast.TableExpr); ok {
			var err error
			if b.Args, err = testArgs(opts); err != nil {
				return nil, luart.ErrorAt(file, stmt.Line(), "test %q: %v", b.Name, err)
			}
		}
		list = append(list, b)
	}
	return list, nil
}

// testCall returns the call of test that a statement is, or nil.
func testCall(stmt ast.Stmt) *ast.FuncCallExpr {
	call, ok := stmt.(*ast.FuncCallStmt)
	if !ok {
		return nil
	}
	expr, ok := call.Expr.(*ast.FuncCallExpr)
	if !ok {
		return nil
	}
	if id, ok := expr.Func.(*ast.IdentExpr); !ok || id.Value != "test" || len(expr.Args) < 2 {
		return nil
	}
	return expr
}

// withoutTests leaves out the tests of a file.
func withoutTests(chunk []ast.Stmt) []ast.Stmt {
	return slices.DeleteFunc(slices.Clone(chunk), func(s ast.Stmt) bool { return testCall(s) != nil })
}

// testArgs reads {args = {NAME = constant, ...}}.
func testArgs(opts *ast.TableExpr) (map[string]string, error) {
	args := map[string]string{}
	for _, f := range opts.Fields {
		key, ok := f.Key.(*ast.StringExpr)
		if !ok || key.Value != "args" {
			return nil, fmt.Errorf("the options of a test are {args = {NAME = VALUE, ...}}")
		}
		tb, ok := f.Value.(*ast.TableExpr)
		if !ok {
			return nil, fmt.Errorf("args must be a table written out here")
		}
		for _, a := range tb.Fields {
			name, ok := a.Key.(*ast.StringExpr)
			if !ok {
				return nil, fmt.Errorf("args must be a table of NAME = VALUE")
			}
			text, err := constantText(a.Value)
			if err != nil {
				return nil, fmt.Errorf("args.%s: %w", name.Value, err)
			}
			args[name.Value] = text
		}
	}
	return args, nil
}

// constantText is a constant as it would be written behind -a NAME=.
func constantText(e ast.Expr) (string, error) {
	switch e := e.(type) {
	case *ast.StringExpr:
		return e.Value, nil
	case *ast.NumberExpr:
		return e.Value, nil
	case *ast.TrueExpr, *ast.FalseExpr:
		_, yes := e.(*ast.TrueExpr)
		return strconv.FormatBool(yes), nil
	case *ast.UnaryMinusOpExpr:
		text, err := constantText(e.Expr)
		return "-" + text, err
	case *ast.TableExpr:
		var items []string
		for _, f := range e.Fields {
			text, err := constantText(f.Value)
			if err != nil || f.Key != nil {
				return "", fmt.Errorf("a list of constants is wanted")
			}
			items = append(items, text)
		}
		return strings.Join(items, ","), nil
	}
	return "", fmt.Errorf("a constant is wanted: the value is needed before the script runs")
}
