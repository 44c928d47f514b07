package bindings

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine/spec"
	"luatrace/tracer/syscalls"
)

// Meta is what a script says about itself with meta{...}.
type Meta struct {
	Name       string
	Summary    string
	Categories []string
	Args       []MetaArg
	Examples   []string
	Caveats    string
	Acts       bool // it changes the tracee
}

// Shown is the same with all text safe to print.
func (m *Meta) Shown() *Meta {
	all := func(list []string) []string {
		out := make([]string, len(list))
		for i, s := range list {
			out[i] = luart.Escape(s)
		}
		return out
	}
	shown := &Meta{Name: luart.Escape(m.Name), Summary: luart.Escape(m.Summary), Categories: all(m.Categories), Examples: all(m.Examples), Caveats: luart.Escape(m.Caveats), Acts: m.Acts}
	for _, a := range m.Args {
		a.Name, a.Default, a.Help = luart.Escape(a.Name), luart.Escape(a.Default), luart.Escape(a.Help)
		shown.Args = append(shown.Args, a)
	}
	return shown
}

// MetaArg describes an argument that a script takes with -a NAME=VALUE.
type MetaArg struct {
	Name     string
	Type     string // one of metaTypes
	Default  string // as it would be written on the command line
	Help     string
	Required bool
}

var metaTypes = []string{"string", "number", "flag", "duration", "path", "list", "regex", "errno", "signal", "calls"}

func metaGlobals() luart.Module {
	return luart.Module{
		Functions: []luart.Function{{
			Name: "meta", Params: "about: table",
			Help: "Says what a script is: name, summary, categories (a list), args (a table by name of tables with type, default, required and help), " +
				"examples (a list), caveats, acts (true if it changes what it traces). Types are string, number, flag, duration (in seconds), path (made absolute), list, regex, errno and signal (names), " +
				"and calls (a spec for on, without \":enter\"). " +
				"It stands first in the file; args.NAME then has the values given with -a NAME=VALUE.",
			Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
				m, err := readMeta(L.CheckTable(1))
				if err != nil {
					L.ArgError(1, err.Error())
				}
				if err := r.checkDefaults(L, m); err != nil {
					L.ArgError(1, err.Error())
				}
				if err := r.setMeta(L, m); err != nil {
					L.Error(lua.LString(err.Error()), 0) // the command line is wrong, not this line
				}
				if r.scripts.metaOnly {
					L.RaiseError("only meta was wanted")
				}
				return 0
			}),
		}},
		Values: []luart.Value{{
			Name: "args", Type: "table",
			Help: "The script's arguments, given with -a NAME=VALUE: args.NAME. A script with meta gets them in the types it declares, with its defaults; another gets strings.",
			Get: luart.With(func(r *Runtime) lua.LValue {
				r.scripts.args = r.L.NewTable()
				return r.scripts.args
			}),
		}},
	}
}

func readMeta(tb *lua.LTable) (*Meta, error) {
	m := &Meta{}
	var err error
	fail := func(format string, a ...any) {
		if err == nil {
			err = fmt.Errorf(format, a...)
		}
	}
	text := func(k string, v lua.LValue) string {
		s, ok := v.(lua.LString)
		if !ok {
			fail("%s must be a string, not a %s", k, luart.TypeName(v))
		}
		return string(s)
	}
	tb.ForEach(func(k, v lua.LValue) {
		switch key := k.String(); key {
		case "name":
			m.Name = text(key, v)
		case "summary":
			m.Summary = text(key, v)
		case "caveats":
			m.Caveats = text(key, v)
		case "acts":
			m.Acts = lua.LVAsBool(v)
		case "categories":
			m.Categories = stringList(v)
		case "examples":
			m.Examples = stringList(v)
		case "args":
			args, ok := v.(*lua.LTable)
			if !ok {
				fail("args must be a table, not a %s", luart.TypeName(v))
				return
			}
			args.ForEach(func(name, about lua.LValue) {
				a, e := readMetaArg(name.String(), about)
				if e != nil {
					fail("%s", e)
				}
				m.Args = append(m.Args, a)
			})
		default:
			fail("unknown field '%s'; there are name, summary, categories, args, examples, caveats, acts", luart.EscapeName(key))
		}
	})
	sort.Slice(m.Args, func(i, j int) bool { return m.Args[i].Name < m.Args[j].Name })
	return m, err
}

