package bindings

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"runtime"
)

// parseDir reads the files of a package, without its tests.
func parseDir(t *testing.T, dir string) (*token.FileSet, []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return set, files
}

// names lists the identifiers used in a piece of code.
func names(n ast.Node) []string {
	var list []string
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			list = append(list, id.Name)
		}
		return true
	})
	return list
}

// engineActs are the engine's functions that a read-only trace refuses.
func engineActs(t *testing.T) []string {
	t.Helper()
	var acts []string
	_, files := parseDir(t, "../engine")
	for _, f := range files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.IsExported() && fn.Body != nil {
				if used := names(fn.Body); slices.Contains(used, "ReadOnly") || slices.Contains(used, "mayAct") || slices.Contains(used, "ErrReadOnly") {
					acts = append(acts, fn.Name.Name)
				}
			}
		}
	}
	sort.Strings(acts)
	return acts
}

// withoutImports gives the type checker empty packages for those that are
// imported: what is of this package is resolved all the same.
type withoutImports struct{}

func (withoutImports) Import(name string) (*types.Package, error) {
	pkg := types.NewPackage(name, path.Base(name))
	pkg.MarkComplete()
	return pkg, nil
}

// actingCode returns a function that says whether a piece of this package's
// code reaches one of the engine's acts.
func actingCode(t *testing.T, set *token.FileSet, files []*ast.File) func(ast.Node) bool {
	engine := map[string]bool{"Fault": true} // what the kernel makes fail
	for _, name := range engineActs(t) {
		engine[name] = name != "On" // hooks act when they run
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: withoutImports{}, Error: func(error) {}}
	conf.Check("luatrace/bindings", set, files, info)
	acting := map[types.Object]bool{}
	acts := func(n ast.Node) (found bool) {
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				if obj := info.Uses[id]; obj != nil {
					found = found || acting[obj]
				} else if info.Defs[id] == nil {
					found = found || engine[id.Name]
				}
			}
			return !found
		})
		return found
	}
	for changed := true; changed; {
		changed = false
		for _, f := range files {
			for _, d := range f.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || fn.Body == nil || tables.MatchString(fn.Name.Name) {
					continue
				}
				if obj := info.Defs[fn.Name]; obj != nil && !acting[obj] && acts(fn.Body) {
					acting[obj], changed = true, true
					engine[fn.Name.Name] = true // where the checker does not know the receiver
				}
			}
		}
	}
	return acts
}

// tables are the functions that hold rows, whose code is looked at one by one.
var tables = regexp.MustCompile(`(Object|Globals|Module)$|^(install|traceObjects)`)

// literalField returns the value of a field in a composite literal.
func literalField(lit *ast.CompositeLit, name string) ast.Expr {
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok && id.Name == name {
				return kv.Value
			}
		}
	}
	return nil
}

// TestActsAreMarked: the rows of the interface whose code changes what is
// traced, and no others, say acts: true; --read-only, check and the manual go
// by that.
func TestActsAreMarked(t *testing.T) {
	t.Parallel()
	if got, want := engineActs(t), []string{"Delay", "Kill", "On", "RaiseSignal", "RegistersChanged", "SetArg", "SetArgBytes", "SetNumber", "SetRet", "SetSignal", "Skip", "WriteMemory"}; !slices.Equal(got, want) {
		t.Errorf("the engine refuses %q in a read-only trace; known are %q: an act that is new needs a row here", got, want)
	}
	seen, assigned := 0, 0
	for _, dir := range []string{".", "luart"} {
		set, files := parseDir(t, dir)
		acts := actingCode(t, set, files)
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				lit, ok := n.(*ast.CompositeLit)
				if !ok {
					return true
				}
				fn, text := literalField(lit, "Fn"), literalField(lit, "Name")
				if fn == nil || text == nil {
					return true
				}
				name := names(fn)[0]
				if b, ok := text.(*ast.BasicLit); ok {
					name, _ = strconv.Unquote(b.Value)
				}
				if slices.Contains(testMethods, name) {
					return true // events that are made up
				}
				seen++
				marked := literalField(lit, "Acts") != nil
				if marked != acts(fn) {
					t.Errorf("%s: its code changes what is traced: %v, acts in its row: %v", name, acts(fn), marked)
				}
				return true
			})
			ast.Inspect(f, func(n ast.Node) bool { // Handlers: ... {"__newindex": r.evNewIndex}
				lit, ok := n.(*ast.CompositeLit)
				if !ok {
					return true
				}
				class, ok := literalField(lit, "Name").(*ast.BasicLit)
				handlers := literalField(lit, "Handlers")
				if !ok || handlers == nil {
					return true
				}
				name, _ := strconv.Unquote(class.Value)
				ast.Inspect(handlers, func(n ast.Node) bool {
					kv, ok := n.(*ast.KeyValueExpr)
					if !ok {
						return true
					}
					if key, ok := kv.Key.(*ast.BasicLit); ok && key.Value == `"__newindex"` {
						seen++
						assigned++
						if !acts(kv.Value) || !actingObjects()[name] {
							t.Errorf("assignments to %s: the code acts: %v, the object is marked: %v", name, acts(kv.Value), actingObjects()[name])
						}
					}
					return true
				})
				return true
			})
		}
	}
	if assigned < len(actingObjects()) {
		t.Errorf("assignments to %d objects were found, and %d are marked", assigned, len(actingObjects()))
	}
	if seen < 60 {
		t.Errorf("only %d rows were found", seen)
	}
}

