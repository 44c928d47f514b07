package main

import (
	"path/filepath"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// Children that another thread makes untraced while luatrace looks elsewhere are attached to, and
// that is said.
func TestRacedCloneIsTraced(t *testing.T) {
	t.Parallel()
	path := fixture.Build(t, "racedclone")
	const ends = `on("proc:exit", function(ev) if ev.status == 3 then agg.ends:count() end end) `
	for name, options := range map[string][]string{
		"notified":   {"-e", ends + `on("getsid:enter", function() end)`},
		"traced":     {"-e", ends + `on("getsid:exit", function() end)`},
		"no notify":  {"--no-notify", "-e", ends + `on("getsid", function() end)`},
		"unfiltered": {"--attachable", "-e", ends + `on("getsid", function() end)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(openDir(t), "out")
			r := fixture.Run(t, fixture.Luatrace(t), append(append([]string{"-o", out}, options...), path, "100")...)
			if r.Code != 0 || r.Stdout != "children 101 untraced 0\n" || readFile(t, out) != "ends: 101\n" {
				t.Errorf("exit status %d, stdout %q, trace %q", r.Code, r.Stdout, readFile(t, out))
			}
			// How many there are is chance; each kind is said once.
			for _, l := range lines(r.Stderr) {
				if l != "" && (strings.Count(r.Stderr, l) != 1 || !strings.Contains(l, "(racedclone) is traced from here on: it was born untraced, as another thread wrote CLONE_UNTRACED while clone3 was called;")) {
					t.Errorf("stderr %q", r.Stderr)
				}
			}
		})
	}
}
