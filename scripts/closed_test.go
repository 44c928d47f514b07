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

// TestHiddenNamesAreDenied: names and addresses that the kernel can read and luatrace can't, or that
// mean something else than they seem to, get by no script that guards files and addresses.
func TestHiddenNamesAreDenied(t *testing.T) {
	t.Parallel()
	program := fixture.Build(t, "secretcalls")
	eachUser(t, func(t *testing.T, u user) {
		secret := u.write(t, "secret", "s")
		if r := u.trace(t, "-t none", program, secret); r.Code == 77 {
			t.Skip("this kernel has no memfd_secret(2)")
		} else if strings.Contains(r.Stdout, "errno") || r.Code != 0 {
			t.Fatalf("without a script: status %d, %q, %q", r.Code, r.Stdout, r.Stderr)
		}
		u.write(t, "p", "allow exec **\nallow read /lib/**\nallow read /lib64/**\nallow read /usr/**\nallow read /etc/ld.so.*\n"+
			"allow read "+filepath.Dir(secret)+"\nallow bind 127.0.0.1:*\ndefault deny\n")
		for _, options := range []string{"-s policy -a file=p", "-s policy -a file=p --attachable", "-s deny -a path=" + secret, "-s redirect -a from=" + secret + " -a to=/nonexistent"} {
			r := u.trace(t, "-o out "+options, program, secret)
			if r.Code != 0 || r.Stderr != "" {
				t.Errorf("%s: status %d, %q", options, r.Code, r.Stderr)
			}
			names := 4
			if strings.Contains(options, "policy") {
				names = 100
			}
			for i, line := range strings.Split(strings.TrimSpace(r.Stdout), "\n") {
				if i < names && !strings.Contains(line, ": errno ") {
					t.Errorf("%s: %s", options, line)
				}
			}
			if n := strings.Count(r.Stdout, "\n"); n < 11 {
				t.Errorf("%s: %d lines: %q", options, n, r.Stdout)
			}
		}
	})
}
