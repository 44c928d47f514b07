package luart

import (
	"bytes"
	"testing"
)

// TestYield: where a coroutine can't be gone on with, yield raises the error of Lua
// 5.1; elsewhere it works. But for the place of the error, it is what lua5.1 does.
func TestYield(t *testing.T) {
	t.Parallel()
	const across = "attempt to yield across metamethod/C-call boundary"
	for name, c := range map[string]struct{ body, want string }{
		"pcall":       {`local ok, e = pcall(y, 1) return e`, "-e:1: " + across},
		"pcall of":    {`local ok, e = pcall(function() y(1) end) return e`, "-e:1: " + across},
		"xpcall":      {`local ok, e = xpcall(function() y(1) end, function(e) return e end) return e`, "-e:1: " + across},
		"handler":     {`xpcall(error, function() local ok, e = pcall(y) x = e end) return x`, "-e:1: " + across},
		"gsub":        {`("x"):gsub("x", function() y(1) end)`, "error -e:1: " + across},
		"gsub table":  {`("x"):gsub("x", setmetatable({}, {__index = function() y(1) end}))`, "error -e:1: " + across},
		"sort":        {`table.sort({3, 2, 1}, function(a, b) y(1) return a < b end)`, "error -e:1: " + across},
		"index":       {`return setmetatable({}, {__index = function() y(1) return 3 end}).x`, "error -e:1: " + across},
		"tail index":  {`return setmetatable({}, {__index = function() return y(1) end}).x`, "error -e:1: " + across},
		"newindex":    {`setmetatable({}, {__newindex = function() y(1) end}).x = 1`, "error -e:1: " + across},
		"add":         {`return setmetatable({}, {__add = function() y(1) return 3 end}) + 1`, "error -e:1: " + across},
		"unm":         {`return -setmetatable({}, {__unm = function() y(1) return 3 end})`, "error -e:1: " + across},
		"concat":      {`return setmetatable({}, {__concat = function() y(1) return 3 end}) .. "x"`, "error -e:1: " + across},
		"eq":          {`local m = {__eq = function() y(1) end} return setmetatable({}, m) == setmetatable({}, m)`, "error -e:1: " + across},
		"lt":          {`local m = {__lt = function() y(1) end} return setmetatable({}, m) < setmetatable({}, m)`, "error -e:1: " + across},
		"tostring":    {`return tostring(setmetatable({}, {__tostring = function() y(1) return "3" end}))`, "error -e:1: " + across},
		"load":        {`local f = load(function() y "return 1" return nil end)`, "error -e:1: " + across},
		"iterator":    {`for i in function() y(1) return nil end do end`, "error -e:1: " + across},
		"call":        {`return setmetatable({}, {__call = function(_, a) return (y(a)) end})(5)`, "yield 5; 1"},
		"plain":       {`return y(1) + y(2)`, "yield 1; yield 2; 3"},
		"deep":        {`local function f(n) if n == 0 then return (y(n)) end local v = f(n - 1) return v end return f(100)`, "yield 0; 1"},
		"tail":        {`return y(7)`, "yield 7; 1"},
		"tails":       {`local function f(n) if n == 0 then return y(n) end return f(n - 1) end return f(1000)`, "yield 0; 1"},
		"nested":      {`return coroutine.wrap(function() return y(7) end)() + y(8)`, "yield 8; 8"},
		"in an inner": {`local ok, e = pcall(coroutine.wrap(function() pcall(function() end) return (y(7)) end)) return e`, "7"},
		"after":       {`pcall(error) ; ("x"):gsub("x", function() end) return (y(1))`, "yield 1; 1"},
		"loop":        {`for i = 1, 3 do y(i) end for _, v in ipairs {4, 5} do y(v) end`, "yield 1; yield 2; yield 3; yield 4; yield 5; nil"},
	} {
		r := newLua(Options{Out: &bytes.Buffer{}})
		fn, err := loadCode(r, `local y, out, x = coroutine.yield, {} local co = coroutine.create(function() `+c.body+` end)
for i = 0, 9 do
	local ok, v = coroutine.resume(co, i)
	v = tostring(v)
	if not ok then out[#out + 1] = "error " .. v break end
	if coroutine.status(co) == "dead" then out[#out + 1] = v break end
	out[#out + 1] = "yield " .. v
end
return table.concat(out, "; ")`)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := r.Call1(fn); err != nil || got.String() != c.want {
			t.Errorf("%s: %v (%v), want %s", name, got, err, c.want)
		}
		r.Close()
	}
}

