package lint

import (
	"strconv"

	"github.com/yuin/gopher-lua/ast"

	"luatrace/bindings"
	"luatrace/engine"
	"luatrace/engine/spec"
)

// options looks at the options of a hook that are written out: the fields and
// values of when, and on_error.
func (c *checker) options(sel *spec.Spec, tb *ast.TableExpr) {
	for _, f := range tb.Fields {
		key, ok := f.Key.(*ast.StringExpr)
		if !ok {
			continue
		}
		if key.Value == "on_error" {
			c.onError(sel, max(f.Key.Line(), f.Value.Line(), tb.Line()), f.Value)
			continue
		}
		when, ok := f.Value.(*ast.TableExpr)
		if key.Value != "when" || !ok {
			continue
		}
		for _, cond := range when.Fields {
			if name, ok := cond.Key.(*ast.StringExpr); ok {
				c.condition(sel, max(cond.Key.Line(), cond.Value.Line(), tb.Line()), name.Value, cond.Value)
			}
		}
	}
}

// onError looks at on_error. A hook that has one changes what is traced, if only
// when it fails; a value that is not written out may be "continue".
func (c *checker) onError(sel *spec.Spec, line int, value ast.Expr) {
	v, ok := constantValue(value)
	if !ok {
		return
	}
	o, err := bindings.ParseOnError(sel, luaConstant(v))
	switch {
	case err != nil:
		c.fail(line, "%v", err)
	case o.Act != engine.ErrorIgnored:
		c.acts(line)
	}
}

// condition looks at one field of a when table. A value that is not written out
// can be anything: then only a field that takes neither numbers nor strings nor
// truth values is wrong.
func (c *checker) condition(sel *spec.Spec, line int, field string, value ast.Expr) {
	if made, err, ok := constantCondition(value); ok {
		if err == nil {
			made.Field = field
			_, err = spec.NewWhen(made).Resolve(sel)
		}
		if err != nil {
			c.fail(line, "%v", err)
		}
		return
	}
	var first error
	for _, v := range []any{1.0, "x", true} {
		made, err := spec.Equal(v)
		if err != nil {
			continue
		}
		made.Field = field
		if _, err = spec.NewWhen(made).Resolve(sel); err == nil {
			return
		}
		if first != nil && first.Error() != err.Error() {
			return // it is the value that is wrong
		}
		first = err
	}
	if first != nil {
		c.fail(line, "%v", first)
	}
}

// constantCondition makes the condition of a value that is written out; ok is
// false for another.
func constantCondition(e ast.Expr) (cond spec.Condition, err error, ok bool) {
	if v, ok := constantValue(e); ok {
		cond, err = spec.Equal(v)
		return cond, err, true
	}
	switch e := e.(type) {
	case *ast.TableExpr:
		var list []any
		for _, f := range e.Fields {
			v, ok := constantValue(f.Value)
			if !ok || f.Key != nil {
				return cond, nil, false
			}
			list = append(list, v)
		}
		if len(list) > 0 {
			cond, err = spec.In(list...)
			return cond, err, true
		}
	case *ast.FuncCallExpr:
		id, isName := e.Func.(*ast.IdentExpr)
		if !isName || len(e.Args) != 1 {
			return cond, nil, false
		}
		v, isConstant := constantValue(e.Args[0])
		if !isConstant {
			return cond, nil, false
		}
		text, isText := v.(string)
		switch one := numberConditions[id.Value]; {
		case one != nil:
			cond, err = one(v)
			return cond, err, true
		case id.Value == "under" && isText:
			cond, err = spec.Under(text)
			return cond, err, true
		case id.Value == "glob" && isText:
			cond, err = spec.Glob(text)
			return cond, err, true
		}
	}
	return cond, nil, false
}

var numberConditions = map[string]func(any) (spec.Condition, error){
	"ge": spec.Ge, "gt": spec.Gt, "le": spec.Le, "lt": spec.Lt, "ne": spec.Ne, "bits": spec.Bits, "nobits": spec.NoBits,
}

// constantValue is a string, number or truth value that is written out.
func constantValue(e ast.Expr) (any, bool) {
	switch e := e.(type) {
	case *ast.StringExpr:
		return e.Value, true
	case *ast.NumberExpr:
		if n, err := strconv.ParseInt(e.Value, 0, 64); err == nil {
			return float64(n), true
		}
		f, err := strconv.ParseFloat(e.Value, 64)
		return f, err == nil
	case *ast.UnaryMinusOpExpr:
		v, ok := constantValue(e.Expr)
		f, isNumber := v.(float64)
		return -f, ok && isNumber
	case *ast.TrueExpr:
		return true, true
	case *ast.FalseExpr:
		return false, true
	}
	return nil, false
}
