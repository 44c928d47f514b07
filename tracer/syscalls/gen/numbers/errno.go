package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
)

// preferred resolves the numbers with two names where x/sys lists the one
// that strace and most man pages don't use.
var preferred = map[string]string{"ENOTSUP": "EOPNOTSUPP"}

// texts are for numbers newer than the C library x/sys's texts were taken from.
var texts = map[string]string{"EFTYPE": "Inappropriate file type or format"}

// entry is one row of x/sys's errorList or signalList.
type entry struct {
	num        int
	name, text string
}

// writeErrnos writes the errno and signal tables. The numbers are the same on
// amd64, 386 and arm64, so one table serves all.
func writeErrnos(path, unix, version string) error {
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(unix, "zerrors_linux_amd64.go"), nil, 0)
	if err != nil {
		return err
	}
	b := header(version)

	b.WriteString("\n// errnos is indexed by error number; the texts are strerror(3)'s.\nvar errnos = [...]struct{ name, text string }{\n")
	entries, err := list(f, "errorList")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if p, ok := preferred[e.name]; ok {
			e.name = p
		}
		if t, ok := texts[e.name]; ok {
			e.text = t
		}
		if strings.HasPrefix(e.text, "unknown error") {
			return fmt.Errorf("%s has no text in x/sys; give one here", e.name)
		}
		fmt.Fprintf(b, "%d: {%q, %q},\n", e.num, e.name, capitalize(e.text))
	}
	b.WriteString("}\n")

	b.WriteString("\n// signals is indexed by signal number.\nvar signals = [...]string{\n")
	if entries, err = list(f, "signalList"); err != nil {
		return err
	}
	for _, e := range entries {
		fmt.Fprintf(b, "%d: %q,\n", e.num, e.name)
	}
	b.WriteString("}\n")
	return writeGo(path, b)
}

// list reads the array of {number, name, text} rows called name.
func list(f *ast.File, name string) ([]entry, error) {
	var rows []entry
	var bad error
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Names[0].Name != name || len(v.Values) != 1 {
			return true
		}
		for _, el := range v.Values[0].(*ast.CompositeLit).Elts {
			row := el.(*ast.CompositeLit).Elts
			var e entry
			var err error
			if e.num, err = strconv.Atoi(row[0].(*ast.BasicLit).Value); err == nil {
				if e.name, err = strconv.Unquote(row[1].(*ast.BasicLit).Value); err == nil {
					e.text, err = strconv.Unquote(row[2].(*ast.BasicLit).Value)
				}
			}
			if err != nil {
				bad = fmt.Errorf("%s: %w", name, err)
			}
			rows = append(rows, e)
		}
		return false
	})
	if bad == nil && len(rows) == 0 {
		bad = fmt.Errorf("%s not found", name)
	}
	return rows, bad
}

// capitalize undoes what x/sys's generator did to strerror's texts: it made
// the first letter lower case where the second already was.
func capitalize(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	r[0] = unicode.ToUpper(r[0])
	return strings.TrimSpace(string(r))
}
