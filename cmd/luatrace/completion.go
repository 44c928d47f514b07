package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"luatrace/bindings"
	"luatrace/tracer/syscalls"
)

// The shells' parts of completion ask "luatrace __complete WORD...", whose last
// word is the one that is being typed, and get candidates, one a line. No line
// means: do what the shell does for a command or a file.
var shellCompletions = map[string]string{
	"bash": `# luatrace completion bash: source it, or put it into
# ~/.local/share/bash-completion/completions/luatrace
_luatrace() {
	local word line
	local -a words # by blanks: COMP_WORDS is split at = and : too
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
	word=${words[${#words[@]}-1]}
	COMPREPLY=()
	while IFS= read -r line; do
		# bash completes behind the last of these itself
		[[ $line == *[:=]* ]] && line=${line#"${word%"${word##*[:=]}"}"}
		COMPREPLY+=("$line")
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
	if [ ${#COMPREPLY[@]} -eq 0 ]; then
		compopt -o default 2>/dev/null
		[ "$COMP_CWORD" -gt 0 ] && mapfile -t COMPREPLY < <(compgen -cf -- "$word")
	elif [ ${#COMPREPLY[@]} -eq 1 ] && [[ ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
}
complete -F _luatrace luatrace
`,
	"zsh": `#compdef luatrace
# luatrace completion zsh: put it as _luatrace into a directory of $fpath
_luatrace() {
	local -a found
	found=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ -z ${found[1]} ]]; then
		_alternative 'commands:command:_command_names -e' 'files:file:_files'
	else
		compadd -Q -S '' -- $found
	fi
}
if [ "$funcstack[1]" = _luatrace ]; then _luatrace "$@"; else compdef _luatrace luatrace; fi
`,
	"fish": `# luatrace completion fish: put it as luatrace.fish into
# ~/.config/fish/completions
function __luatrace_complete
	set -l words (commandline -opc) (commandline -ct)
	$words[1] __complete $words[2..-1] 2>/dev/null
end
complete -c luatrace -f -n 'test -n "$(__luatrace_complete)"' -a '(__luatrace_complete)'
complete -c luatrace -n 'test -z "$(__luatrace_complete)"' -F -a '(__fish_complete_command)'
`,
}

const completionUsage = `usage: luatrace completion bash|zsh|fish
Writes what that shell needs to complete options, scripts, calls and commands:
  bash:  luatrace completion bash >~/.local/share/bash-completion/completions/luatrace
  zsh:   luatrace completion zsh >DIRECTORY/_luatrace   (a DIRECTORY of $fpath)
  fish:  luatrace completion fish >~/.config/fish/completions/luatrace.fish
`

// completion is luatrace completion.
func completion(args []string, std stdio) status {
	if len(args) == 1 {
		if text, ok := shellCompletions[args[0]]; ok {
			fmt.Fprint(std.out, text)
			return status{}
		}
	}
	if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Fprint(std.out, completionUsage)
		return status{}
	}
	fmt.Fprintln(std.err, "luatrace: completion: which shell? bash, zsh or fish")
	return status{code: exitUsage}
}

// complete is luatrace __complete.
func complete(args []string, std stdio) status {
	for _, c := range candidates(args, os.Environ()) {
		fmt.Fprintln(std.out, c)
	}
	return status{}
}

// candidates are what the last word may become.
func candidates(words, env []string) []string {
	if len(words) == 0 {
		return nil
	}
	lib := newLibrary(env)
	word, before := words[len(words)-1], words[:len(words)-1]
	if len(before) > 0 {
		switch before[0] {
		case "list":
			return beginning(word, "", append(lib.categories(), lib.names()...))
		case "info", "check", "test":
			return beginning(word, "", lib.names())
		case "probes":
			return completeSpec(word, "")
		case "completion":
			return beginning(word, "", []string{"bash", "zsh", "fish"})
		}
	}
	option, value, ok := pending(before, word)
	if ok {
		return completeValue(lib, option, value, strings.TrimSuffix(word, value), before)
	}
	if commandGiven(before) {
		return nil
	}
	if strings.HasPrefix(word, "-") {
		return beginning(word, "", optionNames())
	}
	if len(before) == 0 && word != "" {
		return beginning(word, "", subcommands)
	}
	return nil
}

