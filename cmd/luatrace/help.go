package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"luatrace/bindings"
	"luatrace/engine"
	"luatrace/scripts"
)

const helpText = `luatrace: awk for system calls
usage: luatrace [options] [--] COMMAND [ARG...]    luatrace [options] -p PID,...
       luatrace list [CATEGORY] | info SCRIPT | probes [SPEC] | help [options]
What to do with the calls (nothing given: print them as strace does)
  -t, --trace SPEC      only these: open,close  %file  /^stat/  '!read'  '*'
  -e, --exec CODE       run Lua code; with -t it is the body of a hook on ev
  -s, --script NAME     run a script of the collection, a FILE.lua, - for stdin
  -a, --arg NAME=VALUE  argument of the scripts
  -c, -C table of counts, errors and time, alone or too   -S KEY  -U COLUMNS
Whom to trace
  -p, --attach PID,...  running processes   --no-follow  no children, no threads
  -u, --user USER       run COMMAND as USER  -E VAR=VALUE, -E VAR  set, unset
Which calls   -P PATH  about a file   -z, -Z  successful, failed   --signal SET
Output
  -o, --output FILE     instead of standard error   -ff  FILE.TID   -j  JSON
  -T durations  -r, -tt, -ttt times  -y, -yy descriptors  -Y processes  -q quiet
  -v whole structs  -x, -xx hex strings  -X raw|abbrev|verbose  -N, -n, -i
  --string-limit N  --columns N  --read FDS, --write FDS  dump data
Others: -h  -V  --plan  what will stop, and how   luatrace help options  ALL of
  them, with all of strace's long names

  luatrace ls                                           every system call of ls
  luatrace -s opensnoop git status                      files: who, result, path
  luatrace -t openat -e 'print(ev.path, ev.ret)' ls     a line of Lua for a call
  luatrace -t '*' -e 'agg.n:count(ev.name)' ls          a table at the end
  luatrace -e 'fault("fsync", "EIO")' ./database        what if the disk fails?
Exit status: that of COMMAND, or 1 luatrace failed, 2 wrong usage or script,
3 a hook failed, 126 COMMAND can't be run, 127 COMMAND not found
`

func versionLine() string {
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	return fmt.Sprintf("luatrace %s %s/%s %s", version, runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// help shows the screen of --help, or all options.
func help(args []string, std stdio) status {
	switch {
	case len(args) == 0:
		std.out.WriteString(helpText)
	case len(args) == 1 && args[0] == "options":
		std.out.WriteString(optionsText)
	default:
		fmt.Fprintln(std.err, "luatrace: help takes nothing, or the word options")
		return status{code: exitUsage}
	}
	return status{}
}

// subcommand runs list, info, probes and help. Their names are words that nobody
// traces; "luatrace -- list" traces a command of that name.
func subcommand(args []string, std stdio) (status, bool) {
	if len(args) == 0 {
		return status{}, false
	}
	switch args[0] {
	case "list":
		return list(args[1:], std), true
	case "info":
		return info(args[1:], std), true
	case "probes":
		return probes(args[1:], std), true
	case "help":
		return help(args[1:], std), true
	}
	return status{}, false
}

// about runs a script of the collection as far as its meta, without a trace.
func about(name string) (*bindings.Meta, error) {
	r := bindings.New(bindings.Options{Libraries: []bindings.Library{{Name: "luatrace", FS: scripts.FS}}})
	defer r.Close()
	fn, err := r.LoadFS(bindings.Library{Name: "luatrace", FS: scripts.FS}, name+".lua")
	if err != nil {
		return nil, err
	}
	return r.ReadMeta(fn)
}

func list(args []string, std stdio) status {
	if len(args) > 1 {
		fmt.Fprintln(std.err, "luatrace: list takes one category at most")
		return status{code: exitUsage}
	}
	shown := 0
	for _, name := range scripts.Names() {
		m, err := about(name)
		if err != nil {
			fmt.Fprintf(std.out, "%-12s broken: %v\n", name, err)
			continue
		}
		if len(args) == 1 && !contains(m.Categories, args[0]) {
			continue
		}
		shown++
		fmt.Fprintf(std.out, "%-12s %s\n", name, m.Summary)
	}
	if shown == 0 && len(args) == 1 {
		fmt.Fprintf(std.err, "luatrace: no script is of the category %s\n", quote(args[0]))
		return status{code: exitFailure}
	}
	return status{}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func info(args []string, std stdio) status {
	if len(args) != 1 {
		fmt.Fprintln(std.err, "luatrace: info takes the name of a script (luatrace list shows them)")
		return status{code: exitUsage}
	}
	m, err := about(args[0])
	if err != nil {
		msg := fmt.Sprintf("there is no script %s", quote(args[0]))
		if near := engine.Nearest(args[0], scripts.Names()); near != "" {
			msg += fmt.Sprintf("; did you mean %q?", near)
		}
		fmt.Fprintf(std.err, "luatrace: %s (luatrace list shows them)\n", msg)
		return status{code: exitUsage}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", m.Name, m.Summary)
	if len(m.Categories) > 0 {
		fmt.Fprintf(&b, "Categories: %s\n", strings.Join(m.Categories, ", "))
	}
	acts := "no, it only looks"
	if m.Acts {
		acts = "yes"
	}
	fmt.Fprintf(&b, "Changes what it traces: %s\n", acts)
	if len(m.Args) > 0 {
		fmt.Fprint(&b, "Arguments:\n")
		for _, a := range m.Args {
			extra, use := "", a.Name+"="+strings.ToUpper(a.Type)
			if a.Type == "flag" {
				use = a.Name
			}
			switch {
			case a.Required:
				extra = " (required)"
			case a.Default != "":
				extra = fmt.Sprintf(" (default %s)", a.Default)
			}
			fmt.Fprintf(&b, "  -a %-18s %s%s\n", use, a.Help, extra)
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
	fmt.Fprint(std.out, b.String())
	return status{}
}

// wrap breaks text into lines of at most width characters, between words.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+n > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
	return b.String()
}
