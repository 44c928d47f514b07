package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// plansOfOuter are the ways to trace a tracer, by name.
var plansOfOuter = map[string][]string{
	"lines":    nil,
	"notified": {"-e", `on("*:enter", function(ev) agg.n:count(ev.name) end)`},
	"traced":   {"-e", `on("openat:exit", function(ev) agg.n:count(ev.name, ev.ret) end)`},
	"mixed":    {"-e", `on("openat:exit", function(ev) agg.n:count(ev.ret) end) on("read:enter", function(ev) agg.n:count() end)`},
	"none":     {"-e", `on("proc:exec,exit", function(ev) agg.n:count(ev.name) end)`},
	"without":  {"--attachable", "-t", "openat"},
}

// stepsAside is the message about a process that is another tracer's now.
var stepsAside = regexp.MustCompile(`^luatrace: process (\d+) \([^()]+\) is traced by process (\d+) \(([^()]+)\) from here on, not by luatrace \(--keep-tracing refuses it\)\n$`)

// underLuatrace runs a command that is a tracer under luatrace, and checks what
// luatrace says of it.
func underLuatrace(t *testing.T, dir, tracer string, options []string, argv ...string) fixture.Result {
	t.Helper()
	args := append([]string{"-o", filepath.Join(dir, "outer")}, options...)
	cmd := exec.Command(fixture.Luatrace(t), append(append(args, "--"), argv...)...)
	cmd.Dir = dir
	r := fixture.RunCmd(t, cmd)
	m := stepsAside.FindStringSubmatch(r.Stderr)
	if m == nil || m[3] != tracer || m[1] == m[2] {
		t.Errorf("stderr %q, want one line about %s", r.Stderr, tracer)
	}
	return r
}

// strace, gdb and luatrace work under luatrace, in every plan.
func TestTracersAreTraced(t *testing.T) {
	t.Parallel()
	luatrace, segv := fixture.Luatrace(t), fixture.Build(t, "segv")
	for name, options := range plansOfOuter {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for inner, argv := range map[string][]string{
				"strace":       {"strace", "-o", "inner", "sh", "-c", "exit 3"},
				"strace -f":    {"strace", "-f", "-o", "inner", "sh", "-c", "(exit 2); exit 3"},
				"luatrace":     {luatrace, "-o", "inner", "sh", "-c", "(exit 2); exit 3"},
				"luatrace -t":  {luatrace, "-o", "inner", "-t", "execve,openat", "sh", "-c", "(exit 2); exit 3"},
				"luatrace -e":  {luatrace, "-o", "inner", "-e", `on("execve:enter", function(ev) print(ev) end)`, "sh", "-c", "(exit 2); exit 3"},
				"in a shell":   {"sh", "-c", "strace -o inner sh -c 'exit 3'; exit $?"},
				"after a word": {"env", "A=B", "strace", "-o", "inner", "sh", "-c", "exit 3"},
			} {
				dir := openDir(t)
				tracer := "luatrace"
				if !strings.HasPrefix(inner, "luatrace") {
					tracer = "strace"
				}
				r := underLuatrace(t, dir, tracer, options, argv...)
				if trace := readFile(t, filepath.Join(dir, "inner")); r.Code != 3 || !strings.Contains(trace, "execve(") {
					t.Errorf("%s: exit status %d, trace %s", inner, r.Code, trace)
				}
			}
			if name != "lines" && name != "notified" {
				return // gdb is slow to start
			}
			r := underLuatrace(t, openDir(t), "gdb", options, "gdb", "-nx", "-batch", "-ex", "run", "-ex", "print $_siginfo.si_signo", segv)
			if r.Code != 0 || !strings.Contains(r.Stdout, "Program received signal SIGSEGV") || !strings.Contains(r.Stdout, "$1 = 11\n") {
				t.Errorf("gdb: exit status %d, output %s", r.Code, r.Stdout)
			}
		})
	}
}

