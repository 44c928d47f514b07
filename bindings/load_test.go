package bindings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine/trust"
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
			r, out := newTest(t, luart.Options{})
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
	r, _ := newTest(t, luart.Options{})
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
	if _, err := r.LoadReader(strings.NewReader(strings.Repeat("x", luart.MaxSource+1)), "long"); err == nil || !strings.Contains(err.Error(), "longer than 4 MiB") {
		t.Errorf("error %v", err)
	}
}

// TestTrusted: what root runs can't have been changed by others.
func TestTrusted(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"d/s.lua": "", "open/s.lua": ""})
	name := filepath.Join(dir, "d/s.lua")
	me := reader{0, trust.Party{UIDs: []int{os.Geteuid(), 0}, GIDs: []int{os.Getegid(), 0}}} // as root, who trusts this user
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
	stranger := reader{0, trust.Party{UIDs: []int{1<<30 + 1}}} // the file belongs to somebody else
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
	check(reader{0, trust.Party{UIDs: []int{0}, GIDs: []int{0, 1<<30 + 7}}}, name, "")
	if err := os.Chown(name, 1<<30+7, 1<<30+7); err != nil { // a group of its own
		t.Fatal(err)
	}
	check(me, name, "")
	chmod(filepath.Dir(name), 0o777|os.ModeSticky)
	check(me, name, "belongs to another user")
	check(reader{0, trust.Party{UIDs: []int{0, 1<<30 + 7}}}, name, "") // who called sudo
}

