package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// checkProc reports what gets at /proc by itself: the same number there may be
// another process, which only tracer/procfs finds out. What /proc/self leads to is
// always this process, or nothing.
func checkProc(files []*goFile) (findings []string) {
	for _, f := range files {
		if f.test || under(f.dir, "tracer/procfs") || under(f.dir, "internal/...") {
			continue
		}
		imports := f.imports()
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok || imports[pkg.Name] != "os" && imports[pkg.Name] != "golang.org/x/sys/unix" {
				return true
			}
			for _, arg := range call.Args {
				ast.Inspect(arg, func(n ast.Node) bool {
					lit, ok := n.(*ast.BasicLit)
					if !ok || lit.Kind != token.STRING {
						return true
					}
					if s, err := strconv.Unquote(lit.Value); err == nil && (s == "/proc" || strings.HasPrefix(s, "/proc/")) && !strings.HasPrefix(s, "/proc/self/") {
						findings = append(findings, fmt.Sprintf("%s gives %s to %s.%s: only tracer/procfs knows whose numbers /proc shows", f.pos(lit), lit.Value, pkg.Name, sel.Sel.Name))
					}
					return true
				})
			}
			return true
		})
	}
	return findings
}

func TestProc(t *testing.T) {
	t.Parallel()
	report(t, checkProc(goFiles(t)))
}
