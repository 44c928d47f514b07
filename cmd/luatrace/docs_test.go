package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"luatrace/internal/fixture"
)

// example is a command line of the documents.
type example struct {
	where string
	words []string // behind "luatrace"
	shown bool     // its output is shown there
}

// examples returns the command lines in the help text, the README, the other
// documents and what the scripts of the collection say about themselves.
func examples(t *testing.T) []example {
	t.Helper()
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	var list []example
	add := func(where, line string, shown bool) {
		words, err := shellWords(line)
		if err != nil {
			t.Errorf("%s: %v: %s", where, err, line)
		} else {
			list = append(list, example{where, words, shown})
		}
	}
	for _, line := range strings.Split(helpText(), "\n") {
		if command, ok := strings.CutPrefix(line, "  luatrace "); ok {
			command, _, _ = strings.Cut(command, "  ") // what it does
			add("--help", command, false)
		}
	}
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md")) {
		fence := ""
		for i, line := range strings.Split(readFile(t, file), "\n") {
			where := fmt.Sprintf("%s:%d", filepath.Base(file), i+1)
			if rest, ok := strings.CutPrefix(line, "```"); ok {
				if fence != "" {
					rest = ""
				}
				fence = rest
				continue
			}
			if command, ok := strings.CutPrefix(line, "$ luatrace "); ok && fence == "console" {
				add(where, command, true)
			}
			if command, ok := strings.CutPrefix(line, "go run ./cmd/luatrace "); ok && fence == "sh" {
				add(where, command, false)
			}
		}
	}
	if len(list) < 25 {
		t.Errorf("only %d examples found", len(list))
	}
	return list
}

// shellWords splits a line as a shell does, as far as its first pipe,
// redirection or comment. It knows quotes and backslashes, no expansions.
func shellWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	quote := byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == '\'' && c != '\'', quote == '"' && c != '"' && c != '\\':
			word.WriteByte(c)
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, inWord = c, true
		case c == '\\' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
			inWord = true
		case c == ' ', strings.IndexByte("|&;<>", c) >= 0, c == '#' && !inWord:
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
			if c != ' ' {
				return words, nil
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote %c is not closed", quote)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

func TestShellWords(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		`a 'b "c" \d' "e 'f' \"g\"" h\ i`: {"a", `b "c" \d`, `e 'f' "g"`, "h i"},
		`a''b "" c | d`:                   {"ab", "", "c"},
		`a # b`:                           {"a"},
		`a 2>b`:                           {"a", "2"},
		``:                                nil,
	} {
		if got, err := shellWords(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("shellWords(%q) = %q, %v, want %q", line, got, err, want)
		}
	}
	if _, err := shellWords("a 'b"); err == nil {
		t.Error("an open quote is no error")
	}
}

// TestExamplesParse: the options of every example exist, its specs and its code
// load. A script file that is named is the reader's, and not there.
func TestExamplesParse(t *testing.T) {
	t.Parallel()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	std := stdio{null, &checked{File: null}, null}
	for _, e := range examples(t) {
		if st, done := runSubcommand(e.words, std); done {
			if st.code != 0 {
				t.Errorf("%s: luatrace %q: exit status %d", e.where, e.words, st.code)
			}
			continue
		}
		o, err := parseFlags(e.words)
		if err != nil {
			t.Errorf("%s: luatrace %q: %v", e.where, e.words, err)
			continue
		}
		if len(o.command) == 0 && len(o.targets) == 0 {
			t.Errorf("%s: luatrace %q: no command", e.where, e.words)
		}
		o.scripts = slices.DeleteFunc(o.scripts, func(s string) bool { return strings.Contains(s, "/") })
		s, err := newSession(o, nil, &output{w: null}, func(string, ...any) {})
		if err != nil {
			t.Errorf("%s: luatrace %q: %v", e.where, e.words, err)
			continue
		}
		s.close()
	}
}

// tally is what faults say at the end.
var tally = regexp.MustCompile(`(?m)^luatrace: .*: \d+ of \d+ calls? (failed|prevented)\n`)

// TestExamplesRun runs the examples whose output is shown and whose command is
// everywhere: the command runs, no hook fails, and there is output.
func TestExamplesRun(t *testing.T) {
	t.Parallel()
	everywhere := []string{"cat", "echo", "id", "ls", "sh", "timeout", "true", "uname"}
	ran := 0
	for _, e := range examples(t) {
		o, err := parseFlags(e.words)
		if err != nil || !e.shown || len(o.command) == 0 || !slices.Contains(everywhere, o.command[0]) ||
			slices.ContainsFunc(o.scripts, func(s string) bool { return strings.Contains(s, "/") }) {
			continue
		}
		ran++
		t.Run(e.where, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(fixture.Luatrace(t), e.words...)
			cmd.Dir = t.TempDir()
			writeFile(t, filepath.Join(cmd.Dir, "hello.c"), "")
			r := fixture.RunCmd(t, cmd)
			if r.Signal != 0 || r.Code == exitHook || strings.Contains(tally.ReplaceAllString(r.Stderr, ""), "luatrace: ") || r.Stdout+r.Stderr == "" {
				t.Errorf("luatrace %q: exit status %d, signal %d\n%s%s", e.words, r.Code, r.Signal, r.Stdout, r.Stderr)
			}
		})
	}
	if ran < 15 {
		t.Errorf("only %d examples ran", ran)
	}
}

