package bindings

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
)

var update = flag.Bool("update", false, "write testdata/sandbox.txt anew")

// reachable lists what scripts can get at without calling anything: globals,
// members of tables and of metatables that are not protected.
func reachable(r *Runtime) []string {
	var found []string
	seen := map[*lua.LTable]bool{}
	var table func(path string, tb *lua.LTable)
	visit := func(path string, v lua.LValue) {
		found = append(found, path+" "+v.Type().String())
		if tb, ok := v.(*lua.LTable); ok {
			table(path, tb)
		}
		// What getmetatable would give.
		if mt, ok := r.L.GetMetaField(v, "__metatable").(*lua.LTable); ok {
			table("getmetatable("+path+")", mt)
		} else if r.L.GetMetaField(v, "__metatable") == lua.LNil {
			if mt, ok := r.L.GetMetatable(v).(*lua.LTable); ok {
				table("getmetatable("+path+")", mt)
			}
		}
	}
	table = func(path string, tb *lua.LTable) {
		if seen[tb] {
			return
		}
		seen[tb] = true
		for _, name := range luart.TableNames(tb) {
			full := path + "." + name
			if path == "" {
				full = name
			}
			visit(full, tb.RawGetString(name))
		}
	}
	table("", r.Globals())
	visit(`""`, lua.LString(""))
	slices.Sort(found)
	return found
}

// TestSandboxGlobals holds what is reachable in the sandbox against a list that
// is looked through by people: go test ./bindings -run SandboxGlobals -update.
func TestSandboxGlobals(t *testing.T) {
	t.Parallel()
	r, _ := newTest(t, luart.Options{Sandbox: true})
	got := strings.Join(reachable(r), "\n") + "\n"
	golden := filepath.Join("testdata", "sandbox.txt")
	if *update {
		writeFile(t, golden, got)
	}
	if want := readFile(t, golden); got != want {
		t.Errorf("not the list of %s:\n%s", golden, difference(lines(want), lines(got)))
	}
	for _, lib := range luart.StandardLibraries {
		for _, name := range lib.Outside {
			if lib.Name != "" {
				name = lib.Name + "." + name
			}
			if strings.Contains("\n"+got, "\n"+name+" ") {
				t.Errorf("%s is in the sandbox", name)
			}
		}
	}
}

func lines(s string) []string { return strings.Split(strings.TrimSuffix(s, "\n"), "\n") }

func difference(want, got []string) string {
	var b strings.Builder
	for _, l := range want {
		if !slices.Contains(got, l) {
			b.WriteString("- " + l + "\n")
		}
	}
	for _, l := range got {
		if !slices.Contains(want, l) {
			b.WriteString("+ " + l + "\n")
		}
	}
	return b.String()
}