// TestTrustedWay: each folder that a path leads through is looked at, those of links
// too, up to /: a group can change what lies in its folders as everybody can.
func TestTrustedWay(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // nothing is refused, and no file can be given to a group
	}
	const group = 1<<30 + 7
	dir := tree(t, map[string]string{"d/e/s.lua": "", "mid/x": "", "far/x": ""})
	for link, to := range map[string]string{"far/l.lua": "../mid/l.lua", "mid/l.lua": "../d/e/s.lua", "far/dir": "../mid/dir", "mid/dir": "../d/e"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	me := reader{0, trust.Root()}
	check := func(name, want string) {
		t.Helper()
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := me.trusts(f, name); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	for _, folder := range []string{"d/e", "d", "mid", "far", "."} {
		folder = filepath.Join(dir, folder)
		if err := os.Chown(folder, 0, group); err != nil {
			t.Fatal(err)
		}
		for mode, want := range map[os.FileMode]string{
			0o775: "can be written by the group 1073741831; as root luatrace doesn't run it (chmod g-w " + folder + ")", 0o777: "can be written by everybody", 0o755: "",
			0o775 | os.ModeSticky: "",
		} {
			if err := os.Chmod(folder, mode); err != nil {
				t.Fatal(err)
			}
			check(filepath.Join(dir, "far/l.lua"), want)
			check(filepath.Join(dir, "far/dir/s.lua"), want)
			check(dir+"/far/../far/dir/../e/s.lua", want)
		}
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// In a sticky folder of a group, what others have put there is refused.
	mid := filepath.Join(dir, "mid")
	if err := errors.Join(os.Chmod(mid, 0o775|os.ModeSticky), os.Lchown(filepath.Join(mid, "l.lua"), group, group)); err != nil {
		t.Fatal(err)
	}
	check(filepath.Join(dir, "far/l.lua"), "l.lua belongs to another user, and in "+mid+" the group 1073741831 may put files")
	check(filepath.Join(dir, "far/dir/s.lua"), "")
	// A descriptor's file lies somewhere too.
	if err := errors.Join(os.Chmod(mid, 0o755), os.Chmod(filepath.Join(dir, "d"), 0o775), os.Chown(filepath.Join(dir, "d"), 0, group)); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "far/l.lua"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	check(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), "can be written by the group 1073741831")
}

// TestTrustsFolder: scripts are found by name only where nobody but root can put
// one, nor a folder of them.
func TestTrustsFolder(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"data/luatrace/scripts/s.lua": "", "x/y": ""})
	scripts := filepath.Join(dir, "data/luatrace/scripts")
	check := func(name, want string) {
		t.Helper()
		if os.Geteuid() != 0 {
			want = ""
		}
		if err := TrustsFolder(name); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	check(scripts, "")
	check(filepath.Join(dir, "none"), "no such file")
	if err := os.Symlink("../data", filepath.Join(dir, "x/link")); err != nil {
		t.Fatal(err)
	}
	check(filepath.Join(dir, "x/link/luatrace/scripts"), "")
	for _, folder := range []string{"data/luatrace/scripts", "data/luatrace", "data", "."} {
		folder = filepath.Join(dir, folder)
		for mode, want := range map[os.FileMode]string{0o777: "can be written by everybody", 0o777 | os.ModeSticky: "can be written by everybody"} {
			if err := os.Chmod(folder, mode); err != nil {
				t.Fatal(err)
			}
			if mode&os.ModeSticky != 0 && folder != scripts {
				want = "" // the folders in it are root's
			}
			check(scripts, want)
		}
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if os.Geteuid() != 0 {
			continue
		}
		for owner, want := range map[[2]int]string{{1<<30 + 7, 0}: folder + " belongs to 1073741831", {0, 0}: ""} {
			if err := os.Chown(folder, owner[0], owner[1]); err != nil {
				t.Fatal(err)
			}
			check(scripts, want)
		}
		if err := errors.Join(os.Chown(folder, 0, 1<<30+7), os.Chmod(folder, 0o775)); err != nil {
			t.Fatal(err)
		}
		check(scripts, folder+" can be written by the group 1073741831 (chmod g-w "+folder+")")
		if err := errors.Join(os.Chown(folder, 0, 0), os.Chmod(folder, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	if os.Geteuid() != 0 {
		return
	}
	// The link's folder counts too.
	if err := os.Chown(filepath.Join(dir, "x"), 1<<30+7, 0); err != nil {
		t.Fatal(err)
	}
	check(filepath.Join(dir, "x/link/luatrace/scripts"), "x belongs to 1073741831")
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
		r, _ := newTest(t, luart.Options{})
		fn, err := r.LoadFile(filepath.Join(dir, "main.lua"))
		if err == nil {
			err = r.Call(fn)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", code, err)
		}
	}
	r, _ := newTest(t, luart.Options{})
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
	r, out := newTest(t, luart.Options{
		Libraries: []luart.Library{{Name: "col", FS: fstest.MapFS{
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
	r, _ := newTest(t, luart.Options{})
	err := run(r, `require "evil"`)
	if err == nil || !strings.Contains(err.Error(), "module 'evil' not found: code that isn't in a file has no folder to search") {
		t.Errorf("error %v", err)
	}
}

func TestLoadFS(t *testing.T) {
	t.Parallel()
	lib := luart.Library{Name: "col", FS: fstest.MapFS{"s.lua": {Data: []byte(`print(require "m")` + "\nerror('x')")}, "m.lua": {Data: []byte("return 5")}}}
	r, out := newTest(t, luart.Options{Libraries: []luart.Library{lib}})
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
	r, out := newTest(t, luart.Options{})
	fn, err := r.LoadHookBody("print(ev) n = (n or 0) + 1 -- count", nil, nil)
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
	if _, err := r.LoadHookBody("print(ev", nil, nil); err == nil || err.Error() != "-e:1: unexpected end of the script; is an 'end', a ')' or a '}' missing?" {
		t.Errorf("error %v", err)
	}
	if _, err := r.LoadHookBody("end, function()", nil, nil); err == nil {
		t.Error("a body that breaks out is taken")
	}
	fn, err = r.LoadHookBody("\nerror('no')", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Call(fn); err == nil || err.Error() != "-e:2: no" {
		t.Errorf("error %v", err)
	}
	if u := luart.Analyze(fn.Proto); u.Escapes || len(u.Reads) != 0 {
		t.Errorf("use %+v", u)
	}
}
