package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// TestCrashLine gives addr2line what crash says, for programs and libraries that
// lie in memory elsewhere than in their files.
func TestCrashLine(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		u.write(t, "walk.c", `#include <stddef.h>
int walk(const int *p)
{
	return *p + 1; /* the fourth line */
}
`)
		u.write(t, "main.c", "#include <stddef.h>\nint walk(const int *);\nint main(void)\n{\n\treturn walk(NULL);\n}\n")
		for _, tt := range []struct{ name, build, file string }{
			{"PIE", "gcc -g -pie -fPIE -o prog main.c walk.c", "prog"},
			{"no PIE", "gcc -g -no-pie -o prog main.c walk.c", "prog"},
			{"PIE with a base", "gcc -g -pie -fPIE -Wl,-Ttext-segment=0x30000 -o prog main.c walk.c", "prog"},
			{"static", "gcc -g -static -o prog main.c walk.c", "prog"},
			{"32 bits", "gcc -m32 -g -o prog main.c walk.c", "prog"},
			{"library", "gcc -g -shared -fPIC -o libwalk.so walk.c; gcc -g -o prog main.c -L. -lwalk -Wl,-rpath,.", "libwalk.so"},
			{"a name with a blank", "gcc -g -o 'a prog' main.c walk.c; ln -f 'a prog' prog", "prog"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				if r := u.run(t, "/bin/sh", "-e", "-c", tt.build); r.Code != 0 {
					t.Fatalf("%s: %s", tt.build, r.Stderr)
				}
				command := "./prog"
				if strings.Contains(tt.name, "blank") {
					command = "./a prog"
				}
				r := u.trace(t, "-s crash", command)
				m := regexp.MustCompile(`(?m)^  line: (addr2line -fe '?(\S.*?)'? 0x[0-9a-f]+)$`).FindStringSubmatch(r.Stderr)
				if m == nil || filepath.Base(m[2]) != strings.Replace(tt.file, "prog", filepath.Base(command), 1) {
					t.Fatalf("%q in:\n%s", m, r.Stderr)
				}
				line := u.run(t, "/bin/sh", "-c", m[1])
				if !regexp.MustCompile(`^walk\n\S+/walk\.c:4( .*)?\n$`).MatchString(line.Stdout) {
					t.Errorf("%s says %q %s", m[1], line.Stdout, line.Stderr)
				}
				os.Remove(filepath.Join(u.dir, "prog"))
			})
		}
	})
}

// run runs a command in the user's directory, untraced.
func (u user) run(t *testing.T, path string, args ...string) fixture.Result {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Dir = u.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PWD="+u.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.cred}
	return fixture.RunCmd(t, cmd)
}
