package scripts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// TestPolicyCanNotBeSwitchedOff: a program whose calls make no sense is held to its policy as
// before, and no hook fails.
func TestPolicyCanNotBeSwitchedOff(t *testing.T) {
	t.Parallel()
	program := fixture.Build(t, "badcalls")
	eachUser(t, func(t *testing.T, u user) {
		secret, open := u.write(t, "secret", "s"), u.write(t, "open", "o")
		u.write(t, "p", "allow exec **\nallow read /lib/**\nallow read /lib64/**\nallow read /usr/**\nallow read /etc/ld.so.*\nallow read "+open+"\ndefault deny\n")
		for _, options := range []string{
			"-s policy -a file=p", "-s policy -a file=p --no-notify", "-s policy -a file=p --attachable", "-j -s policy -a file=p",
			"-s deny -a path=" + secret, "-s deny -a under=" + secret + " --attachable", "-s deny -a glob=sec*",
		} {
			r := u.trace(t, "-o out "+options, program, "12", secret, open)
			if want := secret + ": errno 13\n" + open + ": opened\n"; r.Code != 0 || r.Stdout != want || r.Stderr != "" {
				t.Errorf("%s: status %d, %q, %q", options, r.Code, r.Stdout, r.Stderr)
			}
			out, err := os.ReadFile(filepath.Join(u.dir, "out"))
			if err != nil || !strings.Contains(string(out), secret) {
				t.Errorf("%s: %v, wrote %q", options, err, out)
			}
		}
		r := u.trace(t, "-o out -s setuids", program, "12")
		if r.Code != 0 || r.Stderr != "" {
			t.Errorf("setuids: status %d, %q", r.Code, r.Stderr)
		}
	})
}