// testMethods are those of the object of tests.
var testMethods = func() []string {
	var list []string
	for _, f := range testObject().Methods {
		list = append(list, f.Name)
	}
	return list
}()

// forbidden has Lua for each act of the interface, in a hook before write or on
// a signal.
var forbidden = map[string]string{
	"fault":          `fault("write", "EIO")`,
	"event:fail":     `ev:fail "EIO"`,
	"event:skip":     `ev:skip(0)`,
	"event:delay":    `ev:delay(30)`,
	"memory:write":   `ev.mem:write(ev.raw[2], "x")`,
	"process:kill":   `ev.proc:kill "SIGKILL"`,
	"event=":         `ev.buf = "x"`,
	"arguments=":     `ev.args[1] = 7`,
	"registers=":     `ev.regs.rip = 0`,
	"event:suppress": `ev:suppress()`,
	"struct=":        `ev.mem:struct("timespec", ev.raw[2]).tv_sec = 0`,
}

// TestReadOnly calls every act of the interface in a read-only trace: each is
// an error, and the program runs as if it was not traced.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	all := map[string]bool{}
	for name := range ActingFunctions() {
		all[name] = true
	}
	for name := range actingObjects() {
		all[name+"="] = true
	}
	for name := range all {
		if forbidden[name] == "" {
			t.Errorf("%s acts, and nothing here tries it", name)
		}
	}
	if runtime.GOARCH != "amd64" {
		forbidden["registers="] = `ev.regs.pc = 0`
	}
	var script strings.Builder
	script.WriteString("local function try(ev, name, f)\n local ok, err = pcall(f, ev)\n print(name, ok, (tostring(err):gsub('^.-:%d+: ', '')))\nend\n")
	for _, on := range []string{"write:enter", "write"} {
		script.WriteString(`on("` + on + "\", function(ev)\n")
		for _, name := range sorted(forbidden) {
			if name != "event:suppress" {
				script.WriteString(" try(ev, '" + on + " " + name + "', function(ev) " + forbidden[name] + " end)\n")
			}
		}
		script.WriteString("end)\n")
	}
	script.WriteString(`on("signal", function(ev) try(ev, "signal event:suppress", function(ev) ev:suppress() end)
		try(ev, "signal sig", function(ev) ev.sig = "SIGKILL" end) end)`)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "test.lua"), script.String())
	for _, row := range [][]string{nil, {"--no-notify"}, {"--attachable"}} {
		r := traceIn(t, dir, append(append(row, "--read-only", "-s", "./test.lua", "--"), "sh", "-c", "kill -URG $$; echo one; echo two; exit 5")...)
		if r.Stdout != "one\ntwo\n" || r.Code != 5 || r.Stderr != "" {
			t.Errorf("%q: printed %q, status %d, %q", row, r.Stdout, r.Code, r.Stderr)
		}
		tried := map[string]bool{}
		for _, l := range lines(r.Out) {
			f := strings.Split(l, "\t")
			tried[f[0]] = true
			if len(f) != 3 || f[1] != "false" || !strings.HasSuffix(f[2], " is not allowed with --read-only") {
				t.Errorf("%q: %s", row, l)
			}
		}
		if want := 2*(len(forbidden)-1) + 2; len(tried) != want {
			t.Errorf("%q: %d acts were tried, want %d:\n%s", row, len(tried), want, r.Out)
		}
	}
}

func sorted(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// TestReadOnlyAtLoad: what a hook does in any case is refused before anything
// is started; what it may do, when it does.
func TestReadOnlyAtLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ script, want string }{
		{"fault('openat', 'EIO')", "./test.lua:1: fault() is not allowed with --read-only"},
		{"on('openat:enter', function(ev)\n ev:fail 'EIO' end)", "./test.lua:2: ev:fail() is not allowed with --read-only"},
		{"on('openat:enter', function(ev)\n local m, a = ev.mem, ev.raw[2] print(a)\n m:write(a, 'x') end)", "./test.lua:3: ev.mem:write() is not allowed with --read-only"},
		{"on('openat:enter', function(ev)\n ev.args.path = 'x' end)", "./test.lua:2: assigning ev.args.path is not allowed with --read-only"},
		{"on('openat', function(ev) ev.ret = 1 end)", "./test.lua:1: assigning ev.ret is not allowed with --read-only"},
		{"on('proc:exec', function(ev) local p = ev.proc p:kill(9) end)", "./test.lua:1: ev.proc:kill() is not allowed with --read-only"},
		{"on('openat', function(ev) if ev.path == 'nowhere' then ev.ret = 1 end end)", ""},
		{"on('openat', function(ev) local ev = {} ev.ret = 1 ev.proc, ev.task = 1, 2 end)", ""},
		{"on('openat', function(ev) ev.proc.data.x = 1 ev.task.data.mem = 2 end)", ""},
		{"on('openat', function(ev) while not ev do ev:fail(1) end return ev.path end)", ""},
	} {
		r := traceScriptWith(t, []string{"--read-only"}, c.script, "true")
		code := 0
		if c.want != "" {
			code, c.want = 2, "luatrace: "+c.want+"\n"
		}
		if r.Stderr != c.want || r.Code != code {
			t.Errorf("%s\nstatus %d, %q, want %d, %q", c.script, r.Code, r.Stderr, code, c.want)
		}
	}
}

// traceScriptWith is traceScript with options.
func traceScriptWith(t *testing.T, options []string, script string, command ...string) traced {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "test.lua"), script)
	return traceIn(t, dir, append(append(options, "-s", "./test.lua", "--"), command...)...)
}
