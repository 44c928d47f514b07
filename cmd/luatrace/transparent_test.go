package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// A command that must do the same with luatrace as without.
type ordinary struct {
	name  string
	argv  []string // FIXTURE/name is a built fixture
	stdin string   // given through a pipe
	// prepare is done before, in the directory the command runs in.
	prepare string
	// under is what the shell does that starts luatrace, or the command.
	under string
	// strip drops the output's lines that begin with one of these: what a
	// seccomp filter changes and says it changes.
	strip []string
}

// runsAnother finds an under that ends in a program which runs its arguments.
var runsAnother = regexp.MustCompile(`exec [a-z]`)

func sh(script string) []string { return []string{"sh", "-c", script} }

// seccompState are the lines of sigstate that a filter changes.
var seccompState = []string{"NoNewPrivs", "Seccomp"}

const words = "for w in pear apple fig apple date; do echo $w; done >words; mkdir -p d/e; cp words d/e/copy; ln -s words link; "

const repository = `export HOME=$PWD GIT_AUTHOR_DATE='2020-01-01 00:00 +0000' GIT_COMMITTER_DATE='2020-01-01 00:00 +0000'
git init -q -b main .; git config user.name A; git config user.email a@example.com; echo one >a; git add a; git commit -q -m first
echo two >>a; echo new >b; `

