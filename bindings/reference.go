package bindings

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"luatrace/bindings/luart"
)

// Reference describes the whole interface of scripts in plain Go values, for
// documentation, help and editor types.
type Reference struct {
	Modules   []ModuleDoc // the globals first, with Name ""
	Objects   []ObjectDoc
	Libraries []LibraryDoc
}

// ModuleDoc describes the globals (Name "") or a table of functions.
type ModuleDoc struct {
	Name, Help string
	Functions  []FunctionDoc
	Values     []FieldDoc
}

// ObjectDoc describes a kind of userdata.
type ObjectDoc struct {
	Name, Help string        // Name is how signatures name the type
	Fields     []FieldDoc    // read as x.name
	Methods    []FunctionDoc // called as x:name(...)
}

// FunctionDoc describes a function or a method.
type FunctionDoc struct {
	Name    string
	Params  []ParamDoc
	Returns []string // types
	Help    string
	Example string // lines of Lua, or ""
}

// ParamDoc describes a parameter; Name is "..." for the rest of the arguments.
type ParamDoc struct {
	Name, Type string
	Optional   bool
}

// FieldDoc describes a field of an object or a value of a module.
type FieldDoc struct {
	Name string
	Type string // Lua type names or names of objects, joined by "|"
	Help string

	Example string // as that of a function
}

// LibraryDoc names what is there of one of Lua 5.1's standard libraries; Name
// is "" for the basic functions.
type LibraryDoc struct {
	Name, Help string
	Members    []string
	Outside    []string // those that are missing in the sandbox
}

// NewReference returns the description of the interface. It needs no Runtime.
func NewReference() Reference {
	ref := Reference{Modules: []ModuleDoc{{}}}
	for _, m := range allModules() {
		doc := &ref.Modules[0]
		if m.Name != "" {
			ref.Modules = append(ref.Modules, ModuleDoc{Name: m.Name, Help: m.Help})
			doc = &ref.Modules[len(ref.Modules)-1]
		}
		for _, f := range m.Functions {
			doc.Functions = append(doc.Functions, functionDoc(f))
		}
		for _, v := range m.Values {
			doc.Values = append(doc.Values, FieldDoc{v.Name, v.Type, v.Help, v.Example})
		}
	}
	for _, o := range allObjects() {
		doc := ObjectDoc{Name: o.Name, Help: o.Help}
		if o.Acts {
			doc.Help += " An assignment changes what is traced: not with --read-only."
		}
		for _, f := range o.Fields {
			doc.Fields = append(doc.Fields, FieldDoc{Name: f.Name, Type: f.Type, Help: f.Help})
		}
		for _, f := range o.Methods {
			doc.Methods = append(doc.Methods, functionDoc(f))
		}
		ref.Objects = append(ref.Objects, doc)
	}
	for _, lib := range luart.StandardLibraries {
		ref.Libraries = append(ref.Libraries, LibraryDoc{lib.Name, lib.Help, lib.Names, lib.Outside})
	}
	return ref
}

// functionDoc describes the function of a row.
func functionDoc(f luart.Function) FunctionDoc {
	doc := FunctionDoc{Name: f.Name, Help: f.Help, Example: f.Example}
	if f.Acts {
		doc.Help += " It changes what is traced: not with --read-only."
	}
	for _, p := range splitList(f.Params) {
		name, typ, _ := strings.Cut(p, ":")
		name, optional := strings.CutSuffix(strings.TrimSpace(name), "?")
		doc.Params = append(doc.Params, ParamDoc{name, strings.TrimSpace(typ), optional})
	}
	doc.Returns = splitList(f.Returns)
	return doc
}

// splitList splits at the commas that stand in no brackets.
func splitList(s string) []string {
	var parts []string
	depth, start := 0, 0
	for i := 0; i <= len(s); i++ {
		switch {
		case i < len(s) && strings.IndexByte("({<", s[i]) >= 0:
			depth++
		case i < len(s) && strings.IndexByte(")}>", s[i]) >= 0:
			depth--
		case i == len(s) || s[i] == ',' && depth == 0:
			if part := strings.TrimSpace(s[start:i]); part != "" {
				parts = append(parts, part)
			}
			start = i + 1
		}
	}
	return parts
}

