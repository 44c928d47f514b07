package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// deepWays are the ways in which Lua code is called by Go code that Lua code has
// called: each takes some of Go's stack.
const deepWays = `local ways = {
  pcall = function(f) local ok, e = pcall(f) if not ok then error(e, 0) end end,
  xpcall = function(f) local ok, e = xpcall(f, function(e) return e end) if not ok then error(e, 0) end end,
  handler = function(f) local ok, e = xpcall(error, f) if e then error(e, 0) end end,
  wrap = function(f) coroutine.wrap(f)() end,
  resume = function(f) local ok, e = coroutine.resume(coroutine.create(f)) if not ok then error(e, 0) end end,
  index = function(f) local _ = setmetatable({}, {__index = f}).x end,
  item = function(f) local _ = setmetatable({}, {__index = f})[1] end,
  newindex = function(f) setmetatable({}, {__newindex = f}).x = 1 end,
  call = function(f) setmetatable({}, {__call = f})() end,
  add = function(f) local _ = setmetatable({}, {__add = f}) + 1 end,
  unm = function(f) local _ = -setmetatable({}, {__unm = f}) end,
  len = function(f) local _ = #setmetatable({}, {__len = f}) end,
  concat = function(f) local _ = setmetatable({}, {__concat = f}) .. "x" end,
  eq = function(f) local m = {__eq = f} local _ = setmetatable({}, m) == setmetatable({}, m) end,
  lt = function(f) local m = {__lt = f} local _ = setmetatable({}, m) < setmetatable({}, m) end,
  le = function(f) local m = {__lt = f} local _ = setmetatable({}, m) <= setmetatable({}, m) end,
  tostring = function(f) tostring(setmetatable({}, {__tostring = function() f() return "x" end})) end,
  format = function(f) string.format("%s", setmetatable({}, {__tostring = function() f() return "x" end})) end,
  inspect = function(f) inspect({setmetatable({}, {__tostring = function() f() return "x" end})}) end,
  print = function(f) print(setmetatable({}, {__tostring = function() f() return "x" end})) end,
  gsub = function(f) ("x"):gsub("x", function() f() end) end,
  gsubtable = function(f) ("x"):gsub("x", setmetatable({}, {__index = function() f() end})) end,
  re = function(f) re("x"):gsub("x", function() f() end) end,
  retable = function(f) re("x"):gsub("x", setmetatable({}, {__index = function() f() end})) end,
  sort = function(f) table.sort({1, 2, 3}, function(a, b) f() return a < b end) end,
  sortmeta = function(f) local m = {__lt = function() f() return false end} table.sort({setmetatable({}, m), setmetatable({}, m)}) end,
  iterator = function(f) for _ in function() f() return nil end do end end,
  reader = function(f) load(function() f() return nil end) end,
  loaded = function(f) loadstring("local f = ... f()")(f) end,
  text = function(f) local _ = "1" + setmetatable({}, {__add = f}) end,
  frame = function(f) output.frame(f) end,
}
local names = {} for k in pairs(ways) do names[#names + 1] = k end table.sort(names)
`

// TestDeepCalls: however calls are put inside one another, up to a million, alone or
// through coroutines, what ends it is an error of Lua's that pcall holds.
func TestDeepCalls(t *testing.T) {
	t.Parallel()
	script := deepWays + `
on("end", function()
  local function try(name, f)
    local ok, e = pcall(f)
    printf("%s %s %s\n", name, ok, tostring(e):match "C stack overflow$" or tostring(e):match "stack overflow$" or e)
  end
  for _, name in ipairs(names) do
    local way = ways[name]
    local function alone(n) if n > 0 then way(function() alone(n - 1) return 0 end) end end
    try(name, function() return alone(1e6) end)
    for _, each in ipairs {1, 20, 48} do -- so many calls in each coroutine
      local function mixed(n, k)
        if n == 0 then return end
        if k == 0 then return ways.wrap(function() return mixed(n - 1, each) end) end
        way(function() mixed(n - 1, k - 1) return 0 end)
      end
      try(name .. "/wrap", function() return mixed(1e6, each) end)
    end
  end
end)`
	r := fixture.Run(t, fixture.Luatrace(t), "--sandbox", "--read-only", "--hook-timeout=5m", "-e", script, "true")
	if r.Code != 0 || r.Signal != 0 {
		t.Fatalf("status %d, %.2000s", r.Code, r.Stderr)
	}
	found := 0
	for _, line := range lines(r.Stderr) {
		if strings.TrimSpace(strings.Trim(line, "x")) == "" {
			continue // what print has printed
		}
		found++
		if !regexp.MustCompile(`^[a-z]+(/wrap)? false (C )?stack overflow$`).MatchString(line) {
			t.Errorf("%q", line)
		}
	}
	if want := 4 * strings.Count(deepWays, " = function(f)"); found != want {
		t.Errorf("%d results, want %d", found, want)
	}
}

// TestDeepCallsEndHook: an overflow that a hook doesn't hold is a line with its place,
// and the program goes on.
func TestDeepCallsEndHook(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"pcall in a coroutine": `
local function deep()
  local function g(k)
    if k > 0 then local ok, e = pcall(g, k - 1) if not ok then error(e, 0) end return end
    return coroutine.wrap(deep)()
  end
  return g(70)
end`,
		"coroutine": `
local function deep() return (coroutine.wrap(deep)()) end`,
		"metamethods in a coroutine": `
local deep
local mt = {}
mt.__index = function(t, k) if k > 0 then return t[k - 1] end return coroutine.wrap(deep)() end
deep = function() return (setmetatable({}, mt)[60]) end`,
	} {
		script := t.TempDir() + "/deep.lua"
		writeFile(t, script, code[1:]+"\non(\"getppid\", function(ev) deep() end)")
		cmd := exec.Command(fixture.Luatrace(t), "--sandbox", "--read-only", "-s", script, fixture.Build(t, "counts"))
		r := fixture.RunCmd(t, cmd)
		want := fmt.Sprintf(`luatrace: %s:\d+: C stack overflow \(in the hook of %s:\d+, on getppid of task \d+\)`, script, script)
		first := lines(r.Stderr)[0]
		if r.Code != exitHook || !regexp.MustCompile(`^`+want).MatchString(first) || strings.Contains(r.Stderr, "goroutine") {
			t.Errorf("%s: status %d, %.1000s", name, r.Code, r.Stderr)
		}
		if plain := fixture.Run(t, fixture.Build(t, "counts")); r.Stdout != plain.Stdout {
			t.Errorf("%s: the program printed %q, untraced %q", name, r.Stdout, plain.Stdout)
		}
	}
}
