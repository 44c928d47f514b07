package main

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/reliability/trial"
)

// Under the profile of a container that refuses calls, luatrace does without them where
// it can, and says in one line what to do where it can't.
func TestContainerProfile(t *testing.T) {
	t.Parallel()
	profile, tool := fixture.Build(t, "profile"), fixture.Luatrace(t)
	big := filepath.Join(t.TempDir(), "big")
	text := strings.Repeat("0123456789abcdef", 4096)
	writeFile(t, big, text)
	for _, errno := range []string{"EPERM", "ENOSYS"} {
		for _, c := range []string{"seccomp", "process_vm_readv", "seccomp,process_vm_readv"} {
			t.Run(errno+" "+c, func(t *testing.T) {
				t.Parallel()
				run := func(options ...string) fixture.Result {
					return fixture.Run(t, profile, append([]string{errno, c, tool, "--string-limit", "70000"}, append(options, "cat", big)...)...)
				}
				r := run("-e", `local n = 0 on("write", function(ev) n = n + #ev.buf end) on("end", function() print("seen", n) end)`)
				if r.Code != 0 || r.Stdout != text || r.Stderr != "seen\t65536\n" {
					t.Errorf("exit status %d, %d bytes, stderr %q", r.Code, len(r.Stdout), r.Stderr)
				}
				plan := run("--plan", "-t", "write").Stdout
				if want := "(the kernel refuses a filter: seccomp: "; strings.Contains(plan, want) != strings.Contains(c, "seccomp") {
					t.Errorf("the plan is\n%s", plan)
				}
			})
		}
		t.Run(errno+" ptrace", func(t *testing.T) {
			t.Parallel()
			sleeper := start(t, exec.Command("sh", "-c", "echo ready; exec sleep 60"))
			sleeper.line()
			for _, args := range [][]string{{"true"}, {"-p", strconv.Itoa(sleeper.pid())}} {
				r := fixture.Run(t, profile, append([]string{errno, "ptrace", tool}, args...)...)
				if r.Code != exitFailure || !strings.Contains(r.Stderr, "a seccomp profile forbids ptrace(2) here (") || !strings.Contains(r.Stderr, "--cap-add=SYS_PTRACE (docker, podman)") || strings.Count(r.Stderr, "\n") != 1 {
					t.Errorf("%q: exit status %d, stderr %q", args, r.Code, r.Stderr)
				}
			}
			if s := states(t, sleeper.pid()); s != "S" {
				t.Errorf("state %s", s)
			}
		})
	}
}

// What is not to be traced is named as such.
func TestAttachRefused(t *testing.T) {
	t.Parallel()
	zombie := start(t, exec.Command("sh", "-c", "sh -c 'echo $$' & exec sleep 60"))
	pid, err := strconv.Atoi(zombie.line())
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the zombie", func() bool { return strings.HasPrefix(trial.Field(pid, "State"), "Z") })
	for pid, want := range map[string]string{
		strconv.Itoa(pid): "it has ended already (a zombie that its parent has not collected)",
		"4194303":         "there is no such process",
	} {
		r := fixture.Run(t, fixture.Luatrace(t), "-p", pid)
		if want := "luatrace: cannot attach to process " + pid + ": " + want + "\n"; r.Code != exitFailure || r.Stderr != want {
			t.Errorf("exit status %d, stderr %q; want %q", r.Code, r.Stderr, want)
		}
	}
	if !isRoot() {
		return
	}
	// root without the capability, as in a container
	other := exec.Command("sh", "-c", "echo ready; exec sleep 60")
	asNobody(other)
	p := start(t, other)
	p.line()
	r := fixture.Run(t, "setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace", fixture.Luatrace(t), "-p", strconv.Itoa(p.pid()))
	if r.Code != exitFailure || !strings.Contains(r.Stderr, "root lacks CAP_SYS_PTRACE here; in a container, run it with --cap-add=SYS_PTRACE") {
		t.Errorf("exit status %d, stderr %q", r.Code, r.Stderr)
	}
}
