package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// Pages that userfaultfd holds back can't hold up luatrace, although no descriptor of the process shows
// that it has any: a read of them fails. The reads are longer than what goes through
// /proc/PID/mem in any case.
func TestAttachToHeldPages(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"memory": `on("write:enter", {when = {fd = 999}}, function(ev) print(ev.mem:read(0x20000000, 65536)) end)`,
		"buffer": `on("write:enter", {when = {fd = 999}}, function(ev) print(ev.buf, "EFAULT") end)`,
		"late": `on("write:enter", {when = {fd = 1}}, function(ev) on("write:exit", {when = {fd = 999}}, function(ev) print(ev.mem:read(0x20000000, 65536)) end) end)
			on("write:exit", {when = {fd = 999}}, function(ev) print(ev.mem:read(0x20000000, 65536)) end)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(fixture.Build(t, "uffdkept"))
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			held := start(t, cmd)
			switch l := held.line(); {
			case strings.HasPrefix(l, "userfaultfd E"): // a container's profile may refuse it
				held.wait()
				return
			case l != "ready":
				t.Fatalf("%q, want ready", l)
			}
			p := attach(t, held.pid(), "-e", code)
			for range 3 {
				fmt.Fprintln(in)
				if l := held.line(); l != "wrote EBADF" {
					t.Errorf("%q", l)
				}
			}
			in.Close()
			if rest, status := held.wait(); rest != "" || status != 0 {
				t.Errorf("it ended with %d, and wrote %q", status, rest)
			}
			if _, status := p.wait(); status != 0 || strings.Count(p.stderr.String(), "EFAULT") < 3 {
				t.Errorf("luatrace ended with %d: %s", status, p.stderr.String())
			}
		})
	}
}

// The same where nobody has looked at the calls by which the program came to have them: memory is read
// when a signal comes.
func TestHeldPagesAtSignal(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(fixture.Luatrace(t), "-e", `on("signal", function(ev) print(ev.mem:read(0x20000000, 65536)) end)`, fixture.Build(t, "uffdkept"))
	cmd.Stdin = strings.NewReader("\n\n\n")
	p := start(t, cmd)
	out, status := p.wait()
	if strings.HasPrefix(out, "userfaultfd E") {
		return
	}
	if status != 0 || out != "ready\n"+strings.Repeat("wrote EBADF\n", 3) || strings.Count(p.stderr.String(), "EFAULT") != 3 {
		t.Errorf("exit status %d, stdout %q, stderr %q", status, out, p.stderr.String())
	}
}
