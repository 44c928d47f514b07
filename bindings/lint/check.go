package lint

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"luatrace/bindings"
	"luatrace/bindings/luart"
	"luatrace/engine/spec"
	"luatrace/internal/suggest"
	"luatrace/tracer/syscalls"
)

// Check looks at a compiled script without running more of it than meta, and
// returns what is wrong with it, by line: specs and fields of events that do
// not exist, arguments that nobody reads; with [luart.Options].Checking also undeclared
// globals, which else are the error of compiling it, as syntax is.
func Check(r *bindings.Runtime, fn bindings.Function) []*luart.ScriptError {
	file, tree, ok := r.Source(fn)
	if !ok {
		return nil
	}
	c := newChecker(file)
	c.found = append(c.found, r.Problems()...)
	c.walk(reflect.ValueOf(tree), nil)
	meta, err := r.ReadMeta(fn)
	if se, ok := errors.AsType[*luart.ScriptError](err); ok {
		c.found = append(c.found, se)
	} else if err == nil {
		c.unusedArgs(meta)
		c.actsUnsaid(meta)
	}
	_, err = bindings.TestsOf(file, tree)
	if se, ok := errors.AsType[*luart.ScriptError](err); ok {
		c.found = append(c.found, se)
	}
	return c.findings()
}

func newChecker(file string) *checker {
	return &checker{file: file, argsRead: map[string]bool{}, assigned: map[*ast.AttrGetExpr]bool{}, statements: map[*ast.FuncCallExpr]bool{}, acting: bindings.ActingFunctions()}
}

// findings are what was found, by line, each once.
func (c *checker) findings() []*luart.ScriptError {
	sort.SliceStable(c.found, func(i, j int) bool { return c.found[i].Line < c.found[j].Line })
	said := map[string]bool{}
	return slices.DeleteFunc(c.found, func(e *luart.ScriptError) bool {
		twice := said[e.Error()]
		said[e.Error()] = true
		return twice
	})
}

// checker walks the syntax tree of one file.
type checker struct {
	file       string
	found      []*luart.ScriptError
	argsRead   map[string]bool
	argsAll    bool // args is used as a whole
	metaLine   int
	actsLine   int                        // where the script first changes what it traces, 0 if nowhere
	acting     map[string]bool            // see actingFunctions
	assigned   map[*ast.AttrGetExpr]bool  // what stands left of an assignment
	body       *spec.Spec                 // the code is the body of a hook on it
	statements map[*ast.FuncCallExpr]bool // calls that stand for themselves
}

func (c *checker) fail(line int, format string, a ...any) {
	c.found = append(c.found, luart.ErrorAt(c.file, line, "%s", luart.EscapeName(fmt.Sprintf(format, a...))))
}

// hookScope is the function of a hook: the name of its event, and what that has.
type hookScope struct {
	event string
	spec  *spec.Spec
	outer *hookScope
	have  map[string]bool // specFields of spec
}

// walk visits all of a tree; scope is the innermost hook around it.
func (c *checker) walk(v reflect.Value, scope *hookScope) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			c.walk(v.Elem(), scope)
		}
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		if !c.visit(v.Interface(), scope) {
			return
		}
		c.walk(v.Elem(), scope)
	case reflect.Slice:
		for i := range v.Len() {
			c.walk(v.Index(i), scope)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				c.walk(v.Field(i), scope)
			}
		}
	}
}

// visit looks at one node. It returns false when it has walked what is below.
func (c *checker) visit(node any, scope *hookScope) bool {
	switch n := node.(type) {
	case *ast.FuncCallExpr:
		return c.call(n, scope)
	case *ast.FuncCallStmt:
		if call, ok := n.Expr.(*ast.FuncCallExpr); ok {
			c.statements[call] = true
		}
	case *ast.AssignStmt:
		c.assignment(n, scope)
	case *ast.FunctionExpr:
		// A function with a parameter of the event's name means another value.
		for s := scope; s != nil; s = s.outer {
			if n.ParList != nil && slices.Contains(n.ParList.Names, s.event) {
				c.walk(reflect.ValueOf(n.Stmts), nil)
				return false
			}
		}
	case *ast.AttrGetExpr:
		key, ok := n.Key.(*ast.StringExpr)
		id, isName := n.Object.(*ast.IdentExpr)
		if !isName {
			return true
		}
		if id.Value == "args" {
			if ok {
				c.argsRead[key.Value] = true
			} else {
				c.argsAll = true
				c.walk(reflect.ValueOf(n.Key), scope)
			}
			return false
		}
		if s := scope.of(id.Value); s != nil && ok && !c.unreadable(n, s, id.Value, key.Value) {
			c.field(n.Line(), s, key.Value)
		}
	case *ast.IdentExpr:
		if n.Value == "args" {
			c.argsAll = true
		}
	}
	return true
}

func (s *hookScope) of(name string) *hookScope {
	for ; s != nil; s = s.outer {
		if s.event == name {
			return s
		}
	}
	return nil
}

