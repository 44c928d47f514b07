package lint

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"luatrace/bindings"
	"luatrace/bindings/luart"
	"luatrace/engine/spec"
)

// Code looks at code of the command line as [Check] looks at a
// script, so that a mistake is told before the command starts. With a spec the
// code is the body of a hook on it, in which ev is the event.
func Code(chunk []ast.Stmt, sel *spec.Spec) error {
	c := newChecker(luart.CodeName)
	var scope *hookScope
	if sel != nil {
		c.body = sel
		scope = newHookScope("ev", sel, nil, chunk)
	}
	c.walk(reflect.ValueOf(chunk), scope)
	return luart.Joined(c.findings())
}

// newHookScope is the scope of a hook's function, nil if its body gives the
// name of the event to something else.
func newHookScope(event string, sel *spec.Spec, outer *hookScope, body []ast.Stmt) *hookScope {
	if declares(reflect.ValueOf(body), event) {
		return nil
	}
	return &hookScope{event, sel, outer, bindings.EventFields(sel)}
}

// declares says whether a variable of a name is declared or assigned below a
// node, outside of the functions in it.
func declares(node reflect.Value, name string) bool {
	switch node.Kind() {
	case reflect.Interface, reflect.Pointer:
		if node.IsNil() {
			return false
		}
		switch n := node.Interface().(type) {
		case *ast.FunctionExpr:
			return false
		case *ast.LocalAssignStmt:
			if slices.Contains(n.Names, name) {
				return true
			}
		case *ast.NumberForStmt:
			if n.Name == name {
				return true
			}
		case *ast.GenericForStmt:
			if slices.Contains(n.Names, name) {
				return true
			}
		case *ast.AssignStmt:
			for _, lhs := range n.Lhs {
				if id, ok := lhs.(*ast.IdentExpr); ok && id.Value == name {
					return true
				}
			}
		}
		return declares(node.Elem(), name)
	case reflect.Slice:
		for i := range node.Len() {
			if declares(node.Index(i), name) {
				return true
			}
		}
	case reflect.Struct:
		for i := range node.NumField() {
			if node.Type().Field(i).IsExported() && declares(node.Field(i), name) {
				return true
			}
		}
	}
	return false
}

// declaration finds what belongs to a script and stands in the body of a hook: it
// would be done again at each event.
func (c *checker) declaration(n *ast.FuncCallExpr) bool {
	id, ok := n.Func.(*ast.IdentExpr)
	if !ok || c.body == nil {
		return false
	}
	instead := ""
	switch text := c.body.Text; id.Value {
	case "on":
		instead = "adds a hook for each event; without -t the code is a script: -e 'on(...)'"
	case "every":
		instead = "adds a timer for each event; without -t the code is a script: -e 'every(...)'"
	case "fault":
		instead = fmt.Sprintf("adds a fault for each event, after it; write -t %s -e 'ev:fail(\"EIO\")', or without -t -e 'fault(%q, \"EIO\")'", entrySpec(c.body), text)
	case "agg":
		if !c.statement(n) {
			return false
		}
		instead = fmt.Sprintf("names the columns again for each event; without -t the code is a script: -e 'agg(...) on(%q, function(ev) ... end)'", text)
	case "meta", "test":
		instead = "belongs in a script file, -s FILE"
	default:
		return false
	}
	c.fail(n.Line(), "%s() in the body of a hook (-t) %s", id.Value, instead)
	return true
}

// entrySpec is the spec of the same calls before they are made.
func entrySpec(sel *spec.Spec) string {
	if sel.Kind == spec.Syscall && sel.Phase != spec.PhaseEnter {
		return sel.Text + ":enter"
	}
	return sel.Text
}

// statement says whether a call stands for itself.
func (c *checker) statement(n *ast.FuncCallExpr) bool { return c.statements[n] }
