package lint

import (
	"fmt"
	"go/ast"
	"slices"
	"sort"
	"strings"
	"testing"

	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// module is the path of this module.
const module = "luatrace"

// layer says what a package, or the packages in a part of the tree, may import besides the
// standard library and forAll.
// A package name stands for itself, with "/..." for those below it too.
type layer struct {
	packages string
	may      []string
	tests    []string // what its tests may import besides that and forTests
}

// layers is the order of the packages, from the bottom to the top: of the program's each with
// what it does import, no more. The first row that fits a package counts.
var layers = []layer{
	{"tracer/syscalls/gen/...", []string{"tracer/syscalls/gen/...", "tracer/syscalls/pack", "golang.org/x/sys/unix"}, nil},
	{"tracer/syscalls/pack", nil, nil},
	{"tracer/syscalls", []string{"tracer/syscalls/pack"}, nil},
	{"tracer/decode", []string{"tracer/syscalls"}, nil},
	{"tracer/encode", []string{"tracer/syscalls"}, []string{"tracer/decode"}},
	{"tracer/elffile", []string{"golang.org/x/sys/unix"}, nil},
	{"tracer/procfs", []string{"golang.org/x/sys/unix"}, nil},
	{"tracer/seccomp", []string{"tracer/syscalls", "golang.org/x/net/bpf", "golang.org/x/sys/unix"}, nil},
	{"tracer/sched", []string{"tracer/syscalls", "tracer/procfs", "golang.org/x/sys/unix"}, nil},
	{"tracer/aside", []string{"tracer/syscalls", "tracer/elffile", "tracer/procfs", "golang.org/x/sys/unix"}, nil},
	{"tracer/internal/limits", nil, nil},
	{"tracer/internal/sigstate", []string{"golang.org/x/sys/unix"}, nil},
	{"tracer/internal/reports", nil, nil},
	{"tracer/internal/kernel", []string{"tracer/syscalls", "golang.org/x/sys/unix"}, nil},
	{"tracer", []string{"tracer/syscalls", "tracer/procfs", "tracer/seccomp", "tracer/sched", "tracer/aside", "tracer/internal/limits", "tracer/internal/sigstate", "tracer/internal/reports", "tracer/internal/kernel", "golang.org/x/sys/unix"}, nil},
	{"engine/accounts", nil, nil},
	{"engine/trust", []string{"engine/accounts", "golang.org/x/sys/unix"}, nil},
	{"engine/agg", []string{"github.com/caio/go-tdigest/v4"}, nil},
	{"engine/fdinfo", []string{"tracer/syscalls", "tracer/decode", "tracer/procfs", "golang.org/x/sys/unix"}, nil},
	{"engine/spec", []string{"tracer/syscalls", "tracer/decode"}, nil},
	{"engine/plan", []string{"tracer/syscalls", "tracer/seccomp", "engine/spec"}, nil},
	{"engine/source", []string{"tracer/syscalls", "tracer/procfs", "tracer", "engine/fdinfo", "golang.org/x/sys/unix"}, nil},
	{"engine", []string{"tracer/syscalls", "tracer/decode", "tracer/encode", "tracer/elffile", "tracer/procfs", "tracer/seccomp", "tracer", "engine/fdinfo", "engine/spec", "engine/plan", "engine/source", "golang.org/x/sys/unix"}, nil},
	{"engine/printer", []string{"tracer/syscalls", "tracer/decode", "tracer", "engine", "golang.org/x/sys/unix"}, nil},
	{"engine/summary", []string{"tracer/syscalls"}, nil},
	{"engine/inject", []string{"tracer/syscalls", "engine/spec", "engine/plan", "engine", "golang.org/x/sys/unix"}, nil},
	{"bindings/luart", []string{"github.com/yuin/gopher-lua", "github.com/yuin/gopher-lua/ast", "github.com/yuin/gopher-lua/parse", "golang.org/x/sys/unix"}, []string{"github.com/yuin/gopher-lua/pm"}},
	{"bindings", []string{"tracer/syscalls", "tracer/decode", "tracer", "engine/trust", "engine/agg", "engine/spec", "engine/plan", "engine", "bindings/luart", "github.com/yuin/gopher-lua", "github.com/yuin/gopher-lua/ast", "github.com/yuin/gopher-lua/parse", "golang.org/x/sys/unix"}, []string{"bindings/lint", "engine/printer"}},
	{"bindings/lint", []string{"tracer/syscalls", "engine/spec", "engine", "bindings/luart", "bindings", "github.com/yuin/gopher-lua", "github.com/yuin/gopher-lua/ast"}, nil},
	{"scripts", nil, nil},
	{"cmd/luatrace/internal/quit", nil, nil},
	{"cmd/luatrace", []string{"tracer/syscalls", "tracer/decode", "tracer/procfs", "tracer", "engine/accounts", "engine/trust", "engine/agg", "engine/spec", "engine/plan", "engine", "engine/printer", "engine/summary", "engine/inject", "bindings/luart", "bindings", "bindings/lint", "scripts", "cmd/luatrace/internal/quit", "github.com/spf13/pflag", "golang.org/x/sys/unix"}, nil},
	{"internal/wire", nil, nil},
	{"internal/escape", nil, nil},
	{"internal/suggest", nil, nil},
	{"internal/slot", nil, nil},
	{"internal/privsep", []string{"internal/wire", "golang.org/x/net/bpf", "golang.org/x/sys/unix"}, nil},
	{"internal/docs", []string{"bindings", "bindings/lint", "bindings/luart", "engine", "scripts", "tracer/syscalls"}, nil},
	{"internal/...", []string{"internal/...", "golang.org/x/sys/..."}, nil},
}

// forAll is what every package but the lowest may import: small packages of the program that know nothing of it.
var forAll = []string{"internal/wire", "internal/escape", "internal/privsep", "internal/slot", "internal/suggest"}

// forTests is what every package's tests may import in addition.
var forTests = []string{"internal/...", "github.com/rogpeppe/go-internal/testscript/...", "github.com/santhosh-tekuri/jsonschema/v6", "golang.org/x/net/html", "golang.org/x/sys/unix"}

// exclusive names what only one part of the tree may import, tests included.
// owners are separated by spaces.
var exclusive = []struct{ path, owners, why string }{
	{"github.com/yuin/gopher-lua/...", "bindings/...", "only bindings knows Lua"},
	{"github.com/spf13/pflag/...", "cmd/luatrace/...", "only the command knows its flags"},
	{"golang.org/x/net/bpf", "tracer/... internal/privsep", "only tracer and the process without rights make filters"},
	{"github.com/caio/go-tdigest/...", "engine/agg", "only agg keeps percentiles"},
}

// costly names what no package of the program may import, and why.
var costly = []struct{ path, why string }{
	{"net", "with cgo it makes the program need the C library; net/netip and x/sys have what is wanted"},
	{"os/user", "with cgo it makes the program need the C library; engine/accounts reads the files"},
	{"C", "the program is static"},
	{"debug/elf", "what a file says decides how much memory it takes; tracer/elffile reads the files of tracees"},
	{"debug/dwarf", "what a file says decides how much memory it takes"},
	{"debug/macho", "what a file says decides how much memory it takes"},
	{"debug/pe", "what a file says decides how much memory it takes"},
}

// costlyCalls are functions that the program is better off without.
var costlyCalls = []struct{ path, name, why string }{
	{"os/signal", "Notify", "each signal takes the runtime four switches between threads, and two threads stay; tracer.Signals takes a system call"},
	{"os/signal", "NotifyContext", "see Notify"},
}

// under tells whether an import path or package is what pattern names.
func under(name, pattern string) bool {
	prefix, all := strings.CutSuffix(pattern, "/...")
	return name == prefix || all && strings.HasPrefix(name, prefix+"/")
}

func underAny(name string, patterns []string) bool {
	for _, p := range patterns {
		if under(name, p) {
			return true
		}
	}
	return false
}

func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != module
}

