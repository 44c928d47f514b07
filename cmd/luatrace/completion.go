package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"luatrace/bindings"
	"luatrace/engine/summary"
	"luatrace/tracer/syscalls"
)

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
func complete(args []string, std stdio) {
	found := candidates(args, os.Environ())
	for _, c := range found {
		fmt.Fprintln(std.out, c)
	}
	if at, ok := commandAt(args); ok && len(found) == 0 {
		fmt.Fprintf(std.out, "\tcommand %d\n", at+1)
	}
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
		case "help":
			return beginning(word, "", append(helpTopics(), lib.names()...))
		case "completion":
			return beginning(word, "", []string{"bash", "zsh", "fish"})
		}
	}
	option, value, ok := pending(before, word)
	if ok {
		return completeValue(option, typed{lib, value, strings.TrimSuffix(word, value), before})
	}
	if _, given := commandAt(words); given && slices.Contains(before, "--") || commandGiven(before) {
		return nil
	}
	if strings.HasPrefix(word, "-") {
		return beginning(word, "", optionNames())
	}
	if len(before) == 0 && word != "" {
		return beginning(word, "", subcommandNames())
	}
	return nil
}

// pending says which option's value is being typed: the option in the word before, or
// in --option=value.
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

// commandAt returns which word is the traced command, the last one if it is being
// typed; false if there is no place for one yet.
func commandAt(words []string) (at int, ok bool) {
	for i, w := range words {
		if w == "--" {
			return i + 1, i+1 < len(words)
		}
		if _, _, value := pending(words[:i], w); value {
			continue
		}
		if strings.HasPrefix(w, "-") {
			continue
		}
		return i, i > 0 || !slices.Contains(subcommandNames(), w)
	}
	return 0, false
}

// typed is a value that is being typed.
type typed struct {
	lib    *library
	value  string   // what there is of it
	prefix string   // what stands before it in its word: "--option="
	before []string // the words before
}

// completeValue completes the value of an option.
func completeValue(name string, v typed) []string {
	opt := optionNamed(name)
	if opt == nil {
		return nil
	}
	complete := opt.complete
	if s, ok := opt.to(newOptions()).(setting); ok && complete == nil {
		complete = s.complete
	}
	if complete == nil {
		return nil
	}
	return complete(v)
}

// one completes a value that is one of the names, list one of names with commas between them.
func (v typed) one(names ...string) []string  { return beginning(v.value, v.prefix, names) }
func (v typed) list(names ...string) []string { return lastOf(v.value, v.prefix, names) }

func completeCalls(v typed) []string     { return completeSpec(v.value, v.prefix) }
func completeScripts(v typed) []string   { return v.one(v.lib.names()...) }
func completeArgs(v typed) []string      { return v.one(v.lib.argNames(v.before)...) }
func completeUsers(v typed) []string     { return v.one(userNames()...) }
func completeSignals(v typed) []string   { return v.list(signalNames()...) }
func completeDetachOn(v typed) []string  { return v.one(namesOf(detachPoints)...) }
func completePlacement(v typed) []string { return v.one("auto", "off") }
func completePrecision(v typed) []string { return v.one(namesOf(precisions)...) }
func completeTimeFormat(v typed) []string {
	return v.list(append(namesOf(timeFormats), namesOf(precisions)...)...)
}
func completeColumns(v typed) []string { return v.list(summary.ColumnNames()...) }
func completeSort(v typed) []string    { return v.one("time", "calls", "errors", "name") }

// completeRule completes the calls of --inject and --fault.
func completeRule(v typed) []string {
	if strings.Contains(v.value, ":") {
		return nil
	}
	return completeCalls(v)
}

func completeProcesses(v typed) []string {
	last := v.value[strings.LastIndexByte(v.value, ',')+1:]
	return v.list(processes(last == "" || last[0] >= '0' && last[0] <= '9')...)
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

// beginning returns the names that begin with word, each behind a prefix. Shells
// put a candidate into the line as it is: a name that would be more than a word
// there, such as "a$(reboot)", is none.
func beginning(word, prefix string, names []string) []string {
	var out []string
	for _, n := range names {
		text, _, _ := strings.Cut(n, "\t")
		if strings.HasPrefix(n, word) && plain(text, "%:=") {
			out = append(out, prefix+n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// plain says whether a text has letters, digits and ._+- only, and of these others.
func plain(text, others string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("._+-", c) >= 0, strings.IndexByte(others, c) >= 0:
		default:
			return false
		}
	}
	return text != ""
}

func signalNames() []string {
	var names []string
	for n := 1; n < 32; n++ {
		names = append(names, syscalls.SignalName(n))
	}
	return names
}

// optionNames are the long names, each with a few words behind a tab.
func optionNames() []string {
	var names []string
	allOptions(func(opt *option) {
		for _, name := range opt.names() {
			names = append(names, "--"+name+"\t"+opt.summary())
		}
	})
	return names
}

func (l *library) names() []string {
	var names []string
	for _, s := range l.all() {
		if plain(s.name, "") && s.name[0] != '-' { // others are named by their files
			names = append(names, s.name)
		}
	}
	return names
}

func (l *library) categories() []string {
	set, looks := map[string]bool{}, newCompletionLooks()
	for _, s := range l.all() {
		if m, err := looks.about(s); err == nil {
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
	looks := newCompletionLooks()
	for i, w := range words[:max(len(words)-1, 0)] {
		if w != "-s" && w != "--script" {
			continue
		}
		name := words[i+1]
		sc, err := l.resolve(name)
		if err != nil {
			continue
		}
		m, err := looks.about(sc)
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
