package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"luatrace/internal/fixture"
)

// varying are the parts of lines that differ from run to run.
var varying = regexp.MustCompile(`0x[0-9a-f]{4,}|\b[0-9]{3,}\b`)

// tamperedLines runs a command under strace or luatrace, and returns what the
// command printed and its lines, with what varies masked.
func tamperedLines(t *testing.T, tracer []string, rules []string, command ...string) (stdout, trace string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "trace")
	argv := append(tracer[1:], "-f", "-q", "-o", file)
	for _, r := range rules {
		if !strings.HasPrefix(r, "--fault=") {
			r = "--inject=" + r
		}
		argv = append(argv, r)
	}
	cmd := exec.Command(tracer[0], append(argv, command...)...)
	r := fixture.RunCmd(t, cmd)
	out := varying.ReplaceAllString(readFile(t, file), "N")
	return r.Stdout, regexp.MustCompile(`(?m)^N +`).ReplaceAllString(out, "N ")
}

// Rules of strace, each an --inject but for those that say --fault, do the same here as there, line by line and for the program.
func TestInjectIsStraces(t *testing.T) {
	t.Parallel()
	tampered := []string{fixture.Build(t, "tampered")}
	tampered32 := []string{fixture.BuildStatic32(t, "tampered")}
	const own = "getppid,chdir,uname,getcwd"
	python := []string{"/usr/bin/python3", "-S", "-c", "import os\nfor i in range(3):\n  try: os.mkdir('/nonexistent/x')\n  except OSError as e: print(e)"}
	for _, tt := range []struct {
		rules   string // one or several
		calls   string // that are shown
		command []string
	}{
		{"getppid:error=EPERM", own, tampered},
		{"getppid:error=5", own, tampered},
		{"getppid:error=4000", own, tampered},
		{"getppid:retval=0", own, tampered},
		{"getppid:retval=7", own, tampered},
		{"getppid:retval=0x10", own, tampered},
		{"getppid:error=EPERM:when=2", own, tampered},
		{"getppid:error=EPERM:when=3+", own, tampered},
		{"getppid:error=EPERM:when=2+2", own, tampered},
		{"getppid:error=EPERM:when=2..3", own, tampered},
		{"getppid:error=EPERM:when=2..4+", own, tampered},
		{"getppid:error=EPERM:when=1..4+2", own, tampered},
		{"getppid:error=EPERM:when=1:when=2", own, tampered},
		{"getppid:signal=URG", own, tampered},
		{"getppid:signal=SIGURG:when=2+2", own, tampered},
		{"getppid:signal=23:error=EIO:when=2", own, tampered},
		{"getppid:delay_enter=10", own, tampered},
		{"getppid:delay_exit=1ms:when=1+4", own, tampered},
		{"getppid:delay_enter=1e3ns:delay_exit=0.01ms:error=EINTR", own, tampered},
		{"getppid:retval=5:syscall=getpid", own, tampered},
		{"getppid:error=EBUSY:syscall=getuid:delay_exit=10us", own, tampered},
		{"chdir:poke_enter=@arg1=2f00", own, tampered},
		{"chdir:poke_enter=@arg1=2f00:error=EIO", own, tampered},
		{"uname:poke_exit=@arg1=41424300", own, tampered},
		{"uname:poke_exit=@arg1=41424300:retval=0", own, tampered},
		{"getcwd:poke_exit=@arg1=2f2f2f2f2f", own, tampered},
		{"?nonsense,getppid:error=EIO", own, tampered},
		{"getppid,chdir:error=EIO:when=1", own, tampered},
		{"!getppid,chdir,uname:error=EIO:when=99", own, tampered},
		{"/^get.pid:error=EIO", own, tampered},
		{"getppid:error=EIO chdir:retval=0", own, tampered},
		{"getppid:error=EIO:when=1 uname:error=EFAULT chdir:delay_enter=1", own, tampered},
		{"--fault=getppid", own, tampered},
		{"--fault=getppid:error=EINVAL:when=2+", own, tampered},
		{"getppid:error=EPERM:when=2", own, tampered32},
		{"getppid@32:retval=77 getppid@64:error=EIO", own, tampered32},
		{"getppid:retval=5:syscall=getpid", own, tampered32},
		{"getppid:signal=URG:when=3", own, tampered32},
		{"chdir:poke_enter=@arg1=2f00", own, tampered32},
		{"openat:error=EMFILE:when=3", "%file", []string{"/bin/cat", "/etc/hostname", "/etc/passwd"}},
		{"read:error=EIO:when=2+", "read,write", []string{"/bin/cat", "/etc/hostname"}},
		{"write:error=ENOSPC", "write,exit_group", []string{"/bin/sh", "-c", "echo a; echo b >&2; true"}},
		{"signal:error=EINVAL:when=2", "%signal", []string{"/bin/sh", "-c", "trap '' USR1; kill -USR1 $$"}},
		{"execve:error=EACCES", "execve", []string{"/bin/sh", "-c", "/bin/true; exec /bin/true"}},
		{"execve:error=EACCES:when=1", "execve", []string{"/bin/sh", "-c", "/bin/true; exec /bin/true"}},
		{"mkdir:error=EEXIST:when=2", "mkdir", python},
		{"mkdir:retval=0:when=2+", "mkdir", python},
		{"mkdir:poke_enter=@arg1=2f746d7000:when=1..1+", "mkdir", python},
	} {
		rules := strings.Fields(tt.rules)
		wantOut, want := tamperedLines(t, []string{"strace", "-e", "trace=" + tt.calls}, rules, tt.command...)
		gotOut, got := tamperedLines(t, []string{fixture.Luatrace(t), "-t", tt.calls}, rules, tt.command...)
		if got != want {
			t.Errorf("%s of %s:\n%s\nstrace:\n%s", tt.rules, tt.command, got, want)
		}
		if gotOut != wantOut {
			t.Errorf("%s of %s: the program prints %q, under strace %q", tt.rules, tt.command, gotOut, wantOut)
		}
	}
}