// The README begins with what luatrace is and the two commands to begin with, and is short: help
// shows the options.
func TestReadmeBegins(t *testing.T) {
	t.Parallel()
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	readme := readFile(t, filepath.Join(root, "README.md"))
	if n := strings.Count(readme, "\n"); n > 150 {
		t.Errorf("%d lines", n)
	}
	begin := regexp.MustCompile("^# luatrace\n\nluatrace is [^`]*\n\n```sh\ngo run ./cmd/luatrace .*\n\\.ci/setup && go test \\./\\.\\.\\..*\n```\n")
	if !begin.MatchString(readme) {
		t.Errorf("it begins with %q", readme[:min(len(readme), 800)])
	}
	for _, command := range []string{"luatrace --help", "luatrace help options"} {
		if !strings.Contains(readme, "`"+command+"`") {
			t.Errorf("it does not name %s", command)
		}
	}
}

// TestHelpFitsAScreen: 80 columns, 30 lines, five one-liners, every option.
func TestHelpFitsAScreen(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSuffix(helpText(), "\n"), "\n")
	if len(lines) > 30 {
		t.Errorf("%d lines", len(lines))
	}
	oneLiners := 0
	for _, line := range lines {
		if len(line) > 80 {
			t.Errorf("%d columns: %s", len(line), line)
		}
		if strings.HasPrefix(line, "  luatrace ") {
			oneLiners++
		}
	}
	if oneLiners != 5 {
		t.Errorf("%d one-liners", oneLiners)
	}
}

// TestOptionsAreInOnePlace: what pflag knows has a row in the table, and each row is in
// what help options shows, in docs/options.md, in the manual page and in what shells complete.
func TestOptionsAreInOnePlace(t *testing.T) {
	t.Parallel()
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	text := optionsText()
	for _, line := range strings.Split(text, "\n") {
		if len(line) > 80 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
	file := filepath.Join(root, "docs", "options.md")
	document := readFile(t, file)
	if *update {
		before, rest, _ := strings.Cut(document, "```text\n")
		_, after, _ := strings.Cut(rest, "```\n")
		document = before + "```text\n" + text + "```\n" + after
		must(t, os.WriteFile(file, []byte(document), 0o644))
	}
	if !strings.Contains(document, "```text\n"+text+"```\n") {
		t.Error("docs/options.md does not show what help options shows: go test ./cmd/luatrace -run TestOptionsAreInOnePlace -update")
	}
	page, completed := manPage(), candidates([]string{"--"}, nil)
	flags, seen := flagSet().flags, map[string]bool{}
	allOptions(func(opt *option) {
		names := []string{}
		for _, name := range opt.names() {
			names = append(names, "--"+name)
			if f := flags.Lookup(name); f == nil || f.Hidden {
				t.Errorf("pflag does not know --%s", name)
			} else if needs := f.NoOptDefVal == ""; opt.forms == nil && needs != strings.HasPrefix(opt.arg, "=") {
				t.Errorf("--%s: help shows %q of its value, pflag takes %q without one", name, opt.arg, f.NoOptDefVal)
			}
			if !slices.Contains(completed, "--"+name+"\t"+opt.summary()) || len(opt.summary()) < 4 {
				t.Errorf("--%s is not completed", name)
			}
		}
		if opt.letter != "" {
			names = append(names, "-"+opt.letter)
			if flags.ShorthandLookup(opt.letter) == nil {
				t.Errorf("pflag does not know -%s", opt.letter)
			}
		}
		for _, name := range names {
			seen[strings.TrimLeft(name, "-")] = true
			for where, in := range map[string]string{"help options": text, "docs/options.md": document, "the manual page": strings.ReplaceAll(page, `\-`, "-")} {
				if !regexp.MustCompile(`(^|[ \n])` + name + `($|[\[=, \n])`).MatchString(in) {
					t.Errorf("%s is not in %s", name, where)
				}
			}
		}
		for _, f := range opt.shown() {
			if f.tag == "" || strings.TrimSpace(f.help) == "" {
				t.Errorf("--%s is not explained: %q", opt.long, f)
			}
		}
	})
	flags.VisitAll(func(f *pflag.Flag) {
		if !seen[f.Name] {
			t.Errorf("--%s has no row", f.Name)
		}
	})
}
