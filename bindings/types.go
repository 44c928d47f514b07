package bindings

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"luatrace/bindings/luart"
	"luatrace/tracer/syscalls"
)

// WriteTypes writes the interface as definitions for the Lua language server
// (LuaCATS annotations): every function, object and constant, and for each
// system call the fields of its events, so that an editor knows what ev has in
// on("openat", function(ev) ... end).
func WriteTypes(out io.Writer) error {
	w := &typeWriter{w: bufio.NewWriter(out), names: map[string]bool{}}
	w.line("---@meta luatrace")
	w.line("-- Made by: luatrace types. Functions and fields of luatrace's scripts, for editors.")
	ref := NewReference()
	for _, o := range ref.Objects {
		w.names[o.Name] = true
	}
	w.line("")
	w.line("---A number beyond 2^53; see \"word\".")
	w.line("---@alias luatrace.number number|luatrace.word")
	for _, o := range ref.Objects {
		w.object(o)
		if o.Name == "event" {
			w.object(callEvent(o, "call", append(slices.Clone(callFields), resultFields...), "fail", "delay", "table"))
			w.object(callEvent(o, "enter", callFields, "fail", "delay", "table", "skip", "onexit"))
		}
	}
	w.line("")
	w.line("---Aggregations by name; called with options for one that needs some.")
	w.line("---@class luatrace.aggregations")
	w.line("---@field [string] luatrace.aggregation")
	w.line("---@overload fun(name: string, opts: table): luatrace.aggregation")
	w.names["aggregations"] = true
	calls := callsWithRows()
	for _, m := range ref.Modules {
		w.module(m, calls)
	}
	for _, sig := range calls {
		w.call(sig, false)
		w.call(sig, true)
	}
	w.constants()
	return w.w.Flush()
}

// Luarc is the configuration of the Lua language server that goes with the
// definitions: the dialect, and where they are.
func Luarc(library string) string {
	return fmt.Sprintf(`{
  "$schema": "https://raw.githubusercontent.com/LuaLS/vscode-lua/master/setting/schema.json",
  "runtime.version": "Lua 5.1",
  "runtime.builtin": {"package": "disable", "utf8": "disable", "jit": "disable", "ffi": "disable"},
  "workspace.library": [%q],
  "diagnostics.disable": ["lowercase-global"]
}
`, library)
}

// callsWithRows are the signatures of the machine's calls, by name.
func callsWithRows() []*syscalls.Signature {
	var list []*syscalls.Signature
	for _, name := range syscalls.Names(syscalls.Native()) {
		if nr, ok := syscalls.Number(syscalls.Native(), name); ok {
			if sig := syscalls.Lookup(syscalls.Native(), nr); sig != nil {
				list = append(list, sig)
			}
		}
	}
	return list
}

type typeWriter struct {
	w     *bufio.Writer
	names map[string]bool // of objects
}

func (w *typeWriter) line(format string, a ...any) { fmt.Fprintf(w.w, format+"\n", a...) }

// help writes a text as the comment of what follows.
func (w *typeWriter) help(text string) {
	if text != "" {
		w.line("---%s", strings.ReplaceAll(text, "\n", " "))
	}
}

