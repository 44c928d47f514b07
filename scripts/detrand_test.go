package scripts

import (
	"strings"
	"testing"
)

// TestDetrandPrograms runs programs that draw random numbers in their own ways:
// each prints the same every time, and something else with another seed.
func TestDetrandPrograms(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		for _, tt := range []struct {
			options string
			command []string
		}{
			{"-s detrand", []string{"/usr/bin/python3", "-c", "import random, uuid; print(random.random(), uuid.uuid4(), hash('x'))"}},
			{"-s detrand", []string{"perl", "-e", "print rand()"}},
			{"-s detrand", []string{"mktemp", "-u"}},
			{"-s detrand", []string{"shuf", "-i", "1-1000000", "-n", "2"}},
			{"-s detrand", []string{"sqlite3", ":memory:", "select random()"}},
			{"-s detrand", []string{"setarch", "-R", "openssl", "rand", "-hex", "8"}},
			{"-s detrand", []string{"setarch", "-R", "node", "-e", "console.log(Math.random(), crypto.randomUUID(), require('crypto').randomBytes(4))"}},
			{"-s faketime -a at=2030-01-01 -a frozen -s detrand -a pids", []string{"setarch", "-R", "bash", "-c", "echo $RANDOM $RANDOM $SRANDOM"}},
		} {
			t.Run(strings.Join(tt.command[:min(3, len(tt.command))], " "), func(t *testing.T) {
				t.Parallel()
				first := u.trace(t, tt.options, tt.command...)
				if first.Code != 0 || strings.TrimSpace(first.Stdout) == "" {
					t.Fatalf("code %d, %q, %s", first.Code, first.Stdout, first.Stderr)
				}
				for range 2 {
					if r := u.trace(t, tt.options, tt.command...); r.Stdout != first.Stdout {
						t.Errorf("%v: %q, then %q: %s", tt.command, first.Stdout, r.Stdout, r.Stderr)
					}
				}
				if r := u.trace(t, tt.options+" -a seed=2", tt.command...); r.Stdout == first.Stdout {
					t.Errorf("%v: %q with another seed too", tt.command, r.Stdout)
				}
			})
		}
	})
}
