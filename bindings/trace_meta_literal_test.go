package bindings

import (
	"reflect"
	"testing"
	"testing/fstest"

	"luatrace/bindings/luart"
)

// A meta of constants is read without an interpreter as the interpreter reads it;
// anything else is left to that.
func TestLiteralMeta(t *testing.T) {
	t.Parallel()
	for text, literal := range map[string]bool{
		`meta {}`:           true,
		`meta {name = "a"}`: true,
		"#!/usr/bin/env luatrace\n-- a comment\n--[[ and\nanother ]]\nmeta {name = 'a\\n\\65', summary = [==[x]]y]==]; caveats = \"a\" .. 'b' .. \"c\",}\non(\"x\"": true,
		`meta {args = {n = {type = "number", default = 10, help = "h" .. "elp"}, f = {type = "flag"}, ["a-b"] = {required = true}}, acts = true}`:                   true,
		`meta {categories = {"x", "y"}, examples = {"one"}, args = {l = {type = "list", default = {"a", "b"}}}, acts = false} local x = 1`:                          true,
		`meta {name = "a" .. 1}`:              false,
		`meta {name = string.rep("a", 2)}`:    false,
		`meta {name = a}`:                     false,
		`meta {name = "a"`:                    false,
		`meta {name = "a}`:                    false,
		`meta {name = 1}`:                     false, // the interpreter says what is wrong
		`meta {nome = "a"}`:                   false,
		`meta {args = {n = {default = 1.5}}}`: false,
		`meta {args = {n = {default = -1}}}`:  false,
		`meta {name = "a"}.x = 1`:             false,
		`meta {name = "a"} {}`:                false,
		`meta "x"`:                            false,
		`meta = {name = "a"}`:                 false,
		`local m = 1 meta {name = "a"}`:       false,
		`print(1)`:                            false,
		``:                                    false,
	} {
		lib := luart.Library{Name: "lib", FS: fstest.MapFS{"x.lua": {Data: []byte(text)}}}
		m, ok := LiteralMeta(lib, "x.lua")
		if ok != literal {
			t.Errorf("%s: read %v, want %v", text, ok, literal)
		}
		if !ok {
			continue
		}
		if text[len(text)-1] == '"' || text[len(text)-1] == 'x' {
			text += ", print)"
		}
		lib.FS = fstest.MapFS{"x.lua": {Data: []byte(text)}}
		r := New(luart.Options{Libraries: []luart.Library{lib}})
		defer r.Close()
		fn, err := r.LoadFS(lib, "x.lua")
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want, err := r.ReadMeta(fn)
		if err != nil || !reflect.DeepEqual(m, want) {
			t.Errorf("%s:\n%+v\nthe interpreter says, with %v,\n%+v", text, m, err, want)
		}
	}
	if _, ok := LiteralMeta(luart.Library{FS: fstest.MapFS{}}, "x.lua"); ok {
		t.Error("read from a script that is not there")
	}
}
