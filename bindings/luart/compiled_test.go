package luart

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	lua "github.com/yuin/gopher-lua"
)

// compiledLibrary is a library with all that a compiled function can hold.
func compiledLibrary() fstest.MapFS {
	return fstest.MapFS{
		"a.lua": {Data: []byte("#!/usr/bin/env luatrace\nmeta {name = 'a'}\nlocal m = require 'lib.m'\nlocal n, s = 1.5, ''\n" +
			"on('open', function(ev) n = n + #ev.path print(m.f(n, -0.25, 1e300, 'x\\0y'), s) end)\nlocal function v(...) return select('#', ...) end print(v(1, nil))\n" +
			"test('t', function(t) t:event('open', {path = 'x'}) end)\n")},
		"lib/m.lua": {Data: []byte("local M = {}\nfunction M.f(...) local t = {...} return #t, function() return t end end\nreturn M\n")},
		"x.txt":     {Data: []byte("no script")},
	}
}

// allProtos lists a function and those in it, with what only the interpreter sees.
func allProtos(p *lua.FunctionProto) []any {
	list := []any{p, stringConstants(p)}
	for _, inner := range p.FunctionPrototypes {
		list = append(list, allProtos(inner)...)
	}
	return list
}

// What was compiled beforehand is what is compiled from the text, and only while that is
// the same.
func TestCompiledLibrary(t *testing.T) {
	t.Parallel()
	if !hasStringConstants || stringConstantsField.Type != reflect.TypeFor[[]string]() {
		t.Fatal("gopher-lua keeps the strings of a function elsewhere now")
	}
	files := compiledLibrary()
	plain := Library{Name: "lib", FS: files}
	blob, err := compileLibrary(plain)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := compileLibrary(Library{Name: "lib", FS: files, Compiled: blob}); err != nil || !bytes.Equal(again, blob) {
		t.Errorf("compiled again it is another, %v", err)
	}
	quick := Library{Name: "lib", FS: files, Compiled: blob}
	load := func(lib Library, name string) (*Runtime, *lua.LFunction) {
		r := newLua(Options{Libraries: []Library{lib}, Out: &bytes.Buffer{}})
		t.Cleanup(func() { r.Close() })
		fn, err := r.LoadFS(lib, name)
		if err != nil {
			t.Fatal(err)
		}
		return r, fn
	}
	for _, name := range []string{"a.lua", "lib/m.lua"} {
		if quick.compiled(name, files[name].Data) == nil {
			t.Errorf("%s is not among what was compiled", name)
		}
		_, want := load(plain, name)
		r, got := load(quick, name)
		if !reflect.DeepEqual(allProtos(got.Proto), allProtos(want.Proto)) {
			t.Errorf("%s: another function", name)
		}
		if r.sources["lib:"+name].tree() == nil {
			t.Errorf("%s: the text is lost", name)
		}
	}
	for _, name := range []string{"a.lua", "nothing.lua", ""} {
		if quick.compiled(name, []byte("print(1)")) != nil {
			t.Errorf("%q is taken for what it was", name)
		}
	}

	// errors name the line, and the tree is whole
	files["lib/m.lua"].Data = []byte("local M = {}\n\nfunction M.f() error('no') end\nM.f()\nreturn M\n")
	if quick.Compiled, err = compileLibrary(plain); err != nil {
		t.Fatal(err)
	}
	r, fn := load(quick, "lib/m.lua")
	if err := r.Call(fn); err == nil || !strings.HasPrefix(err.Error(), "lib:lib/m.lua:3: no") {
		t.Errorf("the error is %v", err)
	}
	r, fn = load(quick, "a.lua")
	if _, tree, ok := r.Source(fn); !ok || len(tree) != 7 {
		t.Errorf("the tree, %v, has %d statements", ok, len(tree))
	}
}

// Compiled scripts that were damaged are not used, and do no harm while they are read.
func TestDamagedCompiledLibrary(t *testing.T) {
	t.Parallel()
	files := compiledLibrary()
	lib := Library{Name: "lib", FS: files}
	blob, err := compileLibrary(lib)
	if err != nil {
		t.Fatal(err)
	}
	for n := range blob {
		lib.Compiled = blob[:n]
		if lib.compiled("lib/m.lua", files["lib/m.lua"].Data) != nil {
			t.Fatalf("%d of %d bytes are enough", n, len(blob))
		}
		lib.Compiled = bytes.Clone(blob)
		lib.Compiled[n] ^= 0xff
		lib.compiled("a.lua", files["a.lua"].Data)
	}
}
