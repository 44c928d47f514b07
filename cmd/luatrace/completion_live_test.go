package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// completing is a command in a directory with files to complete, and luatrace in PATH.
func completing(t *testing.T, argv ...string) *exec.Cmd {
	t.Helper()
	dir := openDir(t)
	for _, name := range []string{"program-of-mine", "two words"} {
		writeFile(t, filepath.Join(dir, name), "")
	}
	must(t, os.Chmod(filepath.Join(dir, "program-of-mine"), 0o755))
	path, err := exec.LookPath(argv[0])
	if err != nil {
		t.Fatalf("no %s: install Debian's package %[1]s (.ci/setup does)", argv[0])
	}
	cmd := exec.Command(path, argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(fixture.Luatrace(t))+":"+os.Getenv("PATH"), "LUATRACE_PATH=", "HOME="+dir, "XDG_CONFIG_HOME="+dir,
		"XDG_DATA_HOME="+dir, "ZDOTDIR="+dir, "TERM=xterm", "LC_ALL=C")
	return cmd
}

// TestFishCompletes asks fish what it offers.
func TestFishCompletes(t *testing.T) {
	t.Parallel()
	const script = `luatrace completion fish | source
complete -c mytool -f -a 'status stashed'
for line in $argv
	echo "line $line"
	complete -C $line
end`
	wanted := []struct {
		line string
		want []string
	}{
		{`luatrace -s opens`, []string{"opensnoop"}},
		{`luatrace --script=opens`, []string{"--script=opensnoop"}},
		{`luatrace -s opensnoop -a un`, []string{"under="}},
		{`luatrace -t proc:ex`, []string{"proc:exec", "proc:exit"}},
		{`luatrace -t openat,close_`, []string{"openat,close_range"}},
		{`luatrace completion z`, []string{"zsh"}},
		{`luatrace ./program-of`, []string{"./program-of-mine"}},
		{`luatrace -o program-of`, []string{"program-of-mine"}},
		{`luatrace --output=program-of`, []string{"--output=program-of-mine"}},
		{`luatrace -o "two w`, []string{"two words"}},
		{`luatrace -s opensnoop -a absolute mytool --x=y "a b" sta`, []string{"stashed", "status"}},
		{`luatrace sh "a b" program-of`, []string{"program-of-mine"}},
	}
	argv := []string{"fish", "--no-config", "-c", script}
	for _, w := range wanted {
		argv = append(argv, w.line)
	}
	r := fixture.RunCmd(t, completing(t, argv...))
	offered := strings.Split(r.Stdout, "line ")[1:]
	if r.Code != 0 || len(offered) != len(wanted) {
		t.Fatalf("%+v", r)
	}
	for i, w := range wanted {
		var got []string
		for _, line := range lines(offered[i])[1:] {
			word, _, _ := strings.Cut(line, "\t") // a description follows
			got = append(got, word)
		}
		slices.Sort(got)
		if !slices.Equal(got, w.want) {
			t.Errorf("%s: %q, want %q", w.line, got, w.want)
		}
	}
}

// TestZshCompletes types lines and a tab into an interactive zsh, and looks at what
// becomes of them.
func TestZshCompletes(t *testing.T) {
	t.Parallel()
	const script = `zmodload zsh/zpty
luatrace completion zsh >_luatrace
zpty z zsh -f -i
zpty -w z 'PS1= PS2= fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; bindkey "^I" complete-word
_mytool() { compadd status; }; compdef _mytool mytool
finish() { print -r -- "[[$BUFFER]]"; exit }; zle -N finish; bindkey "^X" finish; print REA""DY'
zpty -r z out '*READY*' || exit 1
zpty -n -w z "$1"$'\t\x18'
zpty -r z out '*\]\]*' || exit 1
print -r -- "$out"`
	for line, want := range map[string]string{
		`luatrace -s opens`:                       `luatrace -s opensnoop `,
		`luatrace --script=opens`:                 `luatrace --script=opensnoop `,
		`luatrace -s opensnoop -a un`:             `luatrace -s opensnoop -a under=`,
		`luatrace -t openat,close_`:               `luatrace -t openat,close_range `,
		`luatrace completion z`:                   `luatrace completion zsh `,
		`luatrace ./program-of`:                   `luatrace ./program-of-mine `,
		`luatrace -o program-of`:                  `luatrace -o program-of-mine `,
		`luatrace --output=program-of`:            `luatrace --output=program-of-mine `,
		`luatrace -o two`:                         `luatrace -o two\ words `,
		`luatrace -a absolute mytool --x=y "b" s`: `luatrace -a absolute mytool --x=y "b" status `,
	} {
		t.Run(strings.ReplaceAll(line, "/", "_"), func(t *testing.T) {
			t.Parallel()
			r := fixture.RunCmd(t, completing(t, "zsh", "-f", "-c", script, "zsh", line))
			_, got, _ := strings.Cut(r.Stdout, "[[")
			if got, _, _ = strings.Cut(got, "]]"); r.Code != 0 || got != want {
				t.Errorf("%q, want %q: exit status %d, %q %s", got, want, r.Code, r.Stdout, r.Stderr)
			}
		})
	}
}
