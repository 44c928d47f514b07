package bindings

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

var (
	paramForm = regexp.MustCompile(`^(\.\.\.|[A-Za-z_]\w*\??): \S.*$`)
	typeForm  = regexp.MustCompile(`^(\.\.\.|[\w|(){}\[\]:,. ]+)$`)
	nameForm  = regexp.MustCompile(`^[A-Za-z_]\w*$`)
)

func TestEveryRowIsDocumented(t *testing.T) {
	t.Parallel()
	checkFunction := func(where string, f function) {
		if !nameForm.MatchString(f.name) || f.fn == nil {
			t.Errorf("%s.%s: bad name or no function", where, f.name)
		}
		if !strings.HasSuffix(f.help, ".") || len(f.help) < 10 {
			t.Errorf("%s.%s: help must be sentences: %q", where, f.name, f.help)
		}
		for _, p := range splitList(f.params) {
			if !paramForm.MatchString(p) {
				t.Errorf("%s.%s: parameter %q is not \"name: type\"", where, f.name, p)
			}
		}
		for _, typ := range splitList(f.returns) {
			if !typeForm.MatchString(typ) {
				t.Errorf("%s.%s: result %q is no type", where, f.name, typ)
			}
		}
	}
	seen := map[string]bool{}
	once := func(name string) {
		if seen[name] {
			t.Errorf("%s stands in the tables twice", name)
		}
		seen[name] = true
	}
	for _, m := range allModules() {
		if m.name != "" {
			once("module " + m.name)
			if m.help == "" {
				t.Errorf("module %s has no help", m.name)
			}
		}
		for _, f := range m.functions {
			once(m.name + "." + f.name)
			checkFunction(m.name, f)
		}
		for _, v := range m.values {
			once(m.name + "." + v.name)
			if v.typ == "" || v.help == "" || v.get == nil {
				t.Errorf("%s.%s: value without type, help or get", m.name, v.name)
			}
		}
	}
	for _, o := range allObjects() {
		once("object " + o.name)
		if o.help == "" {
			t.Errorf("object %s has no help", o.name)
		}
		for _, f := range o.methods {
			once(o.name + ":" + f.name)
			checkFunction(o.name, f)
		}
		for _, f := range o.fields {
			once(o.name + "." + f.name)
			if f.name == "" || f.typ == "" || f.help == "" {
				t.Errorf("%s.%s: field without type or help", o.name, f.name)
			}
		}
	}
}

func TestReference(t *testing.T) {
	t.Parallel()
	ref := NewReference()
	var b strings.Builder
	if err := ref.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{
		"## Global functions\n", "## Module `bit`\n", "## Object `word`\n", "## Lua's standard library\n",
		"- `bit.rol(x, n, [width])` (x: number\\|word, n: integer, width: integer → number\\|word)  \n",
		"- `:hex()` (→ string)", "`io.open`*", "- `json.null` (userdata)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the reference lacks %q", want)
		}
	}
	n := 0
	for _, m := range ref.Modules {
		n += len(m.Functions)
	}
	if got := strings.Count(text, "\n- `"); got < n {
		t.Errorf("%d entries for %d functions", got, n)
	}
	got := fmt.Sprint(functionDoc(function{name: "f", params: "a: fun(x, y): z, b?: number, ...: any", returns: "table<a, b>, nil", example: "f()"}))
	if want := "{f [{a fun(x, y): z false} {b number true} {... any false}] [table<a, b> nil]  f()}"; got != want {
		t.Errorf("doc: %s, want %s", got, want)
	}
}

// Each object has a name in scripts, by which luatrace help shows its members, and the
// examples are code that luatrace check has nothing against.
func TestReferenceOnTheTerminal(t *testing.T) {
	t.Parallel()
	ref := NewReference()
	for _, o := range ref.Objects {
		if usualNames[o.Name] == "" {
			t.Errorf("%s has no name in usualNames", o.Name)
		}
	}
	examples := 0
	for _, m := range ref.Modules {
		for _, f := range m.Functions {
			if f.Example == "" {
				continue
			}
			examples++
			if _, err := runBlocks(f.Example + "\ntest(\"example\", function(t) t:finish() end)"); err != nil {
				t.Errorf("the example of %s: %v", f.Name, err)
			}
		}
	}
	if examples < 3 {
		t.Errorf("%d examples", examples)
	}
}
