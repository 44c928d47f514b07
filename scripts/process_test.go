package scripts

import (
	"regexp"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

func TestPstree(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		script := "/bin/true; (/bin/false; exit 3); sh -c 'kill -9 $$' 2>/dev/null; exit 5"
		r := u.trace(t, "-s pstree", "sh", "-c", script)
		got := regexp.MustCompile(`(?m)^ *\d+ +[\d.]+[a-z]+ `).ReplaceAllString(r.Stderr, "# ")
		want := "    PID    TIME COMMAND\n" +
			"# sh -c /bin/true; (/bin/false; exit 3); sh -c 'k... [5]\n" +
			"#   /bin/true\n" +
			"#   sh [3]\n" +
			"#     /bin/false [1]\n" +
			"#   sh -c kill -9 $$ [SIGKILL]\n"
		if got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
		counts := fixture.Build(t, "counts")
		r = u.trace(t, "-s pstree", counts)
		wantCount(t, "processes", len(columns(r.Stderr)), 1+1+20) // with the header
		r = u.trace(t, "-s pstree -a threads", counts)
		wantCount(t, "threads", strings.Count(r.Stderr, "counts (thread)"), 8)
		// A thread that runs another program is the process from then on.
		r = u.trace(t, "-s pstree", fixture.Build(t, "texec"))
		if rows := columns(r.Stderr); len(rows) != 2 || !regexp.MustCompile(`^\d+ \S+ texec after \d+$`).MatchString(rows[1]) {
			t.Errorf("got:\n%s", r.Stderr)
		}
	})
}

func TestCrash(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		segv := fixture.Build(t, "segv")
		r := u.trace(t, "-s crash", segv)
		if r.Signal != syscall.SIGSEGV {
			t.Errorf("luatrace ended with code %d, signal %d; want SIGSEGV", r.Code, r.Signal)
		}
		for _, want := range []string{
			`^\d+ segv: SIGSEGV, code 1, address 0x10\n  rip  [0-9a-f]{16}  rsp  [0-9a-f]{16}  rbp  [0-9a-f]{16}\n`,
			`\n  code: [0-9a-f]+-[0-9a-f]+ r-xp .*/segv \+ 0x[0-9a-f]+\n`,
			`\n  code at 0x[0-9a-f]+\n(    [0-9a-f]+: ([0-9a-f]{2} ){16} \|.{16}\|\n){4}`,
			`\n  stack at 0x7f[0-9a-f]+\n    7f`,
		} {
			if !regexp.MustCompile(want).MatchString(r.Stderr) {
				t.Errorf("no %s in:\n%s", want, r.Stderr)
			}
		}
		if strings.Contains(r.Stderr, "[vdso]") {
			t.Errorf("all mappings, unasked:\n%s", r.Stderr)
		}
		if r = u.trace(t, "-s crash -a maps", segv); !strings.Contains(r.Stderr, "[vdso]\n") {
			t.Errorf("no mappings:\n%s", r.Stderr)
		}
		if r = u.trace(t, "-s crash", segv, "handled"); r.Stderr != "nothing crashed\n" || r.Code != 4 {
			t.Errorf("with a handler: code %d, %q", r.Code, r.Stderr)
		}
		if r = u.trace(t, "-s crash", fixture.Build(t, "abort")); strings.Count(r.Stderr, "abort: SIGABRT, code ") != 1 {
			t.Errorf("abort:\n%s", r.Stderr)
		}
	})
}