func readMetaArg(name string, about lua.LValue) (MetaArg, error) {
	a := MetaArg{Name: name, Type: "string"}
	tb, ok := about.(*lua.LTable)
	if !ok {
		return a, fmt.Errorf("args.%s must be a table such as {type = \"number\", default = 10, help = \"...\"}", luart.EscapeName(name))
	}
	var err error
	tb.ForEach(func(k, v lua.LValue) {
		switch k.String() {
		case "type":
			a.Type = v.String()
			known := false
			for _, t := range metaTypes {
				known = known || t == a.Type
			}
			if !known {
				err = fmt.Errorf("args.%s: unknown type '%s'; there are %s", luart.EscapeName(name), luart.EscapeName(a.Type), joinNames(metaTypes))
			}
		case "default":
			if list, ok := v.(*lua.LTable); ok {
				a.Default = strings.Join(stringList(list), ",")
			} else {
				a.Default = v.String()
			}
		case "help":
			a.Help = v.String()
		case "required":
			a.Required = lua.LVAsBool(v)
		default:
			err = fmt.Errorf("args.%s: unknown field '%s'; there are type, default, required, help", luart.EscapeName(name), luart.EscapeName(k.String()))
		}
	})
	return a, err
}

func stringList(v lua.LValue) []string {
	if s, ok := v.(lua.LString); ok {
		return []string{string(s)}
	}
	var list []string
	if tb, ok := v.(*lua.LTable); ok {
		for i := 1; i <= tb.Len(); i++ {
			list = append(list, tb.RawGetInt(i).String())
		}
	}
	return list
}

// RunScript runs the main function of a script, which has a table of arguments
// of its own.
func (r *Runtime) RunScript(fn Function) error {
	r.scripts.args = r.L.NewTable()
	r.Globals().RawSetString("args", r.scripts.args)
	for k, v := range r.scripts.rawArgs {
		r.scripts.args.RawSetString(k, lua.LString(v))
	}
	return r.Call(fn)
}

// SetArgs gives the interpreter the arguments of the command line, before any
// script is run. A script that calls meta takes those it declares.
func (r *Runtime) SetArgs(args map[string]string) {
	r.scripts.rawArgs = args
	r.scripts.argsUsed = map[string]bool{}
	for k, v := range args {
		r.scripts.args.RawSetString(k, lua.LString(v))
	}
}

// UnusedArgs returns the arguments that no script declared, sorted, and the
// names that were. Scripts without meta may use any, so none is unused then.
func (r *Runtime) UnusedArgs(scriptsWithoutMeta bool) (unused, known []string) {
	if scriptsWithoutMeta {
		return nil, nil
	}
	for k := range r.scripts.rawArgs {
		if !r.scripts.argsUsed[k] {
			unused = append(unused, k)
		}
	}
	for _, m := range r.scripts.metas {
		for _, a := range m.Args {
			known = append(known, a.Name)
		}
	}
	sort.Strings(unused)
	sort.Strings(known)
	return unused, known
}

// Metas returns what the scripts run so far said about themselves.
func (r *Runtime) Metas() []*Meta { return r.scripts.metas }

// checkDefaults finds a default that is not of its argument's type.
func (r *Runtime) checkDefaults(L *lua.LState, m *Meta) error {
	for _, a := range m.Args {
		if _, err := r.argValue(L, a, a.Default, false); err != nil {
			return fmt.Errorf("args.%s: the default: %w", luart.EscapeName(a.Name), err)
		}
	}
	return nil
}

