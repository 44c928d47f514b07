package bindings

import (
	"testing"

	"luatrace/bindings/luart"
)

// loadAndRun loads text as a script file and runs it.
func TestStrictGlobals(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, code, want string }{
		{"write", "x = 1", "t.lua:1: assignment to the undeclared global 'x'; declare it with 'local x'"},
		{"write in function", "local function f()\n x = 1\nend", "t.lua:2: assignment to the undeclared global 'x'; declare it with 'local x'"},
		{"function", "\nfunction helper() end", "t.lua:2: assignment to the undeclared global 'helper'; declare it with 'local helper'"},
		{"read", "local y = nosuch", "t.lua:1: undefined global 'nosuch'"},
		{"typing error", "prnt('x')", "t.lua:1: undefined global 'prnt'; did you mean 'print'?"},
		{"case", "Print('x')", "t.lua:1: undefined global 'Print'; did you mean 'print'?"},
		{"constant", "local x = O_CRAET", "t.lua:1: undefined global 'O_CRAET'; did you mean 'O_CREAT'?"},
		{"in a rare branch", "local function f()\n if false then\n  return nosuch\n end\nend", "t.lua:3: undefined global 'nosuch'"},
		{"several", "x = 1\nlocal z = yy\n", "t.lua:1: assignment to the undeclared global 'x'; declare it with 'local x'\nt.lua:2: undefined global 'yy'"},
		{"written and read", "x = 1\nprint(x)", "t.lua:1: assignment to the undeclared global 'x'; declare it with 'local x'"},
		{"built-in", "print = 1", "t.lua:1: 'print' is built in and can't be changed; use another name or 'local print'"},
		{"constant write", "O_CREAT = 1", "t.lua:1: 'O_CREAT' is a constant and can't be changed; use another name or 'local O_CREAT'"},
		{"by way of _G", "_G.x = 1", "t.lua:1: assignment to the undeclared global 'x'; declare it with 'local x'"},
		{"read by way of _G", "local y = _G.nosuch", "t.lua:1: undefined global 'nosuch'"},
		{"built-in by way of _G", "_G.print = 1", "t.lua:1: 'print' is built in and can't be changed; use another name or 'local print'"},
		{"module member", "local x = bit.bandd", "t.lua:1: module bit has no member 'bandd'; did you mean 'band'?"},
		{"object member", "local x = rng(1).zap", "t.lua:1: rng has no member 'zap'; it has bytes, chance, float, int, pick, shuffle"},
		{"fine", "local x = O_CREAT local function f() return x end local y = _G.print assert(rawget(_G, 'nosuch') == nil)", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, _ := newTest(t, luart.Options{})
			got := ""
			if err := loadAndRun(r, tt.code); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("%s\n got %q\nwant %q", tt.code, got, tt.want)
			}
		})
	}
}

func TestLooseGlobals(t *testing.T) {
	t.Parallel()
	testOutputs(t, []outputTest{
		{`n = (n or 0) + 1 n = n + 1 print(n, undefined, _G.n)`, "2\tnil\t2"},
		{`function f() return 5 end print(f())`, "5"},
		{`print(O_CREAT > 0, AT_FDCWD, EAGAIN)`, "true\t-100\t11"},
		{`local x = O_CREAT print(O_CREAT == x, pcall(function() _G.O_CREAT = 1 end))`,
			"true\tfalse\t-e:1: 'O_CREAT' is a constant and can't be changed; use another name or 'local O_CREAT'"},
	})
	testErrors(t, []outputTest{
		{`print = 1`, "-e:1: 'print' is built in"},
		{`SIGTERM = 1`, "-e:1: 'SIGTERM' is a constant"},
		{`_G[5] = 1`, "a global's name must be a string"},
	})
}

func TestStrictFilesSeeLooseGlobals(t *testing.T) {
	t.Parallel()
	r, _ := newTest(t, luart.Options{})
	if err := run(r, `limit = 5`); err != nil {
		t.Fatal(err)
	}
	if err := loadAndRun(r, `assert(limit == 5)`); err != nil {
		t.Error(err)
	}
}

func TestConstantNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"O_CREAT": true, "EAGAIN": true, "_IOC_READ": true, "AF_INET6": true, "N2": true,
		"": false, "N": false, "open": false, "Foo": false, "O_creat": false, "__": false, "2AB": false, "A-B": false,
	} {
		if got := luart.IsConstantName(name); got != want {
			t.Errorf("isConstantName(%q) = %v", name, got)
		}
	}
}
