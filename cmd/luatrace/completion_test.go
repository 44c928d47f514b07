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
		{"--scr", "--script\ta script of the collection, a FILE.lua, - for stdin"},
		{"--summary-o", "--summary-only\ta table of counts, errors and times instead of calls"},
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
		{"--color=a", "--color=always --color=auto"},
		{"--status succ", "successful"},
		{"--quiet=attach,pe", "--quiet=attach,personality"},
		{"--decode-fds=!so", "--decode-fds=!socket"},
		{"--decode-fds=a", "--decode-fds=all"},
		{"-X ", "abbrev raw verbose"},
		{"-U calls,na", "calls,name"},
		{"-b ", "execve"},
		{"--absolute-timestamps=unix,n", "--absolute-timestamps=unix,none --absolute-timestamps=unix,ns"},
		{"--fault opena", "openat openat2"},
		{"--fault openat:err", ""},
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

// Each long name of an option is completed, those that begin alike together.
func TestOptionsAreCompleted(t *testing.T) {
	t.Parallel()
	var names []string
	for _, c := range candidates([]string{"--summary"}, nil) {
		name, text, _ := strings.Cut(c, "\t")
		names = append(names, name)
		if text == "" || len(text) > 60 {
			t.Errorf("%s: %q", name, text)
		}
	}
	want := "--summary --summary-columns --summary-only --summary-sort-by --summary-syscall-overhead --summary-wall-clock"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("%s, want %s", got, want)
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
	for { // Start returns in the middle of the execve, when the kernel does not know the arguments yet
		line, err := os.ReadFile("/proc/" + pid + "/cmdline")
		must(t, err)
		if strings.Contains(string(line), "100000") {
			break
		}
	}
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

// hostileNames are names that would be commands in a shell's line; plainNames are none.
var (
	hostileNames = []string{"hx$(touch pwned)", "hx;touch pwned;", "hx`touch pwned`", "hx|touch pwned", "hx\ntouch pwned\n", "hx&touch pwned", "hx>pwned", "hx pwned", "hx'q", "hx\x1b[2J", "-hx", "hx*"}
	plainNames   = []string{"hx-plain", "hx.2+3_4"}
)

// TestCompletedNamesArePlain: nothing that others have named is offered if it would
// be more than a word in the line: scripts, their arguments and categories, processes.
func TestCompletedNamesArePlain(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	for _, name := range append(hostileNames, plainNames...) {
		writeFile(t, filepath.Join(dir, name+".lua"), `meta{name = "x", summary = "y"}`)
	}
	writeFile(t, filepath.Join(dir, "args.lua"), `meta{name = "args", categories = {"hx$(touch pwned)"}, args = {["hx$(touch pwned)"] = {type = "string"}, hxplain = {type = "string"}}}`)
	cmd := exec.Command("sh", "-c", `printf %s 'hx$(touch p)' >/proc/$$/comm; read x`)
	in, err := cmd.StdinPipe()
	must(t, err, cmd.Start())
	defer func() {
		in.Close()
		cmd.Wait()
	}()
	for {
		comm, err := os.ReadFile("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/comm")
		must(t, err)
		if string(comm) == "hx$(touch p)\n" {
			break
		}
	}
	env := append(os.Environ(), "LUATRACE_PATH="+dir)
	for line, want := range map[string]string{
		"-s hx":          "hx-plain\nhx.2+3_4\n",
		"--script=hx":    "--script=hx-plain\n--script=hx.2+3_4\n",
		"info hx":        "hx-plain\nhx.2+3_4\n",
		"list hx":        "hx-plain\nhx.2+3_4\n",
		"help hx":        "hx-plain\nhx.2+3_4\n",
		"-s -":           "",
		"-s args -a hx":  "hxplain=\n",
		"-p hx":          "",
		"-p 1,hx":        "",
		"-s hx$":         "",
		"-t !hx$(false)": "",
	} {
		cmd := exec.Command(fixture.Luatrace(t), append([]string{"__complete"}, strings.Split(line, " ")...)...)
		cmd.Env = env
		if r := fixture.RunCmd(t, cmd); r.Stdout != want || r.Code != 0 {
			t.Errorf("%s: status %d, %q, want %q", line, r.Code, r.Stdout, want)
		}
	}
	// What is not offered is listed, and can't do anything there.
	cmd2 := exec.Command(fixture.Luatrace(t), "list", "-v")
	cmd2.Env = env
	r := fixture.RunCmd(t, cmd2)
	for _, want := range []string{"\nhx$(touch pwned) y\n", "\nhx\\ntouch pwned\\n y\n", "\nhx\\x1b[2J    y\n", "/hx\\x1b[2J.lua\n"} {
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("list shows no %q:\n%s", want, r.Stdout)
		}
	}
	if strings.ContainsRune(r.Stdout, 0x1b) {
		t.Error("list writes an escape character")
	}
}

// TestCompletedLinesAreHarmless types lines into bash, completes them and runs what has become of
// them.
func TestCompletedLinesAreHarmless(t *testing.T) {
	t.Parallel()
	bin := fixture.Luatrace(t)
	dir := openDir(t)
	must(t, os.Mkdir(filepath.Join(dir, "lib"), 0o755))
	for _, name := range []string{"hx$(touch pwned)", "hy;touch pwned;"} {
		writeFile(t, filepath.Join(dir, "lib", name+".lua"), `print "ran"`)
		writeFile(t, filepath.Join(dir, name+".lua"), `print "ran"`)
	}
	term := openTerminal(t, dir, "bash", "--norc", "--noprofile", "-i")
	term.expect(`prompt> $`)
	term.send("PATH=" + filepath.Dir(bin) + ":$PATH LUATRACE_PATH=$PWD/lib; source <(luatrace completion bash); bind 'set enable-bracketed-paste off'; echo sourced=$?\n")
	term.expect(`sourced=0\n`)
	for i, line := range []string{"luatrace -s hx", "luatrace -s hy", "luatrace -s ./hx", "luatrace -s ./hy", "luatrace -s lib/h", "luatrace info h", "luatrace ./hx", "luatrace -o h"} {
		term.send(line + "\t\t true; echo done=" + strconv.Itoa(i) + "\n")
		term.expect(`\ndone=` + strconv.Itoa(i) + `\n`)
		if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
			t.Fatalf("%s: the completed line ran a command; the terminal shows:\n%s", line, term.text)
		}
	}
	term.send("exit\n")
	term.cmd.Wait()
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
