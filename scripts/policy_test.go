package scripts

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// TestPolicyOfItself holds programs to what they did themselves a moment ago,
// where descriptors or temporary files are others than then.
func TestPolicyOfItself(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		u.write(t, "hello.c", "#include <stdio.h>\nint main(void) { return puts(\"hello\") < 0; }\n")
		u.write(t, "data", "text\n")
		python := `import os, tempfile
with tempfile.NamedTemporaryFile("w", suffix=".txt") as f, tempfile.TemporaryDirectory() as d:
    open(os.path.join(d, "part"), "w").write("x")
    print(os.path.exists(f.name), os.listdir(d), os.readlink("/proc/%d/exe" % os.getpid()) != "")`
		for _, tt := range []struct {
			name    string
			command []string
			stdout  string
			again   string // what it prints the second time, if not the same
			pattern string // a part of what is learned
		}{
			{"stdout to a file", []string{"sh", "-c", "cat data"}, "text\n", "", ""},
			{"stdin and stderr too", []string{"sh", "-c", "cat - data; stat - >&2"}, "text\n", "text\ntext\n", ""},
			{"gcc", []string{"sh", "-c", "rm -f hello; gcc -o hello hello.c; ./hello"}, "hello\n", "", "allow write " + os.TempDir() + "/cc??????.s\n"},
			{"python", []string{"/usr/bin/python3", "-c", python}, "True ['part'] True\n", "", "allow write " + os.TempDir() + "/tmp????????/part\n"},
			{"sh", []string{"sh", "-c", "x=$(mktemp); echo a >$x; cat $x; rm $x; echo b >file.$$; cat file.$$; rm file.$$"}, "a\nb\n", "", "/file.*\n"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				if r := u.trace(t, "-o p -s policy -a learn", tt.command...); r.Code != 0 || r.Stdout != tt.stdout {
					t.Fatalf("learn: code %d, %q, %s", r.Code, r.Stdout, r.Stderr)
				}
				learned, err := os.ReadFile(filepath.Join(u.dir, "p"))
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(string(learned), tt.pattern) {
					t.Errorf("no %q in what was learned:\n%s", tt.pattern, learned)
				}
				stdout, stderr, denied, err := u.traceToFiles(t, "data", "-o denied -s policy -a file=p", tt.command...)
				if want := cmp.Or(tt.again, tt.stdout); err != nil || denied != "" || stdout != want {
					t.Errorf("%v: denied %q, stdout %q, want %q; stderr %q; learned:\n%s", err, denied, stdout, want, stderr, learned)
				}
			})
		}
	})
}

// traceToFiles runs a command under luatrace as a shell with "<stdin >out 2>err"
// does. It returns what stands in the files out, err and denied then.
func (u user) traceToFiles(t *testing.T, stdin, options string, command ...string) (stdout, stderr, denied string, err error) {
	t.Helper()
	cmd := exec.Command(fixture.Luatrace(t), append(append(strings.Fields(options), "--"), command...)...)
	cmd.Dir = u.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PWD="+u.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.cred}
	files := []*os.File{nil, nil, nil}
	for i, name := range []string{stdin, "out", "err"} {
		f, err := os.OpenFile(filepath.Join(u.dir, name), []int{os.O_RDONLY, os.O_WRONLY | os.O_CREATE | os.O_TRUNC}[min(i, 1)], 0o666)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = files[0], files[1], files[2]
	err = cmd.Run()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(u.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return read("out"), read("err"), read("denied"), err
}
