package lint

import (
	"fmt"
	"go/ast"
	"sort"
	"strings"
	"testing"

	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// module is the path of this module.
const module = "luatrace"

// layer says what the packages in a part of the tree may import besides the standard library.
// A package name stands for itself, with "/..." for those below it too.
type layer struct {
	packages string
	may      []string
}

// layers is the order of the packages, from the bottom to the top. The first row that fits a
// package counts.
var layers = []layer{
	{"tracer/syscalls/gen/...", []string{"tracer/syscalls/gen/...", "tracer/syscalls/pack", "golang.org/x/sys/..."}},
	{"tracer/syscalls/...", []string{"tracer/syscalls/..."}},
	{"tracer/decode/...", []string{"tracer/decode/...", "tracer/syscalls"}},
	{"tracer/encode/...", []string{"tracer/encode/...", "tracer/syscalls", "tracer/decode"}},
	{"tracer/seccomp", []string{"tracer/syscalls", "golang.org/x/sys/unix", "golang.org/x/net/bpf"}},
	{"tracer/internal/kernel", []string{"tracer/syscalls", "golang.org/x/sys/..."}},
	{"tracer/aside", []string{"tracer/procfs", "tracer/elffile", "tracer/syscalls", "golang.org/x/sys/unix"}},
	{"tracer/sched", []string{"tracer/procfs", "tracer/syscalls", "golang.org/x/sys/unix"}},
	{"tracer/...", []string{"tracer/...", "golang.org/x/sys/...", "golang.org/x/net/bpf"}},
	{"engine/agg/...", []string{"github.com/caio/go-tdigest/v4"}},
	{"engine/spec", []string{"tracer/syscalls", "tracer/decode"}},
	{"engine/source", []string{"engine/fdinfo", "tracer", "tracer/procfs", "tracer/syscalls", "golang.org/x/sys/unix"}},
	{"engine/plan", []string{"engine/spec", "tracer/seccomp", "tracer/syscalls"}},
	{"engine/...", []string{"engine/...", "tracer", "tracer/procfs", "tracer/elffile", "tracer/seccomp", "tracer/syscalls", "tracer/decode", "tracer/encode", "golang.org/x/sys/..."}},
	{"bindings/luart/...", []string{"bindings/luart/...", "golang.org/x/sys/...", "github.com/yuin/gopher-lua/..."}},
	{"bindings/...", []string{"bindings/...", "engine/...", "tracer", "tracer/syscalls", "tracer/decode", "golang.org/x/sys/...", "github.com/yuin/gopher-lua/..."}},
	{"scripts/...", nil},
	{"cmd/luatrace/...", []string{"cmd/luatrace/...", "bindings", "bindings/lint", "bindings/luart", "scripts", "engine/...", "tracer", "tracer/procfs", "tracer/syscalls", "tracer/decode", "golang.org/x/sys/...", "github.com/spf13/pflag"}},
	{"internal/wire", nil},
	{"internal/escape", nil},
	{"internal/suggest", nil},
	{"internal/slot", nil},
	{"internal/privsep", []string{"internal/wire", "golang.org/x/net/bpf", "golang.org/x/sys/unix"}},
	{"internal/docs", []string{"bindings", "bindings/lint", "bindings/luart", "engine", "scripts", "tracer/syscalls"}},
	{"internal/...", []string{"internal/...", "golang.org/x/sys/..."}},
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
			if standard(p) || underAny(name, row.may) || underAny(name, forAll) && !under(f.dir, "tracer/syscalls/...") && !underAny(f.dir, forAll) || f.test && (underAny(name, forTests) || name == f.dir) {
				continue
			}
			findings = append(findings, fmt.Sprintf("%s imports %s: %s may import the standard library and %v only", f.path, p, f.dir, row.may))
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