var typeWords = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z_]+`) })

// typ puts the names of objects into luatrace's name space.
func (w *typeWriter) typ(t string) string {
	if t == "..." || t == "" {
		return "any"
	}
	return typeWords().ReplaceAllStringFunc(t, func(word string) string {
		if w.names[word] {
			return "luatrace." + word
		}
		return word
	})
}

// callEvent is the event of a system call: what all kinds of events have, and
// the given fields and methods. An argument can have the name of a signal's
// field.
func callEvent(o ObjectDoc, name string, fields []string, methods ...string) ObjectDoc {
	have := slices.Concat(plainFields, taskFields, fields)
	o.Name = name
	o.Help = "An event of a system call, after it."
	if name == "enter" {
		o.Help = "An event of a system call, before it."
	}
	o.Fields = slices.DeleteFunc(slices.Clone(o.Fields), func(f FieldDoc) bool { return !slices.Contains(have, f.Name) })
	o.Methods = slices.DeleteFunc(slices.Clone(o.Methods), func(f FunctionDoc) bool { return !slices.Contains(methods, f.Name) })
	return o
}

func (w *typeWriter) object(o ObjectDoc) {
	w.line("")
	w.help(o.Help)
	w.line("---@class luatrace.%s", o.Name)
	for _, f := range o.Fields {
		switch f.Name {
		case "N", "FIELD", "NAME": // any name at all
			w.line("---@field [string|integer] any %s", f.Help)
		default:
			w.line("---@field %s %s %s", f.Name, w.typ(f.Type), f.Help)
		}
	}
	local := "_" + o.Name
	w.line("local %s = {}", local)
	for _, m := range o.Methods {
		w.function(m, local+":")
	}
}

func (w *typeWriter) module(m ModuleDoc, calls []*syscalls.Signature) {
	prefix := ""
	w.line("")
	if m.Name != "" {
		w.help(m.Help)
		w.line("---@class luatrace.module.%s", m.Name)
		for _, v := range m.Values {
			w.line("---@field %s %s %s", v.Name, w.typ(v.Type), v.Help)
		}
		w.line("%s = {}", m.Name)
		prefix = m.Name + "."
	} else {
		for _, v := range m.Values {
			w.help(v.Help)
			w.line("---@type %s", w.typ(v.Type))
			w.line("%s = nil", v.Name)
		}
	}
	for _, f := range m.Functions {
		if m.Name == "" && f.Name == "on" {
			w.on(f, calls)
			continue
		}
		w.function(f, prefix)
	}
}

func (w *typeWriter) function(f FunctionDoc, prefix string) {
	w.line("")
	w.help(f.Help)
	var names []string
	for _, p := range f.Params {
		names = append(names, p.Name)
		mark := ""
		if p.Optional {
			mark = "?"
		}
		w.line("---@param %s%s %s", p.Name, mark, w.typ(p.Type))
	}
	for _, r := range f.Returns {
		if r == "..." {
			w.line("---@return any ...")
			continue
		}
		w.line("---@return %s", w.typ(r))
	}
	w.line("function %s%s(%s) end", prefix, f.Name, strings.Join(names, ", "))
}

// on has an overload for each call, before and after it.
func (w *typeWriter) on(f FunctionDoc, calls []*syscalls.Signature) {
	w.line("")
	w.help(f.Help)
	for _, c := range calls {
		for _, phase := range []string{"", ":enter"} {
			class := callClass(c.Name, phase != "")
			w.line(`---@overload fun(spec: "%s%s", fn: fun(ev: %s))`, c.Name, phase, class)
			w.line(`---@overload fun(spec: "%s%s", opts: table, fn: fun(ev: %s))`, c.Name, phase, class)
		}
	}
	w.line("---@overload fun(spec: string, fn: fun(ev: luatrace.event))")
	w.line("---@param spec string")
	w.line("---@param opts table")
	w.line("---@param fn fun(ev: luatrace.event)")
	w.line("function on(spec, opts, fn) end")
}

func callClass(name string, enter bool) string {
	if enter {
		return "luatrace.enter." + name
	}
	return "luatrace.call." + name
}

// call writes the class of a call's events: its arguments of all variants.
func (w *typeWriter) call(sig *syscalls.Signature, enter bool) {
	w.line("")
	base := "luatrace.call"
	if enter {
		base = "luatrace.enter"
	}
	w.line("---@class %s : %s", callClass(sig.Name, enter), base)
	types := map[string][]string{}
	var order []string
	add := func(list []syscalls.Param) {
		for i := range list {
			p := &list[i]
			if p.Hidden || enter && p.Dir == syscalls.Out && p.Pointer() || hidesArgument[p.Name] {
				continue
			}
			if types[p.Name] == nil {
				order = append(order, p.Name)
			}
			for t := range strings.SplitSeq(luaType(p), "|") {
				if !slices.Contains(types[p.Name], t) {
					types[p.Name] = append(types[p.Name], t)
				}
			}
		}
	}
	add(sig.Params)
	for i := range sig.Variants {
		add(sig.Variants[i].Params)
	}
	for _, name := range order {
		w.line("---@field %s %s", name, strings.Join(types[name], "|"))
	}
}

// luaType is what reading an argument gives.
func luaType(p *syscalls.Param) string {
	t := map[string]string{
		"flags": "luatrace.flags", "name": "string|number", "string": "string", "struct": "luatrace.struct",
		"list": "table", "any": "any", "word": "luatrace.word", "number": "number",
	}[p.Shape()]
	if p.Pointer() && t != "any" {
		t += "|nil" // NULL, or not readable
	}
	return t
}

// constants writes those that arguments are made of, and errors and signals.
func (w *typeWriter) constants() {
	set := map[string]bool{}
	for _, sig := range callsWithRows() {
		add := func(list []syscalls.Param) {
			for i := range list {
				if p := &list[i]; !p.Hidden && p.Type != nil {
					if b := p.Base(); b.Set != nil {
						for _, name := range b.MemberNames() {
							set[name] = true
						}
					}
				}
			}
		}
		add(sig.Params)
		for i := range sig.Variants {
			add(sig.Variants[i].Params)
		}
	}
	for _, name := range errnoNames() {
		set[name] = true
	}
	for n := 1; n < 32; n++ {
		set[syscalls.SignalName(n)] = true
	}
	names := make([]string, 0, len(set))
	for name := range set {
		if _, ok := constant(name); ok && luart.IsName(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	w.line("")
	for _, name := range names {
		v, _ := constant(name)
		w.line("%s = %s", name, v.String())
	}
}