func (r *Runtime) setMeta(L *lua.LState, m *Meta) error {
	r.scripts.metas = append(r.scripts.metas, m)
	for _, a := range m.Args {
		text, given := r.scripts.rawArgs[a.Name]
		if own, ok := r.scripts.rawArgs[m.Name+"."+a.Name]; ok {
			text, given = own, true
			r.scripts.argsUsed[m.Name+"."+a.Name] = true
		}
		if !given {
			if a.Required && r.tracing != nil {
				return fmt.Errorf("%s: -a %s=%s is required (%s)", m.Name, a.Name, strings.ToUpper(a.Type), a.Help)
			}
			text = a.Default
		}
		r.scripts.argsUsed[a.Name] = true
		v, err := r.argValue(L, a, text, given)
		if err != nil {
			return fmt.Errorf("%s: -a %s: %w", m.Name, a.Name, err)
		}
		r.scripts.args.RawSetString(a.Name, v)
	}
	return nil
}

// argValue converts an argument to its declared type.
func (r *Runtime) argValue(L *lua.LState, a MetaArg, text string, given bool) (lua.LValue, error) {
	if text == "" && !given && a.Type != "list" && a.Type != "flag" {
		return lua.LNil, nil
	}
	switch a.Type {
	case "number":
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) {
			if n, err := strconv.ParseInt(text, 0, 64); err == nil {
				return lua.LNumber(n), nil
			}
			return nil, fmt.Errorf("a number is wanted, not %q", luart.EscapeName(text))
		}
		return lua.LNumber(f), nil
	case "flag":
		switch strings.ToLower(text) {
		case "", "true", "yes", "on", "1":
			return lua.LBool(given || text != ""), nil
		case "false", "no", "off", "0":
			return lua.LFalse, nil
		}
		return nil, fmt.Errorf("true or false is wanted, not %q", luart.EscapeName(text))
	case "duration":
		d, err := time.ParseDuration(text)
		if err != nil {
			f, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil, fmt.Errorf("a duration such as 500ms or 2s is wanted, not %q", luart.EscapeName(text))
			}
			d = time.Duration(f * float64(time.Second))
		}
		return lua.LNumber(d.Seconds()), nil
	case "list":
		tb := L.NewTable()
		for s := range strings.SplitSeq(text, ",") {
			if s = strings.TrimSpace(s); s != "" {
				tb.Append(lua.LString(s))
			}
		}
		return tb, nil
	case "regex":
		re, err := regexp.Compile(text)
		if err != nil {
			return nil, err
		}
		return r.NewObject("regex", &luart.Regex{RE: re}), nil
	case "errno":
		text = strings.ToUpper(text)
		_, err := LookupErrno(text)
		return lua.LString(text), err
	case "calls":
		sel, err := spec.Parse(text)
		if err == nil && (sel.Kind != spec.Syscall || sel.PhaseGiven) {
			err = fmt.Errorf("system calls are wanted, such as openat or %%file, not %q", luart.EscapeName(text))
		}
		return lua.LString(text), err
	case "signal":
		n, ok := syscalls.Signal(strings.ToUpper(text))
		if !ok || n == 0 {
			return nil, fmt.Errorf("a signal such as SIGTERM is wanted, not %q", luart.EscapeName(text))
		}
		return lua.LString(syscalls.SignalName(n)), nil
	case "path":
		path, err := filepath.Abs(text)
		return lua.LString(path), err
	}
	return lua.LString(text), nil
}

// Function is a compiled script or a hook of one.
type Function = *lua.LFunction

// ReadMeta runs a script only as far as its call of meta, and returns what it
// said; nothing is run of a script without meta, which gives an empty Meta.
func (r *Runtime) ReadMeta(fn Function) (*Meta, error) {
	if !luart.Mentions(fn.Proto, "meta") {
		return &Meta{}, nil
	}
	r.scripts.metaOnly = true
	r.LookOnly(true)
	defer func() {
		r.scripts.metaOnly = false
		r.LookOnly(false)
	}()
	err := r.Call(fn)
	if len(r.scripts.metas) > 0 {
		return r.scripts.metas[0], nil
	}
	if err != nil {
		return nil, err
	}
	return &Meta{}, nil
}
