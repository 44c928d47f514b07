package main

import (
	"os"
	"slices"
)

// subcommand is a command of luatrace's own: a word that nobody traces. "luatrace -- list"
// traces a command of that name.
type subcommand struct {
	name, args string
	help       string // for the manual page
	run        func(args, env []string, std stdio) status
}

// subcommands are all of them, in the order of the manual page. It is a function since help
// is one of them and shows the others.
func subcommands() []subcommand {
	return []subcommand{
		{"list", "[-v] [CATEGORY|PATTERN]", "The scripts that -s finds, and with -v where.", list},
		{"info", "SCRIPT", "What a script does, its arguments, examples and caveats.", info},
		{"probes", "[SPEC]", "System calls and the fields that hooks on them see.", withoutEnv(probes)},
		{"check", "SCRIPT...", "Looks for mistakes in scripts without running them.", check},
		{"test", "[-v] [--tap] [--run REGEXP] SCRIPT...", "Runs the tests in scripts on made-up events.", testScripts},
		{"types", "[DIRECTORY]", "Definitions of the interface for editors (LuaLS).", withoutEnv(types)},
		{"completion", "bash|zsh|fish", "The completion of that shell.", withoutEnv(completion)},
		{"help", "[options|man|TOPIC]", "A screen of help, all options, this page, or what there is of a TOPIC: one of these commands, " +
			"a part of the interface of scripts (ev, on, agg, fault, ev.fdpath), a script, a system call.", withoutEnv(help)},
	}
}

func withoutEnv(run func([]string, stdio) status) func(args, env []string, std stdio) status {
	return func(args, _ []string, std stdio) status { return run(args, std) }
}

// subcommandNames are the names of all.
func subcommandNames() []string {
	var names []string
	for _, c := range subcommands() {
		names = append(names, c.name)
	}
	return names
}

// runSubcommand runs the command that the first word names, if it names one.
func runSubcommand(args []string, std stdio) (status, bool) {
	switch {
	case len(args) == 0 || args[0] == "" || args[0][0] == '-':
		return status{}, false
	case args[0] == "__complete":
		complete(args[1:], std)
		return status{}, true
	}
	all := subcommands()
	i := slices.IndexFunc(all, func(c subcommand) bool { return c.name == args[0] })
	if i < 0 {
		return status{}, false
	}
	return all[i].run(args[1:], os.Environ(), std), true
}