// What strace refuses is refused here too, and the line says why.
func TestInjectRefusals(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{
		"getppid":                                 "nothing to do: one of error,",
		"getppid:when=2":                          "nothing to do: one of error,",
		"getppid:error=EPERM:retval=1":            "error= and retval= exclude each other",
		"getppid:error=EPERM:error=EIO":           "error= is given twice",
		"getppid:signal=CHLD:signal=USR1":         "signal= is given twice",
		"getppid:delay_enter=1ms:delay_enter=2ms": "delay_enter= is given twice",
		"getppid:error=5000":                      "error=5000: an errno is wanted, such as EIO, or a number from 1 to 4095",
		"getppid:error=EPREM":                     "error=EPREM is no errno; did you mean EPERM?",
		"getppid:error=EPERM:when=0":              "when= takes FIRST,",
		"getppid:error=EPERM:when=":               `"when": NAME=VALUE is wanted`,
		"getppid:error=EPERM:when=3..2":           "when=: LAST comes before FIRST",
		"getppid:error=EPERM:when=65536":          "when= takes FIRST,",
		"getppid:error=EPERM:when=1..65535":       "when= takes FIRST,",
		"getppid:error=EPERM:when=2+0":            "when= takes FIRST,",
		"getppid:error=EPERM:when=-1":             "when= takes FIRST,",
		"getppid:signal=SIGNONE":                  "signal=SIGNONE: a signal is wanted",
		"getppid:signal=65":                       "signal=65: a signal is wanted",
		"getppid:delay_enter=1q":                  "1q: a time is wanted",
		"getppid:foo=1":                           `"foo": there are error, retval,`,
		"getppid:syscall=getpid":                  "syscall= only says which call is made in the place of one that does not run",
		"getppid:retval=5:syscall=close":          "syscall=close: a call without arguments or effects is wanted, one of get",
		"chdir:poke_enter=@arg1=0":                "@arg1=0: @argN=HEX is wanted",
		"chdir:poke_enter=arg1=00":                "arg1=00: @argN=HEX is wanted",
		"chdir:poke_enter=@arg8=00":               "@arg8=00: @argN=HEX is wanted",
		"chdir:poke_enter=@arg1=00,@arg1=11":      "@arg1=11: there is an @arg1 already",
		"chdir:poke_enter=@arg2=2f00":             "@arg2: chdir has 1 arguments",
		"nonsense:error=EIO":                      "nonsense",
		"proc:error=EIO":                          "system calls are wanted",
	} {
		cmd := exec.Command(fixture.Luatrace(t), "--inject="+rule, "/bin/true")
		r := fixture.RunCmd(t, cmd)
		if r.Code != exitUsage || !strings.Contains(r.Stderr, want) || strings.Count(r.Stderr, "\n") != 1 {
			t.Errorf("%s: status %d, %q; want %q", rule, r.Code, r.Stderr, want)
		}
		if exec.Command("strace", "-o", "/dev/null", "--inject="+rule, "/bin/true").Run() == nil && !strings.Contains(rule, "@arg2") {
			t.Errorf("strace takes %s", rule)
		}
	}
	// These strace takes, with a warning, or without a word.
	for args, want := range map[string]string{
		"--inject=getppid:retval=-1":             "retval=-1 is an error for the program: write error=1",
		"--inject=getppid:error=512":             "error=512 makes the kernel restart the call",
		"--fault=getppid:retval=1":               `"retval": there are error and when; --inject has more`,
		"--read-only --inject=getppid:error=EIO": "--read-only refuses that",
		"-e fault=getppid:error=EIO":             "here it is --fault=getppid:error=EIO",
		"-c --lines":                             "--lines and -c (only the table) contradict each other",
		"-T -e -- ":                              "-T is for the lines of calls",
		"-z -e -- ":                              "--lines prints calls beside it",
	} {
		r := fixture.RunCmd(t, exec.Command(fixture.Luatrace(t), append(strings.Fields(args), "/bin/true")...))
		if r.Code != exitUsage || !strings.Contains(r.Stderr, want) {
			t.Errorf("%s: status %d, %q; want %q", args, r.Code, r.Stderr, want)
		}
	}
}

