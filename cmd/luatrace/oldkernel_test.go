package main

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// A kernel that is too old is named in one line, whatever is to be done, and
// nothing was done yet: neither has the command begun, nor is the process that
// was to be attached to another than before.
func TestOldKernel(t *testing.T) {
	t.Parallel()
	old, tool := fixture.Build(t, "oldkernel"), fixture.Luatrace(t)
	const why = "luatrace needs Linux 5.3 or newer; this kernel does not know PTRACE_GET_SYSCALL_INFO (ptrace(2))\n"
	echo, err := exec.LookPath("echo")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		nil, {"--plan"}, {"-c"}, {"--attachable"}, {"--no-follow"},
		{"-t", "openat:enter", "-e", "print(ev.path)"}, {"-t", "openat", "-e", "print(ev.ret)"},
		{"--plan", "-t", "openat:enter", "-e", "print(ev.path)"}, {"--plan", "--attachable"},
	} {
		for _, version := range []string{"5.2", "4.19", "3.10"} {
			t.Run(version+" "+strings.Join(args, " "), func(t *testing.T) {
				t.Parallel()
				r := fixture.Run(t, old, append(append([]string{version, tool}, args...), "echo", "begun")...)
				if want := `luatrace: cannot trace "` + echo + `": ` + why; r.Code != exitFailure || r.Stdout != "" || r.Stderr != want {
					t.Errorf("exit status %d, stdout %q, stderr %q; want %q", r.Code, r.Stdout, r.Stderr, want)
				}
			})
		}
	}
	for _, args := range [][]string{nil, {"--plan"}, {"-c"}, {"-e", countCode}} {
		t.Run("attach "+strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			for _, mode := range []string{"epoll", "nanosleep"} {
				p := start(t, exec.Command(fixture.Build(t, "sleeper"), mode, "600000"))
				p.line()
				busy := start(t, exec.Command(fixture.Build(t, "busythreads"), "8"))
				busy.line()
				r := fixture.Run(t, old, append(append([]string{"5.2", tool}, args...), "-p", strconv.Itoa(p.pid()), "-p", strconv.Itoa(busy.pid()))...)
				if want := `luatrace: cannot attach to process `; r.Code != exitFailure || r.Stdout != "" || !strings.HasPrefix(r.Stderr, want) || !strings.HasSuffix(r.Stderr, why) || strings.Count(r.Stderr, "\n") != 1 {
					t.Errorf("exit status %d, stdout %q, stderr %q", r.Code, r.Stdout, r.Stderr)
				}
				tracedBy(t, p.pid(), 0)
				tracedBy(t, busy.pid(), 0)
				busy.kill(syscall.SIGTERM)
				if rest, status := busy.wait(); status != 0 || !strings.HasSuffix(rest, " failed 0\n") {
					t.Errorf("exit status %d, output %q; want 0 and no failed call", status, rest)
				}
				// It sleeps on, or it has ended with a call that was broken off.
				until(t, "the sleeper", func() bool { return strings.Trim(states(t, p.pid()), "SZ") == "" })
				if s := states(t, p.pid()); s != "S" {
					t.Errorf("%s is in state %s", mode, s)
				}
				p.kill(syscall.SIGKILL)
				p.wait()
			}
		})
	}
}

// On kernels that are old, but not too old, luatrace does without what came
// later, and says in its plan what that is.
func TestOlderKernel(t *testing.T) {
	t.Parallel()
	old, tool := fixture.Build(t, "oldkernel"), fixture.Luatrace(t)
	for version, plan := range map[string]string{
		"5.3": "not used: notifications (the kernel refuses them, they need Linux 5.19: seccomp: invalid argument)\n",
		"6.5": "",
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			r := fixture.Run(t, old, version, tool, "-e", `on("write:enter", function(ev) ev.buf = ev.buf:upper() end) on("getppid", function() end)`, "echo", "hi")
			if r.Code != 0 || r.Stdout != "HI\n" || r.Stderr != "" {
				t.Errorf("exit status %d, stdout %q, stderr %q", r.Code, r.Stdout, r.Stderr)
			}
			r = fixture.Run(t, old, version, tool, "--plan", "-t", "openat:enter", "-e", "print(ev.path)", "true")
			if r.Code != 0 || strings.Contains(r.Stdout, "not used") != (plan != "") || !strings.HasSuffix(r.Stdout, plan) {
				t.Errorf("exit status %d, the plan is\n%swant %q", r.Code, r.Stdout, plan)
			}
		})
	}
}
