package bindings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	lua "github.com/yuin/gopher-lua"
)

// tree writes files below a new folder and returns it.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoadFile(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"plain", "print(1)", "1\n"},
		{"hash-bang", "#!/usr/bin/env luatrace -s\nprint((debug.traceback()):match(':(%d+):'))", "2\n"},
		{"only hash-bang", "#!/x", ""},
		{"byte order mark", "\xef\xbb\xbf#!/x\nprint(2)", "2\n"},
		{"empty", "", ""},
		{"CRLF", "print(1)\r\nprint(2)\r\n", "1\n2\n"},
		{"comment at the end", "print(1) -- done", "1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, map[string]string{"s.lua": tt.text})
			r, out := newTest(t, Options{})
			fn, err := r.LoadFile(filepath.Join(dir, "s.lua"))
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Call(fn); err != nil {
				t.Fatal(err)
			}
			r.Flush()
			if out.String() != tt.want {
				t.Errorf("got %q, want %q", out, tt.want)
			}
		})
	}
}

func TestLoadFileErrors(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"bad.lua": "local x = = 1\n", "bytecode.lua": "\x1bLuaQ..."})
	r, _ := newTest(t, Options{})
	for name, want := range map[string]string{
		"bad.lua":      filepath.Join(dir, "bad.lua") + ":1: syntax error near '='",
		"bytecode.lua": "compiled Lua can't be loaded; give the source",
		"missing.lua":  "no such file or directory",
		".":            "is a directory, not a script",
	} {
		if _, err := r.LoadFile(filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	if _, err := r.LoadReader(strings.NewReader(strings.Repeat("x", maxSource+1)), "long"); err == nil || !strings.Contains(err.Error(), "longer than 4 MiB") {
		t.Errorf("error %v", err)
	}
}

// TestTrusted: what root runs can't have been changed by others.
func TestTrusted(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"d/s.lua": "", "open/s.lua": ""})
	name := filepath.Join(dir, "d/s.lua")
	me := reader{0, []int{os.Geteuid(), 0}, []int{os.Getegid(), 0}} // as root, who trusts this user
	check := func(r reader, name, want string) {
		t.Helper()
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := r.trusts(f, name); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	chmod := func(name string, mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	check(me, name, "")
	chmod(name, 0o666)
	check(me, name, "s.lua can be written by everybody")
	check(reader{euid: 1000}, name, "")
	chmod(name, 0o664)
	check(me, name, "")
	chmod(name, 0o644)
	chmod(filepath.Dir(name), 0o777)
	check(me, name, "the folder of")
	check(reader{euid: 1000}, name, "")
	chmod(filepath.Dir(name), 0o777|os.ModeSticky)
	check(me, name, "")
	stranger := reader{0, []int{1<<30 + 1}, nil} // the file belongs to somebody else
	check(stranger, name, "belongs to another user")
	chmod(filepath.Dir(name), 0o755)
	chmod(dir, 0o777) // somebody could put another d there
	check(me, name, "the folder of")
	chmod(dir, 0o755)
	check(me, name, "")

	// A link is followed, and both ends are looked at.
	link := filepath.Join(dir, "open/link.lua")
	if err := os.Symlink(name, link); err != nil {
		t.Fatal(err)
	}
	check(me, link, "")
	chmod(filepath.Join(dir, "open"), 0o777)
	check(me, link, "the folder of")
	chmod(filepath.Join(dir, "open"), 0o777|os.ModeSticky)
	check(me, link, "")
	chmod(filepath.Join(dir, "open"), 0o755)
	chmod(filepath.Dir(name), 0o777)
	check(me, link, "the folder of")
	chmod(filepath.Dir(name), 0o755)
	if os.Geteuid() != 0 {
		return
	}
	// Groups and owners.
	chmod(name, 0o664)
	if err := os.Chown(name, 0, 1<<30+7); err != nil {
		t.Fatal(err)
	}
	check(me, name, "can be written by the group 1073741831")
	check(reader{0, []int{0}, []int{0, 1<<30 + 7}}, name, "")
	if err := os.Chown(name, 1<<30+7, 1<<30+7); err != nil { // a group of its own
		t.Fatal(err)
	}
	check(me, name, "")
	chmod(filepath.Dir(name), 0o777|os.ModeSticky)
	check(me, name, "belongs to another user")
	check(reader{0, []int{0, 1<<30 + 7}, nil}, name, "") // who called sudo
}

// TestTrustedEverywhere: every way in which a file becomes code looks.
func TestTrustedEverywhere(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // nothing is refused
	}
	dir := tree(t, map[string]string{"main.lua": "", "open.lua": "return 1"})
	open := filepath.Join(dir, "open.lua")
	if err := os.Chmod(open, 0o666); err != nil {
		t.Fatal(err)
	}
	const want = "open.lua can be written by everybody; as root luatrace doesn't run it"
	for _, code := range []string{`require "open"`, `dofile "` + open + `"`, `assert(loadfile "` + open + `")`} {
		writeFile(t, filepath.Join(dir, "main.lua"), code)
		r, _ := newTest(t, Options{})
		fn, err := r.LoadFile(filepath.Join(dir, "main.lua"))
		if err == nil {
			err = r.Call(fn)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", code, err)
		}
	}
	r, _ := newTest(t, Options{})
	if _, err := r.LoadFile(open); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("LoadFile: %v", err)
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		"main.lua": `
			local a = require "lib.a"
			assert(a == require("lib.a"), "loaded once")
			assert(a.name == "lib.a" and a.b == "b of lib")
			assert(require "common" == "from the collection")
			assert(require "sub.inner" == "inner and neighbour")
			assert(require "nothing" == true)
			local ok, err = pcall(require, "loop1")
			assert(not ok and err:find("requires itself", 1, true), err)
			ok, err = pcall(require, "broken")
			assert(not ok and err:find("broken.lua:1: undefined global 'oops'", 1, true), err)
			ok, err = pcall(require, "missing")
			assert(not ok and err:find("module 'missing' not found: no file ", 1, true) and err:find("col:missing.lua", 1, true), err)
			for _, bad in ipairs{"../x", "/etc/x", "a..b", "", ".a", "a b", "a/b"} do
				ok, err = pcall(require, bad)
				assert(not ok and err:find("is not a module name", 1, true), err)
			end
			print("ok")`,
		"lib/a.lua":   `return {name = ..., b = require "b"}`,
		"lib/b.lua":   `return "b of lib"`,
		"b.lua":       `return "b of main"`,
		"nothing.lua": ``,
		"loop1.lua":   `return require "loop2"`,
		"loop2.lua":   `return require "loop1"`,
		"broken.lua":  `oops()`,
	})
	var log []string
	r, out := newTest(t, Options{
		Libraries: []Library{{Name: "col", FS: fstest.MapFS{
			"common.lua":        {Data: []byte(`return "from the collection"`)},
			"sub/inner.lua":     {Data: []byte(`return "inner and " .. require "neighbour"`)},
			"sub/neighbour.lua": {Data: []byte(`return "neighbour"`)},
		}}},
		Logf: func(format string, args ...any) { log = append(log, args[1].(string)) },
	})
	fn, err := r.LoadFile(filepath.Join(dir, "main.lua"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Call(fn); err != nil {
		t.Fatal(err)
	}
	r.Flush()
	if out.String() != "ok\n" {
		t.Errorf("output %q", out)
	}
	if len(log) < 4 || log[0] != filepath.Join(dir, "lib/a.lua") {
		t.Errorf("log %q", log)
	}
}

// TestRequireIgnoresCwdAndEnvironment is not parallel: it changes both.
func TestRequireIgnoresCwdAndEnvironment(t *testing.T) {
	dir := tree(t, map[string]string{"evil.lua": `error("loaded")`})
	t.Chdir(dir)
	t.Setenv("LUA_PATH", dir+"/?.lua")
	r, _ := newTest(t, Options{})
	err := run(r, `require "evil"`)
	if err == nil || !strings.Contains(err.Error(), "module 'evil' not found: code that isn't in a file has no folder to search") {
		t.Errorf("error %v", err)
	}
}

func TestLoadFS(t *testing.T) {
	t.Parallel()
	lib := Library{Name: "col", FS: fstest.MapFS{"s.lua": {Data: []byte(`print(require "m")` + "\nerror('x')")}, "m.lua": {Data: []byte("return 5")}}}
	r, out := newTest(t, Options{Libraries: []Library{lib}})
	fn, err := r.LoadFS(lib, "s.lua")
	if err != nil {
		t.Fatal(err)
	}
	err = r.Call(fn)
	r.Flush()
	if err == nil || err.Error() != "col:s.lua:2: x" || out.String() != "5\n" {
		t.Errorf("output %q, error %v", out, err)
	}
}

func TestLoadHookBody(t *testing.T) {
	t.Parallel()
	r, out := newTest(t, Options{})
	fn, err := r.LoadHookBody("print(ev) n = (n or 0) + 1 -- count", nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Call(fn, lua.LString("event")); err != nil {
			t.Fatal(err)
		}
	}
	if got := output(t, r, out, `print(n)`); got != "event\nevent\n2\n" && got != "2\n" {
		t.Errorf("got %q", got)
	}
	if _, err := r.LoadHookBody("print(ev", nil); err == nil || err.Error() != "-e:1: unexpected end of the script; is an 'end', a ')' or a '}' missing?" {
		t.Errorf("error %v", err)
	}
	if _, err := r.LoadHookBody("end, function()", nil); err == nil {
		t.Error("a body that breaks out is taken")
	}
	fn, err = r.LoadHookBody("\nerror('no')", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Call(fn); err == nil || err.Error() != "-e:2: no" {
		t.Errorf("error %v", err)
	}
	if u := analyze(fn.Proto); u.Escapes || len(u.Reads) != 0 {
		t.Errorf("use %+v", u)
	}
}
