package bindings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/gopher-lua/parse"

	"luatrace/tracer/syscalls"
)

// annotations are the definitions as a strict reader of LuaCATS sees them.
type annotations struct {
	classes map[string][]string          // class: its parents
	fields  map[string]map[string]string // class: field: type
	aliases map[string]bool
	used    map[string]int  // type name: the first line that uses it
	defined map[string]bool // functions and variables
}

// builtin are the types that the language server knows by itself.
var builtin = map[string]bool{
	"any": true, "nil": true, "boolean": true, "number": true, "integer": true, "string": true, "table": true, "function": true, "userdata": true, "thread": true,
}

var (
	typeName1   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*`)
	classLine   = regexp.MustCompile(`^class ([A-Za-z_][\w.]*)(?: : ([\w.]+))?$`)
	fieldLine   = regexp.MustCompile(`^field (\[[^\]]+\]|[A-Za-z_]\w*) (.*)$`)
	paramLine   = regexp.MustCompile(`^param (\.\.\.|[A-Za-z_]\w*)\??(?: )(.*)$`)
	returnLine  = regexp.MustCompile(`^return (.*)$`)
	aliasLine   = regexp.MustCompile(`^alias ([A-Za-z_][\w.]*) (.*)$`)
	overload    = regexp.MustCompile(`^overload (fun\(.*)$`)
	typeLine    = regexp.MustCompile(`^type (.*)$`)
	functionDef = regexp.MustCompile(`^function ([\w.:]+)\((.*)\) end$`)
	assignDef   = regexp.MustCompile(`^(local )?([\w.]+) = (\{\}|nil|-?\d+)$`)
)

// typ reads a type at the start of s and returns what is left.
func (a *annotations) typ(s string, line int) (rest string, err error) {
	for {
		switch {
		case strings.HasPrefix(s, `"`):
			end := strings.IndexByte(s[1:], '"')
			if end < 0 {
				return s, fmt.Errorf("a string without an end")
			}
			s = s[end+2:]
		case strings.HasPrefix(s, "fun("):
			if s, err = a.fun(s, line); err != nil {
				return s, err
			}
		default:
			name := typeName1.FindString(s)
			if name == "" {
				return s, fmt.Errorf("a type is wanted at %q", s)
			}
			if a.used[name] == 0 {
				a.used[name] = line
			}
			s = s[len(name):]
		}
		for strings.HasPrefix(s, "[]") {
			s = s[2:]
		}
		if !strings.HasPrefix(s, "|") {
			return s, nil
		}
		s = s[1:]
	}
}

// fun reads fun(NAME: TYPE, ...): TYPE.
func (a *annotations) fun(s string, line int) (rest string, err error) {
	s = strings.TrimPrefix(s, "fun(")
	for !strings.HasPrefix(s, ")") {
		name, after, ok := strings.Cut(s, ": ")
		if !ok || !regexp.MustCompile(`^[a-z]+\??$`).MatchString(name) {
			return s, fmt.Errorf("NAME: TYPE is wanted at %q", s)
		}
		if s, err = a.typ(after, line); err != nil {
			return s, err
		}
		s = strings.TrimPrefix(s, ", ")
	}
	s = s[1:]
	if after, ok := strings.CutPrefix(s, ": "); ok {
		return a.typ(after, line)
	}
	return s, nil
}

// readAnnotations reads the definitions; every line must be one it knows.
func readAnnotations(t *testing.T, text string) *annotations {
	t.Helper()
	a := &annotations{map[string][]string{}, map[string]map[string]string{}, map[string]bool{}, map[string]int{}, map[string]bool{}}
	class := ""
	var params []string // since the last definition
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		n := i + 1
		fail := func(format string, args ...any) { t.Errorf("%d: %s: %s", n, fmt.Sprintf(format, args...), line) }
		whole := func(s string) { // a type and nothing else
			if rest, err := a.typ(s, n); err != nil || rest != "" {
				fail("%v, left %q", err, rest)
			}
		}
		start := func(s string) { // a type and then, after a blank, anything
			if rest, err := a.typ(s, n); err != nil || rest != "" && rest[0] != ' ' {
				fail("%v, left %q", err, rest)
			}
		}
		tag, isTag := strings.CutPrefix(line, "---@")
		switch {
		case line == "", strings.HasPrefix(line, "---") && !isTag, strings.HasPrefix(line, "-- "):
			continue
		case isTag:
			switch m := []string(nil); {
			case tag == "meta luatrace":
			case match(classLine, tag, &m):
				if a.fields[m[1]] != nil {
					fail("a second class of that name")
				}
				class, a.fields[m[1]], a.classes[m[1]] = m[1], map[string]string{}, nil
				if m[2] != "" {
					a.classes[m[1]] = []string{m[2]}
					a.used[m[2]] = n
				}
			case match(fieldLine, tag, &m):
				if class == "" {
					fail("a field outside of a class")
				} else if _, twice := a.fields[class][m[1]]; twice && m[1][0] != '[' {
					fail("a second field of that name")
				} else {
					a.fields[class][m[1]] = m[2]
				}
				start(m[2])
			case match(paramLine, tag, &m):
				params = append(params, m[1])
				start(m[2])
			case match(returnLine, tag, &m):
				start(m[1])
			case match(aliasLine, tag, &m):
				a.aliases[m[1]] = true
				whole(m[2])
			case match(overload, tag, &m), match(typeLine, tag, &m):
				whole(m[1])
			default:
				fail("no annotation that is known")
			}
			continue
		}
		class = ""
		var m []string
		switch {
		case match(functionDef, line, &m):
			if got := strings.Join(params, ", "); got != m[2] {
				fail("the annotated parameters are %q", got)
			}
			if a.defined[m[1]] {
				fail("defined twice")
			}
			a.defined[m[1]] = true
		case match(assignDef, line, &m):
			if a.defined[m[2]] {
				fail("defined twice")
			}
			a.defined[m[2]] = true
		default:
			fail("no definition that is known")
		}
		params = nil
	}
	return a
}

