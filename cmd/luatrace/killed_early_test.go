package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
)

// The command is killed as soon as its process is there, which is mostly before
// its execve. luatrace ends as the command did.
func TestCommandIsKilledEarly(t *testing.T) {
	t.Parallel()
	for name, options := range plans {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			early := 0
			// how often it is early depends on the machine
			for n := 0; n < 20 || early == 0 && n < 500; n++ {
				args := slices.Concat(options, []string{"-e", `on("getppid", function() end)`, "sleep", "60"})
				p := start(t, exec.Command(fixture.Luatrace(t), args...))
				unix.Kill(child(t, p.pid()), unix.SIGKILL)
				until(t, "luatrace's end", func() bool { return dead(p.pid()) })
				if _, status := p.wait(); status != -int(unix.SIGKILL) {
					t.Errorf("luatrace ended with %d, want death by SIGKILL", status)
				}
				switch said := p.stderr.String(); {
				case said == "":
				case strings.HasPrefix(said, "luatrace: \"") && strings.HasSuffix(said, "\" was ended by SIGKILL before it could start\n"):
					early++
				default:
					t.Errorf("luatrace says %q", said)
				}
			}
			if early == 0 {
				t.Error("none was killed before its execve")
			}
		})
	}
}
