package main

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"luatrace/bindings"
	"luatrace/bindings/luart"
)

const listUsage = `usage: luatrace list [-v] [CATEGORY|PATTERN]
Lists the scripts that -s finds by name: those of a category, or whose names
match a pattern such as '*snoop'. -v shows where each was found, and what it
hides.
`

// list is luatrace list.
func list(args, env []string, std stdio) status {
	fs := pflag.NewFlagSet("list", pflag.ContinueOnError)
	fs.Usage = func() {}
	verbose := fs.BoolP("verbose", "v", false, "")
	help := fs.BoolP("help", "h", false, "")
	err := fs.Parse(args)
	if err == nil && fs.NArg() > 1 {
		err = errors.New("it takes one category or pattern at most")
	}
	if err != nil {
		fmt.Fprintf(std.err, "luatrace: list: %s (see luatrace list --help)\n", luart.Escape(err.Error()))
		return status{code: exitUsage}
	}
	if *help {
		fmt.Fprint(std.out, listUsage)
		return status{}
	}
	shown, categories, looks := 0, map[string]bool{}, newLooks()
	lib := newLibrary(env)
	all := lib.all()
	for _, why := range lib.refused {
		fmt.Fprintf(std.err, "luatrace: %s\n", why)
	}
	for _, sc := range all {
		m, err := looks.about(sc)
		if err != nil {
			m = broken(err) // which is no reason not to show the others
		}
		for _, c := range m.Categories {
			categories[c] = true
		}
		if fs.NArg() == 1 && !contains(m.Categories, fs.Arg(0)) && !matches(fs.Arg(0), sc.name) {
			continue
		}
		shown++
		fmt.Fprintf(std.out, "%-12s %s\n", luart.Escape(sc.name), m.Summary)
		if *verbose {
			fmt.Fprintf(std.out, "%-12s %s\n", "", luart.Escape(sc.where()))
			for _, hidden := range sc.shadows {
				fmt.Fprintf(std.out, "%-12s hides %s\n", "", luart.Escape(hidden))
			}
		}
	}
	if shown == 0 && fs.NArg() == 1 {
		fmt.Fprintf(std.err, "luatrace: no script is of the category %s or matches it; categories are %s\n",
			quote(fs.Arg(0)), strings.Join(sortedNames(categories), ", "))
		return status{code: exitFailure}
	}
	return status{}
}

func sortedNames(set map[string]bool) []string {
	var names []string
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// matches says whether a name fits a pattern of the shell.
func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }

const infoUsage = `usage: luatrace info SCRIPT
Shows what a script (a name that luatrace list shows, or a FILE.lua) says about
itself: its arguments, examples and caveats, and whether it changes what it
traces.
`

// info is luatrace info.
func info(args, env []string, std stdio) status {
	if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Fprint(std.out, infoUsage)
		return status{}
	}
	if len(args) != 1 || strings.HasPrefix(args[0], "-") && args[0] != "-" {
		fmt.Fprintln(std.err, "luatrace: info takes the name of a script (luatrace list shows them) or a FILE.lua")
		return status{code: exitUsage}
	}
	sc, err := newLibrary(env).resolve(args[0])
	if err != nil {
		fmt.Fprintf(std.err, "luatrace: %s\n", luart.Escape(err.Error()))
		return status{code: exitUsage}
	}
	m, err := about(sc)
	if err != nil {
		fmt.Fprintf(std.err, "luatrace: %s\n", luart.Escape(err.Error()))
		return status{code: exitUsage}
	}
	fmt.Fprint(std.out, describe(sc, m))
	return status{}
}

// describe is what info says of a script.
func describe(sc *script, m *bindings.Meta) string {
	var b strings.Builder
	name := m.Name
	if name == "" {
		name = luart.Escape(sc.name)
	}
	summary := m.Summary
	if summary == "" {
		summary = "a script that says nothing about itself (meta in the manual is how)"
	}
	fmt.Fprintf(&b, "%s: %s\n", name, summary)
	fmt.Fprintf(&b, "Usage: luatrace -s %s%s COMMAND [ARG...]\n", luart.Escape(sc.argument()), usageArgs(m))
	if len(m.Categories) > 0 {
		fmt.Fprintf(&b, "Categories: %s\n", strings.Join(m.Categories, ", "))
	}
	acts := "no, it only looks"
	switch {
	case m.Acts:
		acts = "yes"
	case m.Summary == "" && m.Name == "":
		acts = "it does not say"
	}
	fmt.Fprintf(&b, "Changes what it traces: %s\n", acts)
	if len(m.Args) > 0 {
		fmt.Fprint(&b, "Arguments:\n")
		for _, a := range m.Args {
			extra := ""
			switch {
			case a.Required:
				extra = " (required)"
			case a.Default != "":
				extra = fmt.Sprintf(" (default %s)", a.Default)
			}
			fmt.Fprintf(&b, "  -a %-18s %s%s\n", usageArg(a), a.Help, extra)
		}
	}
	for i, e := range m.Examples {
		if i == 0 {
			fmt.Fprint(&b, "Examples:\n")
		}
		fmt.Fprintf(&b, "  %s\n", e)
	}
	if m.Caveats != "" {
		fmt.Fprint(&b, wrap("Caveats: "+m.Caveats, 79))
	}
	return b.String()
}

// argument is what -s takes for the script.
func (s *script) argument() string {
	if isFile(s.name) {
		return s.path
	}
	return s.name
}

func usageArg(a bindings.MetaArg) string {
	if a.Type == "flag" {
		return a.Name
	}
	return a.Name + "=" + strings.ToUpper(a.Type)
}

// usageArgs are the arguments that a call must have, and a sign of the others.
func usageArgs(m *bindings.Meta) string {
	out, optional := "", false
	for _, a := range m.Args {
		if a.Required {
			out += " -a " + usageArg(a)
		} else {
			optional = true
		}
	}
	if optional {
		out += " [-a NAME=VALUE...]"
	}
	return out
}