func match(re *regexp.Regexp, s string, m *[]string) bool {
	*m = re.FindStringSubmatch(s)
	return *m != nil
}

// TestTypes reads the definitions as strictly as the grammar of LuaCATS allows,
// and compares them with the interface.
func TestTypes(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := WriteTypes(&b); err != nil {
		t.Fatal(err)
	}
	if _, err := parse.Parse(bytes.NewReader(b.Bytes()), "luatrace.lua"); err != nil {
		t.Errorf("it is no Lua: %v", err)
	}
	a := readAnnotations(t, b.String())
	for name, line := range a.used {
		if !builtin[name] && !a.aliases[name] && a.fields[name] == nil {
			t.Errorf("line %d: the type %s is not defined", line, name)
		}
	}
	for class, parents := range a.classes {
		for _, p := range parents { // as a field of another type it would be an error for the server
			for field, typ := range a.fields[class] {
				if other, ok := a.fields[p][field]; ok && field[0] != '[' {
					t.Errorf("%s.%s %s is in %s too, as %s", class, field, typ, p, other)
				}
			}
		}
	}
	ref := NewReference()
	for _, m := range ref.Modules {
		prefix := ""
		if m.Name != "" {
			prefix = m.Name + "."
		}
		for _, f := range m.Functions {
			if !a.defined[prefix+f.Name] {
				t.Errorf("%s%s is missing", prefix, f.Name)
			}
		}
		for _, v := range m.Values {
			if _, field := a.fields["luatrace.module."+m.Name][v.Name]; !field && !a.defined[prefix+v.Name] && v.Name != strings.ToUpper(v.Name) {
				t.Errorf("%s%s is missing", prefix, v.Name)
			}
		}
	}
	for _, o := range ref.Objects {
		for _, f := range o.Methods {
			if !a.defined["_"+o.Name+":"+f.Name] {
				t.Errorf("%s:%s is missing", o.Name, f.Name)
			}
		}
		for _, f := range o.Fields {
			if _, ok := a.fields["luatrace."+o.Name][f.Name]; !ok && f.Name != strings.ToUpper(f.Name) {
				t.Errorf("%s.%s is missing", o.Name, f.Name)
			}
		}
	}
	for _, name := range syscalls.Names(syscalls.Native()) {
		nr, _ := syscalls.Number(syscalls.Native(), name)
		sig := syscalls.Lookup(syscalls.Native(), nr)
		if sig == nil {
			continue
		}
		fields := a.fields["luatrace.call."+name]
		if fields == nil || a.fields["luatrace.enter."+name] == nil {
			t.Errorf("the events of %s are missing", name)
			continue
		}
		for i := range sig.Params {
			if p := &sig.Params[i]; !p.Hidden && fields[p.Name] == "" && !hidesArgument[p.Name] {
				t.Errorf("%s has no field %s", name, p.Name)
			}
		}
		if !strings.Contains(b.String(), `---@overload fun(spec: "`+name+`", fn: fun(ev: luatrace.call.`+name+`))`) {
			t.Errorf("on has no overload for %s", name)
		}
	}
	for _, name := range []string{"O_CREAT", "AF_INET", "ENOENT", "SIGTERM"} {
		if !a.defined[name] {
			t.Errorf("the constant %s is missing", name)
		}
	}
}

// The reader refuses what it should.
func TestAnnotationsReader(t *testing.T) {
	t.Parallel()
	for text, wrong := range map[string]bool{
		"string":                     false,
		"string|nil":                 false,
		`"a"|"b"`:                    false,
		"luatrace.event[]":           false,
		"fun(ev: luatrace.event)":    false,
		"fun(a: string): number|nil": false,
		"":                           true,
		"string|":                    true,
		`"a`:                         true,
		"fun(ev)":                    true,
		"fun(ev: ":                   true,
	} {
		a := &annotations{used: map[string]int{}}
		if rest, err := a.typ(text, 1); (err != nil || rest != "") != wrong {
			t.Errorf("%q: %v, left %q", text, err, rest)
		}
	}
}

func TestLuarc(t *testing.T) {
	t.Parallel()
	var rc map[string]any
	if err := json.Unmarshal([]byte(Luarc(`a "folder"`)), &rc); err != nil {
		t.Fatal(err)
	}
	if libs, ok := rc["workspace.library"].([]any); !ok || len(libs) != 1 || libs[0] != `a "folder"` || rc["runtime.version"] != "Lua 5.1" {
		t.Errorf("%v", rc)
	}
}