// TestSandbox tries what the sandbox lacks, and ways around it.
func TestSandbox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "victim.lua")
	writeFile(t, file, "return 1")
	r, out := newTest(t, luart.Options{Sandbox: true, Libraries: []luart.Library{{Name: "lib", FS: os.DirFS("../scripts")}}})
	if got, want := output(t, r, out, `print(os.time() > 0, os.date("%Y", 0), os.clock() >= 0, string.upper("a"), loadstring("return 1 + 1")(), type(require "lib.rules"))`),
		"true\t1970\ttrue\tA\t2\ttable\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, c := range []struct{ code, want string }{
		{`io.open("` + file + `")`, "-e:1: io is not available with --sandbox"},
		{`local f = _G.io`, "-e:1: io is not available with --sandbox"},
		{`_G["dofile"]("x")`, "-e:1: dofile is not available with --sandbox"},
		{`loadfile "` + file + `"`, "-e:1: loadfile is not available with --sandbox"},
		{`collectgarbage()`, "-e:1: collectgarbage is not available with --sandbox"},
		{`os.remove("` + file + `")`, "-e:1: os.remove is not available with --sandbox"},
		{`print(os["getenv"])`, "-e:1: os.getenv is not available with --sandbox"},
		{`os.exit(0)`, "-e:1: os.exit is not available with --sandbox"},
		{`os.execute "true"`, "-e:1: os.execute is not available with --sandbox"},
		{`debug.getinfo(1)`, "-e:1: debug.getinfo is not available with --sandbox"},
		{`require "victim"`, "-e:1: module 'victim' is not in luatrace's collection; another is not available with --sandbox"},
		{`require "../victim"`, "not a module name"},
		{`print(package.loaded)`, "attempt to index"},
		{`loadstring("return io.open")()`, "io is not available with --sandbox"},
		{`load(function() return nil end, "` + file + `")() require "victim"`, "module 'victim' is not in luatrace's collection"},
		{`loadstring("\27Lua")()`, "attempt to call"},
		{`coroutine.wrap(function() io.write("x") end)()`, "io is not available with --sandbox"},
		{`error(select(2, xpcall(function() return os.tmpname() end, function(e) return e end)), 0)`, "os.tmpname is not available with --sandbox"},
		{`setmetatable(os, nil)`, "cannot change a protected metatable"},
		{`setmetatable(_G, {})`, "cannot change a protected metatable"},
		{`getmetatable(os).__index = nil`, "attempt to index"},
		{`getmetatable(re "x").__index = nil`, "attempt to index"},
		{`getmetatable(u64 "1").__index = nil`, "attempt to index"},
		{`getmetatable(agg).__index = nil`, "attempt to index"},
		{`setmetatable(re "x", {})`, "table expected"},
		{`agg.count = 1`, "agg.count can't be assigned"},
		{`rawset(_G, "print", nil) assert(print == nil)`, "assertion failed"},
		{`print = nil`, "'print' is built in"},
		{`_G.print = nil`, "'print' is built in"},
		{`getfenv(0).print = nil`, "attempt to call"},
		{`setfenv(1, {})`, "attempt to call"},
		{`newproxy(true)`, "attempt to call"},
		{`module "x"`, "attempt to call"},
		{`debug.sethook()`, "attempt to call"},
		{`string.dump(print)`, "attempt to call"},
		{`debug.setmetatable("", {})`, "attempt to call"},
		{`channel.make()`, "attempt to index"},
		{`_printregs()`, "attempt to call"},
		{`local m = setmetatable({}, {__tostring = function() return io.read() end}) print(m)`, "io is not available with --sandbox"},
		{`local ok, e = pcall(error, setmetatable({}, {__index = function() return os.rename("a", "b") end})) print(e.x)`, "os.rename is not available with --sandbox"},
	} {
		err := run(r, c.code)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngave %v, want an error with %q", c.code, err, c.want)
		}
	}
	if got := readFile(t, file); got != "return 1" {
		t.Errorf("the file is now %q", got)
	}
}

// TestSandboxFile: a script file in the sandbox can't load what lies beside it,
// and -e code by another name than its own can't either.
func TestSandboxFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "beside.lua"), "return 'loaded'")
	writeFile(t, filepath.Join(dir, "main.lua"), `print(pcall(require, "beside")) if false then io.write("x") end`)
	for sandbox, want := range map[bool]string{false: "true\tloaded\n", true: "false\t" + dir + "/main.lua:1: module 'beside' is not in luatrace's collection; another is not available with --sandbox\n"} {
		r, out := newTest(t, luart.Options{Sandbox: sandbox})
		fn, err := r.LoadFile(filepath.Join(dir, "main.lua"))
		if err == nil {
			err = r.Call(fn)
		}
		if err != nil {
			t.Fatal(err)
		}
		r.Flush()
		if out.String() != want {
			t.Errorf("sandbox %v: %q, want %q", sandbox, out, want)
		}
	}
}

// TestMetaOnly: nothing that reaches out of a script runs before its meta is
// read, and a script that never comes to it is given up.
func TestMetaOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	writeFile(t, victim, "here")
	for _, c := range []string{`os.remove "` + victim + `"`, `io.open("` + victim + `", "w")`, `pcall(os.remove, "` + victim + `") dofile "` + victim + `"`, `os.exit(0)`} {
		r, _ := newTest(t, luart.Options{})
		fn, err := r.LoadReader(strings.NewReader(c+` meta {name = "x"}`), "x.lua")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.ReadMeta(fn); err == nil || !strings.Contains(err.Error(), "stands before meta: the script is only looked at") {
			t.Errorf("%s: %v", c, err)
		}
	}
	if got := readFile(t, victim); got != "here" {
		t.Errorf("the file is now %q", got)
	}
}