// A luatrace that finds the listener of another one chooses a plan without: its
// own filter would not see the calls that the other is asked about.
func TestInnerLuatraceSeesAll(t *testing.T) {
	t.Parallel()
	luatrace := fixture.Luatrace(t)
	outer := []string{"-e", `on("getppid,getuid:enter", function(ev) agg.n:count(ev.name) end)`}
	// A signal that comes before the outer one has looked makes a call begin anew.
	for name, code := range map[string]string{
		"notified": `on("getppid,getuid:enter", function(ev) ev:onexit(function(ev) if ev.ok then agg.n:count(ev.name) end end) end)`,
		"traced":   `on("getppid,getuid:exit", function(ev) if ev.ok then agg.n:count(ev.name) end end)`,
		"all":      `on("*", function(ev) if ev.ok and (ev.name == "getppid" or ev.name == "getuid") then agg.n:count(ev.name) end end)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := openDir(t)
			// the name of the inner one does not give it away
			link := filepath.Join(dir, "link")
			if err := os.Symlink(luatrace, link); err != nil {
				t.Fatal(err)
			}
			script := filepath.Join(dir, "run.sh")
			writeFile(t, script, fmt.Sprintf("%s -o inner -e '%s' %s\n", link, code, fixture.Build(t, "counts")))
			r := underLuatrace(t, dir, "link", outer, "sh", script)
			inner := readFile(t, filepath.Join(dir, "inner"))
			if r.Code != 0 || !regexp.MustCompile(`(?m)^ *800 +getppid$`).MatchString(inner) || !regexp.MustCompile(`(?m)^ *600 +getuid$`).MatchString(inner) {
				t.Errorf("exit status %d, the inner trace is\n%s", r.Code, inner)
			}
		})
	}
}

// luatrace works under strace, also when strace follows children: then its
// command is born untraced.
func TestUnderStrace(t *testing.T) {
	t.Parallel()
	for _, follow := range []string{"", "-f"} {
		for _, options := range [][]string{nil, {"-t", "openat"}, {"-e", `on("openat:enter", function(ev) print(ev) end)`}} {
			dir := openDir(t)
			argv := append([]string{"-o", filepath.Join(dir, "outer"), fixture.Luatrace(t), "-o", filepath.Join(dir, "inner")}, options...)
			if follow != "" {
				argv = append([]string{follow}, argv...)
			}
			r := fixture.Run(t, "strace", append(argv, "sh", "-c", "exit 3")...)
			if trace := readFile(t, filepath.Join(dir, "inner")); r.Code != 3 || r.Stderr != "" || !strings.Contains(trace, "openat(") {
				t.Errorf("strace %s luatrace %v: exit status %d, stderr %q, trace %s", follow, options, r.Code, r.Stderr, trace)
			}
		}
	}
}

// Where another tracer does not let go of the command, luatrace names it.
func TestUnderTracerThatKeeps(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	luatrace := fixture.Luatrace(t)
	inner := []string{luatrace, "-o", filepath.Join(dir, "inner"), "true"}
	for tracer, argv := range map[string][]string{
		"luatrace": {luatrace, "--keep-tracing", "-o", filepath.Join(dir, "outer")},
		"strace":   {"strace", "-f", "--seccomp-bpf", "-e", "trace=openat", "-o", filepath.Join(dir, "outer")},
	} {
		r := fixture.Run(t, argv[0], append(argv[1:], inner...)...)
		want := `^luatrace: cannot trace ".*/true": process \d+ \(` + tracer + `\) traces luatrace and what it starts; a process can have only one tracer\n$`
		if r.Code != exitFailure || !regexp.MustCompile(want).MatchString(r.Stderr) {
			t.Errorf("%s: exit status %d, stderr %q", argv, r.Code, r.Stderr)
		}
	}
}

// What is traced by luatrace can't be traced from outside: the other tracer
// is refused, and the trace goes on.
func TestTraceeIsRefusedToOthers(t *testing.T) {
	t.Parallel()
	for name, options := range plans {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := openDir(t)
			p := start(t, exec.Command(fixture.Luatrace(t), append(options, "-o", filepath.Join(dir, "trace"), "-e", countCode, fixture.Build(t, "busythreads"), "2")...))
			p.line()
			n := child(t, p.pid())
			pid := strconv.Itoa(n)
			for _, argv := range [][]string{
				{"strace", "-o", "/dev/null", "-p", pid},
				{"gdb", "-nx", "-batch", "-p", pid},
				{fixture.Luatrace(t), "-p", pid},
			} {
				r := fixture.Run(t, argv[0], argv[1:]...)
				if !strings.Contains(r.Stderr, "peration not permitted") && !strings.Contains(r.Stderr, fmt.Sprintf("traced already, by process %d (luatrace)", p.pid())) {
					t.Errorf("%s: exit status %d, stderr %s", argv, r.Code, r.Stderr)
				}
			}
			syscall.Kill(n, syscall.SIGTERM)
			if rest, status := p.wait(); status != 0 || !strings.HasSuffix(rest, " failed 0\n") || p.stderr.String() != "" {
				t.Errorf("exit status %d, output %q, stderr %q", status, rest, p.stderr.String())
			}
		})
	}
}

// With --keep-tracing the kernel has its way, in silence; -q leaves out the
// message.
func TestKeepTracing(t *testing.T) {
	t.Parallel()
	tracer := fixture.Build(t, "tracer")
	for name, options := range plansOfOuter {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(openDir(t), "out")
			for mode, want := range map[string]string{"traceme": "PTRACE_TRACEME EPERM\n", "attach": "PTRACE_ATTACH EPERM\n", "threads": "PTRACE_SEIZE EPERM\n"} {
				argv := append(append([]string{"-o", out, "--keep-tracing"}, options...), tracer, mode)
				if r := fixture.Run(t, fixture.Luatrace(t), argv...); r.Code != 1 || r.Stdout != want || r.Stderr != "" {
					t.Errorf("%s: exit status %d, stdout %q, stderr %q", mode, r.Code, r.Stdout, r.Stderr)
				}
			}
			argv := append(append([]string{"-o", out, "-q"}, options...), tracer, "traceme")
			if r := fixture.Run(t, fixture.Luatrace(t), argv...); r.Code != 0 || r.Stdout != "getppid 5 status 6\n" || r.Stderr != "" {
				t.Errorf("-q: exit status %d, stdout %q, stderr %q", r.Code, r.Stdout, r.Stderr)
			}
		})
	}
}

// A plan that stops calls for their results can't let a process go: the message
// says what can.
func TestFilterForbidsStepping(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	script := filepath.Join(dir, "run.sh") // no word of it tells that a tracer will run
	writeFile(t, script, "for i in 1 2; do "+fixture.Build(t, "tracer")+" traceme; done\n")
	options := []string{"-o", filepath.Join(dir, "out"), "-e", `on("openat:exit", function(ev) agg.n:count(ev.ret) end) on("read:enter", function(ev) agg.n:count() end)`}
	r := fixture.Run(t, fixture.Luatrace(t), append(options, "sh", script)...)
	refused := `luatrace: process \d+ \(tracer\) can't be traced by process \d+ \(tracer\): the seccomp filter of this run stops calls for their results; --attachable runs without one\n`
	if want := regexp.MustCompile("^(" + refused + "){2}$"); r.Code != 1 || r.Stdout != strings.Repeat("PTRACE_TRACEME EPERM\n", 2) || !want.MatchString(r.Stderr) {
		t.Errorf("exit status %d, stdout %q, stderr %q", r.Code, r.Stdout, r.Stderr)
	}
	r = fixture.Run(t, fixture.Luatrace(t), append(append(options, "--attachable", "-q"), "sh", script)...)
	if r.Code != 0 || r.Stdout != strings.Repeat("getppid 5 status 6\n", 2) || r.Stderr != "" {
		t.Errorf("--attachable: exit status %d, stdout %q, stderr %q", r.Code, r.Stdout, r.Stderr)
	}
}

// The lines of the trace say where a task was let go.
func TestDetachIsShown(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	out := filepath.Join(dir, "out")
	tracer := fixture.Build(t, "tracer")
	r := fixture.Run(t, fixture.Luatrace(t), "-q", "-o", out, "-t", "ptrace", tracer, "traceme")
	if lines := readFile(t, out); r.Code != 0 || !regexp.MustCompile(`(?m)^\[pid \d+\] ptrace\(PTRACE_TRACEME.* <detached \.\.\.>$`).MatchString(lines) && !regexp.MustCompile(`(?m)^\d+ +ptrace\(PTRACE_TRACEME.* <detached \.\.\.>$`).MatchString(lines) {
		t.Errorf("exit status %d, lines\n%s", r.Code, lines)
	}
	r = fixture.Run(t, fixture.Luatrace(t), "-q", "-j", "-o", out, "-t", "ptrace", tracer, "seize")
	if lines := readFile(t, out); r.Code != 0 || !regexp.MustCompile(`(?m)^{.*"type":"detach".*"tracer":\d+}$`).MatchString(lines) {
		t.Errorf("exit status %d, lines\n%s", r.Code, lines)
	}
}

// A command that was let go is still the command: its status is luatrace's, and
// signals reach it.
func TestStatusOfReleasedCommand(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{"exit 7": 7, "kill -TERM $$": -int(syscall.SIGTERM)} {
		cmd := exec.Command(fixture.Luatrace(t), "--attachable", "-e", `on("proc:exec", function(ev) ev.proc:detach() end)`, "sh", "-c", "sleep 0.05; "+code)
		p := start(t, cmd)
		if _, status := p.wait(); status != want {
			t.Errorf("%s: status %d, want %d; stderr %s", code, status, want, p.stderr.String())
		}
	}
	p := start(t, exec.Command(fixture.Luatrace(t), "--attachable", "-e", `on("proc:exec", function(ev) ev.proc:detach() end)`,
		"sh", "-c", `trap 'echo got it; exit 5' TERM; echo ready; while :; do sleep 0.01; done`))
	if l := p.line(); l != "ready" {
		t.Fatalf("%q, want ready", l)
	}
	p.kill(syscall.SIGTERM)
	if rest, status := p.wait(); rest != "got it\n" || status != 5 {
		t.Errorf("status %d, output %q", status, rest)
	}
}
