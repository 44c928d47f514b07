package main

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const xsysModule = "golang.org/x/sys"

// socketPrefixes are the constants of C libraries' sys/socket.h that no UAPI
// header has; they are put under that header's name.
var socketPrefixes = []string{"AF_", "PF_", "SOCK_", "MSG_", "SOL_", "SCM_", "SHUT_", "SO_"}

const socketHeader = "sys/socket.h"

// xsysSkip are Go's own constants and the ones made for other tables.
var xsysSkip = []string{"SYS_", "Sizeof", "BitSize", "SIZEOF_", "Pathmax"}

// xsys reads the integer constants of golang.org/x/sys/unix for linux and one
// GOARCH: a fallback for what the headers lack.
func xsys(goarch string) (table, string, error) {
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}} {{.Version}}", xsysModule)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, "", fmt.Errorf("go list -m %s: %w", xsysModule, err)
	}
	dir, version, _ := strings.Cut(strings.TrimSpace(string(out)), " ")

	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range []string{"zerrors_linux.go", "zerrors_linux_" + goarch + ".go", "ztypes_linux.go", "ztypes_linux_" + goarch + ".go"} {
		f, err := parser.ParseFile(fset, filepath.Join(dir, "unix", name), nil, 0)
		if err != nil {
			return nil, "", err
		}
		files = append(files, f)
	}
	// Only constants are of interest; what the files need from the rest of
	// their package stays unresolved, and that is no error here.
	conf := types.Config{Importer: importer.ForCompiler(fset, "source", nil), Error: func(error) {}, FakeImportC: true}
	info := types.Info{Defs: map[*ast.Ident]types.Object{}}
	conf.Check("unix", fset, files, &info)

	t := table{}
	for _, f := range files {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				for _, id := range s.(*ast.ValueSpec).Names {
					c, ok := info.Defs[id].(*types.Const)
					if !ok || skip(id.Name) || c.Val().Kind() != constant.Int && c.Val().Kind() != constant.Float {
						continue
					}
					v := constant.ToInt(c.Val())
					u, ok := constant.Uint64Val(v)
					if i, signed := constant.Int64Val(v); signed {
						u, ok = uint64(i), true
					}
					if ok {
						h := xsysHeader(id.Name)
						t[h] = append(t[h], value{id.Name, u})
					}
				}
			}
		}
	}
	if t.count() < 5000 {
		return nil, "", fmt.Errorf("%s: only %d constants for %s", xsysModule, t.count(), goarch)
	}
	return t, version, nil
}

func skip(name string) bool {
	for _, p := range xsysSkip {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	// Names in mixed case are Go's own, but for AF_DECnet.
	return name != strings.ToUpper(name) && xsysHeader(name) != socketHeader
}

func xsysHeader(name string) string {
	for _, p := range socketPrefixes {
		if strings.HasPrefix(name, p) {
			return socketHeader
		}
	}
	return xsysModule + "/unix"
}

// extraText has the constants neither the headers nor x/sys have.
//
//go:embed extra.txt
var extraText string

func extra() (table, error) {
	t := table{}
	header := ""
	for line := range strings.Lines(extraText) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '@' {
			header = line[1:]
			continue
		}
		name, text, ok := strings.Cut(line, " ")
		if !ok {
			return nil, fmt.Errorf("extra.txt: %q is not NAME VALUE", line)
		}
		v, err := strconv.ParseUint(text, 0, 64)
		if err != nil {
			i, err := strconv.ParseInt(text, 0, 64)
			if err != nil {
				return nil, fmt.Errorf("extra.txt: %s: %w", name, err)
			}
			v = uint64(i)
		}
		t[header] = append(t[header], value{name, v})
	}
	return t, nil
}
