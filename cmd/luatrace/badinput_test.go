package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// bad is a wrong command line: one line says what is wrong, and the exit status
// is the documented one.
type bad struct {
	args   []string
	code   int
	stderr string // pattern of the one line behind "luatrace: "
}

var badCommandLines = []bad{
	{nil, exitUsage, `no command to trace: luatrace \[options\] COMMAND \[ARG\.\.\.\], or -p PID \(see luatrace --help\)`},
	{[]string{"--nope", "true"}, exitUsage, `unknown flag: --nope \(see luatrace --help\)`},
	{[]string{"-Q", "true"}, exitUsage, `unknown .*'Q' in -Q \(see luatrace --help\)`},
	{[]string{"-o", "", "true"}, exitUsage, `-o: the name of a file is wanted`},
	{[]string{"-p", "", "true"}, exitUsage, `-p "": no process is named: a process id or name is wanted, or several with commas between them`},
	{[]string{"-p", " ,", "true"}, exitUsage, `-p " ,": no process is named: .*`},
	{[]string{"-t"}, exitUsage, `flag needs an argument: 't' in -t \(see luatrace --help\)`},
	{[]string{"-f", "--no-follow", "true"}, exitUsage, `--no-follow and -f contradict each other`},
	{[]string{"-z", "-Z", "true"}, exitUsage, `-z and -Z contradict each other`},
	{[]string{"--columns", "x", "true"}, exitUsage, `invalid argument "x" for "--columns" flag: .*`},
	{[]string{"--string-limit", "-1", "true"}, exitUsage, `--string-limit and --columns take numbers from 0 on`},
	{[]string{"--hook-timeout", "soon", "true"}, exitUsage, `invalid argument "soon" for "--hook-timeout" flag: .*5m.*`},
	{[]string{"--hook-timeout", "-1s", "true"}, exitUsage, `--hook-timeout: a time from 0 \(no limit\) on is wanted`},
	{[]string{"--max-memory=much", "true"}, exitUsage, `--max-memory: a size is wanted, in bytes or as 64K, 512M or 2G; 0 is no limit`},
	{[]string{"--max-output=-1", "true"}, exitUsage, `--max-output: a size is wanted, .*`},
	{[]string{"--max-read=0", "true"}, exitUsage, `--max-read: a size from 1 on is wanted`},
	{[]string{"--max-keys=0", "true"}, exitUsage, `--max-keys: a number from 1 on is wanted`},
	{[]string{"--absolute-timestamps=x", "true"}, exitUsage, `--absolute-timestamps: a format \(none, time, unix\) and a precision \(s, ms, us, ns\) are wanted, with a comma between them`},
	{[]string{"-c", "-S", "size", "true"}, exitUsage, `-S: unknown sort key "size": the keys are .*calls.*`},
	{[]string{"--absolute-timestamps=ms,foo", "true"}, exitUsage, `--absolute-timestamps: a format .*`},
	{[]string{"--relative-timestamps=m", "true"}, exitUsage, `-r: "m" is none of s, ms, us, ns.*`},
	{[]string{"--syscall-times=m", "true"}, exitUsage, `-T: "m" is none of s, ms, us, ns.*`},
	{[]string{"-c", "-U", "size", "true"}, exitUsage, `-U: unknown summary column "size": the columns are .*`},
	{[]string{"-c", "-O", "-1", "true"}, exitUsage, `-O: "-1": a number from 0 on with s, ms, us or ns is wanted, at most an hour`},
	{[]string{"-c", "-C", "true"}, exitUsage, `-c \(only the table\) and -C \(calls and table\) contradict each other`},
	{[]string{"-c", "-ff", "-o", "x", "true"}, exitUsage, `-ff has a file for each thread: there is none for the table of -c and -C`},
	{[]string{"-ff", "true"}, exitUsage, `-ff makes a file for each thread: -o FILE is wanted`},
	{[]string{"-o", "|less", "true"}, exitUsage, `-o "\|less" is strace's: here no shell is started; use 2> >\(COMMAND\) in bash, or a FIFO`},
	{[]string{"-A", "true"}, exitUsage, `-A appends to a file: -o FILE is wanted`},
	{[]string{"-ff", "-o", "/nonexistent/trace", "true"}, exitFailure, `the trace is incomplete: cannot write to "/nonexistent/trace\.[0-9]+": no such file or directory`},
	{[]string{"-X", "rw", "true"}, exitUsage, `-X: "rw" is none of raw, abbrev, verbose; did you mean "raw"\?`},
	{[]string{"--strings-in-hex=some", "true"}, exitUsage, `--strings-in-hex: "some" is none of all, non-ascii, non-ascii-chars, none.*`},
	{[]string{"--decode-fds=sock", "true"}, exitUsage, `--decode-fds: "sock" is none of path, socket, dev, eventfd, pidfd, signalfd.*`},
	{[]string{"--decode-pids=x", "true"}, exitUsage, `--decode-pids: "x" is none of comm`},
	{[]string{"--status=sucessful", "true"}, exitUsage, `--status: "sucessful" is none of .*; did you mean "successful"\?`},
	{[]string{"--status=none", "true"}, exitUsage, `--status: no result is left to be shown`},
	{[]string{"--signal=FOO", "true"}, exitUsage, `--signal: "FOO": .*`},
	{[]string{"--quiet=al", "true"}, exitUsage, `--quiet: "al" is none of attach, .*`},
	{[]string{"--read=x", "true"}, exitUsage, `--read: "x" is no descriptor: numbers from 0 on, all or none are wanted`},
	{[]string{"--write=1,-1", "true"}, exitUsage, `--write: "-1" is no descriptor: .*`},
	{[]string{"--trace-fds=", "true"}, exitUsage, `--trace-fds: "" is no descriptor: .*`},
	{[]string{"-P", "", "true"}, exitUsage, `-P: a path is wanted`},
	{[]string{"--raw=opnat", "true"}, exitUsage, `--raw: unknown system call "opnat": did you mean "openat"\?.*`},
	{[]string{"--abbrev=signal", "true"}, exitUsage, `--abbrev: "signal": system calls are wanted`},
	{[]string{"--syscall-limit=0", "true"}, exitUsage, `--syscall-limit takes a number from 1 on`},
	{[]string{"-b", "fork", "true"}, exitUsage, `-b: "fork" is none of execve`},
	{[]string{"-e", "trace=openat,%net", "true"}, exitUsage, `-e "trace=openat,%net" is strace's: here it is -t openat,%net; -e takes Lua code`},
	{[]string{"-e", "signal=!INT", "true"}, exitUsage, `-e "signal=!INT" is strace's: here it is --signal='!INT'; -e takes Lua code`},
	{[]string{"-e", "inject=open:error=EIO", "true"}, exitUsage, `-e "inject=open:error=EIO" is strace's: here it is --inject=open:error=EIO; .*`},
	{[]string{"-s", "200", "true"}, exitUsage, `-s 200 is strace's: here it is --string-limit=200; -s takes the name of a script`},
	{[]string{"-a", "60", "true"}, exitUsage, `-a 60 is strace's: here it is --columns=60; -a takes NAME=VALUE`},
	{[]string{"-P", "/x", "-s", "opensnoop", "true"}, exitUsage, `--trace-path is for the plain output; a script chooses with conditions: .*`},
	{[]string{"--signal=INT", "-e", "x()", "true"}, exitUsage, `--signal is for the plain output; .*`},
	{[]string{"-s", "opensnoop", "-a", "under", "true"}, exitUsage, `-a under: a value is wanted, -a under=PATH \(.*\)`},
	{[]string{"opensnoop", "ls"}, exitNotFound, `cannot run "opensnoop": command not found; a script is run by luatrace -s opensnoop COMMAND`},
	{[]string{"types", "--nope"}, exitUsage, `types takes one directory at most .*`},
	{[]string{"help", "me"}, exitUsage, `help: there is nothing about "me"; did you mean "?mem.*`},
	{[]string{"-c", "-t", "signal", "true"}, exitUsage, `-c counts system calls, not "signal"`},

	{[]string{"-a", "=1", "-s", "opensnoop", "true"}, exitUsage, `-a "=1": NAME=VALUE is wanted`},
	{[]string{"-a", "x=1", "true"}, exitUsage, `-a "x": there is no script that takes it`},
	{[]string{"-a", "fail=1", "-s", "opensnoop", "true"}, exitUsage, `-a "fail": no script takes this argument; did you mean "failed"\?`},
	{[]string{"-a", "zzzzz=1", "-s", "opensnoop", "true"}, exitUsage, `-a "zzzzz": no script takes this argument \(there are .*failed.*\)`},
	{[]string{"-E", "=1", "true"}, exitUsage, `-E "=1": NAME=VALUE or NAME is wanted`},
	{[]string{"-u", "no such user", "true"}, exitUsage, `-u "no such user": there is no such user in /etc/passwd; UID:GID names any`},
	{[]string{"-u", "1:x", "true"}, exitUsage, `-u "1:x": a user name, a number or UID:GID is wanted`},

	{[]string{"-t", "opnat", "true"}, exitUsage, `-t: unknown system call "opnat": did you mean "openat"\?.*`},
	{[]string{"-t", "%nett", "true"}, exitUsage, `-t: .*"%nett".*`},
	{[]string{"-t", "/(/", "true"}, exitUsage, `-t: "/\(/": invalid regular expression: .*`},
	{[]string{"-e", `on("opnat", print)`, "true"}, exitUsage, `-e:1: .*unknown system call "opnat": did you mean "openat"\?.*`},
	{[]string{"-e", `on("openat:entr", print)`, "true"}, exitUsage, `-e:1: .*"?entr"?.*`},
	{[]string{"-e", `on("openat")`, "true"}, exitUsage, `-e:1: .*`},
	{[]string{"-e", `x = (1`, "true"}, exitUsage, `-e:1: .*`},
	{[]string{"-t", "openat", "-e", `print(`, "true"}, exitUsage, `-e:1: unexpected end of the script.*`},
	{[]string{"-s", "opensnop", "true"}, exitUsage, `there is no script "opensnop" in the collection; did you mean "opensnoop"\?.*`},
	{[]string{"-s", "./nothing.lua", "true"}, exitUsage, `cannot read the script "./nothing.lua": no such file or directory`},
	{[]string{"-s", "/", "true"}, exitUsage, `/ is a directory, not a script`},
	{[]string{"-s", "syntax.lua", "true"}, exitUsage, `syntax.lua:2: .*`},
	{[]string{"-s", "load.lua", "true"}, exitUsage, `load.lua:1: on purpose`},
	{[]string{"-s", "global.lua", "true"}, exitUsage, `global.lua:1: .*"?countr"?.*`},

	{[]string{"-p", "0"}, exitUsage, `-p "0": a process id or a name is wanted, not "0"`},
	{[]string{"-p", "1,no such name"}, exitFailure, `-p "no such name": no process of that name is running`},
	{[]string{"-p", "-5"}, exitUsage, `-p "-5": a process id or a name is wanted, not "-5"`},
	{[]string{"-p", "99999999999999999999"}, exitUsage, `-p "9+": a process id or a name is wanted, not "9+"`},
	{[]string{"--for", "0", "true"}, exitUsage, `--for: a time is wanted: 10s, 1m30s, 500ms, or seconds`},
	{[]string{"--for", "soon", "true"}, exitUsage, `--for: a time is wanted: 10s, 1m30s, 500ms, or seconds`},
	{[]string{"-p", "2147483647"}, exitFailure, `cannot attach to process 2147483647: there is no such process`},

	{[]string{"-o", "/nonexistent/trace", "true"}, exitFailure, `cannot write to "/nonexistent/trace": no such file or directory`},
	{[]string{"-o", ".", "true"}, exitFailure, `cannot write to "\.": is a directory`},
	{[]string{"-o", "", "-o", "/dev/full", "true"}, exitFailure, `the trace is incomplete: cannot write to "/dev/full": no space left on device`},

	{[]string{"no-such-command"}, exitNotFound, `cannot run "no-such-command": command not found`},
	{[]string{"./nothing"}, exitNotFound, `cannot run "./nothing": no such file`},
	{[]string{""}, exitNotFound, `cannot run "": command not found`},
	{[]string{"a\x1b[31m\n"}, exitNotFound, `cannot run "a\\x1b\[31m\\n": command not found`},
	{[]string{"./plain"}, exitCannotExec, `cannot run "./plain": permission denied`},
	{[]string{"."}, exitNotFound, `cannot run "\.": command not found`},
	{[]string{"./"}, exitCannotExec, `cannot run "./": it is a directory`},
	{[]string{"-o", "trace", "./no-interpreter-line"}, exitCannotExec, `cannot run "./no-interpreter-line": exec format error \(a script needs a first line like #!/bin/sh\)`},
	{[]string{"-o", "trace", "./bad-interpreter"}, exitNotFound, `cannot run "./bad-interpreter": the interpreter that its first line or its ELF header names does not exist`},

	{[]string{"list", "no-such-category"}, exitFailure, `no script is of the category "no-such-category" or matches it; categories are .*`},
	{[]string{"list", "a", "b"}, exitUsage, `list: it takes one category or pattern at most .*`},
	{[]string{"info"}, exitUsage, `info takes the name of a script .*`},
	{[]string{"info", "opensnop"}, exitUsage, `there is no script "opensnop" in the collection; did you mean "opensnoop"\?.*`},
	{[]string{"probes", "opnat"}, exitUsage, `unknown system call "opnat": did you mean "openat"\?.*`},
	{[]string{"probes", "signal"}, exitUsage, `probes lists system calls; "signal" is no system call`},
}