var ordinaries = []ordinary{
	{name: "true", argv: []string{"true"}},
	{name: "false", argv: []string{"false"}},
	{name: "echo", argv: []string{"echo", "a b", "", "*"}},
	{name: "exit status", argv: sh("exit 77")},
	{name: "ls", argv: []string{"ls", "-aF", "."}, prepare: words},
	{name: "ls of nothing", argv: []string{"ls", "nothing"}},
	{name: "cat", argv: []string{"cat", "words", "nothing", "link"}, prepare: words},
	{name: "cat from a pipe", argv: []string{"cat"}, stdin: strings.Repeat("line\n", 50000)},
	{name: "sort", argv: []string{"sort", "-u", "words"}, prepare: words},
	{name: "head closes the pipe", argv: sh("yes | head -3")},
	{name: "pipeline", argv: sh("ls | sort -r | head -2 | tr a-z A-Z; echo $?"), prepare: words},
	{name: "status of a pipeline", argv: sh("! false | true")},
	{name: "find", argv: []string{"find", ".", "-type", "f", "-exec", "wc", "-c", "{}", ";"}, prepare: words},
	{name: "find and xargs", argv: sh("find . -name copy -print0 | xargs -0 -n1 basename"), prepare: words},
	{name: "grep", argv: []string{"grep", "-n", "a", "words"}, prepare: words},
	{name: "grep finds nothing", argv: []string{"grep", "-r", "zebra", "."}, prepare: words},
	{name: "sed", argv: []string{"sed", "-i.bak", "-e", "s/a/A/w changed", "words"}, prepare: words},
	{name: "awk", argv: []string{"awk", "{n[$1]++} END {print n[\"apple\"], NR; exit 4}", "words"}, prepare: words},
	{name: "tar and gzip", argv: sh("tar cf - d words | gzip -9 | gunzip | tar tvf - | awk '{print $1, $3, $6}'"), prepare: words},
	{name: "gzip of garbage", argv: sh("gunzip -t"), stdin: "no archive"},
	{name: "cp mv rm", argv: sh("cp -r d f && mv f g && rm -r d && find . | sort"), prepare: words},
	{name: "git status", argv: []string{"git", "status", "--short"}, prepare: repository},
	{name: "git log", argv: []string{"git", "log", "--stat"}, prepare: repository},
	{name: "git commit", argv: sh(repository + "git commit -qam second && git log --format=%s"), prepare: "true"},
	{name: "cc", argv: sh(`printf '#include <stdio.h>\nint main(void){puts("hello");return 9;}\n' >h.c && cc -o h h.c && ./h`)},
	{name: "cc of an error", argv: sh("echo 'int main(void){return x;}' >h.c; cc -c h.c")},
	{name: "make", argv: sh("printf 'all: b\\n\\t@cat b\\nb: a\\n\\tcp a b\\n' >Makefile; echo made >a; make; make -q; echo $?; make nothing")},
	{name: "environment", argv: []string{"env", "-i", "A=b=c", "B=", "env"}},
	{name: "inherited environment", argv: sh("echo \"$A/$B/${C-unset}\""), under: "export A=1 B='x\ny'; unset C;"},
	{name: "printf", argv: []string{"printf", `%s|%d\n\0\377`, "x", "7"}},
	{name: "argv 0", argv: sh("echo $0; tr '\\0' ' ' </proc/self/cmdline")},
	{name: "working directory", argv: sh("pwd; cd d && pwd -P"), prepare: words},
	{name: "removed working directory", argv: []string{"ls"}, under: "mkdir gone; cd gone; rmdir ../gone;"},
	{name: "dates", argv: sh("date -u -d @0; touch -d @0 f; stat -c %Y f; sleep 0.01")},
	{name: "dd", argv: sh("dd if=/dev/zero bs=64k count=16 status=none | cksum")},
	{name: "background jobs", argv: sh("for i in 1 2 3 4 5 6; do (exit $i) & done; s=0; for j in 1 2 3 4 5 6; do wait -n 2>/dev/null; done; wait; echo done")},
	{name: "here document and subshells", argv: sh("x=$(cat <<E\nin\nE\n); (echo $x; exit 3); echo $?")},
	{name: "a daemon's pipe", argv: sh("(sleep 0.2; echo late) & echo early")},
	{name: "killed by TERM", argv: sh("kill -TERM $$; sleep 9")},
	{name: "killed by KILL", argv: sh("kill -KILL $$; sleep 9")},
	{name: "killed by PIPE", argv: sh("kill -PIPE $$; sleep 9")},
	{name: "killed by USR1", argv: sh("kill -USR1 $$; sleep 9")},
	{name: "killed by QUIT", argv: sh("kill -QUIT $$; sleep 9"), under: "ulimit -c 0;"},
	{name: "killed by ABRT", argv: []string{"FIXTURE/abort"}, under: "ulimit -c 0;"},
	{name: "killed by SEGV", argv: []string{"FIXTURE/segv"}, under: "ulimit -c 0;"},
	{name: "SEGV is handled", argv: []string{"FIXTURE/segv", "handled"}},
	{name: "killed by SIGXCPU", argv: sh("ulimit -t 1; while :; do :; done"), under: "ulimit -c 0;"},
	{name: "shell sees SEGV", argv: sh("FIXTURE/segv; echo $?"), under: "ulimit -c 0;"},
	{name: "traps", argv: sh("trap 'echo usr1' USR1; trap 'echo exit' EXIT; kill -USR1 $$; echo on")},
	{name: "stops and goes on", argv: sh("sh -c 'kill -STOP $$; echo back; >back; exit 6' & until test -e back; do kill -CONT $!; sleep 0.01; done; wait $!; echo $?")},
	{name: "descriptors", argv: []string{"FIXTURE/fdlist"}},
	{name: "more descriptors", argv: []string{"FIXTURE/fdlist"}, under: "exec 3<. 7>out 9<>rw;"},
	{name: "closed standard input", argv: sh("echo on"), under: "exec <&-;"},
	{name: "closed standard streams", argv: sh("exit 3"), under: "exec <&- >&- 2>&-;"},
	{name: "limits", argv: sh("ulimit -a")},
	{name: "few descriptors", argv: sh("ulimit -n; ulimit -Hn"), under: "ulimit -S -n 64;"},
	{name: "hard limits", argv: sh("ulimit -a; ulimit -Ha"), under: "ulimit -n 256; ulimit -c 0; ulimit -s 4096;"},
	{name: "no room for signals", argv: []string{"FIXTURE/counts"}, under: "exec prlimit --sigpending=0 "},
	{name: "umask", argv: sh("umask; >f; stat -c %a f"), under: "umask 027;"},
	{name: "state", argv: []string{"FIXTURE/sigstate"}, strip: seccompState},
	{name: "state under nohup", argv: []string{"nohup", "FIXTURE/sigstate"}, strip: seccompState},
	{name: "state, SIGHUP ignored", argv: []string{"FIXTURE/sigstate"}, under: "trap '' HUP;", strip: seccompState},
	{name: "state, SIGPIPE ignored", argv: []string{"FIXTURE/sigstate"}, under: "trap '' PIPE;", strip: seccompState},
	{name: "state, SIGINT and SIGQUIT ignored", argv: []string{"FIXTURE/sigstate"}, under: "trap '' INT QUIT;", strip: seccompState},
	{name: "state, SIGCHLD ignored", argv: []string{"FIXTURE/sigstate"}, under: "trap '' CHLD;", strip: seccompState},
	{name: "state, much ignored", argv: []string{"FIXTURE/sigstate"}, strip: seccompState,
		under: "trap '' USR1 USR2 TERM ALRM TSTP TTIN TTOU CONT WINCH URG XCPU XFSZ VTALRM PROF IO PWR SYS TRAP ABRT BUS FPE SEGV ILL;"},
	{name: "state, signals blocked", argv: []string{"FIXTURE/sigstate"}, under: "exec env --block-signal ", strip: seccompState},
	{name: "state, nice and limits", argv: []string{"FIXTURE/sigstate"}, under: "ulimit -n 100; ulimit -c 0; umask 077; exec nice -n 3 ", strip: seccompState},
	{name: "SIGPIPE ignored", argv: sh("(while cat words 2>/dev/null; do :; done; cat words; echo $? >status) | true; until test -s status; do sleep 0.01; done; cat status"), prepare: words, under: "trap '' PIPE;"},
	{name: "SIGTERM ignored", argv: sh("kill -TERM $$; echo lives"), under: "trap '' TERM;"},
}

