package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// TestHostileCalls: no script of the collection fails because of what a program
// passes to the kernel: its hooks raise no error, it writes no control byte,
// and the trace ends with the program, which gets through.
func TestHostileCalls(t *testing.T) {
	t.Parallel()
	program := fixture.Build(t, "hostilecalls")
	for i, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachUser(t, func(t *testing.T, u user) {
				seed := strconv.Itoa(1 + i)
				args := append([]string{"-q", "-s", name}, hostileArgs[name]...)
				if i%2 == 0 {
					args = append(args, "-j")
				}
				if u.cred == nil && os.Geteuid() == 0 { // root's luatrace, and a program that is not root's
					args = append(args, "-u", "nobody")
					if err := os.Chown(u.dir, nobody, nobody); err != nil {
						t.Fatal(err)
					}
				}
				out := filepath.Join(t.TempDir(), "out")
				if u.cred != nil {
					out = filepath.Join(u.dir, "out")
				}
				args = append(args, "-o", out, program, seed, "400")
				cmd := exec.Command(fixture.Luatrace(t), args...)
				cmd.Dir = u.dir
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.cred}
				t.Cleanup(func() { openAll(t, u.dir) })
				r := fixture.RunCmd(t, cmd)
				// That a program traces another, or has a filter, is said: it is no error.
				failed := strings.Contains(r.Stderr, "hook of") || strings.Contains(r.Stderr, "internal error")
				if r.Code != 0 || failed || r.Stdout != "made 400\n" {
					t.Errorf("%s: status %d, %.300q, %.1000q", strings.Join(args, " "), r.Code, r.Stdout, r.Stderr)
				}
				openAll(t, u.dir)
				text, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				for _, bad := range append(fixture.Unsafe(string(text), i%2 == 0), fixture.Unsafe(r.Stderr, false)...) {
					t.Errorf("%s: %s", strings.Join(args, " "), bad)
				}
			})
		})
	}
}

// openAll makes what the program has left removable: it changes modes at random.
func openAll(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if d == nil || !d.IsDir() {
			return nil
		}
		if err := os.Chmod(path, 0o700); err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
