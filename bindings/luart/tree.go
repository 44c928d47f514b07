package luart

import (
	"reflect"

	"github.com/yuin/gopher-lua/ast"
)

// EachExpr visits every expression below a node of the syntax tree.
func EachExpr(node reflect.Value, visit func(ast.Expr)) {
	switch node.Kind() {
	case reflect.Interface, reflect.Pointer:
		if node.IsNil() {
			return
		}
		if e, ok := node.Interface().(ast.Expr); ok && node.Kind() == reflect.Pointer {
			visit(e)
		}
		EachExpr(node.Elem(), visit)
	case reflect.Slice:
		for i := range node.Len() {
			EachExpr(node.Index(i), visit)
		}
	case reflect.Struct:
		for i := range node.NumField() {
			if node.Type().Field(i).IsExported() {
				EachExpr(node.Field(i), visit)
			}
		}
	}
}
