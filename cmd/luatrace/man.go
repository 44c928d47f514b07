package main

import (
	"fmt"
	"strings"

	"luatrace/bindings"
	"luatrace/scripts"
)

// manPage is luatrace(1) as roff, made from the texts that the program shows
// itself; docs/luatrace.1 is its copy.
func manPage() string {
	var b strings.Builder
	b.WriteString(".\\\" Made by: luatrace help man\n.TH LUATRACE 1 \"\" luatrace \"User Commands\"\n")
	section := func(name string, lines ...string) {
		fmt.Fprintf(&b, ".SH %s\n", name)
		for _, l := range lines {
			b.WriteString(l + "\n")
		}
	}
	tagged := func(tag, text string) { fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(tag), roff(text)) }
	section("NAME", `luatrace \- awk for system calls: trace and change programs with Lua scripts`)
	section("SYNOPSIS",
		`.B luatrace`, `[\fIoptions\fR] [\fB\-\-\fR] \fICOMMAND\fR [\fIARG\fR...]`, ".br",
		`.B luatrace`, `[\fIoptions\fR] \fB\-p\fR \fIPID\fR,...`, ".br",
		`.B luatrace`, `\fB`+strings.Join(subcommandNames(), `\fR | \fB`)+`\fR [\fIARG\fR...]`)
	section("DESCRIPTION", roff(`luatrace runs a command, or attaches to processes, and raises an event for each system call, signal, new and ending process. Without a script the calls are printed as strace(1) does. `+
		`A script in Lua says which events it wants to see and what to do then: print, count, make the call fail, change its arguments, its result, the program's memory, or the signal.`),
		".PP", roff(`Children and threads are followed. No privilege is needed for one's own processes. The exit status or the fatal signal of the command becomes that of luatrace.`))
	b.WriteString(".SH OPTIONS\n")
	manOptions(&b)
	section("OTHER COMMANDS", roff(`A command of one of these names is traced with "luatrace -- NAME".`))
	for _, c := range subcommands() {
		tagged(c.name+" "+c.args, c.help)
	}
	section("SCRIPTS", roff("The collection; luatrace info NAME describes a script."))
	for _, name := range scripts.Names() {
		m, err := about(&script{name: name})
		if err != nil {
			m = &bindings.Meta{Summary: err.Error()}
		}
		tagged(name, m.Summary)
	}
	section("EXIT STATUS", roff("That of the command; if a signal ended it, luatrace ends by the same signal. Otherwise:"))
	tagged("0", "With -p and no command: all processes have ended, the time of --for was up, or a script has ended the trace. A signal that ended it ends luatrace too.")
	tagged("1", "luatrace failed: nothing could be traced, the output not be written.")
	tagged("2", "Wrong usage, or a script that does not load.")
	tagged("3", "A hook failed while the command ran.")
	tagged("126, 127", "The command can't be run; was not found.")
	section("ENVIRONMENT")
	tagged("LUATRACE_PATH", "Directories with scripts, before all others; relative ones are left out.")
	tagged("XDG_DATA_HOME, XDG_DATA_DIRS", "Their luatrace/scripts directories are searched next (by default those in ~/.local/share, /usr/local/share and /usr/share), "+
		"then the collection in the program. No name is looked up in the current directory: what ends in .lua, or has a slash, is a file.")
	tagged("NO_COLOR", "If set, no colours.")
	tagged("LUATRACE_DEBUG", "What luatrace logs about itself on stderr, for bug reports: kernel (each request and its answer), plan "+
		"(how the kernel reports calls), hooks (which are registered and called), several with commas between them.")
	section("EXAMPLES")
	for _, e := range helpExamples {
		tagged(e[0], e[1])
	}
	section("NOTES", roff("A hook is no security boundary: another thread can change memory after it was looked at, and io_uring makes no calls. Set-user-ID programs run without their rights when an ordinary user traces them."))
	section("SEE ALSO", `.BR strace (1),`, `.BR ptrace (2),`, `.BR seccomp_unotify (2),`, `.BR syscalls (2)`)
	return b.String()
}

// manOptions writes the options as tagged paragraphs below the titles of their groups.
func manOptions(b *strings.Builder) {
	for _, g := range groups {
		fmt.Fprintf(b, ".SS %s\n", roff(g.title))
		for _, opt := range g.options {
			for _, f := range opt.shown() {
				fmt.Fprintf(b, ".TP\n.B %s\n", roff(f.tag))
				for i, line := range strings.Split(f.help, "\n") {
					if i > 0 {
						fmt.Fprintln(b, ".br")
					}
					fmt.Fprintln(b, roff(line))
				}
			}
		}
		if g.note != "" {
			fmt.Fprintf(b, ".PP\n%s\n", roff(g.note))
		}
	}
}

// roff escapes text for troff: backslashes, dashes that are typed as such, and
// control characters at the start of a line.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if s != "" && (s[0] == '.' || s[0] == '\'') {
		s = `\&` + s
	}
	return s
}