// TestCoroutineStates: a coroutine that waits for another one can't be resumed by
// it: gopher-lua would resume the two in turn until its stack is full.
func TestCoroutineStates(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		`local a a = coroutine.create(function()
			local b = coroutine.create(function()
				return coroutine.status(a), coroutine.resume(a)
			end)
			return coroutine.resume(b)
		end)
		return inspect {coroutine.resume(a)}`: `{true, true, "normal", false, "cannot resume normal coroutine"}`,
		`local a, b, c
		a = coroutine.create(function() return coroutine.resume(b) end)
		b = coroutine.create(function() return coroutine.resume(c) end)
		c = coroutine.create(function() return coroutine.status(a), coroutine.status(b), coroutine.status(c), coroutine.resume(a) end)
		return inspect {coroutine.resume(a)}`: `{true, true, true, "normal", "normal", "running", false, "cannot resume normal coroutine"}`,
		`local a a = coroutine.wrap(function() return coroutine.wrap(function() return a() end)() end)
		return select(2, pcall(a))`: "cannot resume normal coroutine",
		`local a a = coroutine.create(function() return coroutine.resume(a) end) return inspect {coroutine.resume(a)}`: `{true, false, "can not resume a running thread"}`,
		`local a = coroutine.create(function(...) return coroutine.yield(...) end)
		local before, first, between = coroutine.status(a), {coroutine.resume(a, 1, 2)}, coroutine.status(a)
		return inspect {before, first, between, {coroutine.resume(a, 3, nil, 4)}, coroutine.status(a), coroutine.resume(a)}`: `{"suspended", {true, 1, 2}, "suspended", {true, 3, [4]=4}, "dead", false, "can not resume a dead thread"}`,
		`local a = coroutine.wrap(function(...) return coroutine.yield(...) end) return inspect {a(1), a(2), select(2, pcall(a))}`: `{1, 2, "can not resume a dead thread"}`,
		`local a = coroutine.create(coroutine.yield)
		return inspect {{coroutine.resume(a, 1)}, {coroutine.resume(a, 2)}, coroutine.status(a), {coroutine.wrap(tostring)(5)}}`: `{{true, 1}, {true, 2}, "dead", {"5"}}`,
		`local e
		e = coroutine.wrap(pcall)
		return inspect {e(error, "x")}`: `{false, "-e:2: x"}`,
		`local t = {} for i = 1, 20000 do t[i] = i end
		local co = coroutine.wrap(function(...) coroutine.yield(...) return coroutine.yield(...) end)
		return inspect {select("#", co(unpack(t))), select("#", co(1)), select("#", co(unpack(t)))}`: "{20000, 20000, 20000}",
		`local n = 0 local function f() n = n + 1 coroutine.wrap(f)() end pcall(f)
		local m = 0 local function g() m = m + 1 pcall(g) end g()
		local k = 0 for i = 1, 1000 do pcall(coroutine.wrap(function() k = k + 1 error() end)) end
		return inspect {n, m, k}`: "{199, 200, 1000}",
	} {
		r := newLua(Options{Out: &bytes.Buffer{}})
		fn, err := loadCode(r, code)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Call1(fn); err != nil || got.String() != want {
			t.Errorf("%s: %v (%v), want %s", code, got, err, want)
		}
		r.Close()
	}
}