// subcommands are the names of the other commands.
var subcommands = func() []string {
	var names []string
	for _, c := range subcommandTexts {
		name, _, _ := strings.Cut(c[0], " ")
		names = append(names, name)
	}
	return names
}()

// pending says which option's value is being typed: that of the word before, or
// of --option=value.
func pending(before []string, word string) (option, value string, ok bool) {
	fs := flagSet().flags
	if name, value, ok := strings.Cut(word, "="); ok && strings.HasPrefix(name, "--") {
		return strings.TrimPrefix(name, "--"), value, true
	}
	if len(before) == 0 || commandGiven(before[:len(before)-1]) {
		return "", "", false
	}
	last := before[len(before)-1]
	var f *pflag.Flag
	switch {
	case strings.HasPrefix(last, "--") && len(last) > 2:
		f = fs.Lookup(last[2:])
	case len(last) == 2 && last[0] == '-' && last[1] != '-':
		f = fs.ShorthandLookup(last[1:])
	}
	if f == nil || f.NoOptDefVal != "" {
		return "", "", false
	}
	return f.Name, word, true
}

// commandGiven says whether one of the words is the command already.
func commandGiven(words []string) bool {
	for i, w := range words {
		if w == "--" {
			return true
		}
		if strings.HasPrefix(w, "-") {
			continue
		}
		if i == 0 {
			return true
		}
		if _, _, ok := pending(words[:i], w); !ok {
			return true
		}
	}
	return false
}

func completeValue(lib *library, option, word, prefix string, before []string) []string {
	switch option {
	case "trace":
		return completeSpec(word, prefix)
	case "abbrev", "verbose", "raw":
		return completeSpec(word, prefix)
	case "script":
		return beginning(word, prefix, lib.names())
	case "arg":
		return beginning(word, prefix, lib.argNames(before))
	case "signal":
		return lastOf(word, prefix, signalNames())
	case "cpu":
		return beginning(word, prefix, []string{"auto", "off"})
	case "summary-sort-by":
		return beginning(word, prefix, []string{"time", "calls", "errors", "name"})
	}
	return nil
}

// completeSpec completes the last name of a list of calls and classes.
func completeSpec(word, prefix string) []string {
	names := append([]string(nil), syscalls.Names(syscalls.Native())...)
	for _, c := range syscalls.Classes() {
		names = append(names, "%"+strings.TrimPrefix(c, "%"))
	}
	return lastOf(word, prefix, append(names, "signal", "proc:fork", "proc:exec", "proc:exit"))
}

// lastOf completes what stands behind the last comma, or behind a leading "!".
func lastOf(word, prefix string, names []string) []string {
	i := strings.LastIndexAny(word, ",!") + 1
	return beginning(word[i:], prefix+word[:i], names)
}

// beginning returns the names that begin with word, each behind a prefix.
func beginning(word, prefix string, names []string) []string {
	var out []string
	for _, n := range names {
		if strings.HasPrefix(n, word) {
			out = append(out, prefix+n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func signalNames() []string {
	var names []string
	for n := 1; n < 32; n++ {
		names = append(names, syscalls.SignalName(n))
	}
	return names
}

func optionNames() []string {
	var names []string
	flagSet().flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	return names
}

func (l *library) names() []string {
	var names []string
	for _, s := range l.all() {
		if bindings.Escape(s.name) == s.name { // others can't be shown, and nobody types them
			names = append(names, s.name)
		}
	}
	return names
}

func (l *library) categories() []string {
	set := map[string]bool{}
	for _, s := range l.all() {
		if m, err := about(s); err == nil {
			for _, c := range m.Categories {
				set[c] = true
			}
		}
	}
	return sortedNames(set)
}

// argNames are "NAME=" of the scripts that stand before on the line.
func (l *library) argNames(words []string) []string {
	var names []string
	for i, w := range words[:max(len(words)-1, 0)] {
		if w != "-s" && w != "--script" {
			continue
		}
		name := words[i+1]
		sc, err := l.resolve(name)
		if err != nil {
			continue
		}
		m, err := about(sc)
		if err != nil {
			m = &bindings.Meta{}
		}
		for _, a := range m.Args {
			if a.Type == "flag" {
				names = append(names, a.Name)
			} else {
				names = append(names, a.Name+"=")
			}
		}
	}
	return names
}