func TestBadCommandLines(t *testing.T) {
	t.Parallel()
	for _, b := range badCommandLines {
		name := strings.Join(b.args, " ")
		t.Run(name[:min(len(name), 60)], func(t *testing.T) {
			t.Parallel()
			checkBad(t, b, false)
		})
		if isRoot() {
			t.Run("as nobody "+name[:min(len(name), 60)], func(t *testing.T) {
				t.Parallel()
				checkBad(t, b, true)
			})
		}
	}
}

func checkBad(t *testing.T, b bad, ordinary bool) {
	t.Helper()
	dir := openDir(t)
	for name, text := range map[string]string{
		"syntax.lua": "local a = 1\nlocal = 2\n", "load.lua": `error("on purpose")`, "global.lua": "countr = 1\n", "plain": "x",
	} {
		writeFile(t, filepath.Join(dir, name), text)
	}
	for name, text := range map[string]string{"no-interpreter-line": "exit 0\n", "bad-interpreter": "#!/nonexistent/interpreter\n"} {
		writeFile(t, filepath.Join(dir, name), text)
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(fixture.Luatrace(t), b.args...)
	cmd.Dir = dir
	if ordinary {
		asNobody(cmd)
		chown(t, dir, cmd.SysProcAttr.Credential)
	}
	r := fixture.RunCmd(t, cmd)
	if r.Code != b.code || r.Stdout != "" || !regexp.MustCompile("^luatrace: "+b.stderr+"\n$").MatchString(r.Stderr) {
		t.Errorf("exit status %d, stdout %q, stderr:\n%s\nwant %d and luatrace: %s", r.Code, r.Stdout, r.Stderr, b.code, b.stderr)
	}
}

// A hook that fails says where and on what, does no harm to the command and
// makes luatrace end with 3. The same error is told once, and counted at the
// end; after ten times the hook is switched off for the program that it fails on.
func TestFailingHooks(t *testing.T) {
	t.Parallel()
	const command = "kill -USR1 $$; kill -USR1 $$; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do : <words; done; sh -c 'exit 0'; sleep 0.3; echo unharmed; exit 9"
	for name, row := range map[string]struct {
		script string
		line   string // pattern of each line behind "luatrace: "
		times  int    // how many there are; 0 for ten and the switching off
	}{
		"exit":  {"\non('openat', function(ev)\n  error('boom')\nend)", `bad.lua:3: boom \(in the hook of bad.lua:2, on openat of task \d+\)`, 0},
		"enter": {"on('openat:enter', function(ev) local x; x.y = 1 end)", `bad.lua:1: .*'?y'?.* \(in the hook of bad.lua:1, on openat of task \d+\)`, 0},
		"enter, unknown field": {"on('openat:enter', function(ev) return ev.pth end)",
			`bad.lua:1: openat:enter has no field 'pth'; did you mean 'path'\? \(it has .* flags, .*\) \(in the hook of bad.lua:1, on openat of task \d+\)`, 0},
		"exit, unknown field": {"on('openat', function(ev) return ev.retval end)", `bad.lua:1: openat has no field 'retval'; .*\(it has .* ret, .*\).*`, 0},
		"no result at entry":  {"on('getpid:enter,openat:enter', function(ev) return ev.ret end)", `.*bad.lua:1: .*`, 0},
		"signal":              {"on('signal:SIGUSR1', function(ev) error('boom') end)", `bad.lua:1: boom \(in the hook of bad.lua:1, on SIGUSR1 of task \d+\)`, 2},
		"process":             {"on('proc:exit', function(ev) error('boom') end)", `bad.lua:1: boom \(in the hook of bad.lua:1, on .* of task \d+\)`, 3},
		"error of a table":    {"on('proc:exec', function(ev) error({1}) end)", `.* \(in the hook of bad.lua:1, on exec of task \d+\)`, 3},
		"timer":               {"every('5ms', function() error('boom') end)", `bad.lua:1: boom \(in the hook of bad.lua:1, on timer\)`, 0},
		"begin":               {"on('begin', function() error('boom') end)", `bad.lua:1: boom \(in the hook of bad.lua:1, on begin\)`, 1},
		"end":                 {"on('end', function() error('boom') end)", `bad.lua:1: boom \(in the hook of bad.lua:1, on end\)`, 1},
		"endless loop":        {"on('proc:exec', function(ev) while true do end end)", `bad.lua:1: ran longer than 50ms \(in the hook of bad.lua:1, on exec of task \d+\)`, 3},
		"endless recursion":   {"local function f() return 1 + f() end\non('proc:exec', function(ev) f() end)", `bad.lua:1: stack overflow.*on exec of task \d+\)`, 3},
		"endless timer":       {"on('begin', function() local s = '' while true do s = 'x' end end)", `bad.lua:1: ran longer than 50ms .*on begin\)`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "bad.lua"), row.script)
			writeFile(t, filepath.Join(dir, "words"), "")
			cmd := exec.Command(fixture.Luatrace(t), "--hook-timeout", "50ms", "-s", "bad.lua", "sh", "-c", "trap 'echo usr1' USR1; "+command)
			cmd.Dir = dir
			r := fixture.RunCmd(t, cmd)
			if r.Code != exitHook || r.Stdout != "usr1\nusr1\nunharmed\n" {
				t.Errorf("exit status %d, stdout %q; want %d and an unharmed command", r.Code, r.Stdout, exitHook)
			}
			got := lines(r.Stderr)
			if first := regexp.MustCompile("^luatrace: " + row.line + "$"); !first.MatchString(got[0]) {
				t.Errorf("line %q, want %s", got[0], row.line)
			}
			message := regexp.QuoteMeta(regexp.MustCompile(`^luatrace: (.*) \(in the hook of .*$`).ReplaceAllString(got[0], "$1"))
			var last []string // patterns
			switch row.times {
			case 0:
				off := fmt.Sprintf("luatrace: the hook of bad.lua:%d has failed 10 times", 1+strings.Count(row.script, "\non("))
				if strings.HasPrefix(row.script, "every") { // no process is to blame
					last = []string{off + " and is switched off"}
					break
				}
				// Of the shell's children some fail often enough, others do not: that
				// depends on the files that they open.
				off += ` in process \d+ and is switched off for it`
				for len(last) < len(got)-1 && (len(last) == 0 || strings.Contains(got[1+len(last)], "switched off")) {
					last = append(last, off)
				}
				if len(last) < len(got)-1 {
					last = append(last, `luatrace: \d+ times: `+message+` \(in the hook of bad.lua:\d+\)`)
				}
			case 1:
			default:
				last = []string{fmt.Sprintf(`luatrace: %d times: %s \(in the hook of bad.lua:\d+\)`, row.times, message)}
			}
			if len(got) != 1+len(last) {
				t.Fatalf("stderr %q; want after the first line %q", got, last)
			}
			for i, pattern := range last {
				if !regexp.MustCompile("^" + pattern + "$").MatchString(got[1+i]) {
					t.Errorf("stderr %q; want after the first line %q", got, last)
				}
			}
		})
	}
}

