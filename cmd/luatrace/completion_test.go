package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

func TestCandidates(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	writeFile(t, filepath.Join(dir, "mine.lua"), `meta{name = "mine", categories = {"own"}, args = {depth = {type = "number"}, deep = {type = "flag"}}}`)
	writeFile(t, filepath.Join(dir, "broken.lua"), `meta{`)
	env := []string{"LUATRACE_PATH=" + dir}
	for _, tc := range []struct {
		line string // what is typed; the last word, perhaps empty, is completed
		want string // the candidates; with "..." at the end there are more
	}{
		{"li", "list"},
		{"", ""},
		{"ls", ""},
		{"check opens", "opensnoop"},
		{"test mi", "mine"},
		{"info bro", "broken"},
		{"list ow", "own"},
		{"list netw", "network"},
		{"completion ", "bash fish zsh"},
		{"probes opena", "openat openat2"},
		{"--scr", "--script"},
		{"--summary", "--summary --summary-columns --summary-only --summary-sort-by --summary-syscall-overhead --summary-wall-clock"},
		{"-s opens", "opensnoop"},
		{"--script=opens", "--script=opensnoop"},
		{"--script opens", "opensnoop"},
		{"-s mine -a d", "deep depth="},
		{"-s mine -a de -a dep", "depth="},
		{"-s mine --arg=dep", "--arg=depth="},
		{"-s broken -a d", ""},
		{"-s opensnoop -a f", "failed"},
		{"-t opena", "openat openat2"},
		{"-t read,opena", "read,openat read,openat2"},
		{"-t !opena", "!openat !openat2"},
		{"-t %fi", "%file"},
		{"--trace=%netw", "--trace=%network"},
		{"-t proc:", "proc:exec proc:exit proc:fork"},
		{"--signal SIGUS", "SIGUSR1 SIGUSR2"},
		{"--cpu ", "auto off"},
		{"-S c", "calls"},
		{"-s opensnoop ls -", ""},
		{"-s opensnoop -- -", ""},
		{"-o f -s opens", "opensnoop"},
		{"-u nobo", "nobody"},
		{"--user=nobo", "--user=nobody"},
		{"help fau", "fault faults"},
		{"help opensn", "opensnoop"},
		{"help opti", "options"},
	} {
		words := strings.Split(tc.line, " ")
		if got := strings.Join(candidates(words, env), " "); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.line, got, tc.want)
		}
	}
}

// The shell learns where the traced command stands, and completes it as its own.
func TestCompletedCommand(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"ls":                          "\tcommand 1\n",
		"ls -":                        "\tcommand 1\n",
		"-s opensnoop git sta":        "\tcommand 3\n",
		"-c -o out -- git --ver":      "\tcommand 5\n",
		"-- list opens":               "\tcommand 2\n",
		"--script=opensnoop git":      "\tcommand 2\n",
		"-a x=1 -p 1 --read-only ls ": "\tcommand 6\n",
		"-o ":                         "",
		"--script=opens":              "--script=opensnoop\n",
		"list own":                    "",
	} {
		r := fixture.Run(t, fixture.Luatrace(t), append([]string{"__complete"}, strings.Split(line, " ")...)...)
		if r.Stdout != want {
			t.Errorf("%q: %q, want %q", line, r.Stdout, want)
		}
	}
}

// -p offers what can be attached to, with names.
func TestCompletedProcesses(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(fixture.Build(t, "sleeper"), "pause", "100000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	pid := strconv.Itoa(cmd.Process.Pid)
	for _, word := range []string{pid, "1," + pid} {
		r := fixture.Run(t, fixture.Luatrace(t), "__complete", "-p", word)
		if !slices.Contains(lines(r.Stdout), word+"\tsleeper pause 100000") {
			t.Errorf("%s: %q", word, r.Stdout)
		}
	}
	if r := fixture.Run(t, fixture.Luatrace(t), "__complete", "-p", "1,sleep"); !slices.Contains(lines(r.Stdout), "1,sleeper") {
		t.Errorf("%q", r.Stdout)
	}
	if r := fixture.Run(t, fixture.Luatrace(t), "__complete", "-p", ""); strings.Contains(r.Stdout, "kthreadd") || len(lines(r.Stdout)) < 2 {
		t.Errorf("%q", r.Stdout)
	}
}

// TestBashCompletes lets bash complete lines with the function it is given.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	bin := fixture.Luatrace(t)
	dir := openDir(t)
	writeFile(t, filepath.Join(dir, "program-of-mine"), "")
	for line, want := range map[string][]string{
		"luatrace -s opens":                                     {"opensnoop"},
		"luatrace --script=opens":                               {"opensnoop"}, // bash has completed up to "="
		"luatrace -s opensnoop -a un":                           {"under="},
		"luatrace -t proc:ex":                                   {"exec", "exit"},
		"luatrace compl":                                        {"completion"},
		"luatrace completion z":                                 {"zsh"},
		"luatrace ./program-of":                                 {"./program-of-mine"},
		"luatrace -o program-of":                                {"program-of-mine"},
		"luatrace -s opensnoop -a absolute git --git-dir=x sta": {"stashed", "status"},
		"luatrace -p " + strconv.Itoa(os.Getpid()):              {strconv.Itoa(os.Getpid())},
	} {
		// COMP_WORDS is split as bash does: "=" and ":" are words of their own.
		split := strings.NewReplacer("=", " = ", ":", " : ").Replace(line)
		script := `source <(luatrace completion bash)
complete -p luatrace >/dev/null || exit 1
_command_offset() { # as bash-completion's: the words from this one on are the command's
	[[ ${COMP_WORDS[$1]} == git ]] && COMPREPLY=(status stashed)
}
COMP_LINE=$1 COMP_POINT=${#1}
COMP_WORDS=($2)
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_luatrace luatrace "${COMP_WORDS[COMP_CWORD]}"
printf '%s\n' "${COMPREPLY[@]}"`
		cmd := exec.Command("bash", "--norc", "-c", script, "bash", line, split)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(bin)+":"+os.Getenv("PATH"), "LUATRACE_PATH=", "HOME="+dir)
		r := fixture.RunCmd(t, cmd)
		got := strings.Fields(r.Stdout)
		slices.Sort(got)
		if r.Code != 0 || !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q (exit %d) %s", line, got, want, r.Code, r.Stderr)
		}
	}
}

func TestCompletionTexts(t *testing.T) {
	t.Parallel()
	bin := fixture.Luatrace(t)
	for _, shell := range []string{"bash", "zsh", "fish"} {
		r := fixture.Run(t, bin, "completion", shell)
		if r.Code != 0 || !strings.Contains(r.Stdout, "__complete") || strings.Contains(r.Stdout, "\t\t\t\t") {
			t.Errorf("%s: %d\n%s", shell, r.Code, r.Stdout)
		}
	}
	if r := fixture.Run(t, bin, "completion", "csh"); r.Code != exitUsage || r.Stderr != "luatrace: completion: which shell? bash, zsh or fish\n" {
		t.Errorf("csh: %d %s", r.Code, r.Stderr)
	}
}
