package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// deepTexts are right or wrong Lua whose syntax tree would be high: a compiler that
// calls itself for each level takes all stack for it.
var deepTexts = map[string]string{
	"not":       "return " + strings.Repeat("not ", 250_000) + "1",
	"minus":     "return " + strings.Repeat("- ", 500_000) + "1",
	"length":    "return " + strings.Repeat("#", 1_000_000) + "x",
	"braces":    "return " + strings.Repeat("{", 1_000_000),
	"brackets":  "return " + strings.Repeat("(", 500_000) + "1" + strings.Repeat(")", 500_000),
	"index":     "return a" + strings.Repeat("[a", 500_000),
	"concat":    "return " + strings.Repeat("1 .. ", 200_000) + "1",
	"power":     "return " + strings.Repeat("2^", 500_000) + "2",
	"powers":    "return " + strings.Repeat("2^-", 300_000) + "2",
	"calls":     "f" + strings.Repeat("()", 500_000),
	"texts":     "f" + strings.Repeat("''", 500_000),
	"fields":    "return f" + strings.Repeat(".a", 500_000),
	"methods":   "f" + strings.Repeat(":a()", 250_000),
	"sum":       "return 1" + strings.Repeat("+1", 500_000),
	"or":        "return 1" + strings.Repeat(" or 1", 200_000),
	"equal":     "return 1" + strings.Repeat("==1", 300_000),
	"elseif":    "if a then " + strings.Repeat("elseif a then ", 70_000) + "end",
	"do":        strings.Repeat("do ", 100_000) + strings.Repeat("end ", 100_000),
	"while":     strings.Repeat("while 1 do ", 60_000) + strings.Repeat("end ", 60_000),
	"if":        strings.Repeat("if 1 then ", 70_000) + strings.Repeat("end ", 70_000),
	"repeat":    strings.Repeat("repeat ", 60_000) + strings.Repeat("until 1 ", 60_000),
	"functions": strings.Repeat("f = function() ", 50_000) + strings.Repeat("end ", 50_000),
	"local":     strings.Repeat("local function f() ", 40_000) + strings.Repeat("end ", 40_000),
	"left":      "return " + strings.Repeat("(", 150) + "1" + strings.Repeat(strings.Repeat("+1", 3000)+")", 150),
}

const tooDeep = `chunk has too many syntax levels: more than (200 brackets, blocks, functions and operators inside one another|10000 operators, calls or elseifs in a row)`

// TestDeepText: however a script's text comes to be compiled, one that is too deep is
// an error with its place, not the end of the Go runtime.
func TestDeepText(t *testing.T) {
	t.Parallel()
	for name, text := range deepTexts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			scripts := filepath.Join(dir, "luatrace", "scripts")
			if err := os.MkdirAll(scripts, 0o755); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(scripts, "deep.lua"), "meta{name = \"deep\", summary = \"x\"}\n"+text)
			writeFile(t, filepath.Join(dir, "text"), text)
			const load = `local text = io.open("text"):read("*a")
for _, f in ipairs {function(s) return loadstring(s, "x") end, function(s) return load(function() local t = s s = nil return t end, "x") end} do
	print(f(text))
end`
			for _, c := range []struct {
				args string
				code int
				want string // of the last line, but for empty ones
			}{
				{"-s deep true", exitUsage, `luatrace: ` + scripts + `/deep\.lua:2: ` + tooDeep},
				{"info deep", exitUsage, `luatrace: ` + scripts + `/deep\.lua:2: ` + tooDeep},
				{"check " + scripts + "/deep.lua", 1, scripts + `/deep\.lua:2: ` + tooDeep},
				{"test " + scripts + "/deep.lua", exitUsage, `luatrace: ` + scripts + `/deep\.lua:2: ` + tooDeep},
				{"list deep", 0, `deep .*deep\.lua:2: ` + tooDeep + `.*`},
				{"__complete -s dee", 0, `deep.*`},
				{"-e 'require' true", exitUsage, `luatrace: .*/main\.lua:1: require 'deep': .*deep\.lua:2: ` + tooDeep},
				{"LOAD", 0, `nil\s+x:1: ` + tooDeep},
			} {
				args := strings.Fields(c.args)
				switch {
				case c.args == "LOAD":
					args = []string{"-e", load, "true"}
				case strings.Contains(c.args, "require"):
					writeFile(t, filepath.Join(scripts, "main.lua"), `require "deep"`)
					args = []string{"-s", "main", "true"}
				}
				cmd := exec.Command(fixture.Luatrace(t), args...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir)
				r := fixture.RunCmd(t, cmd)
				got := lines(strings.TrimSpace(r.Stdout + r.Stderr))
				if c.args == "LOAD" && (len(got) != 2 || got[0] != got[1]) || len(got) == 0 {
					t.Errorf("%s: %q", c.args, got)
					continue
				}
				last := got[len(got)-1]
				if r.Code != c.code || !regexp.MustCompile(`^`+c.want+`$`).MatchString(last) {
					t.Errorf("%s: status %d, %.300q", c.args, r.Code, got)
				}
			}
		})
	}
}

// TestDeepCode: what -e is given is no longer than an argument may be, and deep too.
func TestDeepCode(t *testing.T) {
	t.Parallel()
	for name, text := range deepTexts {
		if name == "elseif" {
			continue // so many don't fit into an argument
		}
		text = text[:min(len(text), 100_000)]
		r := fixture.Run(t, fixture.Luatrace(t), "-e", text, "true")
		if want := fmt.Sprintf(`^luatrace: -e:1: %s\n$`, tooDeep); r.Code != exitUsage || !regexp.MustCompile(want).MatchString(r.Stderr) {
			t.Errorf("%s: status %d, %.300q", name, r.Code, r.Stderr)
		}
	}
}
