package scripts

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// project copies the small C project to the user's directory.
func (u user) project(t *testing.T) {
	t.Helper()
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Makefile", "VERSION", "src/words.h", "src/words.c", "src/hello.c", "src/count.c"} {
		text, err := os.ReadFile(filepath.Join(root, "testdata", "build", name))
		if err != nil {
			t.Fatal(err)
		}
		u.write(t, name, string(text))
	}
	if u.cred != nil {
		if err := os.Chown(filepath.Join(u.dir, "src"), nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
}

// clean removes what the build made.
func (u user) clean(t *testing.T) {
	t.Helper()
	for _, name := range []string{"src/words.o", "src/hello.o", "src/count.o", "src/version.h", "libwords.a", "hello", "count"} {
		if err := os.Remove(filepath.Join(u.dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// temporary are names that the compiler's and ar's temporary files get by chance.
var temporary = regexp.MustCompile(`/(cc|st)[A-Za-z0-9]{6}((?:\.[a-z]+)*)$`)

// opened are the files that strace shows opened, run or made under a new name.
func (u user) opened(t *testing.T, command ...string) []string {
	t.Helper()
	trace := filepath.Join(u.dir, "strace.out")
	cmd := exec.Command("strace", append([]string{"-f", "-y", "-qq", "-s", "4096", "-o", trace, "-e", "trace=%file"}, command...)...)
	cmd.Dir = u.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PWD="+u.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.cred}
	if r := fixture.RunCmd(t, cmd); r.Code != 0 {
		t.Fatalf("strace %v: %s", command, r.Stderr)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(trace)
	set := map[string]bool{}
	calls := regexp.MustCompile(`^\d+ +(?:open|creat)\("([^"]*)".* = \d+|^\d+ +openat\(AT_FDCWD(?:<[^>]*>)?, "([^"]*)", (.*) = \d+|` +
		`^\d+ +execve\("([^"]*)".* = 0$|^\d+ +rename(?:at2?)?\(.*"([^"]*)"(?:, [A-Z_0-9]+)?\) = 0$`)
	for line := range strings.Lines(string(text)) {
		m := calls.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil || strings.Contains(m[3], "O_DIRECTORY") {
			continue
		}
		path := m[1] + m[2] + m[4] + m[5]
		if !filepath.IsAbs(path) {
			path = filepath.Join(u.dir, path)
		}
		set[temporary.ReplaceAllString(filepath.Clean(path), "/$1*$2")] = true
	}
	return sorted(set)
}

func sorted(set map[string]bool) []string {
	var list []string
	for s := range set {
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}

// TestDeps builds a project and compares with what strace sees of the same.
func TestDeps(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		u.project(t)
		r := u.trace(t, "-j -o deps.json -s deps", "make")
		if r.Code != 0 {
			t.Fatalf("make: %s", r.Stderr)
		}
		text, err := os.ReadFile(filepath.Join(u.dir, "deps.json"))
		if err != nil {
			t.Fatal(err)
		}
		set := map[string]bool{}
		for line := range strings.Lines(string(text)) {
			var c struct{ Reads, Writes, Removed []string }
			if err := json.Unmarshal([]byte(line), &c); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			for _, path := range slices.Concat(c.Reads, c.Writes, c.Removed) {
				set[temporary.ReplaceAllString(path, "/$1*$2")] = true
			}
		}
		u.clean(t)
		got, want := sorted(set), u.opened(t, "make")
		for _, path := range got {
			if !slices.Contains(want, path) {
				t.Errorf("only deps: %s", path)
			}
		}
		for _, path := range want {
			if !set[path] {
				t.Errorf("only strace: %s", path)
			}
		}
		if len(got) < 40 {
			t.Errorf("only %d files: %q", len(got), got)
		}

		u.clean(t)
		r = u.trace(t, "-o rules -s deps -a format=make -a under=.", "make", "-s")
		rules, err := os.ReadFile(filepath.Join(u.dir, "rules"))
		if err != nil || r.Code != 0 {
			t.Fatal(err, r.Stderr)
		}
		lines := strings.Split(strings.ReplaceAll(strings.TrimSpace(string(rules)), u.dir+"/", ""), "\n")
		slices.Sort(lines)
		wantRules := []string{
			"count: libwords.a src/count.o",
			"hello: libwords.a src/hello.o",
			"libwords.a: src/words.o",
			"src/count.o: src/count.c src/words.h",
			"src/hello.o: src/hello.c src/words.h",
			"src/version.h: VERSION",
			"src/words.o: src/version.h src/words.c src/words.h",
		}
		if !slices.Equal(lines, wantRules) {
			t.Errorf("got:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(wantRules, "\n"))
		}

		// What the shell opens for a command is both's.
		line := "sort <VERSION >sorted; cat sorted src/words.h >/dev/null"
		r = u.trace(t, "-s deps -a under=.", "sh", "-c", line)
		want = []string{"sh -c " + line, " > " + u.dir + "/sorted", " < " + u.dir + "/VERSION",
			"sort", " > " + u.dir + "/sorted", " < " + u.dir + "/VERSION",
			"cat sorted src/words.h", " < " + u.dir + "/sorted", " < " + u.dir + "/src/words.h"}
		if got := strings.Split(strings.ReplaceAll(strings.TrimSpace(r.Stderr), "\n  ", "\n "), "\n"); !slices.Equal(got, want) {
			t.Errorf("got:\n%s\nwant:\n%s", r.Stderr, strings.Join(want, "\n"))
		}

		// The descriptor says how it was opened, not the last open of the name; what
		// was open before the trace is nobody's. Stdin is /dev/null here.
		line = "exec 5<VERSION; cat src/words.h >/dev/null; sleep 0; exec 5<src/words.c; cat <&5 >out; echo x >out; sort <out 4>&1 >/dev/null"
		r = u.trace(t, "-s deps", "bash", "-c", line)
		got = nil
		for _, l := range strings.Split(strings.TrimSpace(r.Stderr), "\n") {
			if !strings.HasPrefix(l, "  < /") || strings.HasPrefix(l, "  < "+u.dir) || strings.Contains(l, "/dev/") {
				got = append(got, strings.ReplaceAll(l, u.dir+"/", ""))
			}
		}
		want = []string{"bash -c " + line, "  > out", "  < VERSION", "  < src/words.c", "cat src/words.h", "  > /dev/null", "  < src/words.h",
			"sleep 0", "cat", "  > out", "  < src/words.c", "sort", "  > /dev/null", "  < out"}
		if !slices.Equal(got, want) {
			t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}
