package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
	"luatrace/internal/reliability/trial"
)

// endRows are the rows of the plan, as options and hooks that lead there, and
// whether the tracees can be let go.
var endRows = []struct {
	name    string
	options []string
	hook    string
	lets    bool
}{
	{"filtered", nil, `on("lookup_dcookie", function() end)`, false},
	{"notified", nil, `on("nanosleep,clock_nanosleep,wait4,openat:enter", function() end)`, false},
	{"traced", nil, `on("nanosleep,clock_nanosleep,wait4,openat", function() end)`, false},
	{"unfiltered", []string{"--attachable"}, `on("openat", function() end)`, true},
	{"attached", nil, `on("openat", function() end)`, true},
}

// endScript counts how often what comes last comes.
const endScript = ` agg.started:count("once") on("end", function() print("the end") end) `

// patientProgram runs until it is killed, and says when a signal has come.
const patientProgram = `trap 'echo caught' INT TERM HUP QUIT; echo ready; while :; do sleep 0.01; done`

// endRun is a traced command that runs.
type endRun struct {
	tool, command *process // the same, but for -p
	pid           int      // of the command
	first         string   // line that it has written
}

// startRow starts luatrace and a command, in a row of the plan.
func startRow(t *testing.T, i int, code string, argv ...string) *endRun {
	t.Helper()
	row := &endRows[i]
	args := append([]string{}, row.options...)
	args = append(args, "-e", row.hook+endScript+code)
	if row.name != "attached" {
		p := start(t, exec.Command(fixture.Luatrace(t), append(args, argv...)...))
		first := p.line()
		return &endRun{p, p, child(t, p.pid()), first}
	}
	command := start(t, exec.Command(argv[0], argv[1:]...))
	first := command.line()
	tool := start(t, exec.Command(fixture.Luatrace(t), append(args, "-p", strconv.Itoa(command.pid()))...))
	tracedBy(t, command.pid(), tool.pid())
	return &endRun{tool, command, command.pid(), first}
}

// gone waits until luatrace has ended, whoever else has its output open.
func (r *endRun) gone() {
	r.tool.t.Helper()
	until(r.tool.t, "luatrace's end", func() bool { return dead(r.tool.pid()) })
}

// check says whether luatrace ended as wanted, having done what comes last once.
func (r *endRun) check(want int) {
	t := r.tool.t
	t.Helper()
	_, status := r.tool.wait()
	text := r.tool.stderr.String()
	if status != want {
		t.Errorf("luatrace ended with %d, want %d; stderr: %s", status, want, text)
	}
	for _, part := range []string{"the end\n", "    1  once\n"} {
		if n := strings.Count(text, part); n != 1 {
			t.Errorf("%q came %d times: %s", part, n, text)
		}
	}
}

// runsOn says whether a command that was let go is untraced, and not stopped.
func (r *endRun) runsOn() {
	t := r.tool.t
	t.Helper()
	tracedBy(t, r.pid, 0)
	if s := states(t, r.pid); strings.ContainsAny(s, "TtZ") {
		t.Errorf("state %s of the command, want it running", s)
	}
	if r.command != r.tool {
		return
	}
	endOrphan(t, r.pid)
}

