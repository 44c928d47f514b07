package bindings

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestPaths shows the names of files as hooks see them, made absolute.
func TestPaths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, script, command, out string }{
		{"both names", `on("rename,renameat,renameat2", function(ev) print(ev.paths.oldpath, ev.paths.newpath, ev.abspath) end)`,
			"mv -T a sub/../c", "DIR/a\tDIR/c\tDIR/a\n"},
		{"what a link points to is no file yet", `on("symlink,symlinkat", function(ev) print(ev.paths, ev.abspath) end)`,
			"ln -s a l", "{linkpath=\"DIR/l\"}\tDIR/l\n"},
		{"none", `on("getppid", function(ev) print(ev.paths, ev.abspath) end)`,
			"true", "{}\tnil\n"},
		{"by a condition's test", `local below = under(args.dir)
			on("openat:enter", function(ev) if below:test(ev.abspath) then print(ev.path) end end)`,
			"cat a /dev/null", "a\n"},
		{"of the old memory, by a condition", `on("execve", {when = {path = glob "**/cat"}}, function(ev) print(ev.ok) end)`,
			"/bin/cat a", "true\n"},
		{"tests of values", `print(ge(5):test(5), ge(5):test(4), ne("x"):test("y"), bits("O_CREAT"):test(0x42), glob("*.c"):test("a.c"),
			under("/a"):test("/a/b"), under("/a"):test("a/b"), under("/a"):test(nil))`,
			"true", "true\tfalse\ttrue\ttrue\ttrue\ttrue\tfalse\tfalse\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, err := filepath.EvalSymlinks(files(t)) // as the kernel shows it
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(dir, "s.lua"), "local args = args\n"+c.script)
			r := traceIn(t, dir, "-s", "./s.lua", "-a", "dir="+dir, "sh", "-c", "mkdir -p sub; "+c.command)
			want := strings.ReplaceAll(c.out, "DIR", dir)
			if r.Out != want || r.Code != 0 {
				t.Errorf("exit %d, trace output %q, want %q; stderr %q", r.Code, r.Out, want, r.Stderr)
			}
		})
	}
}

// TestNilIsNotRecorded: calls that do not return have no result, and a hook on
// all calls need not know which they are.
func TestNilIsNotRecorded(t *testing.T) {
	t.Parallel()
	r := trace(t, "-t", "exit_group", "-e", `agg.t:stats(ev.ret, ev.name) agg.n:count(ev.name)`, "true")
	r.want(t, "", 0, "n\ncount\n    1  exit_group\n")
}

// TestMetaArgumentTypes gives scripts arguments of the types that are checked
// before anything runs.
func TestMetaArgumentTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typ, value, want, err string }{
		{"errno", "enoent", "ENOENT", ""},
		{"errno", "ENOET", "", `unknown errno "ENOET"; did you mean "ENOENT"?`},
		{"signal", "term", "SIGTERM", ""},
		{"signal", "15", "SIGTERM", ""},
		{"signal", "TRM", "", `a signal such as SIGTERM is wanted, not "TRM"`},
		{"calls", "%file,read", "%file,read", ""},
		{"calls", "opn", "", `unknown system call "opn": did you mean "open"? (see luatrace probes)`},
		{"calls", "open:enter", "", `system calls are wanted, such as openat or %file, not "open:enter"`},
		{"calls", "signal", "", `system calls are wanted, such as openat or %file, not "signal"`},
		{"path", "/a/../b/", "/b", ""},
		{"path", "x/y", "DIR/x/y", ""},
	} {
		t.Run(c.typ+" "+c.value, func(t *testing.T) {
			t.Parallel()
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(dir, "s.lua"), `meta {name = "s", args = {x = {type = "`+c.typ+`"}}} print(args.x)`)
			r := traceIn(t, dir, "-s", "./s.lua", "-a", "x="+c.value, "true")
			switch {
			case c.err != "":
				r.wantErr(t, "", 2, r.Out, "luatrace: s: -a x: "+c.err+"\n")
			default:
				r.want(t, "", 0, strings.ReplaceAll(c.want, "DIR", dir)+"\n")
			}
		})
	}
}