// At the end each fault says how often it hit, however the calls were made to
// fail; -q leaves that out, and then the kernel does what it can by itself.
func TestFaultsSayHowOftenTheyHit(t *testing.T) {
	t.Parallel()
	tampered := fixture.Build(t, "tampered")
	for _, tt := range []struct{ args, want string }{
		{"--fault=getppid", "--fault=getppid: 10 of 10 calls failed\n"},
		{"--fault=getppid:when=2", "--fault=getppid:when=2: 3 of 10 calls failed\n"},
		{"--inject=getppid:retval=3:when=5+", "--inject=getppid:retval=3:when=5+: 1 of 10 calls injected\n"},
		{"--inject=chdir:delay_exit=1", "--inject=chdir:delay_exit=1: 1 of 1 call delayed\n"},
		{"--inject=fchdir:error=EIO", "--inject=fchdir:error=EIO: there was no such call\n"},
		{"-P /nonexistent --fault=%file,getppid", "--fault=%file,getppid: 1 of 1 call failed\n"},
		{"-e fault('getppid','EIO')", "fault(\"getppid\") at -e:1: 10 of 10 calls failed\n"},
		{"-e fault('getppid',{errno='EIO',nth=11})", "fault(\"getppid\") at -e:1: 0 of 10 calls failed\n"},
		{"-e fault('getppid',{ret=1,nth=1})", "fault(\"getppid\") at -e:1: 1 of 10 calls prevented\n"},
		{"-e fault('chdir',{errno='EIO',when={path='/nonexistent'}})", "fault(\"chdir\") at -e:1: 1 of 1 call failed\n"},
		{"-e fault('getcwd',{errno='EIO',when={size=ge(5000)}})", "fault(\"getcwd\") at -e:1: there was no such call\n"},
		{"-e fault('getppid',{errno='EIO',nth=1});fault('getppid',{errno='EIO',nth=2})", "fault(\"getppid\") at -e:1: 2 of 20 calls failed\n"},
		{"-c --fault=getppid", "--fault=getppid: 10 of 10 calls failed\n"},
		{"--attachable -t none --fault=getppid", "--fault=getppid: 10 of 10 calls failed\n"},
		{"--no-notify -t none --fault=getppid", "--fault=getppid: 10 of 10 calls failed\n"},
		{"-t none --fault=getppid", "--fault=getppid: 10 of 10 calls failed\n"},
	} {
		argv := append(strings.Fields(tt.args), "-o", "/dev/null", tampered)
		loud := fixture.RunCmd(t, exec.Command(fixture.Luatrace(t), argv...))
		if loud.Stderr != "luatrace: "+tt.want {
			t.Errorf("%s: %q, want %q", tt.args, loud.Stderr, tt.want)
		}
		for _, quiet := range []string{"-q", "--quiet=faults"} {
			r := fixture.RunCmd(t, exec.Command(fixture.Luatrace(t), append([]string{quiet}, argv...)...))
			if r.Stderr != "" || r.Stdout != loud.Stdout {
				t.Errorf("%s %s: %q and %q; without it %q", quiet, tt.args, r.Stderr, r.Stdout, loud.Stdout)
			}
		}
	}
	r := fixture.RunCmd(t, exec.Command(fixture.Luatrace(t), "-j", "-t", "none", "--quiet=exit", "--fault=getppid:when=2", "-s", "faults", "-a", "calls=uname", "-a", "short=1", tampered))
	if want := `{"type":"fault","fault":"--fault=getppid:when=2","calls":10,"hits":3}`; !slices.Contains(lines(r.Stderr), want) ||
		!strings.Contains(r.Stderr, `{"type":"notice","text":"faults: 0 of 0 calls cut short"}`) || strings.Contains(r.Stderr, "luatrace: ") {
		t.Errorf("with -j: %q lacks %s", r.Stderr, want)
	}
	for args, want := range map[string]string{
		"-q -t none --fault=getppid":            "errno   fails in the kernel, nothing stops: 1 calls\n        getppid\n",
		"-q -e fault('getppid','EIO')":          "errno   fails in the kernel, nothing stops: 1 calls\n        getppid\n",
		"-t none --inject=getppid:retval=0":     "notify  the hook is asked before the call: 1 calls\n        getppid\n",
		"-q -t none --inject=getppid:retval=0":  "errno   fails in the kernel, nothing stops: 1 calls\n        getppid\n",
		"-q -t none --inject=getppid:retval=1":  "notify  the hook is asked before the call: 1 calls\n        getppid\n",
		"-q -t none --inject=getppid:signal=23": "every call stops, before and after it runs (signal= of --inject",
	} {
		r := fixture.RunCmd(t, exec.Command(fixture.Luatrace(t), append(append([]string{"--plan"}, strings.Fields(args)...), "/bin/true")...))
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("--plan %s: %q lacks %q", args, r.Stdout, want)
		}
	}
}

