package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"luatrace/bindings"
	"luatrace/internal/fixture"
	"luatrace/scripts"
)

// What list and info show of the collection is read without running its scripts, and
// the same as when they run.
func TestListedAsRun(t *testing.T) {
	t.Parallel()
	for _, name := range scripts.Names() {
		quick, ok := bindings.LiteralMeta(collection(), name+".lua")
		if !ok {
			t.Errorf("%s does not begin with a meta of constants: list has to run it", name)
			continue
		}
		m, err := aboutRun(&script{name: name}, metaTimeout)
		if err != nil || !reflect.DeepEqual(quick.Shown(), m) {
			t.Errorf("%s:\n%+v\nwhen it runs, with %v,\n%+v", name, quick.Shown(), err, m)
		}
	}
}

// TestGreedyScriptsAreListed: a script that takes all memory or time before its meta is
// named with what it does, and the others are listed beside it.
func TestGreedyScriptsAreListed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	places := filepath.Join(dir, "luatrace/scripts")
	if err := os.MkdirAll(places, 0o755); err != nil {
		t.Fatal(err)
	}
	const memory = `a string of \d+ MiB would be (more|more than half of the) memory (than|that) scripts may take, \d+ MiB|the script keeps more than \d+ MiB of memory`
	greedy := map[string]struct{ code, message string }{
		"hangs":  {"while true do end meta{name = 'x'}", "ran longer than (2|5)s"},
		"joins":  {"local s = ('x'):rep(6e7) s = s .. s .. s .. s local t = s" + strings.Repeat(" .. s", 60) + " meta{name = 'x'}", memory},
		"grows":  {"local t = {} while true do t[#t + 1] = ('x'):rep(9e5) .. #t end meta{name = 'x'}", memory + "|ran longer than (2|5)s"},
		"prints": {`print(("\1"):rep(60e6)) meta{name = "x"}`, memory},
		"raises": {`error(("\1"):rep(60e6)) meta{name = "x"}`, memory},
	}
	write := func(name, code string) {
		if err := os.WriteFile(filepath.Join(places, name+".lua"), []byte(code), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, g := range greedy {
		write(name, g.code)
	}
	write("modest", `meta{name = "modest", summary = "takes what it needs"} on("openat", print)`)
	luatrace := func(args ...string) fixture.Result {
		limit := `ulimit -d $((448 * 1024)); exec "$@"` // three times the 128 MiB, and 64
		if fixture.Race {
			limit = `exec "$@"` // the detector takes many times that
		}
		cmd := exec.Command("sh", append([]string{"-c", limit, "sh", fixture.Luatrace(t)}, args...)...)
		cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "LUATRACE_PATH=")
		return fixture.RunCmd(t, cmd)
	}
	all := luatrace("list")
	for _, line := range []string{`modest +takes what it needs`, `opensnoop +.*`} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(all.Stdout) {
			t.Errorf("list has no line %s", line)
		}
	}
	if all.Code != 0 || all.Stderr != "" {
		t.Errorf("list: exit %d, %q", all.Code, all.Stderr)
	}
	for name, g := range greedy {
		path := regexp.QuoteMeta(filepath.Join(places, name+".lua"))
		if !regexp.MustCompile(`(?m)^` + name + ` +broken: ` + path + `:1: (` + g.message + `)$`).MatchString(all.Stdout) {
			t.Errorf("list does not say what is wrong with %s:\n%s", name, all.Stdout)
		}
		for _, command := range []string{"info", "check"} {
			r := luatrace(command, name)
			if !regexp.MustCompile(`^(luatrace: )?`+path+`:1: (`+g.message+`)\n$`).MatchString(r.Stdout+r.Stderr) || r.Code != map[string]int{"info": 2, "check": 1}[command] {
				t.Errorf("%s %s: exit %d, %.1000q, %.1000q", command, name, r.Code, r.Stdout, r.Stderr)
			}
		}
	}
}

// TestLooksEnd: who has used up the time for the whole list leaves none for the scripts
// behind, which are named all the same; those of the collection take none.
func TestLooksEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.lua")
	if err := os.WriteFile(path, []byte(`meta{name = "s", summary = "fine"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	l := newLooks()
	if m, err := l.about(&script{name: "s", path: path}); err != nil || m.Summary != "fine" || l.left >= l.all {
		t.Errorf("%v, %v; %v are left", m, err, l.left)
	}
	l.left = 0
	if m, err := l.about(&script{name: "s", path: path}); err == nil || broken(err).Summary != "broken: it was not looked at: the scripts before it took 10s" {
		t.Errorf("%v, %v", m, err)
	}
	if m, err := l.about(&script{name: "opensnoop"}); err != nil || m.Summary == "" {
		t.Errorf("%v, %v", m, err)
	}
}
