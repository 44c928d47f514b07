package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/reliability/trial"
)

// strictModes are what plansOfFilter let tracers do to a process in strict mode.
var strictModes = map[string]string{
	"seize":  "confined\nseize EPERM\nended by signal 9\n",
	"attach": "confined\nattach EPERM\nended by signal 9\n",
	"thread": "confined\ntraceme EPERM\nended by exit 0\n",
}

// plansOfFilter are filters that let processes go: none of them stops calls.
var plansOfFilter = map[string]string{
	"fault":    `fault("uname", "EIO")`,
	"notified": `on("uname:enter", function(ev) agg.n:count() end)`,
	"all":      `on("*:enter", function(ev) agg.n:count() end)`,
}

// strictRefused is what luatrace says when a process in strict mode is to get another tracer.
var strictRefused = regexp.MustCompile(`(?m)^luatrace: process \d+ \(strictaside\) can't be traced by process \d+ \(strictaside\): a thread of it is in seccomp's strict mode, which luatrace enforces beside its filter; --attachable runs without one$`)

// Strict mode that luatrace enforces does not end because another program wants to trace
// the process, whether as its tracer or asked by a thread of it.
func TestStrictModeStays(t *testing.T) {
	t.Parallel()
	path := fixture.Build(t, "strictaside")
	for plan, code := range plansOfFilter {
		t.Run(plan, func(t *testing.T) {
			t.Parallel()
			for mode, want := range strictModes {
				// The name of the tracer is no word of the command: there would be no filter.
				out := filepath.Join(openDir(t), "out")
				r := fixture.Run(t, fixture.Luatrace(t), "-o", out, "-e", code, "sh", "-c", path+" "+mode+"; exit $?")
				if r.Code != 0 || r.Stdout != want || len(strictRefused.FindAllString(r.Stderr, -1)) != 1 {
					t.Errorf("%s: exit status %d, stdout %q, stderr %q", mode, r.Code, r.Stdout, r.Stderr)
				}
			}
		})
	}
	// Without a filter it is the kernel's, and stays in a process that was let go.
	for _, mode := range []string{"seize", "attach"} {
		r := fixture.Run(t, fixture.Luatrace(t), "--attachable", "-q", "-o", "/dev/null", path, mode)
		if want := strings.ReplaceAll(strictModes[mode], "EPERM", "ok"); r.Code != 0 || r.Stdout != want || r.Stderr != "" {
			t.Errorf("--attachable %s: exit status %d, stdout %q, stderr %q", mode, r.Code, r.Stdout, r.Stderr)
		}
	}
}

// A script can't let a process in strict mode go either. It hides that it detaches, or there would
// be no filter.
func TestStrictModeStaysAfterDetach(t *testing.T) {
	t.Parallel()
	code := `local detach = "det" .. "ach" on("write:enter", function(ev) if ev.buf == "confined\n" then ev.proc[detach](ev.proc) end end)`
	r := fixture.Run(t, fixture.Luatrace(t), "-o", filepath.Join(openDir(t), "out"), "-e", code, "sh", "-c", fixture.Build(t, "strictaside")+"; exit $?")
	if r.Code != exitHook || r.Stdout != "confined\nended by signal 9\n" || !strings.Contains(r.Stderr, "the process can't be let go: a thread of it is in seccomp's strict mode, which luatrace enforces beside its filter; add --attachable to run without one") {
		t.Errorf("exit status %d, stdout %q, stderr %q", r.Code, r.Stdout, r.Stderr)
	}
}

// When luatrace is killed, what is in a strict mode that only luatrace enforces is killed too.
func TestStrictModeEndsWithLuatrace(t *testing.T) {
	t.Parallel()
	path := fixture.Build(t, "strictaside")
	for plan, code := range plansOfFilter {
		t.Run(plan, func(t *testing.T) {
			t.Parallel()
			// The command holds the standard input of the confined process open: it waits.
			p := start(t, exec.Command(fixture.Luatrace(t), "-o", "/dev/null", "-e", code, path, "waits"))
			if l := p.line(); l != "confined" {
				t.Fatalf("%q, want confined", l)
			}
			command := child(t, p.pid())
			confined := child(t, command)
			p.kill(syscall.SIGKILL)
			rest, _ := p.wait()
			until(t, "the end of the confined process", func() bool { return dead(confined) && dead(command) })
			if rest != "" || trial.Field(confined, "TracerPid") != "" && !dead(confined) {
				t.Errorf("it went on: %q", rest)
			}
		})
	}
}
