package bindings

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
)

var (
	paramForm = regexp.MustCompile(`^(\.\.\.|[A-Za-z_]\w*\??): \S.*$`)
	typeForm  = regexp.MustCompile(`^(\.\.\.|[\w|(){}\[\]:,. ]+)$`)
	nameForm  = regexp.MustCompile(`^[A-Za-z_]\w*$`)
)

func TestEveryRowIsDocumented(t *testing.T) {
	t.Parallel()
	checkFunction := func(where string, f luart.Function) {
		if !nameForm.MatchString(f.Name) || f.Fn == nil {
			t.Errorf("%s.%s: bad name or no function", where, f.Name)
		}
		if !strings.HasSuffix(f.Help, ".") || len(f.Help) < 10 {
			t.Errorf("%s.%s: help must be sentences: %q", where, f.Name, f.Help)
		}
		for _, p := range splitList(f.Params) {
			if !paramForm.MatchString(p) {
				t.Errorf("%s.%s: parameter %q is not \"name: type\"", where, f.Name, p)
			}
		}
		for _, typ := range splitList(f.Returns) {
			if !typeForm.MatchString(typ) {
				t.Errorf("%s.%s: result %q is no type", where, f.Name, typ)
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
		if m.Name != "" {
			once("module " + m.Name)
			if m.Help == "" {
				t.Errorf("module %s has no help", m.Name)
			}
		}
		for _, f := range m.Functions {
			once(m.Name + "." + f.Name)
			checkFunction(m.Name, f)
		}
		for _, v := range m.Values {
			once(m.Name + "." + v.Name)
			if v.Type == "" || v.Help == "" || v.Get == nil {
				t.Errorf("%s.%s: value without type, help or get", m.Name, v.Name)
			}
		}
	}
	for _, o := range allObjects() {
		once("object " + o.Name)
		if o.Help == "" {
			t.Errorf("object %s has no help", o.Name)
		}
		for _, f := range o.Methods {
			once(o.Name + ":" + f.Name)
			checkFunction(o.Name, f)
		}
		for _, f := range o.Fields {
			once(o.Name + "." + f.Name)
			if f.Name == "" || f.Type == "" || f.Help == "" {
				t.Errorf("%s.%s: field without type or help", o.Name, f.Name)
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
	got := fmt.Sprint(functionDoc(luart.Function{Name: "f", Params: "a: fun(x, y): z, b?: number, ...: any", Returns: "table<a, b>, nil", Example: "f()"}))
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

// TestGlobalsAreDocumented holds every global of the state against the tables.
func TestGlobalsAreDocumented(t *testing.T) {
	t.Parallel()
	r, _ := newTest(t, luart.Options{})
	known := map[string]bool{}
	for _, m := range allModules() {
		if m.Name != "" {
			known[m.Name] = true
			continue
		}
		for _, f := range m.Functions {
			known[f.Name] = true
		}
		for _, v := range m.Values {
			known[v.Name] = true
		}
	}
	for _, lib := range luart.StandardLibraries {
		members := append(append([]string{}, lib.Names...), lib.Outside...)
		if lib.Name == "" {
			for _, n := range members {
				known[n] = true
			}
			continue
		}
		known[lib.Name] = true
		tb := r.Globals().RawGetString(lib.Name).(*lua.LTable)
		has := map[string]bool{}
		for _, n := range luart.TableNames(tb) {
			has[n] = n != "__index"
		}
		for _, n := range members {
			if !has[n] {
				t.Errorf("%s.%s is documented but missing", lib.Name, n)
			}
			delete(has, n)
		}
		delete(has, "__index")
		for n := range has {
			t.Errorf("%s.%s is there but not documented", lib.Name, n)
		}
	}
	for _, n := range luart.TableNames(r.Globals()) {
		if !known[n] {
			t.Errorf("the global %q stands in no table", n)
		}
		delete(known, n)
	}
	for n := range known {
		t.Errorf("the documented global %q is missing", n)
	}
}