// Signature returns the function as it is called, "name(a, b, [c])", after a
// prefix such as "bit." or "word:".
func (f FunctionDoc) Signature(prefix string) string {
	var params []string
	for _, p := range f.Params {
		if p.Optional {
			params = append(params, "["+p.Name+"]")
		} else {
			params = append(params, p.Name)
		}
	}
	return prefix + f.Name + "(" + strings.Join(params, ", ") + ")"
}

// Types returns the types of parameters and results in one line, "" if there
// are none: "x: number, y: string → boolean".
func (f FunctionDoc) Types() string {
	var params []string
	for _, p := range f.Params {
		params = append(params, p.Name+": "+p.Type)
	}
	text := strings.Join(params, ", ")
	if len(f.Returns) > 0 {
		text = strings.TrimSpace(text + " → " + strings.Join(f.Returns, ", "))
	}
	return text
}

// WriteMarkdown writes the reference as Markdown, with headings from level 2.
func (ref Reference) WriteMarkdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	functions := func(list []FunctionDoc, prefix string) {
		for _, f := range list {
			fmt.Fprintf(b, "- `%s`", f.Signature(prefix))
			if t := f.Types(); t != "" {
				fmt.Fprintf(b, " (%s)", markdownText(t))
			}
			fmt.Fprintf(b, "  \n  %s\n", markdownText(f.Help))
			markdownExample(b, f.Example)
		}
	}
	fields := func(list []FieldDoc, prefix string) {
		for _, f := range list {
			fmt.Fprintf(b, "- `%s%s` (%s)  \n  %s\n", prefix, f.Name, markdownText(f.Type), markdownText(f.Help))
			markdownExample(b, f.Example)
		}
	}
	for _, m := range ref.Modules {
		title, prefix := "Global functions", ""
		if m.Name != "" {
			title, prefix = "Module `"+m.Name+"`", m.Name+"."
		}
		fmt.Fprintf(b, "## %s\n\n", title)
		if m.Help != "" {
			fmt.Fprintf(b, "%s\n\n", markdownText(m.Help))
		}
		functions(m.Functions, prefix)
		fields(m.Values, prefix)
		fmt.Fprintln(b)
	}
	for _, o := range ref.Objects {
		fmt.Fprintf(b, "## Object `%s`\n\n%s\n\n", o.Name, markdownText(o.Help))
		fields(o.Fields, ".")
		functions(o.Methods, ":")
		fmt.Fprintln(b)
	}
	fmt.Fprint(b, "## Lua's standard library\n\n")
	for _, lib := range ref.Libraries {
		prefix := ""
		if lib.Name != "" {
			prefix = lib.Name + "."
		}
		var names []string
		for _, n := range lib.Members {
			names = append(names, "`"+prefix+n+"`")
		}
		for _, n := range lib.Outside {
			names = append(names, "`"+prefix+n+"`*")
		}
		fmt.Fprintf(b, "- %s  \n  %s\n", strings.Join(names, " "), markdownText(lib.Help))
	}
	fmt.Fprint(b, "\n\\* not in the sandbox\n")
	return b.Flush()
}

// markdownExample writes an example as part of an item of a list.
func markdownExample(b *bufio.Writer, example string) {
	if example == "" {
		return
	}
	fmt.Fprint(b, "\n  ```lua\n")
	for line := range strings.Lines(example + "\n") {
		fmt.Fprint(b, "  ", line)
	}
	fmt.Fprint(b, "  ```\n\n")
}

// markdownText escapes what Markdown would take for markup.
func markdownText(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", "&lt;", "[", `\[`, "]", `\]`, "|", `\|`).Replace(s)
}
