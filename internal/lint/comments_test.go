package lint

import (
	"fmt"
	"go/ast"
	"sort"
	"strings"
	"testing"
)

// checkDocs reports exported identifiers without a doc comment: functions, methods, types,
// constants, variables and the methods in exported interfaces. In a group, the comment of the
// group or of a line's end will do. The fields of a struct need no comment each, but a struct
// with three or more of which neither a comment nor the type's own says anything is reported.
func checkDocs(files []*goFile) (findings []string) {
	for _, f := range files {
		if f.test || f.generated || f.ast.Name.Name == "main" {
			continue
		}
		missing := func(n ast.Node, what, name string) {
			findings = append(findings, fmt.Sprintf("%s: exported %s %s has no doc comment", f.pos(n), what, name))
		}
		silent := func(n ast.Node, name string) {
			findings = append(findings, fmt.Sprintf("%s: no comment says anything about the fields of %s", f.pos(n), name))
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
					missing(d, "function", d.Name.Name)
				}
			case *ast.GenDecl:
				checkGroup(d, missing, silent)
			}
		}
	}
	return findings
}

func checkGroup(d *ast.GenDecl, missing func(n ast.Node, what, name string), silent func(n ast.Node, name string)) {
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if !s.Name.IsExported() {
				continue
			}
			if d.Doc == nil && s.Doc == nil && s.Comment == nil {
				missing(s, "type", s.Name.Name)
			}
			switch t := s.Type.(type) {
			case *ast.StructType:
				if !fieldsExplained(t.Fields, d.Doc.Text()+s.Doc.Text()) {
					silent(s, s.Name.Name)
				}
			case *ast.InterfaceType:
				for _, m := range t.Methods.List {
					if len(m.Names) == 0 || !m.Names[0].IsExported() || m.Doc != nil || m.Comment != nil {
						continue
					}
					// the comment of an interface with one method is about that
					if len(t.Methods.List) > 1 {
						missing(m, "method", s.Name.Name+"."+m.Names[0].Name)
					}
				}
			}
		case *ast.ValueSpec:
			if d.Doc != nil || s.Doc != nil || s.Comment != nil {
				continue
			}
			for _, n := range s.Names {
				if n.IsExported() {
					missing(s, d.Tok.String(), n.Name)
				}
			}
		}
	}
}

// fieldsExplained tells whether some field has a comment or is named in the type's, or there
// are too few exported ones to need it.
func fieldsExplained(fields *ast.FieldList, doc string) bool {
	exported := 0
	for _, fd := range fields.List {
		if fd.Doc != nil || fd.Comment != nil {
			return true
		}
		for _, n := range fd.Names {
			if !n.IsExported() {
				continue
			}
			if strings.Contains(doc, n.Name) {
				return true
			}
			exported++
		}
	}
	return exported < 3
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	for t := d.Recv.List[0].Type; ; {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// checkPackageComments reports packages whose files, tests aside, have no package comment.
func checkPackageComments(files []*goFile) (findings []string) {
	has := make(map[string]bool)
	for _, f := range files {
		if !f.test && !f.ignored {
			has[f.dir] = has[f.dir] || f.ast.Doc != nil
		}
	}
	for dir, ok := range has {
		if !ok {
			findings = append(findings, fmt.Sprintf("package %s has no package comment", dir))
		}
	}
	sort.Strings(findings)
	return findings
}

func TestExportedIdentifiersHaveDocs(t *testing.T) {
	t.Parallel()
	report(t, checkDocs(goFiles(t)))
}

func TestPackagesHaveComments(t *testing.T) {
	t.Parallel()
	report(t, checkPackageComments(goFiles(t)))
}