// do runs the command, under luatrace with the words of tracing in front.
func (o *ordinary) do(t *testing.T, tracing []string, credential *syscall.Credential) fixture.Result {
	t.Helper()
	dir := openDir(t)
	if o.prepare != "" {
		cmd := exec.Command("sh", "-c", o.prepare)
		cmd.Dir = dir
		if credential != nil {
			chown(t, dir, credential)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
		}
		if r := fixture.RunCmd(t, cmd); r.Code != 0 {
			t.Fatalf("preparing: %+v", r)
		}
	}
	under := o.under
	if !runsAnother.MatchString(under) {
		under += " exec "
	}
	argv := append([]string{"-c", under + ` "$@"`, "sh"}, tracing...)
	for _, a := range o.argv {
		before, rest, found := strings.Cut(a, "FIXTURE/")
		if found {
			name, after, _ := strings.Cut(rest, ";")
			if after != "" {
				after = ";" + after
			}
			a = before + fixture.Build(t, name) + after
		}
		argv = append(argv, a)
	}
	cmd := exec.Command("sh", argv...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "HOME="+dir, "LC_ALL=C")
	if o.stdin != "" {
		cmd.Stdin = strings.NewReader(o.stdin)
	}
	if credential != nil {
		chown(t, dir, credential)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	}
	r := fixture.RunCmd(t, cmd)
	r.Stdout = o.clean(r.Stdout, dir)
	r.Stderr = o.clean(r.Stderr, dir)
	return r
}

func (o *ordinary) clean(text, dir string) string {
	text = strings.ReplaceAll(text, dir, "DIR")
	if o.strip == nil {
		return text
	}
	var kept []string
	for _, line := range lines(text) {
		drop := false
		for _, s := range o.strip {
			drop = drop || strings.HasPrefix(line, s)
		}
		if !drop {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// checkTransparent compares a traced run with an untraced one.
func checkTransparent(t *testing.T, o ordinary, m mode, credential *syscall.Credential) {
	t.Helper()
	want := o.do(t, nil, credential)
	// A trace of its own for each command, in a directory that stays.
	dir := openDir(t)
	if credential != nil {
		chown(t, dir, credential)
	}
	args := append([]string{}, m.args...)
	args[1] = filepath.Join(dir, "trace")
	got := o.do(t, mode{m.name, args}.traced(t), credential)
	if got != want {
		t.Errorf("traced:   %+v\nuntraced: %+v", got, want)
	}
	if trace := readFile(t, args[1]); !strings.Contains(trace, "execve") {
		t.Errorf("the trace holds no execve:\n%s", trace)
	}
}

func TestOrdinaryCommands(t *testing.T) {
	t.Parallel()
	for _, m := range modes(t) {
		for _, o := range ordinaries {
			t.Run(m.name+"/"+o.name, func(t *testing.T) {
				t.Parallel()
				checkTransparent(t, o, m, nil)
			})
		}
	}
}

// The same as an ordinary user without capabilities, when root runs the tests.
func TestOrdinaryCommandsAsNobody(t *testing.T) {
	t.Parallel()
	if !isRoot() {
		return // TestOrdinaryCommands was that
	}
	for _, m := range modes(t) {
		for _, o := range ordinaries {
			t.Run(m.name+"/"+o.name, func(t *testing.T) {
				t.Parallel()
				checkTransparent(t, o, m, &syscall.Credential{Uid: nobody, Gid: nobody})
			})
		}
	}
}

// Whatever signal ends the command ends luatrace, without a core file or a
// stack dump of its own.
func TestFatalSignalIsMirrored(t *testing.T) {
	t.Parallel()
	tool := fixture.Luatrace(t)
	for _, sig := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31, 32, 34, 62, 64} {
		t.Run(strconv.Itoa(sig), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(tool, "-o", "trace", "sh", "-c", "ulimit -c 0; kill -$0 $$", strconv.Itoa(sig))
			cmd.Dir = t.TempDir()
			r := fixture.RunCmd(t, cmd)
			if r.Signal != syscall.Signal(sig) || r.Stdout+r.Stderr != "" {
				t.Errorf("%+v, want death by signal %d and no output", r, sig)
			}
			if files := fixture.Run(t, "ls", cmd.Dir).Stdout; files != "trace\n" {
				t.Errorf("files %q, want the trace only", files)
			}
		})
	}
	t.Run("seen by a shell", func(t *testing.T) {
		t.Parallel()
		cmd := exec.Command("sh", "-c", `"$0" -o trace sh -c 'ulimit -c 0; kill -SEGV $$'; echo $?`, tool)
		cmd.Dir = t.TempDir()
		if r := fixture.RunCmd(t, cmd); r.Stdout != "139\n" {
			t.Errorf("%+v, want 139", r)
		}
	})
}
