package luart

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var lua51Programs = flag.Int("lua51", 600, "how many random programs TestLua51 compares with lua5.1")
var lua51Seed = flag.Uint64("lua51.seed", 1, "the seed of the first of them")

// lua51Prelude stands before each program, in both interpreters: numbers are
// shown alike, and what a program calls keeps its recursion and loops short.
const lua51Prelude = `g1, g2, g3 = nil, nil, nil
local buffer, fs, depth, work = {}, {}, 0, 0
local function num(n)
  if n == 0 then return "0" elseif n ~= n then return "nan" elseif n == 1/0 then return "inf" elseif n == -1/0 then return "-inf" end
  return string.format("%.12g", n)
end
local function C(s) return s:sub(1, 40) end
local function S(v)
  local t = type(v)
  if t == "string" then return C(v) end
  if t == "number" then return num(v) elseif t == "table" or t == "function" then return t end
  return tostring(v)
end
local function out(...)
  for i = 1, select("#", ...) do buffer[#buffer + 1] = (i > 1 and "\t" or "") .. S((select(i, ...))) end
  buffer[#buffer + 1] = "\n"
  work = work + 1
  if work > 2000 then error("too much") end
end
local function N(v) return type(v) == "number" and v == v and v > -1e9 and v < 1e9 and v or 7 end
local function K(v) if v == nil or v ~= v then return "nil" end return v end
local G = {10, 20, 30, k = "gk", m = function(self, a, ...) return self.k, a, ... end}
local function T(i) return {i, i + 1, k = i, m = G.m} end
local methods = 0
local function M(t) methods = methods + 1 if methods > 60 then error("too deep") end t.m = t.m or G.m return t end
local function id(...) return ... end
local function none() end
local function zero() return 0, 1 end
local function pair(a, b) return a, b end
local function count(...) return select("#", ...), ... end
local function step(s, c) if c < s then return c + 1, c end end
local function upto(n) local i = 0 return function() i = i + 1 if i <= n then return i end end end
local function once(s, c) out("once", s, c) if c == nil then return "first" end end
local function sorted(t)
  local keys, i = {}, 0
  for k in pairs(t) do keys[#keys + 1] = S(k) .. type(k) end
  table.sort(keys)
  return function() i = i + 1 return keys[i], i end
end
local function limited(f, ...)
  if depth > 3 or work > 500 then return "deep" end
  depth, work = depth + 1, work + 5
  local function back(...) depth = depth - 1 return ... end
  return back(f(...))
end
local function body()
`

// lua51Coda runs the program and the functions it has left behind.
const lua51Coda = `end
local ok, err = pcall(body)
local function again(i)
  depth, work, methods = 0, 0, 0
  local results = {n = 0}
  local function keep(ok, ...) results = ok and {n = select("#", ...), ...} or {"error", n = 1} end
  keep(pcall(fs[i], i, "q"))
  work = 0
  out("f", unpack(results, 1, results.n))
end
for i = 1, math.min(#fs, 20) do again(i) end
for i = 1, math.min(#fs, 5) do again(i) end
local keys = {}
for k, v in pairs(G) do keys[#keys + 1] = S(k) .. "=" .. S(v) end
table.sort(keys)
failure = not ok and S(err) or nil
return tostring(ok) .. "\n" .. table.concat(buffer) .. table.concat(keys, " ") .. "\n" .. S(g1) .. S(g2) .. S(g3)
`

// TestLua51: random programs do in luatrace what they do in lua5.1. By hand:
//
//	go test ./bindings -run TestLua51 -lua51 10000 -lua51.seed 123
func TestLua51(t *testing.T) {
	t.Parallel()
	const batch = 200
	different := 0
	for from := 0; from < *lua51Programs; from += batch {
		var seeds []uint64
		for i := from; i < min(from+batch, *lua51Programs); i++ {
			seeds = append(seeds, *lua51Seed+uint64(i))
		}
		different += compareWithLua51(t, seeds)
	}
	if different > 0 {
		t.Errorf("%d of %d programs differ", different, *lua51Programs)
	}
}

// compareWithLua51 returns how many of the programs differ.
func compareWithLua51(t *testing.T, seeds []uint64) (different int) {
	programs := make([]string, len(seeds))
	for i, seed := range seeds {
		programs[i] = lua51Prelude + luaProgram(seed) + lua51Coda
	}
	want := runLua51(t, programs)
	r := newLua(Options{Out: &bytes.Buffer{}, Timeout: time.Minute})
	defer r.Close()
	for i, program := range programs {
		got := ""
		fn, err := loadCode(r, program)
		if err == nil {
			v, callErr := r.Call1(fn)
			if got, err = v.String(), callErr; err != nil {
				got = "error " + err.Error()
			}
		} else {
			got = "doesn't compile: " + err.Error()
		}
		if want[i] == got {
			continue
		}
		if different++; different <= 3 {
			t.Errorf("seed %d: the program\n%s\nreturns\n%s\n(%v) in lua5.1\n%s", seeds[i], luaProgram(seeds[i]), got, r.L.GetGlobal("failure"), want[i])
		}
	}
	return different
}

// runLua51 returns what the programs return in lua5.1.
func runLua51(t *testing.T, programs []string) []string {
	t.Helper()
	dir := t.TempDir()
	var all strings.Builder
	for i, p := range programs {
		name := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(name, []byte(p), 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "do local f, e = loadfile(%q) local ok, r = pcall(f or function() return e end) io.write(tostring(r), '\\0') end\n", name)
	}
	cmd := exec.Command("sh", "-c", "ulimit -v 1000000; exec lua5.1 -")
	cmd.Stdin = strings.NewReader(all.String())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("lua5.1 (in Debian's package of this name): %v: %s", err, stderr.String())
	}
	results := strings.Split(string(text), "\x00")
	if len(results) != len(programs)+1 {
		t.Fatalf("lua5.1 has run %d of %d programs", len(results)-1, len(programs))
	}
	return results[:len(programs)]
}