func TestMemgrow(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		// 7 mappings of 3 MiB, of which 5 are removed, one grows, and the rest goes at the end.
		program := `import mmap
m = [mmap.mmap(-1, 3 << 20) for _ in range(7)]
for x in m[:5]: x.close()
m[5].resize(5 << 20)`
		r := u.trace(t, "-s memgrow -a min=2000000", "/usr/bin/python3", "-c", program)
		rows := strings.Join(columns(r.Stderr), "\n")
		for want, n := range map[string]int{
			`(?m)^\d+ python3 mmap \+3\.0M \S+ \S+ anonymous$`:    7,
			`(?m)^\d+ python3 munmap -3\.0M \S+ \S+ unmapped$`:    5 + 1,
			`(?m)^\d+ python3 mremap \+2\.0M \S+ \S+ resized$`:    1,
			`(?m)^\d+ python3 exit - \S+ - peak 2[1-9]M$`:         1,
			`(?m)^PID COMM CALL CHANGE TOTAL RSS WHAT$`:           1,
			`(?m)^\d+ python3 m(map|unmap|remap) .*( - )+[a-z]+$`: 0,
		} {
			if got := len(regexp.MustCompile(want).FindAllString(rows, -1)); got != n {
				t.Errorf("%d times %s, want %d, in:\n%s", got, want, n, r.Stderr)
			}
		}
	})
}

func TestFutexctn(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		// A lock that is never free: 5 waits that end without it.
		program := "import threading\nl = threading.Lock(); l.acquire()\nfor _ in range(5): l.acquire(timeout=0.2)"
		r := u.trace(t, "-j -s futexctn", "/usr/bin/python3", "-c", program)
		if !regexp.MustCompile(`"comm":"python3".*"timeouts":5,"waits":5,"where":"(\[heap\]|anonymous)"`).MatchString(r.Stderr) {
			t.Errorf("got:\n%s", r.Stderr)
		}
		r = u.trace(t, "-s futexctn -a min=10ms", "/usr/bin/python3", "-c", program)
		if rows := columns(r.Stderr); rows[0] != "PID COMM WAITS TOTAL AVG MAX FUTEX WHERE" || !regexp.MustCompile(`^\d+ python3 5 \S+ \S+ \S+ [0-9a-f]+ \S+$`).MatchString(rows[1]) {
			t.Errorf("got:\n%s", r.Stderr)
		}
	})
}

func TestBlocked(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		r := u.trace(t, "-s blocked -a min=190ms", "sh", "-c", "sleep 0.2; sleep 0.2; sleep 1.2 | cat")
		rows := strings.Join(columns(r.Stderr), "\n")
		for want, n := range map[string]int{
			`(?m)^TID COMM TIME SHARE COUNT CALL FOR$`:                       1,
			`(?m)^\d+ sh \S+ [\d.]+% [3-9] wait4 children$`:                  1,
			`(?m)^\d+ sleep \S+ [\d.]+% 1 clock_nanosleep sleep$`:            3,
			`(?m)^\d+ cat [\d.]+m?s [\d.]+% \d (read|splice) pipe:\[\d+\]$`:  1,
			`(?m)^busiest: thread \d+ \([a-z]+\), [\d.]+m?s of \S+ not wait`: 1,
		} {
			if got := len(regexp.MustCompile(want).FindAllString(rows, -1)); got != n {
				t.Errorf("%d times %s, want %d, in:\n%s", got, want, n, r.Stderr)
			}
		}
	})
}

func TestSetuids(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		program := `import os
for _ in range(3): os.setresuid(-1, os.getuid(), -1)
os.setgid(os.getgid())
try: os.setuid(4321) or os._exit(1)
except PermissionError: pass`
		r := u.trace(t, "-s setuids", "/usr/bin/python3", "-c", program)
		uid := "0"
		if u.cred != nil || syscall.Geteuid() != 0 {
			uid = regexp.MustCompile(`uid (\d+),`).FindStringSubmatch(r.Stderr + "uid ?,")[1]
		}
		if uid != "0" {
			wantRow(t, r.Stderr, "# python3 setuid EPERM uid "+uid+","+uid+","+uid+" uid "+uid+","+uid+","+uid)
		} else {
			wantRow(t, r.Stderr, "# python3 setuid - uid 0,0,0 uid 4321,4321,4321")
		}
		wantCount(t, "setresuid", strings.Count(r.Stderr, "setresuid  -        uid "+uid+","), 3)
		wantCount(t, "setgid", strings.Count(r.Stderr, "setgid     -        gid "), 1)
	})
}