// --lines prints lines beside what scripts write, each whole, with what the
// scripts changed marked.
func TestLinesBesideScripts(t *testing.T) {
	t.Parallel()
	script := filepath.Join(openDir(t), "change.lua")
	writeFile(t, script, `
on("uname", function(ev) ev.buf.sysname = "Plan9" print "uname" end)
on("getcwd", function(ev) ev.ret = 5 end)
on("chdir:enter", function(ev) ev.path = "/" end)
local n = 0
on("getppid:enter", function(ev)
  n = n + 1
  if n == 1 then ev:fail "EIO" elseif n == 2 then ev:delay(0.000001) elseif n == 3 then ev.nr = 39 end
end)
`)
	r := fixture.RunCmd(t, exec.Command(fixture.Luatrace(t), "--no-follow", "--lines", "-q", "-t", "uname,getcwd,chdir,getppid", "-s", script, fixture.Build(t, "tampered")))
	want := `getppid() = -1 EIO (Input/output error) (INJECTED)
getppid() = N (DELAYED)
getppid() = N (INJECTED)
getppid() = N
getppid() = N
chdir("/") = 0 (INJECTED: args)
uname
uname({sysname="Plan9", nodename="X", ...}) = 0 (INJECTED: args)
getcwd("/", N) = 5 (INJECTED)
--- SIGCHLD ---
+++ exited with 0 +++
`
	got := regexp.MustCompile(` += `).ReplaceAllString(varying.ReplaceAllString(r.Stderr, "N"), " = ")
	got = regexp.MustCompile(`SIGCHLD {.*}`).ReplaceAllString(got, "SIGCHLD")
	got = regexp.MustCompile(`nodename="[^"]*"`).ReplaceAllString(got, `nodename="X"`)
	if got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
	// Signals too.
	writeFile(t, script, `on("signal:TERM", function(ev) ev:suppress() end) on("signal:USR1", function(ev) ev.sig = "SIGURG" end)`)
	r = fixture.RunCmd(t, exec.Command(fixture.Luatrace(t), "--lines", "-t", "none", "-s", script, "/bin/sh", "-c", "kill -TERM $$; kill -USR1 $$"))
	for _, mark := range []string{"--- SIGTERM {si_signo=SIGTERM, ", " --- (SUPPRESSED)\n", "--- SIGUSR1 {si_signo=SIGUSR1, ", " --- (INJECTED: SIGURG)\n"} {
		if !strings.Contains(r.Stderr, mark) {
			t.Errorf("%q lacks %q", r.Stderr, mark)
		}
	}
}

// A line that waits for its call's result is ended before a script writes, and
// taken up again afterwards.
func TestLinesAreNotTorn(t *testing.T) {
	t.Parallel()
	file := filepath.Join(openDir(t), "trace")
	script := filepath.Join(openDir(t), "meanwhile.lua")
	// The timer writes when the beginning of the line stands in the file.
	writeFile(t, script, `
local file, said = args.file, false
every("20ms", function()
  local f = io.open(file)
  if not said and f:read("*a"):find "read%(0, $" then
    said = true
    print "meanwhile"
  end
  f:close()
end)
`)
	cmd := exec.Command(fixture.Luatrace(t), "-o", file, "--lines", "-t", "read", "-s", script, "-a", "file="+file, "/usr/bin/head", "-c", "1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for b, _ := os.ReadFile(file); !strings.Contains(string(b), "meanwhile\n"); b, _ = os.ReadFile(file) {
		time.Sleep(time.Millisecond)
	}
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	want := regexp.MustCompile(`(?m)^read\(0,  <unfinished \.\.\.>\nmeanwhile\n<\.\.\. read resumed>"", 1\) +\= 0$`)
	if got := readFile(t, file); !want.MatchString(got) {
		t.Errorf("%q", got)
	}
}