func sorted(m map[string]string) []string {
	var list []string
	for _, p := range m {
		list = append(list, p)
	}
	sort.Strings(list)
	return list
}

// checkDirection reports the imports that go against the order of the packages.
func checkDirection(files []*goFile) (findings []string) {
	for _, f := range files {
		if f.ignored {
			continue
		}
		var row *layer
		for i := range layers {
			if under(f.dir, layers[i].packages) {
				row = &layers[i]
				break
			}
		}
		if row == nil {
			findings = append(findings, fmt.Sprintf("%s: package %s has no row in layers (internal/lint/imports_test.go): say what it may import", f.path, f.dir))
			continue
		}
		for _, p := range sorted(f.imports()) {
			name := strings.TrimPrefix(p, module+"/")
			// an external test package imports its own package
			if standard(p) || underAny(name, row.may) || underAny(name, forAll) && !under(f.dir, "tracer/syscalls/...") && !underAny(f.dir, forAll) || f.test && (underAny(name, forTests) || underAny(name, row.tests) || name == f.dir) {
				continue
			}
			findings = append(findings, fmt.Sprintf("%s imports %s: %s may import the standard library and %v only", f.path, p, f.dir, row.may))
		}
	}
	return findings
}

// checkExact reports what rows of single packages allow and no file imports: the table is the
// picture of the tree.
func checkExact(files []*goFile) (findings []string) {
	for _, row := range layers {
		if strings.HasSuffix(row.packages, "/...") || strings.HasPrefix(row.packages, "internal/") {
			continue
		}
		used, there := map[string]bool{}, false
		for _, f := range files {
			if f.dir == row.packages {
				there = true
				for _, p := range f.imports() {
					used[strings.TrimPrefix(p, module+"/")] = true
				}
			}
		}
		unused := slices.DeleteFunc(slices.Concat(row.may, row.tests), func(name string) bool { return used[name] })
		if there && len(unused) > 0 {
			findings = append(findings, fmt.Sprintf("%s does not import %v: take that out of its row in layers (internal/lint/imports_test.go)", row.packages, unused))
		}
	}
	return findings
}

