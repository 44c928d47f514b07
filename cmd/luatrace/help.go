package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"unicode/utf8"
)

const helpText = `luatrace: awk for system calls
usage: luatrace [options] [--] COMMAND [ARG...]    luatrace [options] -p PID,...
       luatrace list | info | probes | check | test | types | completion | help
What to do with the calls (nothing given: print them as strace does)
  -t, --trace SPEC      only these: open,close  %file  /^stat/  '!read'  '*'
  -e, --exec CODE       run Lua code; with -t it is the body of a hook on ev
  -s, --script NAME     run a script of the collection, a FILE.lua, - for stdin
  -a, --arg NAME=VALUE  argument of the scripts   --lines  calls printed beside
  --inject SET:error=E[:when=N]  --fault SET  as strace's, and what they hit
  -c, -C table of counts, errors and time, alone or too   -S KEY  -U COLUMNS
Whom to trace
  -p, --attach PID,...  running processes, also by name   --for 10s  --no-follow
  -u, --user USER       run COMMAND as USER  -E VAR=VALUE, -E VAR  set, unset
Which calls   -P PATH  about a file  -z, -Z by result  --skip-startup  no ld.so
Output
  -o, --output FILE     instead of standard error   -ff  FILE.TID   -j  JSON
  -T durations  -r, -tt, -ttt times  -y, -yy descriptors  -Y processes  -q quiet
  -v whole structs  -x, -xx hex strings  -X raw|abbrev|verbose  -N, -n, -i
  --string-limit N  --columns N  --read FDS, --write FDS  dump data
Others: -h  -V  --plan  what will stop, and how   luatrace help options  ALL of
  them   luatrace help ev, on, agg, fault, SCRIPT, CALL ...  help help  topics

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

// help shows the screen of --help, or what there is of a topic.
func help(args []string, std stdio) status {
	switch {
	case len(args) == 0:
		std.out.WriteString(helpText)
	case len(args) > 1:
		fmt.Fprintln(std.err, "luatrace: help takes one topic; luatrace help help lists them")
		return status{code: exitUsage}
	case args[0] == "-h" || args[0] == "--help":
		std.out.WriteString(helpUsage)
	default:
		return helpTopic(args[0], std)
	}
	return status{}
}

// helpfulCommands have a --help of their own.
var helpfulCommands = []string{"list", "info", "probes", "check", "test", "types", "completion"}

// subcommand runs list, info, probes and help. Their names are words that nobody
// traces; "luatrace -- list" traces a command of that name.
func subcommand(args []string, std stdio) (status, bool) {
	if len(args) == 0 {
		return status{}, false
	}
	switch args[0] {
	case "list":
		return list(args[1:], os.Environ(), std), true
	case "info":
		return info(args[1:], os.Environ(), std), true
	case "probes":
		return probes(args[1:], std), true
	case "types":
		return types(args[1:], std), true
	case "completion":
		return completion(args[1:], std), true
	case "__complete":
		complete(args[1:], std)
		return status{}, true
	case "check":
		return check(args[1:], os.Environ(), std), true
	case "test":
		return testScripts(args[1:], os.Environ(), std), true
	case "help":
		return help(args[1:], std), true
	}
	return status{}, false
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
