package lint

import (
	"slices"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"luatrace/bindings"
	"luatrace/engine/spec"
)

// shape looks at the arguments of a call of on, fault or every that are written
// out. It returns false if what they are can't be right, so that there is no
// use in looking further.
func (c *checker) shape(n *ast.FuncCallExpr, name string) bool {
	if last := n.Args[len(n.Args)-1]; isWritten[*ast.FuncCallExpr](last) || isWritten[*ast.Comma3Expr](last) {
		return true // f() and ... can be any number of values
	}
	switch name {
	case "on":
		switch {
		case len(n.Args) == 1:
			c.fail(n.Line(), "on wants a function: on(spec, function(ev) ... end)")
			return false
		case len(n.Args) == 2 && isWritten[*ast.TableExpr](n.Args[1]):
			c.fail(n.Line(), "on wants a function behind the conditions: on(spec, {when = {...}}, function(ev) ... end)")
			return false
		case len(n.Args) > 2 && isWritten[*ast.FunctionExpr](n.Args[1]):
			c.fail(n.Line(), "the function of on stands last: on(spec, {when = {...}}, function(ev) ... end)")
			return false
		}
		if opts, ok := n.Args[1].(*ast.TableExpr); ok {
			for _, key := range writtenKeys(opts) {
				if !slices.Contains(bindings.HookOptions, key.Value) {
					c.fail(max(key.Line(), n.Line()), "%s", bindings.UnknownHookOption(key.Value))
				}
			}
		}
	case "fault":
		if len(n.Args) < 2 {
			c.fail(n.Line(), "fault wants an errno or a table: fault(spec, \"EIO\")")
			return false
		}
		c.faultWhat(n.Line(), n.Args[1])
	case "every":
		if len(n.Args) < 2 {
			c.fail(n.Line(), "every wants a function: every(\"1s\", function() ... end)")
			return false
		}
		c.duration(n.Line(), n.Args[0])
	}
	return true
}

// faultWhat looks at the second argument of fault.
func (c *checker) faultWhat(line int, what ast.Expr) {
	switch what := what.(type) {
	case *ast.StringExpr:
		c.errno(line, what.Value)
	case *ast.TableExpr:
		for _, key := range writtenKeys(what) {
			if !slices.Contains(bindings.FaultOptions, key.Value) {
				c.fail(max(key.Line(), line), "%s", bindings.UnknownFaultOption(key.Value))
			}
		}
		for _, f := range what.Fields {
			key, ok := f.Key.(*ast.StringExpr)
			value, isText := f.Value.(*ast.StringExpr)
			if ok && isText && key.Value == "errno" {
				c.errno(max(value.Line(), line), value.Value)
			}
		}
	}
}

func (c *checker) errno(line int, name string) {
	if _, err := bindings.LookupErrno(name); err != nil {
		c.fail(line, "%v", err)
	}
}

func (c *checker) duration(line int, e ast.Expr) {
	if v, ok := constantValue(e); ok {
		d, err := bindings.ToDuration(luaConstant(v))
		if err == nil {
			err = bindings.IntervalError(d)
		}
		if err != nil {
			c.fail(line, "%v", err)
		}
	}
}

// Method looks at what is written out among the arguments of an event's method.
func (c *checker) Method(n *ast.FuncCallExpr) {
	if len(n.Args) == 0 {
		return
	}
	switch n.Method {
	case "fail":
		if name, ok := n.Args[0].(*ast.StringExpr); ok {
			c.errno(n.Line(), name.Value)
		}
	case "delay":
		if v, ok := constantValue(n.Args[0]); ok {
			if _, err := bindings.ToDuration(luaConstant(v)); err != nil {
				c.fail(n.Line(), "%v", err)
			}
		}
	}
}

// assignment keeps what is assigned to an event: that is no reading of a field
// that is not there yet, and it changes what is traced.
func (c *checker) assignment(n *ast.AssignStmt, scope *hookScope) {
	for _, lhs := range n.Lhs {
		attr, ok := lhs.(*ast.AttrGetExpr)
		if !ok {
			continue
		}
		c.assigned[attr] = true
		if event, field := rootField(attr); scope.of(event) != nil && !slices.Contains([]string{"proc", "task", "child"}, field) {
			c.acts(n.Line())
		}
	}
}

// rootField is the name and the first field of a chain such as ev.statbuf.st_size.
func rootField(attr *ast.AttrGetExpr) (name, field string) {
	for {
		switch object := attr.Object.(type) {
		case *ast.AttrGetExpr:
			attr = object
			continue
		case *ast.IdentExpr:
			name = object.Value
		}
		if key, ok := attr.Key.(*ast.StringExpr); ok {
			field = key.Value
		}
		return name, field
	}
}

// acts notes the first place where a script changes what it traces.
func (c *checker) acts(line int) {
	if c.actsLine == 0 {
		c.actsLine = line
	}
}

// actsUnsaid finds a script that changes what it traces, and whose meta does
// not say so: people run a script that only looks with less care.
func (c *checker) actsUnsaid(m *bindings.Meta) {
	if c.metaLine > 0 && c.actsLine > 0 && !m.Acts {
		c.fail(c.actsLine, "this changes what is traced, which meta does not say: acts = true")
	}
}

// unreadable finds ev.ret in a hook before the call: it can be assigned there,
// which prevents the call, and not read.
func (c *checker) unreadable(n *ast.AttrGetExpr, s *hookScope, event, field string) bool {
	if field != "ret" || c.assigned[n] || s.spec.Kind != spec.Syscall || s.spec.Phase != spec.PhaseEnter {
		return false
	}
	c.fail(n.Line(), "%s.ret exists only after the call; this hook runs before it (\":enter\")", event)
	return true
}

func isWritten[T ast.Expr](e ast.Expr) bool {
	_, ok := e.(T)
	return ok
}

func writtenKeys(tb *ast.TableExpr) []*ast.StringExpr {
	var keys []*ast.StringExpr
	for _, f := range tb.Fields {
		if key, ok := f.Key.(*ast.StringExpr); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// luaConstant is a constantValue as a value of Lua.
func luaConstant(v any) lua.LValue {
	switch v := v.(type) {
	case string:
		return lua.LString(v)
	case float64:
		return lua.LNumber(v)
	case bool:
		return lua.LBool(v)
	}
	return lua.LNil
}
