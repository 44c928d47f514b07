package luart

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestMendedStatements: what gopher-lua's compiler makes wrong code of does what
// it does in lua5.1.
func TestMendedStatements(t *testing.T) {
	t.Parallel()
	const lib = `local function f() end local function g(s) return s end local t, out = {}, {} local function id(...) return ... end
		local function p(...) for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end out[#out + 1] = ";" end `
	for _, code := range []string{
		// the value is computed in the variable itself
		`local k = "a" k = f(k) and k p(k)`,
		`local k = "a" k = t.x and k p(k)`,
		`local k = "a" k = g(false) and k p(k)`,
		`local k = "a" k = not k and k p(k)`,
		`local k = "a" k = #t > 0 and k p(k)`,
		`local k = "a" k = f(k) and (k .. "x") p(k)`,
		`local k = 5 k = t.n and k + 1 p(k)`,
		`local k = 5 k = f() and k > 3 p(k)`,
		`local k = 7 k = tonumber("zz") and k p(k)`,
		`local z, w, k = false, 3, "k" k = (z or w) and k p(k)`,
		`local key = "pipe:[1]" key = key and key:find("->", 1, true) and key p(key)`,
		`local a, b = "A", "B" a, b = f() and a, g() and b p(a, b)`,
		`local function h(q) q = f(q) and q return q end p(h("x"))`,
		`local function h(q) q = (tostring(q)) return q end p(h(5))`,
		`local function h(q) local c, d = 7, 8 q = (tostring(c)) return q, c, d end p(h(5))`,
		`local function h(a, b) a, b = tostring(b), tostring(a) return a, b end p(h(5, 6))`,
		`local function h(...) local a, b, c = 1, 2, 3 a = (...) return a, b, c end p(h(9))`,
		`local k = "a" do local function s() k = f() and k end s() end p(k)`,
		// several targets
		`local a, b = 1, 2 a, b = b, a p(a, b)`,
		`local a, b = 0, 1 for i = 1, 9 do a, b = b, a + b end p(a, b)`,
		`local a, u = 9, {} g1, u.x = 5, a p(g1, u.x)`,
		`local a, b = 1 local function h() return a end a, b = 5, h() p(a, b)`,
		`local u, i = {}, 1 i, u[i] = i + 1, 20 p(i, u[1], u[2])`,
		`local u, i = {}, 1 u[i], i = 20, i + 1 p(i, u[1], u[2])`,
		`local u = {} local v = u u, u.x = nil, 5 p(u, v.x)`,
		`local u, v = {}, {} u.x, u, v.y = 1, 2 p(u, v.y)`,
		`local log = {} local m = setmetatable({}, {__newindex = function(_, k, v) log[#log + 1] = k .. tostring(v) end}) m.a, m.b, m.c = 1, 2 p(unpack(log))`,
		`local n = 0 local function o() n = n + 1 return t end o().x, o().y = n, n p(n, t.x, t.y)`,
		`local a, b, c = 1, 2, 3 a, b, c = id(b, a) p(a, b, c)`,
		`local s = "x" p((pcall(function() (s .. "y").z = 1 end)), (pcall(function() (1 + 2).z = 1 end)))`,
		// loops
		`for k in next, {5} do p(k) end for k in next, {5} do p(k) end`,
		`local function it(s, c) p(s, c) if not c then return 1 end end for x in it do end for x in it do end`,
		`local n = 0 for k in pairs({1, 2}) do break end p(n)`,
		`for k in pairs({1, 2}) do if nil then p(1) elseif false then p(2) end p(k) end`,
		`for i, v in ipairs({1, 2}) do local x = true or v p(x, i) end`,
		`for i, v in ipairs({1, 2}) do g1 = ("1" + (false and 2 or 3)) or v p(g1, i) end`,
		`local u = {[3] = 7} for i, v in ipairs({1, 2}) do local x = u[false or 3] < (true and 9) p(x, i) u[false or 4] = i end p(u[4])`,
		`while true or f() do break end repeat do end until true p("end")`,
		`local n = 0 while not (n > 2) do if nil then p(1) end n = n + 1 end p(n)`,
		`local h while true do if true then local x = 5 h = function() return x end break end end local y, z = 7, 8 p(h(), y, z)`,
		`local hs = {} for i = 1, 3 do do local x = i hs[#hs + 1] = function() x = x + 1 return x end if i == 2 then break end end end
			local a, b, c = 1, 2, 3 p(hs[1](), hs[2](), hs[2](), a, b, c)`,
		`local hs = {} for i = 1, 2 do local j = 0 repeat local x = i j = j + 1 hs[#hs + 1] = function() x = x + 1 return x end if j == 2 then do break end end until false end
			local a, b = 1, 2 p(hs[1](), hs[1](), hs[2](), hs[4](), a, b)`,
		// functions and tables
		`local tostring = function(v) return "<" .. tostring(v) .. ">" end p(tostring(1))`,
		`local u = {` + strings.Repeat("1,", 50) + ` k = g("v"), 2} p(#u, u[1], u[50], u[51], u.k)`,
		`local u = {` + strings.Repeat("1,", 49) + ` id(3, 4), k = g("v")} p(#u, u[1], u[50], u[51], u.k)`,
		`local u = {1, k = id(2, 3)} p(#u, u.k)`,
		`p(010, 0010 + 1, "010" + 1, "0x10" * 2, " 1e1 " - 1, -"2", 10 .. "")`,
		`p(("abc"):byte(-1), ("abc"):byte(0, -2), ("abc"):byte(-9, 9), ("abc"):byte(4))`,
		// an error leaves the variables outside shared
		`local n = 0 local function inc() n = n + 1 end pcall(function() local x = n; x() end) inc() p(n)`,
		`local n = 0 local function inc() n = n + 1 end xpcall(function() error({}) end, function() inc() end) inc() p(n)`,
		`local h pcall(function() local x = 1 h = function() x = x + 1 return x end error("e") end) local a, b = 5, 6 p(h(), h(), a, b)`,
		`local n = 0 local function inc() n = n + 1 end pcall(pcall, error) pcall(function() pcall(error, "a") inc() error("b") end) inc() p(n)`,
		`local co = coroutine.wrap(function() local n = 0 local function inc() n = n + 1 end pcall(error, "x") inc() coroutine.yield(n) end) p(co())`,
	} {
		compareCode(t, lib, code)
	}
}

