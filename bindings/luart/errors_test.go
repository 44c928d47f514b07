package luart

import (
	"errors"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

func TestErrorMessages(t *testing.T) {
	t.Parallel()
	tests := []struct{ code, want string }{
		{"error('boom')", "t.lua:1: boom"},
		{"\n\nerror('boom')", "t.lua:3: boom"},
		{"error('boom', 0)", "boom"},
		{"error{code = 5}", `error object: {code=5}`},
		{"error(setmetatable({}, {__tostring = function() return 'my error' end}))", "error object: my error"},
		{"error()", "t.lua:1: bad argument #1 to error (value expected)"},
		{"local t = nil\nlocal x = t.field", "t.lua:2: attempt to index nil (local 't') with key 'field'"},
		{"local x = 1 + {}", "t.lua:1: cannot perform add operation between number and table"},
		{"local f = 5 f()", "t.lua:1: attempt to call a number value (local 'f')"},
		{"local t = {}\nt.go(1)", "t.lua:2: attempt to call a nil value (field 'go')"},
		{"local t = {}\nt:go(1)", "t.lua:2: attempt to call a nil value (method 'go')"},
		{"local t = {}\nreturn t.a.go(1)", "t.lua:2: attempt to index nil (field 'a') with key 'go'"},
		{"local f local function g()\nreturn f() end g()", "t.lua:2: attempt to call a nil value (upvalue 'f')"},
		{"local function g(cb)\ncb(1) end g()", "t.lua:2: attempt to call a nil value (local 'cb')"},
		{"local t = {}\nt.a.b = 1", "t.lua:2: attempt to index nil (field 'a') with key 'b'"},
		{"local t = {}\nlocal n = 1 + t.size", "t.lua:2: attempt to perform arithmetic on a nil value (field 'size')"},
		{"local a, b, t = 1, 2, {}\na, b = b, t.x()", "t.lua:2: attempt to call a nil value (field 'x')"},
		{"local t = {} local f = t.a\nf = f and f or t.b\nf()", "t.lua:3: attempt to call a nil value (local 'f')"},
		{"for x in nil do end", "t.lua:1: attempt to call a nil value (what the for loop iterates with)"},
		{"local t = {}\nt()", "t.lua:2: attempt to call a value that is no function: a table, an event or another object"},
		{"('x')()", "t.lua:1: attempt to call a string value"},
		{"bit.band('x')", "t.lua:1: bad argument #1 to band (number or 64-bit word expected, got string)"},
		{"local function f()\n error('in f')\nend\nf()", "t.lua:2: in f"},
		{"string.rep()", "t.lua:1: bad argument #1 to rep (string expected, got nil)"},
		{"local x = = 1", "t.lua:1: syntax error near '='"},
		{"if 1 != 2 then end", "t.lua:1: invalid token near '!'; Lua writes ~= for not equal, and not for the opposite"},
		{"local x <const> = 5", "t.lua:1: syntax error near '<'; Lua 5.1 has no <const> and no <<: write local x = 1, and bit.lshift(x, n)"},
		{"local x = 5 // 2", "t.lua:1: syntax error near '/'; Lua 5.1 has no //: write math.floor(a / b), and -- for a comment"},
		{"local x = 5 & 2", "t.lua:1: invalid token near '&'; Lua writes and, and bit.band(a, b) for the bits"},
		{"local x = 5 x += 2", "t.lua:1: a value alone is no statement: print it, as in print(ev.path), assign it, or call it; Lua has no += and no ++: write n = n + 1"},
		{"local x = {}\nx.y", "t.lua:2: a value alone is no statement: print it, as in print(ev.path), assign it, or call it"},
		{"local x = 'abc\n", "t.lua:1: unterminated string near 'abc'"},
		{"if true then\n\nprint(1)\n", "t.lua:3: unexpected end of the script; is an 'end', a ')' or a '}' missing?"},
		{"for i = 1 do end", "t.lua:1: syntax error near 'do'"},
		{"break", "t.lua:1: no loop to break"},
		{"goto nowhere", "t.lua:1: no visible label 'nowhere' for <goto>"},
		{"local x = 5 $ 3", "t.lua:1: invalid token near '$'"},
		{"x.y = ", "t.lua:1: unexpected end of the script; is an 'end', a ')' or a '}' missing?"},
		{"local x = [[abc", "t.lua:1: unterminated multiline string"},
		{"return function() return ... end", "t.lua:1: cannot use '...' outside a vararg function"},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			r, _ := newTest(t, Options{})
			err := loadAndRun(r, tt.code)
			if err == nil || err.Error() != tt.want {
				t.Errorf("%s\n got %v\nwant %s", tt.code, err, tt.want)
			}
			var se *ScriptError
			if !errors.As(err, &se) || se.Internal || strings.Contains(se.Message, "\n") {
				t.Errorf("%s: not a plain *ScriptError of one line: %#v", tt.code, err)
			}
		})
	}
}

