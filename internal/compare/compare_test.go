package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// A few programs, whatever else is installed: one process, several, a pipeline, signals.
func TestShare(t *testing.T) {
	t.Parallel()
	o := &options{only: regexp.MustCompile(`^(ls|cp|shell|stat|signals|tar)$`), min: 95, luatrace: fixture.Luatrace(t)}
	var out bytes.Buffer
	ok, err := run(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		t.Errorf("fewer than %g%% of the lines are strace's:\n%s", o.min, out.Bytes())
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	const text = `100  read(3,  <unfinished ...>
200  getpid( <unfinished ...>
100  <... read resumed>"a", 10)         = 1
200  <... getpid resumed>)              = 200
100  clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 300
300  getppid()                         = 100
300  wait4(-1,  <unfinished ...>
100  getppid()                         = 77
100  kill(77, SIGTERM)                 = 0
[pid   300] exit_group(0) = ?
300  openat(AT_FDCWD, "/tmp/ab12CD.x", O_RDWR|O_CREAT|O_EXCL, 0600) = 3
300  openat(AT_FDCWD, "/tmp/fixed.lock", O_RDWR|O_CREAT|O_EXCL, 0600) = 3
300  unlink("/tmp/ab12CD.x")           = 0
300  +++ exited with 0 +++
`
	left, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	right, err := parse("1 openat(AT_FDCWD, \"/tmp/fixed.lock\", O_RDWR|O_CREAT|O_EXCL, 0600) = 3\n")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	tasks, _ := masked(left, right)
	for _, k := range tasks {
		for _, l := range k.lines {
			mark := " "
			if l.joined {
				mark = "+"
			}
			got = append(got, k.path+mark+l.text)
		}
	}
	want := []string{
		`0+read(3, "a", 10)         = 1`,
		`0 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = <task 0.1>`,
		`0 getppid()                         = <other task>`,
		`0 kill(<other task>, SIGTERM)                 = 0`,
		`1+getpid()              = <task 1>`,
		`0.1 getppid()                         = <task 0>`,
		`0.1 exit_group(0) = ?`,
		`0.1 openat(AT_FDCWD, "/tmp/<temporary>", O_RDWR|O_CREAT|O_EXCL, 0600) = 3`,
		`0.1 openat(AT_FDCWD, "/tmp/fixed.lock", O_RDWR|O_CREAT|O_EXCL, 0600) = 3`,
		`0.1 unlink("/tmp/<temporary>")           = 0`,
		`0.1 +++ exited with 0 +++`,
		`0.1+wait4(-1,  <unfinished ...>`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
	if _, err := parse(""); err == nil {
		t.Error("an empty trace is no error")
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	m := newMasker(map[string]string{"1234": "0"})
	for _, c := range [][2]string{
		{`brk(0x5581c0de0000) = 0x5581c0de0000`, `brk(0xADDR) = 0xADDR`},
		{`mmap(NULL, 8192, 0x3, 0x1234, -1, 0)`, `mmap(NULL, 8192, 0x3, 0x1234, -1, 0)`},
		{`openat(AT_FDCWD, "/proc/1234/stat")`, `openat(AT_FDCWD, "/proc/<task 0>/stat")`},
		{`read(3, "", 12345) = 0 <0.000123>`, `read(3, "", 12345) = 0 <time>`},
		{`{tv_sec=1, tv_nsec=500000000}`, `{tv_sec=1, tv_nsec=500000000}`},
		{`{tv_sec=1763859086, tv_nsec=123456789}`, `{tv_sec=T, tv_nsec=T}`},
		{`st_mtime=1763859086 /* 2025-11-23T00:51:26.123456789+0000 */, st_mtime_nsec=123456789}`, `st_mtime=T /* date.+0000 */, st_mtime_nsec=T}`},
		{`st_mtime=1763859086, st_ino=42`, `st_mtime=T, st_ino=N`},
		{`sin_port=htons(40000)`, `sin_port=htons(PORT)`},
		{`sin_port=htons(80)`, `sin_port=htons(80)`},
		{`read(3<pipe:[4711]>)`, `read(3<pipe:[N]>)`},
		{`si_utime=0, si_stime=2 /* 0.02 s */`, `si_utime=T, si_stime=T`},
		{`{tv_sec=1, tv_nsec=0} /* 1970-01-01T00:00:01+0000 */`, `{tv_sec=1, tv_nsec=0} /* date+0000 */`},
	} {
		if got := m.mask(c[0]); got != c[1] {
			t.Errorf("mask(%s) = %s, want %s", c[0], got, c[1])
		}
	}
	for _, c := range [][2]string{
		{`12:34:56 `, `TT:TT:TT `},
		{`12:34:56.123456 `, `TT:TT:TT.TTTTTT `},
		{`1763859086.123456 `, `TTTTTTTTTT.TTTTTT `},
		{`     0.000123 `, `T.TTTTTT `},
		{``, ``},
	} {
		tr, err := parse("12  " + c[0] + "close(3)      = 0\n13  " + c[0] + "getpid( <unfinished ...>\n")
		if err != nil {
			t.Fatal(err)
		}
		tasks, _ := masked(tr, &trace{mask: newMasker(nil)})
		if got := tasks[0].lines[0].stamp + tasks[0].lines[0].text; got != c[1]+"close(3)      = 0" {
			t.Errorf("with a stamp %q: %s", c[0], got)
		}
		if got := tasks[1].lines[0].stamp + tasks[1].lines[0].text; got != c[1]+"getpid( <unfinished ...>" {
			t.Errorf("with a stamp %q: %s", c[0], got)
		}
	}
}

func lines(text ...string) (list []line) {
	for _, l := range text {
		joined := strings.HasPrefix(l, "+")
		list = append(list, line{text: strings.TrimPrefix(l, "+"), joined: joined})
	}
	return list
}

func TestCompareTask(t *testing.T) {
	t.Parallel()
	same, diffs := compareTask(
		lines(`a() = 1`, `b()   = 2`, `+c()    = 3`, `d() = 4`, `e(1) = 5`, `e(2) = 5`, `f() = 6`),
		lines(`d() = 4`, `b() = 2`, `c() = 3`, `e(3) = 5`, `e(2) = 5`, `a() = 1`, `g() = 7`, `a() = 1`))
	if same != 4 { // a, c, d, e(2)
		t.Errorf("%d lines are the same, want 4", same)
	}
	want := []difference{
		{call: "b", left: `b()   = 2`, right: `b() = 2`}, // in another column
		{call: "e", left: `e(1) = 5`, right: `e(3) = 5`},
		{call: "f", left: `f() = 6`},
		{call: "g", right: `g() = 7`},
		{call: "a", right: `a() = 1`},
	}
	if len(diffs) != len(want) {
		t.Fatalf("differences %q, want %q", diffs, want)
	}
	for i := range want {
		if diffs[i] != want[i] {
			t.Errorf("difference %d is %q, want %q", i, diffs[i], want[i])
		}
	}
}

// A task that only one of the traces has makes all its lines differ.
func TestCompareTasks(t *testing.T) {
	t.Parallel()
	left := []task{{"0", lines(`a() = 1`)}, {"0.1", lines(`b() = 1`)}}
	right := []task{{"0", lines(`a() = 1`)}, {"0.2", lines(`c() = 1`, `d() = 1`)}}
	c, diffs := compare("p", left, right)
	if c != (counts{4, 1}) || len(diffs) != 3 || diffs[0].program != "p" {
		t.Errorf("%+v, %q; want 4 lines, 1 the same", c, diffs)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	kinds := group([]difference{
		{"p", "getrandom", `getrandom("\x1", 8) = 8`, `getrandom("\x2", 8) = 8`},
		{"p", "read", `read(3, "abc", 10) = 3`, `read(3, "abd", 10) = 3`},
		{"q", "read", `read(4, "x", 10) = 3`, `read(4, "\0", 10) = 3`},
	})
	var got []string
	for _, k := range kinds {
		why := ""
		if k.why != nil {
			why = k.why.why
		}
		got = append(got, k.call+": "+k.diff+": "+k.programs()+": "+why)
	}
	want := []string{`read: "…" | "…": p, q: `, `getrandom: "…" | "…": p: random bytes`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d         difference
		explained bool
	}{
		{difference{"ls", "getrandom", `getrandom("\x1", 8)  = 8`, `getrandom("\x22", 8) = 8`}, true},
		{difference{"ls", "getrandom", `getrandom("\x1", 8) = 8`, `getrandom(0xADDR, 8) = 8`}, false},
		{difference{"cp", "read", `read(3, "a", 8) = 8`, `read(3, "b", 8) = 8`}, false},
		{difference{"sqlite", "read", `read(3, "a", 8) = 8`, `read(3, "b"..., 8) = 18`}, true},
		{difference{"ls", "poll", `poll([{fd=1}], 1, 99) = 1 ([{fd=1, revents=POLLIN}])`, `poll([{fd=1}], 1, 1) = 0 (Timeout)`}, true},
		{difference{"ls", "poll", `poll([{fd=1}], 1, 99) = 1`, `poll(0xADDR, 1, 99) = 1`}, false},
		{difference{"ls", "close", `close(3) = 0`, ``}, true},
		{difference{"ls", "close", `close(3) = 0`, `close(4) = 0`}, false},
		{difference{"ls", "sysinfo", `sysinfo({uptime=1})   = 0`, `sysinfo({uptime=10}) = 0`}, true},
		{difference{"ls", "sysinfo", `sysinfo({uptime=1}) = 0`, `sysinfo({loads=10}) = 0`}, false},
	} {
		if why := c.d.explain(); (why != nil) != c.explained {
			t.Errorf("%+v: %+v", c.d, why)
		}
	}
}

// Names are unique, and what is not installed is named with its package.
func TestPrograms(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range programs {
		if seen[p.name] {
			t.Errorf("two programs are named %s", p.name)
		}
		seen[p.name] = true
		if regexp.MustCompile(`^[a-z][a-z0-9-]+$`).FindString(p.name) == "" {
			t.Errorf("%q is no name for a program", p.name)
		}
	}
	if len(programs) < 30 {
		t.Errorf("only %d programs", len(programs))
	}
	err := missing([]program{{name: "x", needs: map[string]string{"no-such-command": "no-such-package"}}})
	if err == nil || !strings.Contains(err.Error(), "no-such-command (package no-such-package)") {
		t.Errorf("missing says %v", err)
	}
}
