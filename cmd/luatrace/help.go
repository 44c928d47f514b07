package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"unicode/utf8"
)

const helpUsage = "usage: luatrace [options] [--] COMMAND [ARG...]    luatrace [options] -p PID,...\n"

// helpExamples are command lines, and what they show.
var helpExamples = [...][2]string{
	{"luatrace ls", "every system call of ls"},
	{"luatrace -s opensnoop git status", "files: who, result, path"},
	{"luatrace -t openat -e 'print(ev.path, ev.ret)' ls", "a line of Lua for a call"},
	{"luatrace -t '*' -e 'agg.n:count(ev.name)' ls", "a table at the end"},
	{`luatrace -e 'fault("fsync", "EIO")' ./database`, "what if the disk fails?"},
}

const helpEnd = `
More: luatrace help options (all of them), help man, help SCRIPT, help CALL,
help ev, on, agg, fault and so on (scripts); luatrace list: the scripts
Exit status: that of COMMAND, or 1 luatrace failed, 2 wrong usage or script,
3 a hook failed, 126 COMMAND can't be run, 127 COMMAND not found
`

// helpText is the screen of luatrace --help.
func helpText() string {
	var b strings.Builder
	fmt.Fprintf(&b, "luatrace: awk for system calls\n%s       luatrace %s\n%s\n", helpUsage, strings.Join(subcommandNames(), " | "), briefOptions())
	for _, e := range helpExamples {
		fmt.Fprintf(&b, "  %-52s%s\n", e[0], e[1])
	}
	b.WriteString(helpEnd)
	return b.String()
}

func versionLine() string {
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	return fmt.Sprintf("luatrace %s %s/%s %s", version, runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// help shows the screen of --help, or what there is of a topic.
func help(args []string, std stdio) status {
	switch {
	case len(args) == 0:
		std.out.WriteString(helpText())
	case len(args) > 1:
		fmt.Fprintln(std.err, "luatrace: help takes one topic; luatrace help help lists them")
		return status{code: exitUsage}
	case args[0] == "-h" || args[0] == "--help":
		std.out.WriteString(topicUsage)
	default:
		return helpTopic(args[0], std)
	}
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
