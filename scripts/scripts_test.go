package scripts

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// nobody is an ordinary user and its group, which every system has.
const nobody = 65534

// user is somebody who runs luatrace, with a directory of his own.
type user struct {
	cred *syscall.Credential // nil: whoever runs the tests
	dir  string
}

// eachUser runs a test as whoever runs the tests and, if that is root, as an
// ordinary user too.
func eachUser(t *testing.T, test func(t *testing.T, u user)) {
	t.Helper()
	users := map[string]*syscall.Credential{"self": nil}
	if os.Geteuid() == 0 {
		users["nobody"] = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	for name, cred := range users {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := user{cred: cred, dir: filepath.Join(t.TempDir(), "d")}
			if err := os.Mkdir(u.dir, 0o755); err != nil {
				t.Fatal(err)
			}
			for d := filepath.Dir(u.dir); d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
				if err := os.Chmod(d, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if cred != nil {
				if err := os.Chown(u.dir, nobody, nobody); err != nil {
					t.Fatal(err)
				}
			}
			test(t, u)
		})
	}
}

// write makes a file in the user's directory and returns its path.
func (u user) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(u.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if u.cred != nil {
		for p := path; p != u.dir; p = filepath.Dir(p) {
			if err := os.Chown(p, nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
	}
	return path
}

// read returns what a file in the user's directory has.
func (u user) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(u.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// trace runs luatrace with options (a string with blanks between them) over a
// command in the user's directory. Stderr of the result has the trace too.
func (u user) trace(t *testing.T, options string, command ...string) fixture.Result {
	t.Helper()
	args := append(strings.Fields(options), "--")
	cmd := exec.Command(fixture.Luatrace(t), append(args, command...)...)
	cmd.Dir = u.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PWD="+u.dir)
	if u.cred != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.cred}
	}
	return fixture.RunCmd(t, cmd)
}

// snoop is trace for a script that writes a line an event: it returns the
// lines' columns, without those of the header.
func (u user) snoop(t *testing.T, header, options string, command ...string) [][]string {
	t.Helper()
	r := u.trace(t, options, command...)
	lines := strings.Split(strings.TrimSuffix(r.Stderr, "\n"), "\n")
	if got := strings.Join(strings.Fields(lines[0]), " "); got != header {
		t.Fatalf("header %q, want %q; all: %s", got, header, r.Stderr)
	}
	want := len(strings.Fields(header))
	var rows [][]string
	for _, line := range lines[1:] {
		row := strings.Fields(line)
		if len(row) < want {
			t.Errorf("line %q has not the columns %s", line, header)
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

// count counts the rows whose columns are as given; "" stands for anything.
func count(rows [][]string, columns ...string) int {
	n := 0
rows:
	for _, row := range rows {
		for i, want := range columns {
			if want != "" && row[i] != want {
				continue rows
			}
		}
		n++
	}
	return n
}

// table returns the rows of an aggregation as "count key key", by its title.
func table(t *testing.T, text, title string) map[string]bool {
	t.Helper()
	_, text, ok := strings.Cut("\n"+text, "\n"+title+"\n")
	if !ok {
		t.Fatalf("no table %q in:\n%s", title, text)
	}
	rows := map[string]bool{}
	for line := range strings.Lines(text) {
		rows[strings.Join(strings.Fields(line), " ")] = true
	}
	return rows
}

// foundation are the scripts that everything else is shown with: they are to
// stay especially small.
var foundation = []string{
	"deny", "eatmydata", "errsnoop", "execsnoop", "killsnoop", "latency",
	"opensnoop", "redirect", "rwsize", "statsnoop", "syscount",
}

func TestNames(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, name := range Names() {
		names[name] = true
		if !regexp.MustCompile(`^[a-z]{3,12}$`).MatchString(name) {
			t.Errorf("the name %q must be 3 to 12 small letters", name)
		}
	}
	for _, name := range foundation {
		if !names[name] {
			t.Errorf("there is no script %s", name)
		}
	}
}

// TestEveryScriptIsTested looks for a run of each script in the tests, besides
// those of its examples.
func TestEveryScriptIsTested(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	for _, name := range files {
		if name != "examples_test.go" {
			more, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, more...)
		}
	}
	for _, name := range Names() {
		if !regexp.MustCompile(`-s ` + name + `\b`).Match(text) {
			t.Errorf("no test runs %s", name)
		}
	}
}

// checkSource looks at what can be seen in a script: how long it is without its
// tests, and how wide.
func checkSource(t *testing.T, name, source string) {
	t.Helper()
	body := source
	if at := testPart.FindStringIndex(source); at == nil {
		t.Errorf("%s has no test block", name)
	} else {
		body = source[:at[0]]
	}
	limit := 84
	for _, f := range foundation {
		if f == name {
			limit = 60
		}
	}
	if n := strings.Count(body, "\n"); n >= limit {
		t.Errorf("%s has %d lines without its tests: fewer than %d are wanted", name, n, limit)
	}
	for i, line := range strings.Split(source, "\n") {
		if strings.TrimRight(line, " \t") != line || strings.Contains(line, "\t") {
			t.Errorf("%s:%d: no tabs and no blanks at the end are wanted", name, i+1)
		}
		if n := utf8.RuneCountInString(line); n > 120 && i < strings.Count(body, "\n") {
			t.Errorf("%s:%d: %d characters, at most 120 are wanted", name, i+1, n)
		}
	}
}

// testPart is where the tests of a script begin, with what they share.
var testPart = regexp.MustCompile(`(?m)^(test\(|local function \w+\(t\)$)`)

// acting are the ways a script changes what it traces.
var acting = regexp.MustCompile(`:(fail|skip|delay|suppress|kill|detach)\(|\bfault\(|\bev\.(args\.|regs\.)?[a-z_]+ = |\bev\.args\[\w+\] = `)

func TestScriptsAreDocumented(t *testing.T) {
	t.Parallel()
	bin := fixture.Luatrace(t)
	list := fixture.Run(t, bin, "list").Stdout
	for _, name := range Names() {
		source, err := fs.ReadFile(FS, name+".lua")
		if err != nil {
			t.Fatal(err)
		}
		checkSource(t, name, string(source))
		r := fixture.Run(t, bin, "info", name)
		if r.Code != 0 {
			t.Errorf("info %s: %s", name, r.Stderr)
			continue
		}
		if !strings.HasPrefix(r.Stdout, name+": ") {
			t.Errorf("%s calls itself %q", name, strings.SplitN(r.Stdout, "\n", 2)[0])
		}
		for _, part := range []string{"\nCategories: ", "\nExamples:\n", "\nCaveats: "} {
			if !strings.Contains(r.Stdout, part) {
				t.Errorf("info %s has no %s", name, strings.TrimSpace(part))
			}
		}
		body := string(source[strings.Index(string(source), "\n}\n"):])
		acts := strings.Contains(r.Stdout, "Changes what it traces: yes")
		if got := acting.FindString(body); (got != "") != acts {
			t.Errorf("%s: meta says acts = %t, but it uses %q", name, acts, got)
		}
		if !regexp.MustCompile(`(?m)^` + name + ` +\S`).MatchString(list) {
			t.Errorf("list does not show %s", name)
		}
	}
	for line := range strings.Lines(list) {
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("list: longer than 80 columns: %s", line)
		}
	}
}
