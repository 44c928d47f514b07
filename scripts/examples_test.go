package scripts

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"luatrace/internal/fixture"
)

// TestCheck runs the checker and the tests that the scripts bring.
func TestCheck(t *testing.T) {
	t.Parallel()
	bin := fixture.Luatrace(t)
	var files []string
	for _, name := range Names() {
		files = append(files, "./"+name+".lua")
	}
	if r := fixture.Run(t, bin, append([]string{"check"}, files...)...); r.Code != 0 {
		t.Errorf("luatrace check: %s%s", r.Stdout, r.Stderr)
	}
	r := fixture.Run(t, bin, append([]string{"test"}, files...)...)
	if ok := strings.Count(r.Stdout, "\nok ") + strings.Count(r.Stdout[:4], "ok "); r.Code != 0 || ok != len(files) {
		t.Errorf("luatrace test: code %d, %d of %d files ok:\n%s%s", r.Code, ok, len(files), r.Stdout, r.Stderr)
	}
}

// example is a line of a script's meta.
type example struct{ script, line string }

func examples(t *testing.T) []example {
	t.Helper()
	var list []example
	for _, name := range Names() {
		info := fixture.Run(t, fixture.Luatrace(t), "info", name).Stdout
		_, part, _ := strings.Cut(info, "\nExamples:\n")
		found := regexp.MustCompile(`(?m)^  (luatrace .*)$`).FindAllStringSubmatch(part, -1)
		if len(found) == 0 {
			t.Errorf("%s has no example", name)
		}
		for _, m := range found {
			list = append(list, example{name, m[1]})
			if !strings.Contains(m[1], "-s "+name) {
				t.Errorf("%s: it is no example of %s", m[1], name)
			}
		}
	}
	return list
}

// leftOut are examples that are not run here, and why.
var leftOut = map[string]string{
	"luatrace -s eatmydata apt-get install -y PACKAGE":     "it would change the machine",
	"luatrace -s sqlsnoop psql -h localhost -c 'select 1'": "TestSQLSnoop runs it with a server",
	"luatrace -s tcpaccept python3 -m http.server":         "it does not end; TestHTTPSnoop runs one",
	"luatrace -s dnssnoop getent ahosts example.com":       "it needs a name server; TestDNSSnoop brings one",
}

// standIns are what examples have in the place of what a reader has: each file
// is a shell script or a text in the directory they run in.
var standIns = map[string]string{
	"Makefile":             "all: out\nout: hello.c\n\t@sort hello.c >out.tmp; mv out.tmp out; grep -q main out\n.PHONY: out\n",
	"hello.c":              "#include <stdio.h>\nint main(void) { return puts(\"hello\") < 0; }\n",
	"x.py":                 "print('x')\n",
	"hosts":                "127.0.0.1 myhost\n",
	"app.log":              "one\ntwo\n",
	"words":                strings.Repeat("word\n", 5000),
	"src/a/x":              strings.Repeat("a", 20000),
	"src/b":                "b\n",
	"test-config/app.conf": "x = 1\n",
	"app":                  "#!/bin/sh\ncat /etc/app/app.conf\n",
	"server":               "#!/bin/bash\nexec 7<app.log 8<app.log\nls missing 2>/dev/null\ncat /etc/hosts >/dev/null\n",
	"run-tests":            "#!/bin/sh\ncat missing 2>/dev/null\ntest -e app.log\n",
	"untrusted":            "#!/bin/sh\ncat $HOME/.ssh/id_rsa 2>/dev/null || echo no key\n",
	"database":             "#!/bin/sh\ncat /var/lib/dpkg/status | head -c 9000 >/dev/null; sync; true\n",
	"test-with-a-database": "#!/bin/sh\ndd if=/dev/zero of=db bs=1k count=3 conv=fsync status=none\n",
}

// otherWords replace parts of examples that are not there on every machine, or
// take too long.
var otherWords = strings.NewReplacer(
	"/usr/share/dict/words", "words",
	"/usr/share/doc", "src",
	"find /usr ", "find src ",
	"./program", "SEGV",
	"http://localhost:8000/", "URL",
	"http://example.com", "URL",
	"http://myhost/", "URL",
)

// exits are exit codes other than 0, by a part of the example; -1 is any.
var exits = map[string]int{
	"-s deny -a path":       1,
	"-s deny -a glob":       2,
	"-s policy -a file":     1,
	"-a n=1 cp ":            137,
	"-a nth=3 tar":          2,
	"-a probability=0.1":    -1,
	"-s crash ./program":    139,
	"setpriv --reuid=65534": -1,
}

// worker waits until it is traced, then it does a bit of everything.
const worker = `
trap : USR1
echo ready
while ! grep -q 'TracerPid:.*[1-9]' /proc/$$/status; do sleep 0.01; done
cat /etc/hosts | sort >/dev/null
echo log >>app.log
kill -USR1 $$
ls missing
: >gone; rm gone
exit 0`