// What the output does must not matter to the command.
func TestOutputFails(t *testing.T) {
	t.Parallel()
	tool := fixture.Luatrace(t)
	for name, row := range map[string]struct{ script, stdout, stderr string }{
		"full disk":     {`"$0" -o /dev/full sh -c 'echo unharmed; exit 4'; echo $?`, "unharmed\n4\n", "luatrace: the trace is incomplete: cannot write to \"/dev/full\": no space left on device\n"},
		"closed pipe":   {`{ "$0" sh -c 'seq 3000 >f; cat f f f; exit 4' 2>&1 >out; echo $? >status; } | true; until test -s status; do sleep 0.01; done; cat status; wc -l <out`, "4\n9000\n", ""},
		"closed stderr": {`"$0" sh -c 'echo unharmed; exit 4' 2>&-; echo $?`, "unharmed\n4\n", ""},
		"link in a directory that all may write": {`mkdir -m 1777 d; ln -s ../x d/trace; "$0" -o d/trace true; echo $?; test -e x || echo no file`, "1\nno file\n",
			"luatrace: cannot write to \"d/trace\": it is a symbolic link in a directory where everybody may write\n"},
		"rights": {`umask 0; "$0" -o trace true; stat -c %a trace`, "600\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("sh", "-c", row.script, tool)
			cmd.Dir = t.TempDir()
			if r := fixture.RunCmd(t, cmd); r.Stdout != row.stdout || r.Stderr != row.stderr {
				t.Errorf("%+v\nwant stdout %q, stderr %q", r, row.stdout, row.stderr)
			}
		})
	}
}
