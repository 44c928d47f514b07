package bindings

import (
	"sync"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"luatrace/bindings/luart"
	"luatrace/engine/spec"
)

// A Runtime is an interpreter with the tracing interface of scripts. It belongs to one
// goroutine at a time; see the package comment.
type Runtime struct {
	*luart.Runtime

	tracing   *Trace          // nil until NewTrace
	test      *testRun        // nil but for RunTests
	mentioned map[string]bool // names in the code compiled so far; see noteMentions
	scripts   scripts
}

// scripts are the scripts that were run: what they say of themselves, and their
// arguments.
type scripts struct {
	metas    []*Meta
	metaOnly bool        // a script runs only as far as its meta
	args     *lua.LTable // of the script that runs
	rawArgs  map[string]string
	argsUsed map[string]bool
}

// New makes an interpreter.
func New(opts luart.Options) *Runtime {
	r := &Runtime{mentioned: map[string]bool{}, scripts: scripts{argsUsed: map[string]bool{}}}
	luart.New(opts, luart.Face{
		Modules:    modules(),
		Objects:    objects(),
		Tree:       r.tree,
		Find:       checkComparisons,
		Compiled:   r.noteMentions,
		Whole:      func() bool { return r.test != nil },
		Constant:   constant,
		Constants:  capitalNames,
		Errno:      LookupErrno,
		ReadScript: readScript,
		Refusal:    refusal,
		Moment:     r.moment,
		Scripts:    r.names,
	}, r, func(m *luart.Runtime) { r.Runtime = m })
	return r
}

// modules lists the modules of the tracing interface, in the order of the reference.
func modules() []luart.Module {
	return []luart.Module{
		syscallModule(),
		traceGlobals(),
		tracedGlobals(),
		fieldsGlobals(),
		conditionGlobals(),
		aggGlobals(),
		metaGlobals(),
		testGlobals(),
	}
}

// objects lists the objects of the tracing interface, in the order of the reference.
// The list is made once, and not to be changed.
var objects = sync.OnceValue(func() []luart.Object {
	return []luart.Object{
		eventObject(), argumentsObject(), flagsObject(), structObject(), registersObject(), memoryObject(),
		taskObject(), pendingObject(), processObject(), descriptorObject(), aggregationObject(), conditionObject(), testObject(),
	}
})

// allModules and allObjects are those of every interpreter, too.
func allModules() []luart.Module { return append(luart.OwnModules(), modules()...) }
func allObjects() []luart.Object { return append(luart.OwnObjects(), objects()...) }

// tree is what is compiled of a script: not its tests, unless they are run, since what
// they mention is nothing the script does.
func (r *Runtime) tree(chunk []ast.Stmt, kind luart.SourceKind) []ast.Stmt {
	if r.test == nil {
		chunk = withoutTests(chunk)
	}
	if kind == luart.FromFile {
		chunk = ownArgs(chunk)
	}
	return chunk
}

// moment is the event whose hook runs.
func (r *Runtime) moment() luart.Moment {
	t := r.tracing
	if t == nil || t.seq == 0 || t.running == nil {
		return luart.Moment{}
	}
	return luart.Moment{At: t.running.Time(), Call: t.seq, Lines: t.running.Task != nil}
}

func (r *Runtime) names() []string {
	var names []string
	for _, m := range r.scripts.metas {
		names = append(names, m.Name)
	}
	return names
}

// ownArgs puts "local args = args" before a file: several scripts have each
// their own arguments, and a hook keeps those of its script.
func ownArgs(chunk []ast.Stmt) []ast.Stmt {
	global := &ast.IdentExpr{Value: "args"}
	global.SetLine(1)
	own := &ast.LocalAssignStmt{Names: []string{"args"}, Exprs: []ast.Expr{global}}
	own.SetLine(1)
	own.SetLastLine(1)
	return append([]ast.Stmt{own}, chunk...)
}

// A CodeCheck says what is wrong with code of the command line. With a selector the code
// is the body of a hook on it, in which ev is the event. Package lint has one.
type CodeCheck func(chunk []ast.Stmt, sel *spec.Spec) error

// LoadCode compiles code of the command line, named "-e" in error messages.
// It may use globals without declaring them. What check finds is an error; nil leaves the
// code unchecked.
func (r *Runtime) LoadCode(code string, check CodeCheck) (Function, error) {
	return r.Runtime.LoadCode(code, check.of(nil))
}

// LoadHookBody compiles code of the command line as the body of a function with
// the parameter ev, and returns that function. check is as for LoadCode.
func (r *Runtime) LoadHookBody(code string, sel *spec.Spec, check CodeCheck) (Function, error) {
	return r.LoadBody(code, check.of(sel))
}

// of is the check of code for a selector.
func (check CodeCheck) of(sel *spec.Spec) func(chunk []ast.Stmt) error {
	if check == nil {
		return nil
	}
	return func(chunk []ast.Stmt) error { return check(chunk, sel) }
}

// CompileLibrary compiles all scripts and modules of a library, and returns what
// goes into its Compiled. The same texts give the same bytes.
func CompileLibrary(lib luart.Library) ([]byte, error) {
	lib.Compiled = nil
	r := New(luart.Options{Libraries: []luart.Library{lib}})
	defer r.Close()
	return r.CompileLibrary(lib)
}