// compareCode runs code in both interpreters.
func compareCode(t *testing.T, lib, code string) {
	t.Helper()
	program := lib + "\n" + code + "\nreturn table.concat(out, ' ')"
	want := runLua51(t, []string{program})[0]
	r := newLua(Options{Out: &bytes.Buffer{}})
	defer r.Close()
	fn, err := loadCode(r, program)
	if err != nil {
		t.Errorf("%s\n%v", code, err)
		return
	}
	if got, err := r.Call1(fn); err != nil || got.String() != want {
		t.Errorf("%s\ngives %v (%v), in lua5.1 %s", code, got, err, want)
	}
}

// TestGoto: lua5.1 has none; what it should do is clear.
func TestGoto(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		`local n = 0 local function inc() n = n + 1 end for i = 1, 3 do if i == 2 then goto continue end inc() ::continue:: end return n`: "2",
		`local fs = {} for i = 1, 3 do local x = i * 10 fs[i] = function() x = x + 1 return x end if i == 2 then goto continue end x = x + 5 ::continue:: end
			local a, b = 1, 2 return fs[1]() .. " " .. fs[2]() .. " " .. fs[2]() .. " " .. fs[3]()`: "16 21 22 36",
		`local i, fs = 0, {} ::top:: i = i + 1 do local x = i fs[i] = function() return x end end if i < 3 then goto top end return fs[1]() + fs[2]() * 10 + fs[3]() * 100`:              "321",
		`local i, fs = 1, {} do ::top:: local x = i fs[i] = function() x = x + 1 return x end i = i + 1 if i < 4 then goto top end end local a = 9 return fs[1]() .. fs[1]() .. fs[3]()`: "234",
		`local n = 0 ::a:: if nil then return "no" end n = n + 1 if n < 3 then goto a end return n`:                                                                                      "3",
		`for i = 1, 2 do for j = 1, 2 do if j == 1 then goto out end end end ::out:: return "left"`:                                                                                      "left",
	} {
		r := newLua(Options{Out: &bytes.Buffer{}})
		fn, err := loadCode(r, code)
		got := ""
		if err == nil {
			v, callErr := r.Call1(fn)
			got, err = fmt.Sprint(v), callErr
		}
		if got != want || err != nil {
			t.Errorf("%s\ngives %s (%v), want %s", code, got, err, want)
		}
		r.Close()
	}
	for code, want := range map[string]string{
		"goto nowhere": "-e:1: no visible label 'nowhere' for <goto>",
		"do\ngoto here\nlocal x\n::here::\nx = 1 end": "-e:2: <goto here> jumps into the scope of local 'x'",
		"::a::\n::a::":         "-e:2: label 'a' is already defined in this block",
		"do ::a:: end\ngoto a": "-e:2: no visible label 'a' for <goto>",
	} {
		r := newLua(Options{Out: &bytes.Buffer{}})
		if _, err := loadCode(r, code); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", code, err, want)
		}
		r.Close()
	}
}

// TestMendKeepsLimits: a mended assignment in a function with many variables
// compiles where the plain one does, and its errors have their lines.
func TestMendKeepsLimits(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 195 {
		fmt.Fprintf(&many, "local a%d = %d\n", i, i)
	}
	for range 100 {
		many.WriteString("a1 = tonumber('x') and a1 a2 = not a1 and a2\n")
	}
	r := newLua(Options{Out: &bytes.Buffer{}})
	defer r.Close()
	for code, want := range map[string]string{
		many.String() + "return tostring(a1) .. a2":                              "nil2",
		"local a, b = 1, 2\na, b = b, a\nlocal c\nc, a.x.y = 1,\n nil\nreturn 1": "-e:4: attempt to index",
		"local a\na = a and\n a.x or\n a.y":                                      "-e:4: attempt to index",
	} {
		fn, err := loadCode(r, code)
		got := ""
		if err == nil {
			v, callErr := r.Call1(fn)
			if got, err = v.String(), callErr; err != nil {
				got = err.Error()
			}
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%.60q: %q (%v), want %q", code, got, err, want)
		}
	}
}