// playground is a directory with the stand-ins, in which examples are run.
func playground(t *testing.T, u user) {
	t.Helper()
	for name, text := range standIns {
		path := u.write(t, name, text)
		if strings.HasPrefix(text, "#!") {
			if err := os.Chmod(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Symlink(fixture.Luatrace(t), filepath.Join(u.dir, "luatrace")); err != nil {
		t.Fatal(err)
	}
}

// prepared are commands that come before examples with a certain word.
var prepared = map[string]string{
	"git":             "git init -q .",
	"sqlite3":         "sqlite3 test.db 'create table t(x); insert into t values(1)'",
	"file=app.policy": "./luatrace -o app.policy -s policy -a learn cat /etc/hostname",
}

// shell runs a line of sh in the user's directory, which is in PATH.
func (u user) shell(t *testing.T, line string) fixture.Result {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", line)
	cmd.Dir = u.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME="+u.dir, "PATH="+u.dir+":"+os.Getenv("PATH"))
	return fixture.RunCmd(t, cmd)
}

// run runs an example and returns its result. With asJSON the trace goes to the
// file "trace", as JSON.
func (e example) run(t *testing.T, u user, url string, asJSON bool) fixture.Result {
	t.Helper()
	for word, setup := range prepared {
		if strings.Contains(e.line, word) {
			if r := u.shell(t, setup); r.Code != 0 {
				t.Fatalf("%s: %s", setup, r.Stderr)
			}
		}
	}
	line := otherWords.Replace(e.line)
	line = strings.ReplaceAll(line, "SEGV", fixture.Build(t, "segv"))
	line = strings.ReplaceAll(line, "URL", url)
	if asJSON {
		line = regexp.MustCompile(` -o \S+`).ReplaceAllString(line, "")
		line = strings.Replace(line, "luatrace ", "luatrace -j -o trace ", 1)
	}
	pids := regexp.MustCompile(`-p [\d,]+`)
	if !pids.MatchString(line) {
		return u.shell(t, line)
	}
	var started []string
	for range strings.Count(pids.FindString(line), ",") + 1 {
		cmd := exec.Command("/bin/sh", "-c", worker)
		cmd.Dir = u.dir
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Wait()
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		started = append(started, fmt.Sprint(cmd.Process.Pid))
	}
	return u.shell(t, pids.ReplaceAllString(line, "-p "+strings.Join(started, ",")))
}

func (e example) wantCode() int {
	for part, code := range exits {
		if strings.Contains(e.line, part) {
			return code
		}
	}
	return 0
}

// tally is what faults say at the end.
var tally = regexp.MustCompile(`(?m)^luatrace: .*: \d+ of \d+ calls? (failed|cut short)\n`)

// TestExamples runs the examples of all scripts in the playground.
func TestExamples(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.FileServer(http.Dir("lib")))
	t.Cleanup(server.Close)
	list := examples(t)
	for line, why := range leftOut {
		if !slices.ContainsFunc(list, func(e example) bool { return e.line == line }) {
			t.Errorf("left out, but no example (%s): %s", why, line)
		}
	}
	for _, e := range list {
		if leftOut[e.line] != "" {
			continue
		}
		t.Run(e.script, func(t *testing.T) {
			t.Parallel()
			u := user{dir: t.TempDir()}
			playground(t, u)
			r := e.run(t, u, server.URL, false)
			if want := e.wantCode(); want >= 0 && r.Code != want {
				t.Errorf("%s: exit code %d, want %d: %s", e.line, r.Code, want, r.Stderr)
			}
			if strings.Contains(tally.ReplaceAllString(r.Stderr, ""), "luatrace: ") && !strings.Contains(r.Stderr, "attached") {
				t.Errorf("%s: %s", e.line, r.Stderr)
			}
			for line := range strings.Lines(r.Stderr) {
				if n := utf8.RuneCountInString(line); heading.MatchString(line) && n > 80 {
					t.Errorf("%s: a heading of %d columns: %s", e.line, n-1, line)
				}
			}
		})
	}
}

// heading is a line with the names of columns.
var heading = regexp.MustCompile(`^ *[A-Z_%0-9]+(\(s\))?( +[A-Z_%0-9]+(\(s\))?)+\n$`)

// silent are scripts that write nothing, or nothing here, and why.
var silent = map[string]string{
	"detrand":   "changes, tells nothing",
	"fakeroot":  "tells what it changed only with -a list",
	"faketime":  "changes, tells nothing",
	"faults":    "changes, tells nothing",
	"redirect":  "changes, tells nothing",
	"slowio":    "changes, tells nothing",
	"dnssnoop":  "TestDNSSnoop looks at its JSON",
	"tcpaccept": "TestTCPAccept looks at its JSON",
	"sqlsnoop":  "TestSQLSnoop looks at its JSON",
}

// TestJSON runs an example of each script with -j: each line is an object.
func TestJSON(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.FileServer(http.Dir("lib")))
	t.Cleanup(server.Close)
	byScript := map[string][]example{}
	for _, e := range examples(t) {
		if leftOut[e.line] == "" {
			byScript[e.script] = append(byScript[e.script], e)
		}
	}
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := user{dir: t.TempDir()}
			playground(t, u)
			objects := 0
			for _, e := range byScript[name] {
				r := e.run(t, u, server.URL, true)
				data, err := os.ReadFile(filepath.Join(u.dir, "trace"))
				if err != nil {
					t.Errorf("%s: %v: %s", e.line, err, r.Stderr)
				}
				for line := range strings.Lines(string(data)) {
					objects++
					var object map[string]any
					if err := json.Unmarshal([]byte(line), &object); err != nil {
						t.Errorf("%s: %v: %s", e.line, err, line)
					}
				}
				if objects > 0 {
					break
				}
			}
			if why := silent[name]; objects == 0 && why == "" {
				t.Errorf("no example of %s writes anything with -j", name)
			}
		})
	}
}
