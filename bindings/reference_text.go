package bindings

import (
	"fmt"
	"slices"
	"strings"

	"luatrace/internal/suggest"
)

// usualNames are what scripts call the objects: the variable or the expression
// by which one is reached.
var usualNames = map[string]string{
	"event": "ev", "arguments": "ev.args", "registers": "ev.regs", "memory": "ev.mem", "task": "ev.task", "process": "ev.proc",
	"descriptor": "ev.fdinfo", "aggregation": "agg.NAME", "test": "t", "word": "w", "regex": "r", "rng": "g",
	"flags": "ev.FLAGS", "struct": "ev.STRUCT", "condition": "c", "pending": "task.call",
}

// topicNames are further names of objects and modules, as people ask for them.
var topicNames = map[string]string{
	"ev": "event", "args": "arguments", "regs": "registers", "mem": "memory", "proc": "process", "fdinfo": "descriptor",
	"fd": "descriptor", "agg": "aggregation", "aggregations": "aggregation", "re": "regex", "when": "condition", "conditions": "condition",
	"call": "pending", "since": "pending",
}

// helpWidth is the width of a terminal that is as good as any.
const helpWidth = 79

// Topics are what [Reference.Text] knows, without members: functions, modules and
// objects, these by the name in scripts too.
func (ref Reference) Topics() []string {
	var names []string
	for _, m := range ref.Modules {
		if m.Name != "" {
			names = append(names, m.Name)
			continue
		}
		for _, f := range m.Functions {
			names = append(names, f.Name)
		}
		for _, v := range m.Values {
			names = append(names, v.Name)
		}
	}
	for _, o := range ref.Objects {
		names = append(names, o.Name)
	}
	for name := range topicNames {
		names = append(names, name)
	}
	for _, lib := range ref.Libraries {
		if lib.Name != "" {
			names = append(names, lib.Name)
		}
		names = append(names, "lua")
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Text returns what the reference says of a topic, for a terminal: a function (on,
// fault), a module (bit), an object by its name or by that of the variable (event,
// ev), a library of Lua (string), or a member of one (ev.fdpath, agg:hist). "" if
// there is nothing of that name; near is then the name that is most like it.
func (ref Reference) Text(topic string) (text, near string) {
	var t helpText
	ref.function(&t, topic)
	owner, member := cutMember(topic)
	var names []string
	if member != "" {
		names = ref.member(&t, owner, member)
	}
	ref.whole(&t, topic) // ev.proc is a field and a process
	if t.Len() > 0 {
		return t.String(), ""
	}
	if len(names) == 0 {
		return "", suggest.Nearest(owner, ref.Topics()) // topic itself, if it has no member
	}
	if near = suggest.Nearest(member, names); near != "" {
		near = topic[:len(topic)-len(member)] + near
	}
	return "", near
}

// cutMember splits ev.fdpath, ev.proc:kill and agg.NAME:hist at the last point or
// colon.
func cutMember(topic string) (owner, member string) {
	i := strings.LastIndexAny(topic, ".:")
	if i < 0 {
		return topic, ""
	}
	return topic[:i], topic[i+1:]
}

// object finds an object by its name, or by what scripts call it.
func (ref Reference) object(name string) *ObjectDoc {
	if to, ok := topicNames[name]; ok {
		name = to
	}
	first, last := cutMember(name)
	for i := range ref.Objects {
		o := &ref.Objects[i]
		switch usual := usualNames[o.Name]; {
		case o.Name == name, usual == name:
			return o
		case name == "agg."+last && o.Name == "aggregation": // agg.reads
			return o
		case first == "ev" && o.Name == topicNames[last] && strings.HasPrefix(usual, "ev."):
			return o
		}
	}
	return nil
}

// function writes what there is of a global function or value.
func (ref Reference) function(t *helpText, name string) {
	for _, m := range ref.Modules {
		if m.Name != "" {
			continue
		}
		for _, f := range m.Functions {
			if f.Name == name {
				t.function("", f, 0)
			}
		}
		for _, v := range m.Values {
			if v.Name == name {
				t.field("", v, 0)
			}
		}
	}
}

// whole writes what there is of a module, an object or a library.
func (ref Reference) whole(t *helpText, name string) {
	for _, m := range ref.Modules {
		if m.Name != "" && m.Name == name {
			t.title("Module "+m.Name, m.Help)
			t.members(m.Name+".", m.Name+".", m.Values, m.Functions)
		}
	}
	if o := ref.object(name); o != nil {
		usual := usualNames[o.Name]
		t.title(strings.ToUpper(o.Name[:1])+o.Name[1:]+" ("+usual+")", o.Help)
		t.members(usual+".", usual+":", o.Fields, o.Methods)
	}
	for _, lib := range ref.Libraries {
		if lib.Name != "" && lib.Name == name || name == "lua" {
			t.StandardLibrary(lib)
		}
	}
}

// member writes what there is of a member, and returns the names of all members of
// its owner.
func (ref Reference) member(t *helpText, owner, member string) (names []string) {
	list := func(field, method string, fields []FieldDoc, functions []FunctionDoc) {
		for _, f := range fields {
			if names = append(names, f.Name); f.Name == member {
				t.field(field, f, 0)
			}
		}
		for _, f := range functions {
			if names = append(names, f.Name); f.Name == member {
				t.function(method, f, 0)
			}
		}
	}
	for _, m := range ref.Modules {
		if m.Name != "" && m.Name == owner {
			list(m.Name+".", m.Name+".", m.Values, m.Functions)
		}
	}
	if o := ref.object(owner); o != nil {
		usual := usualNames[o.Name]
		list(usual+".", usual+":", o.Fields, o.Methods)
	}
	for _, lib := range ref.Libraries {
		if lib.Name != "" && lib.Name == owner {
			for _, n := range slices.Concat(lib.Members, lib.Outside) {
				if names = append(names, n); n == member {
					t.StandardLibrary(lib)
				}
			}
		}
	}
	return names
}

// helpText is a text for the terminal.
type helpText struct{ strings.Builder }

// paragraph writes a text that is indented and wrapped.
func (t *helpText) paragraph(text string, indent int) {
	margin, column := strings.Repeat(" ", indent), 0
	for _, word := range strings.Fields(text) {
		switch {
		case column == 0:
			t.WriteString(margin)
			column = indent
		case column+1+len(word) > helpWidth:
			t.WriteString("\n" + margin)
			column = indent
		default:
			t.WriteByte(' ')
			column++
		}
		t.WriteString(word)
		column += len([]rune(word))
	}
	t.WriteByte('\n')
}

func (t *helpText) title(name, help string) {
	if t.Len() > 0 {
		t.WriteByte('\n')
	}
	t.WriteString(name + "\n")
	if help != "" {
		t.paragraph(help, 2)
	}
}

func (t *helpText) members(field, method string, fields []FieldDoc, functions []FunctionDoc) {
	for _, f := range fields {
		t.field(field, f, 2)
	}
	for _, f := range functions {
		t.function(method, f, 2)
	}
}

func (t *helpText) field(prefix string, f FieldDoc, indent int) {
	t.entry(prefix+f.Name, f.Type, f.Help, f.Example, indent)
}

func (t *helpText) function(prefix string, f FunctionDoc, indent int) {
	t.entry(f.Signature(prefix), f.Types(), f.Help, f.Example, indent)
}

// entry writes a line with a name and types, what is said of it below, and an
// example.
func (t *helpText) entry(name, types, help, example string, indent int) {
	if types != "" && indent+len(name)+len(types)+4 <= helpWidth {
		name, types = name+"  ("+types+")", ""
	}
	fmt.Fprintf(t, "%*s%s\n", indent, "", name)
	if types != "" {
		t.paragraph("("+types+")", indent+4)
	}
	t.paragraph(help, indent+4)
	for line := range strings.Lines(example) {
		t.WriteString(strings.Repeat(" ", indent+6) + line)
	}
	if example != "" {
		t.WriteByte('\n')
	}
}

func (t *helpText) StandardLibrary(lib LibraryDoc) {
	prefix := ""
	if lib.Name != "" {
		prefix = lib.Name + "."
	}
	title := "Lua's basic functions"
	if lib.Name != "" {
		title = "Lua's library " + lib.Name
	}
	t.title(title, lib.Help)
	join := func(names []string) string {
		var all []string
		for _, n := range names {
			all = append(all, prefix+n)
		}
		return strings.Join(all, "  ")
	}
	if len(lib.Members) > 0 {
		t.paragraph(join(lib.Members), 2)
	}
	if len(lib.Outside) > 0 {
		t.paragraph("Not in the sandbox: "+join(lib.Outside), 2)
	}
}
