package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// TestDeepCalls: however calls are put inside one another, up to a million, alone or
// through coroutines, what ends it is an error of Lua's that pcall holds.
func TestDeepCalls(t *testing.T) {
	t.Parallel()
	ways := readFile(t, "../../bindings/luart/testdata/deep_ways.lua")
	script := ways + `
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
	if want := 4 * strings.Count(ways, " = function(f)"); found != want {
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