// However the trace ends, the end hooks and the aggregations come once, the
// status is the documented one, and no command stays stopped.
func TestEnds(t *testing.T) {
	t.Parallel()
	for i := range endRows {
		row := &endRows[i]
		sh := []string{"sh", "-c", patientProgram}
		for name, sig := range map[string]syscall.Signal{"INT": unix.SIGINT, "TERM": unix.SIGTERM, "HUP": unix.SIGHUP, "QUIT": unix.SIGQUIT} {
			t.Run(row.name+"/"+name+" twice", func(t *testing.T) {
				t.Parallel()
				r := startRow(t, i, "", sh...)
				r.tool.kill(sig)
				if row.name != "attached" {
					if l := r.command.line(); l != "caught" {
						t.Errorf("%q, want caught", l)
					}
					r.tool.kill(sig)
				}
				r.gone()
				if row.lets {
					r.runsOn()
				}
				r.check(-int(sig))
			})
		}
		t.Run(row.name+"/USR1 is passed on", func(t *testing.T) {
			t.Parallel()
			// it ends outside of the trap, which dash may run within itself
			r := startRow(t, i, "", "sh", "-c", `trap 'n=x$n; echo $n' USR1; echo ready; until test "$n" = xxx; do sleep 0.01; done; exit 6`)
			if row.name == "attached" { // there is nobody to pass it on to
				r.tool.kill(unix.SIGUSR1)
				r.gone()
				r.runsOn()
				r.check(-int(unix.SIGUSR1))
				return
			}
			for _, want := range []string{"x", "xx", "xxx"} {
				r.tool.kill(unix.SIGUSR1)
				if l := r.command.line(); l != want {
					t.Errorf("%q, want %s", l, want)
				}
			}
			r.check(6)
		})
		t.Run(row.name+"/os.exit", func(t *testing.T) {
			t.Parallel()
			mark := filepath.Join(t.TempDir(), "go")
			r := startRow(t, i, `every("1ms", function() if io.open("`+mark+`") then os.exit(5) end end)`, sh...)
			writeFile(t, mark, "")
			if row.lets {
				r.gone()
				r.runsOn()
			} else {
				// It is kept until it ends, or until it is told to twice.
				r.tool.kill(unix.SIGTERM)
				r.command.line()
				r.tool.kill(unix.SIGTERM)
			}
			r.check(5)
		})
		t.Run(row.name+"/the command is killed", func(t *testing.T) {
			t.Parallel()
			r := startRow(t, i, "", sh...)
			unix.Kill(r.pid, unix.SIGKILL)
			if row.name == "attached" {
				r.check(0)
				return
			}
			r.check(-int(unix.SIGKILL))
		})
		t.Run(row.name+"/while it is stopped", func(t *testing.T) {
			t.Parallel()
			r := startRow(t, i, "", "sh", "-c", `trap 'echo caught' TERM; sh -c 'echo $$; kill -STOP $$' & while :; do sleep 0.01; done`)
			stopped, err := strconv.Atoi(r.first)
			if err != nil {
				t.Fatal(err)
			}
			until(t, "the stop", func() bool { return strings.ContainsAny(states(t, stopped), "Tt") })
			r.tool.kill(unix.SIGTERM)
			if row.name != "attached" {
				r.command.line()
				r.tool.kill(unix.SIGTERM)
			}
			r.gone()
			if row.lets {
				tracedBy(t, stopped, 0)
				// A detach sets the thread going, and the kernel stops it again.
				until(t, "the child to be stopped as before", func() bool { return states(t, stopped) == "T" })
				unix.Kill(stopped, unix.SIGKILL)
				r.runsOn()
			}
			r.check(-int(unix.SIGTERM))
		})
		t.Run(row.name+"/while the parent waits in vfork", func(t *testing.T) {
			t.Parallel()
			r := startRow(t, i, "", fixture.Build(t, "vforkwait"))
			r.tool.kill(unix.SIGTERM)
			if row.name != "attached" {
				until(t, "the signal to wait for the command", func() bool {
					pending, _ := strconv.ParseUint(trial.Field(r.pid, "ShdPnd"), 16, 64)
					return pending&(1<<(unix.SIGTERM-1)) != 0
				})
				r.tool.kill(unix.SIGTERM)
			}
			r.gone()
			if row.lets {
				for _, pid := range []int{r.pid, child(t, r.pid)} {
					tracedBy(t, pid, 0)
					if s := states(t, pid); strings.ContainsAny(s, "Tt") {
						t.Errorf("state %s, want it running", s)
					}
				}
				// The child first: its parent waits for it in the kernel.
				unix.Kill(child(t, r.pid), unix.SIGKILL)
				endOrphan(t, r.pid)
			}
			r.check(-int(unix.SIGTERM))
		})
		t.Run(row.name+"/luatrace is killed", func(t *testing.T) {
			t.Parallel()
			r := startRow(t, i, "", "sh", "-c", `spawn() { sh -c 'echo $$; kill -STOP $$' & (setsid sh -c 'echo $$; exec sleep 60' &); }
				trap spawn USR1; echo ready; while :; do sleep 0.01; done`)
			unix.Kill(r.pid, unix.SIGUSR1)
			family := []int{r.pid}
			for range 2 { // a process that is stopped, and a daemon
				pid, err := strconv.Atoi(r.command.line())
				if err != nil {
					t.Fatal(err)
				}
				family = append(family, pid)
			}
			r.tool.kill(unix.SIGKILL)
			for _, pid := range family {
				if row.lets {
					tracedBy(t, pid, 0)
					if s := trial.Field(pid, "State"); s[0] == 't' {
						t.Errorf("process %d is left in state %s", pid, s)
					}
					endOrphan(t, pid)
				} else {
					until(t, fmt.Sprintf("the death of %d", pid), func() bool { return dead(pid) })
				}
			}
			r.tool.wait()
		})
	}
}

// With --exit-with-command the trace ends with the command, and its daemon runs on.
func TestExitWithCommand(t *testing.T) {
	t.Parallel()
	p := start(t, exec.Command(fixture.Luatrace(t), "--exit-with-command", "-e", `on("openat", function() end)`+endScript, "sh", "-c",
		`(setsid sh -c 'echo $$; exec >/dev/null 2>&1; while :; do sleep 0.01; done' &); sleep 0.05; exit 4`))
	pid, err := strconv.Atoi(p.line())
	if err != nil {
		t.Fatal(err)
	}
	r := &endRun{tool: p, pid: pid}
	r.check(4)
	r.command = p
	r.runsOn()
	if bad := fixture.Run(t, fixture.Luatrace(t), "--exit-with-command", "-p", "1"); bad.Code != exitUsage || bad.Stderr != "luatrace: --exit-with-command ends with the command: there is none\n" {
		t.Errorf("exit status %d, stderr %q", bad.Code, bad.Stderr)
	}
}