func TestTraceback(t *testing.T) {
	t.Parallel()
	r, _ := newTest(t, Options{})
	err := loadAndRun(r, "local function inner()\n error('deep')\nend\nlocal function outer()\n inner()\n return 1\nend\nouter()\n")
	var se *ScriptError
	if !errors.As(err, &se) {
		t.Fatal(err)
	}
	want := "t.lua:2: deep\nstack traceback:\n\t[G]: in function 'error'\n\tt.lua:2: in function 'inner'\n\tt.lua:5: in function 'outer'\n\tt.lua:8: in main chunk"
	if got := se.Detail(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestInternalError(t *testing.T) {
	t.Parallel()
	for _, code := range []string{`crash()`, `coroutine.wrap(crash)()`} {
		r, out := newTest(t, Options{})
		r.Globals().RawSetString("crash", r.L.NewFunction(func(*lua.LState) int {
			var p *Options
			_ = p.Seed
			return 0
		}))
		err := run(r, "\n"+code)
		var se *ScriptError
		if !errors.As(err, &se) || !se.Internal {
			t.Fatalf("%s: error %#v", code, err)
		}
		if se.File != CodeName || se.Line != 2 || !strings.Contains(se.Error(), "internal error of luatrace, please report it: runtime error: invalid memory address") {
			t.Errorf("%s: %s:%d %s", code, se.File, se.Line, se.Error())
		}
		if code == `crash()` && !strings.Contains(se.Traceback, "errors_test.go") {
			t.Errorf("the traceback lacks the Go stack:\n%s", se.Traceback)
		}
		if got := output(t, r, out, `print("alive")`); got != "alive\n" {
			t.Errorf("afterwards %q", got)
		}
	}
}

func TestErrorInNestedCall(t *testing.T) {
	t.Parallel()
	r, out := newTest(t, Options{})
	r.Globals().RawSetString("call", r.L.NewFunction(func(L *lua.LState) int {
		if err := r.Call(L.CheckFunction(1)); err != nil {
			L.Push(lua.LString(err.Error()))
			return 1
		}
		return 0
	}))
	if got := output(t, r, out, "print(call(function() error('x') end))\nprint(call(function() print('in') end))"); got != "-e:1: x\nin\nnil\n" && got != "-e:1: x\nin\n\n" {
		t.Errorf("got %q", got)
	}
}

func TestFileNamesWithColons(t *testing.T) {
	t.Parallel()
	r, _ := newTest(t, Options{})
	for _, name := range []string{"a:1: b.lua", "a", "a:1"} {
		if _, err := r.LoadReader(strings.NewReader(""), name); err != nil {
			t.Fatal(err)
		}
	}
	for msg, want := range map[string]string{
		"a:1: b.lua:7: x": "a:1: b.lua|7|x", "a:5: x": "a|5|x", "a:1:6: x": "a:1|6|x", "b:5: x": "|0|b:5: x", "a:x: y": "|0|a:x: y", "no position": "|0|no position",
	} {
		file, line, rest := r.splitPosition(msg)
		if got := file + "|" + string(appendNumber(nil, lua.LNumber(line))) + "|" + rest; got != want {
			t.Errorf("%q: %s, want %s", msg, got, want)
		}
	}
}
