package scripts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// TestNoWayRound: what is denied can't be opened under another name that the
// program finds or makes itself, nor by a call that shows no name, nor by
// getting rid of luatrace.
func TestNoWayRound(t *testing.T) {
	t.Parallel()
	program := fixture.Build(t, "waysround")
	eachUser(t, func(t *testing.T, u user) {
		dir := filepath.Join(u.dir, "dir")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		u.write(t, "dir/secret", "s")
		if u.cred != nil {
			if err := os.Chown(dir, nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
		u.write(t, "p", "deny read "+dir+"/**\ndeny write "+dir+"*\ndefault allow\n")
		untraced := u.trace(t, "-o /dev/null -t none", program, dir, "secret").Stdout
		if strings.Count(untraced, ": opened\n") < 15 {
			t.Errorf("without a script:\n%s", untraced)
		}
		for options, allowed := range map[string]string{
			"-s deny -a path=" + dir + "/secret": "",
			"-s deny -a under=" + dir:            "",
			// Links are not followed, and of names above a pattern nothing is known.
			"-s deny -a glob=" + dir + "/*": "link_to_directory link_to_root link_to_proc link_upwards renamed",
			"-s policy -a file=p":           "link_to_file link_to_directory link_to_root link_to_proc link_upwards hard_link",
		} {
			for _, row := range []string{"", " --no-notify", " --attachable"} {
				r := u.trace(t, "-q -o /dev/null "+options+row, program, dir, "secret")
				if r.Code != 0 || r.Stderr != "" || strings.Count(r.Stdout, "\n") != strings.Count(untraced, "\n") {
					t.Errorf("%s: status %d, %s, %s", options+row, r.Code, r.Stdout, r.Stderr)
				}
				for line := range strings.Lines(r.Stdout) {
					if way, opened := strings.CutSuffix(line, ": opened\n"); opened && !strings.Contains(allowed, way) {
						t.Errorf("%s: %s", options+row, line)
					}
				}
			}
		}
	})
}