// call looks at on, fault and methods of an event.
func (c *checker) call(n *ast.FuncCallExpr, scope *hookScope) bool {
	if id, ok := n.Receiver.(*ast.IdentExpr); ok && n.Method != "" {
		if s := scope.of(id.Value); s != nil {
			c.field(n.Line(), s, n.Method)
			c.Method(n)
			if c.acting["event:"+n.Method] {
				c.acts(n.Line())
			}
		}
		return true
	}
	if attr, ok := n.Receiver.(*ast.AttrGetExpr); ok {
		if event, field := rootField(attr); scope.of(event) != nil && c.acting[bindings.ObjectOf(field)+":"+n.Method] {
			c.acts(n.Line())
		}
		return true
	}
	if c.declaration(n) || len(n.Args) == 0 {
		return true
	}
	if c.definition(n) {
		return true
	}
	id, ok := n.Func.(*ast.IdentExpr)
	if !ok {
		return true
	}
	if id.Value == "meta" {
		c.metaLine = n.Line()
		return false // its args are no use of the global
	}
	if !slices.Contains([]string{"on", "fault", "every"}, id.Value) || !c.shape(n, id.Value) || id.Value == "every" {
		return true
	}
	if c.acting[id.Value] {
		c.acts(n.Line())
	}
	text, ok := n.Args[0].(*ast.StringExpr)
	if !ok {
		return true
	}
	sel, err := spec.Parse(text.Value)
	if err != nil {
		c.fail(n.Line(), "%v", err)
		return true
	}
	if len(n.Args) > 1 {
		if opts, ok := n.Args[1].(*ast.TableExpr); ok {
			c.options(sel, opts)
		}
	}
	last, ok := n.Args[len(n.Args)-1].(*ast.FunctionExpr)
	if id.Value != "on" || !ok || last.ParList == nil || len(last.ParList.Names) == 0 {
		return true
	}
	for _, a := range n.Args[:len(n.Args)-1] {
		c.walk(reflect.ValueOf(a), scope)
	}
	c.walk(reflect.ValueOf(last.Stmts), newHookScope(last.ParList.Names[0], sel, scope, last.Stmts))
	return false
}

// definition makes the calls known that a script defines by syscall.define
// with a text that is written out.
func (c *checker) definition(n *ast.FuncCallExpr) bool {
	attr, ok := n.Func.(*ast.AttrGetExpr)
	if !ok {
		return false
	}
	module, ok1 := attr.Object.(*ast.IdentExpr)
	key, ok2 := attr.Key.(*ast.StringExpr)
	text, ok3 := n.Args[0].(*ast.StringExpr)
	if !ok1 || !ok2 || !ok3 || module.Value != "syscall" || key.Value != "define" {
		return false
	}
	if _, err := syscalls.Define(text.Value); err != nil && c.file != luart.CodeName { // code runs at once, and says so itself
		c.fail(n.Line(), "%v", err)
	}
	return true
}

// field checks that some event of the hook can have a field or method.
func (c *checker) field(line int, s *hookScope, name string) {
	have := s.have
	if have[name] {
		return
	}
	title := s.spec.Text
	switch {
	case name == "skip" || name == "onexit":
		c.fail(line, "%s:%s() is only possible before the call: on(\"%s:enter\", ...)", s.event, name, title)
		return
	case s.spec.Kind == spec.Syscall && s.spec.Phase == spec.PhaseEnter && bindings.EventFields(afterwards(s.spec))[name]:
		c.fail(line, "%s.%s exists only after the call; this hook runs before it (\":enter\")", s.event, name)
		return
	}
	names := make([]string, 0, len(have))
	for n := range have {
		names = append(names, n)
	}
	sort.Strings(names)
	if near := suggest.Nearest(name, names); near != "" {
		c.fail(line, "no event of \"%s\" has a field '%s'; did you mean '%s'?", title, luart.EscapeName(name), near)
		return
	}
	if len(names) > 60 {
		c.fail(line, "no event of \"%s\" has a field '%s'", title, luart.EscapeName(name))
		return
	}
	c.fail(line, "no event of \"%s\" has a field '%s' (there are %s)", title, luart.EscapeName(name), strings.Join(names, ", "))
}

// afterwards is a spec of the same calls after them.
func afterwards(sel *spec.Spec) *spec.Spec {
	after := *sel
	after.Phase = spec.PhaseExit
	return &after
}

// unusedArgs finds arguments that meta declares and nothing reads, and the
// other way round.
func (c *checker) unusedArgs(m *bindings.Meta) {
	if c.metaLine == 0 {
		return
	}
	declared := map[string]bool{}
	var names []string
	for _, a := range m.Args {
		declared[a.Name] = true
		names = append(names, a.Name)
		if !c.argsAll && !c.argsRead[a.Name] {
			c.fail(c.metaLine, "the argument '%s' is declared and never read", luart.EscapeName(a.Name))
		}
	}
	var read []string
	for name := range c.argsRead {
		read = append(read, name)
	}
	sort.Strings(read)
	for _, name := range read {
		if declared[name] {
			continue
		}
		hint := ""
		if near := suggest.Nearest(name, names); near != "" {
			hint = fmt.Sprintf("; did you mean '%s'?", near)
		}
		c.fail(c.metaLine, "args.%s is read, but meta declares no such argument%s", luart.EscapeName(name), hint)
	}
}
