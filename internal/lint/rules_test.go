package lint

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// one parses a made-up file and fails the test when it is not Go.
func one(t *testing.T, name, src string) []*goFile {
	t.Helper()
	f, err := parseFile(name, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return []*goFile{f}
}

// TestRulesFind runs each rule on a source that breaks it and on one that does not: a rule
// which never finds anything would pass on every tree.
func TestRulesFind(t *testing.T) {
	t.Parallel()
	importing := func(p string) string { return fmt.Sprintf("package p\n\nimport _ %q\n", p) }
	long := func(head string, n int) string { return head + "package p\n" + strings.Repeat("//\n", n) }
	for _, c := range []struct {
		rule  func([]*goFile) []string
		file  string
		src   string
		finds string // part of the only finding; none when empty
	}{
		{checkDirection, "tracer/a.go", importing("luatrace/engine"), "tracer/a.go imports luatrace/engine"},
		{checkDirection, "tracer/a.go", importing("luatrace/tracer/syscalls"), ""},
		{checkDirection, "tracer/internal/kernel/a.go", importing("luatrace/tracer"), "imports luatrace/tracer"},
		{checkDirection, "tracer/a.go", importing("luatrace/internal/fixture"), "imports luatrace/internal/fixture"},
		{checkDirection, "tracer/a_test.go", importing("luatrace/internal/fixture"), ""},
		{checkDirection, "tracer/a_test.go", importing("luatrace/engine"), "imports luatrace/engine"},
		{checkDirection, "tracer/syscalls/a.go", importing("golang.org/x/sys/unix"), "imports golang.org/x/sys/unix"},
		{checkDirection, "tracer/syscalls/a.go", importing("strings"), ""},
		{checkDirection, "tracer/decode/a.go", importing("luatrace/tracer"), "imports luatrace/tracer"},
		{checkDirection, "tracer/decode/a.go", importing("luatrace/tracer/syscalls"), ""},
		{checkDirection, "engine/a.go", importing("luatrace/bindings"), "imports luatrace/bindings"},
		{checkDirection, "engine/a.go", importing("luatrace/engine/spec"), ""},
		{checkDirection, "engine/agg/a.go", importing("luatrace/engine"), "imports luatrace/engine"},
		{checkDirection, "engine/source/a.go", importing("luatrace/engine"), "imports luatrace/engine"},
		{checkDirection, "engine/plan/a.go", importing("luatrace/engine"), "imports luatrace/engine"},
		{checkDirection, "engine/spec/a.go", importing("luatrace/tracer"), "imports luatrace/tracer"},
		{checkDirection, "bindings/a.go", importing("luatrace/scripts"), "imports luatrace/scripts"},
		{checkDirection, "scripts/a.go", importing("embed"), ""},
		{checkDirection, "cmd/luatrace/a.go", importing("luatrace/bindings"), ""},
		{checkDirection, "cmd/luatrace/a.go", importing("example.com/x"), "imports example.com/x"},
		{checkDirection, "bindings/a.go", importing("luatrace/internal/escape"), ""},
		{checkDirection, "tracer/syscalls/a.go", importing("luatrace/internal/escape"), "imports luatrace/internal/escape"},
		{checkDirection, "internal/escape/a.go", importing("luatrace/internal/wire"), "imports luatrace/internal/wire"},
		{checkDirection, "internal/wire/a.go", importing("luatrace/internal/leak"), "imports luatrace/internal/leak"},
		{checkExact, "engine/spec/a.go", importing("luatrace/tracer/decode"), "engine/spec does not import [tracer/syscalls]"},
		{checkDirection, "other/a.go", importing("strings"), "has no row in layers"},
		{checkExclusive, "engine/a_test.go", importing("github.com/yuin/gopher-lua"), "only bindings knows Lua"},
		{checkExclusive, "bindings/a.go", importing("github.com/yuin/gopher-lua/parse"), ""},
		{checkExclusive, "bindings/a.go", importing("github.com/spf13/pflag"), "only the command knows"},
		{checkCostly, "bindings/a.go", importing("os/user"), "imports os/user"},
		{checkCostly, "engine/a.go", importing("net"), "imports net: with cgo"},
		{checkCostly, "engine/a.go", importing("net/netip"), ""},
		{checkCostly, "engine/a_test.go", importing("net"), ""},
		{checkCostly, "internal/leak/a.go", importing("net"), ""},
		{checkCostly, "tracer/a.go", importing("debug/elf"), "imports debug/elf: what a file says"},
		{checkCostly, "tracer/syscalls/gen/uapi/a.go", importing("debug/elf"), ""},
		{checkCostly, "internal/privsep/a.go", importing("net"), "imports net"},
		{checkCostly, "cmd/luatrace/a.go", "package p\n\nimport \"os/signal\"\n\nfunc f() { signal.Notify(nil) }\n", "uses signal.Notify: each"},
		{checkCostly, "cmd/luatrace/a.go", "package p\n\nimport \"os/signal\"\n\nfunc f() { signal.Ignore() }\n", ""},
		{checkPtrace, "engine/a.go", "package p\n\nimport \"golang.org/x/sys/unix\"\n\nvar x = unix.SYS_PTRACE\n", "engine/a.go:5 uses unix.SYS_PTRACE"},
		{checkPtrace, "engine/a_test.go", "package p\n\nimport u \"syscall\"\n\nvar x = u.PtraceCont\n", "uses u.PtraceCont"},
		{checkPtrace, "tracer/a.go", "package p\n\nimport \"golang.org/x/sys/unix\"\n\nvar x = unix.SYS_PTRACE\n", "uses unix.SYS_PTRACE"},
		{checkPtrace, "tracer/internal/kernel/a.go", "package p\n\nimport \"golang.org/x/sys/unix\"\n\nvar x = unix.SYS_PTRACE\n", ""},
		{checkPtrace, "tracer/a.go", "package p\n\nvar x = A{Ptrace: true}\n", "sets Ptrace"},
		{checkPtrace, "tracer/a.go", "package p\n\nfunc f(a *A) { a.Ptrace = true }\n", "sets Ptrace"},
		{checkPtrace, "engine/a.go", "package p\n\nimport \"golang.org/x/sys/unix\"\n\nvar x = unix.PTRACE_EVENT_EXEC\n", ""},
		{checkUnsafe, "tracer/unsafe/a.go", importing("unsafe"), ""},
		{checkUnsafe, "tracer/a.go", "package p\n\nimport \"unsafe\"\n\nvar x unsafe.Pointer\n", "tracer/a.go imports unsafe"},
		{checkUnsafe, "tracer/a_unsafe.go", "package p\n\nimport \"unsafe\"\n\nvar x unsafe.Pointer\n", ""},
		{checkProc, "engine/a.go", "package p\n\nimport \"os\"\n\nvar x, _ = os.ReadFile(\"/proc/\" + y + \"/comm\")\n", `engine/a.go:5 gives "/proc/" to os.ReadFile`},
		{checkProc, "tracer/a.go", "package p\n\nimport \"golang.org/x/sys/unix\"\n\nvar x, _ = unix.Open(f(\"/proc/%d/mem\", 1), 0, 0)\n", "to unix.Open"},
		{checkProc, "engine/a.go", "package p\n\nimport \"os\"\n\nvar x, _ = os.ReadFile(\"/proc/self/statm\")\n", ""},
		{checkProc, "engine/a.go", "package p\n\nimport \"strings\"\n\nvar x = strings.HasPrefix(y, \"/proc/\")\n", ""},
		{checkProc, "tracer/procfs/a.go", "package p\n\nimport \"os\"\n\nvar x, _ = os.ReadFile(\"/proc/1/comm\")\n", ""},
		{checkLength, "a.go", long("", maxLines), "has 601 lines"},
		{checkLength, "a.go", long("", maxLines-1), ""},
		{checkLength, "a.go", long("// Code generated by x. DO NOT EDIT.\n\n", maxLines), ""},
		{checkDocs, "p/a.go", "package p\n\nfunc F() {}\n", "p/a.go:3: exported function F"},
		{checkDocs, "p/a.go", "package p\n\n// F does.\nfunc F() {}\nfunc g() {}\n", ""},
		{checkDocs, "p/a.go", "package p\n\nfunc (t *T[K]) M() {}\n", "exported function M"},
		{checkDocs, "p/a.go", "package p\n\nfunc (t *t) M() {}\n", ""},
		{checkDocs, "p/a.go", "package p\n\ntype T int\n", "exported type T"},
		{checkDocs, "p/a.go", "package p\n\nconst C = 1\n", "exported const C"},
		{checkDocs, "p/a.go", "package p\n\n// All.\nconst (\n\tC = 1\n\tD = 2\n)\n", ""},
		{checkDocs, "p/a.go", "package p\n\nvar (\n\tV int // V is.\n\tW int\n)\n", "exported var W"},
		{checkDocs, "p/a.go", "package p\n\n// T is.\ntype T struct {\n\tA, B int\n\tC int\n}\n", "no comment says anything about the fields of T"},
		{checkDocs, "p/a.go", "package p\n\n// T is a B.\ntype T struct {\n\tA, B int\n\tC int\n}\n", ""},
		{checkDocs, "p/a.go", "package p\n\n// T is.\ntype T struct {\n\tA, B int\n\tC int // C is.\n}\n", ""},
		{checkDocs, "p/a.go", "package p\n\n// T is.\ntype T struct {\n\tA, B int\n\tc int\n}\n", ""},
		{checkDocs, "p/a.go", "package p\n\n// T is.\ntype T interface {\n\tM() // M does.\n\tN()\n}\n", "exported method T.N"},
		{checkDocs, "p/a_test.go", "package p\n\nfunc F() {}\n", ""},
		{checkDocs, "cmd/x/a.go", "package main\n\nfunc F() {}\n", ""},
		{checkPackageComments, "p/a.go", "package p\n", "package p has no package comment"},
		{checkPackageComments, "p/a.go", "// Package p is.\npackage p\n", ""},
		{checkPackageComments, "p/a_test.go", "package p\n", ""},
	} {
		got := c.rule(one(t, c.file, c.src))
		if c.finds == "" && len(got) != 0 || c.finds != "" && (len(got) != 1 || !strings.Contains(got[0], c.finds)) {
			t.Errorf("%s:\n%s\nfindings %q, want %q", c.file, c.src, got, c.finds)
		}
	}
}

func TestTextRulesFind(t *testing.T) {
	t.Parallel()
	slash := "/" // so that this file itself has no such path
	for _, c := range []struct {
		rule  func([]textFile) []string
		file  string
		text  string
		finds []string
	}{
		{checkMachinePaths, "README.md", "a\nsee " + slash + "work/x\n", []string{`README.md:2 contains the machine path "` + slash + `work/"`}},
		{checkMachinePaths, "a", slash + "tmp/w\n", []string{`a:1 contains the machine path "` + slash + `tmp/w"`}},
		{checkMachinePaths, "a", "cd " + slash + "root/x " + slash + "home/jane/y\n", []string{`a:1 contains the machine path "` + slash + `root/"`}},
		{checkMachinePaths, "a", slash + "home/user/x net/work/ .." + slash + "work/ " + slash + "tmp/what " + slash + "workload/\n", nil},
		{checkSpace, "a.go", "x \ny\n", []string{"a.go:1 ends with blanks"}},
		{checkSpace, "a.lua", "x\r\n", []string{"a.lua:1 ends with blanks"}},
		{checkSpace, "a.c", "x", []string{"a.c must end with one newline"}},
		{checkSpace, "a.c", "x\n\n", []string{"a.c must end with one newline"}},
		{checkSpace, "a.c", "x\xff\n", []string{"a.c is not UTF-8"}},
		{checkSpace, "a.c", "x\n", nil},
		{checkSpace, "p/testdata/a.c", "x \n", nil},
	} {
		if got := c.rule([]textFile{{c.file, []byte(c.text)}}); !reflect.DeepEqual(got, c.finds) {
			t.Errorf("%s %q: findings %q, want %q", c.file, c.text, got, c.finds)
		}
	}
}