func checkExclusive(files []*goFile) (findings []string) {
	for _, f := range files {
		for _, p := range sorted(f.imports()) {
			for _, e := range exclusive {
				if under(p, e.path) && !underAny(f.dir, strings.Fields(e.owners)) {
					findings = append(findings, fmt.Sprintf("%s imports %s: %s (%s)", f.path, p, e.why, e.owners))
				}
			}
		}
	}
	return findings
}

// checkCostly reports imports and calls that the program is better off without; tools and tests
// may have them.
func checkCostly(files []*goFile) (findings []string) {
	for _, f := range files {
		if f.test || f.ignored || under(f.dir, "internal/...") && !underAny(f.dir, forAll) || under(f.dir, "tracer/syscalls/gen/...") {
			continue
		}
		for _, p := range sorted(f.imports()) {
			for _, c := range costly {
				if p == c.path {
					findings = append(findings, fmt.Sprintf("%s imports %s: %s", f.path, p, c.why))
				}
			}
		}
		names := f.imports()
		ast.Inspect(f.ast, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok {
				for _, c := range costlyCalls {
					if names[x.Name] == c.path && s.Sel.Name == c.name {
						findings = append(findings, fmt.Sprintf("%s uses %s.%s: %s", f.pos(s), x.Name, c.name, c.why))
					}
				}
			}
			return true
		})
	}
	return findings
}

// checkPtrace reports uses of ptrace outside tracer/internal/kernel: a request by number, by a function of
// syscall or x/sys/unix, or by os/exec.
func checkPtrace(files []*goFile) (findings []string) {
	for _, f := range files {
		inKernel := f.dir == "tracer/internal/kernel"
		names := f.imports()
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				x, ok := n.X.(*ast.Ident)
				if !ok || names[x.Name] != "syscall" && names[x.Name] != "golang.org/x/sys/unix" {
					break
				}
				if name := n.Sel.Name; !inKernel && (name == "SYS_PTRACE" || strings.HasPrefix(name, "Ptrace")) {
					findings = append(findings, fmt.Sprintf("%s uses %s.%s: only tracer/internal/kernel issues ptrace requests", f.pos(n), x.Name, name))
				}
			case *ast.KeyValueExpr:
				if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Ptrace" {
					findings = append(findings, fmt.Sprintf("%s sets Ptrace: tracees are started by tracer's own fork, never by os/exec", f.pos(n)))
				}
			case *ast.AssignStmt:
				for _, l := range n.Lhs {
					if s, ok := l.(*ast.SelectorExpr); ok && s.Sel.Name == "Ptrace" {
						findings = append(findings, fmt.Sprintf("%s sets Ptrace: tracees are started by tracer's own fork, never by os/exec", f.pos(n)))
					}
				}
			}
			return true
		})
	}
	return findings
}

// checkUnsafe reports files that import unsafe and do not say so in their name.
func checkUnsafe(files []*goFile) (findings []string) {
	for _, f := range files {
		if _, ok := f.imports()["unsafe"]; ok && !strings.Contains(f.path[len(f.dir):], "unsafe") {
			findings = append(findings, fmt.Sprintf("%s imports unsafe: only files named so may (NAME_unsafe.go, NAME_unsafe_ARCH.go)", f.path))
		}
	}
	return findings
}

func TestImportsFollowTheLayers(t *testing.T) {
	t.Parallel()
	report(t, checkDirection(goFiles(t)))
	report(t, checkExact(goFiles(t)))
}

func TestImportsOfOneOwner(t *testing.T) {
	t.Parallel()
	report(t, checkExclusive(goFiles(t)))
}

func TestNoCostlyImports(t *testing.T) {
	t.Parallel()
	report(t, checkCostly(goFiles(t)))
}

func TestOnlyTracerUsesPtrace(t *testing.T) {
	t.Parallel()
	report(t, checkPtrace(goFiles(t)))
}

func TestUnsafeOnlyInNamedFiles(t *testing.T) {
	t.Parallel()
	report(t, checkUnsafe(goFiles(t)))
}
