package bindings

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"luatrace/bindings/luart"
	"luatrace/internal/suggest"
	"luatrace/tracer/syscalls"
)

// checkComparisons finds comparisons that look right and never hold: of an
// argument or field that is the name of a constant with the constant, which is a
// number, or with a name it can't have; and of flags with anything but flags. It
// looks at what is reached from a variable called ev.
func checkComparisons(chunk []ast.Stmt, file string) []*luart.ScriptError {
	var found []*luart.ScriptError
	luart.EachExpr(reflect.ValueOf(chunk), func(e ast.Expr) {
		c, ok := e.(*ast.RelationalOpExpr)
		if !ok || c.Operator != "==" && c.Operator != "~=" {
			return
		}
		for _, sides := range [2][2]ast.Expr{{c.Lhs, c.Rhs}, {c.Rhs, c.Lhs}} {
			if msg := wrongComparison(sides[0], sides[1]); msg != "" {
				found = append(found, luart.ErrorAt(file, c.Line(), "%s", msg))
				return
			}
		}
	})
	return found
}

// wrongComparison says what is wrong with comparing value, if it is of an
// event, with other; "" if nothing is.
func wrongComparison(value, other ast.Expr) string {
	path, name, field := eventPath(value)
	if name == "" {
		return ""
	}
	var constantName string
	isText := false
	switch o := other.(type) {
	case *ast.IdentExpr:
		constantName = o.Value
	case *ast.StringExpr:
		constantName, isText = o.Value, true
	}
	if !luart.IsConstantName(constantName) {
		return ""
	}
	_, exists := constant(constantName)
	asName := func() string {
		return fmt.Sprintf("%s is the name of a constant, %s a number: write %s == %q", path, constantName, path, constantName)
	}
	if !field && hidesArgument[name] || path == "ev.sig" {
		if (name == "err" || name == "sig" || name == "killed") && !isText && exists {
			return asName()
		}
		return ""
	}
	if !isText && !exists {
		return ""
	}
	var names []string
	allNames := true
	for _, t := range syscalls.TypesNamed(name, field) {
		shape, members := t.Shape(), t.MemberNames()
		names = append(names, members...)
		allNames = allNames && shape == "name" && members != nil
		switch isMember := slices.Contains(members, constantName); {
		case isMember && shape == "flags":
			return fmt.Sprintf("%s is a set of flags, which equals neither a number nor a name: write %s:has %q, %s:is %q or %s.value == %s",
				path, path, constantName, path, constantName, path, constantName)
		case isMember && !isText:
			return asName()
		case isMember:
			return ""
		}
	}
	if isText && allNames && len(names) > 0 {
		if near := suggest.Nearest(constantName, names); near != "" {
			return fmt.Sprintf("%s is never %q; did you mean %q?", path, constantName, near)
		}
		if !exists {
			return fmt.Sprintf("%s is never %q: there is no such constant", path, constantName)
		}
	}
	return ""
}

// eventPath takes ev.NAME, ev.args.NAME and ev.ARG.FIELD apart: the text, the
// last name and whether it is a field of a struct.
func eventPath(e ast.Expr) (path, name string, field bool) {
	get, ok := e.(*ast.AttrGetExpr)
	if !ok {
		return "", "", false
	}
	key, ok := get.Key.(*ast.StringExpr)
	if !ok {
		return "", "", false
	}
	switch o := get.Object.(type) {
	case *ast.IdentExpr:
		if o.Value == "ev" {
			return "ev." + key.Value, key.Value, false
		}
	case *ast.AttrGetExpr:
		outer, argument, _ := eventPath(o)
		switch {
		case outer == "":
		case argument == "args":
			return outer + "." + key.Value, key.Value, false
		case argument == "proc" || argument == "task" || argument == "data" || argument == "regs" || argument == "mem":
		default:
			return outer + "." + key.Value, key.Value, true
		}
	}
	return "", "", false
}
