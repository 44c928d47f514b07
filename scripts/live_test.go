package scripts

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/servers"
)

// The tests of this file attach to something that runs, and end the trace as
// Ctrl-C does.

// deadlocked starts the fixture and waits until all of its threads wait.
func deadlocked(t *testing.T, cred *syscall.Credential) *servers.Server {
	t.Helper()
	dir := servers.Dir(t, cred)
	says := servers.Says("(?m)^ready$")
	return servers.Start(t, servers.Program{Argv: []string{fixture.Build(t, "deadlock"), dir}, Dir: dir, Cred: cred}, func(s *servers.Server) bool {
		if !says(s) {
			return false
		}
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", s.PID))
		in := map[string]int{}
		for _, f := range files {
			text, _ := os.ReadFile(f)
			nr, _, _ := strings.Cut(string(text), " ")
			in[nr]++
		}
		return in[strconv.Itoa(syscall.SYS_FUTEX)] == 2 && in[strconv.Itoa(syscall.SYS_FLOCK)] == 1 && in[strconv.Itoa(syscall.SYS_OPENAT)] == 1 && len(files) == 5
	})
}

// TestDeadlock looks at a program that hangs in calls which were in progress at
// the attach, and have not returned when the trace ends.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		d := deadlocked(t, u.cred)
		dir := regexp.QuoteMeta(d.Dir)
		for options, want := range map[string][]string{
			"-s blocked -a min=0s": {
				`2 \d+ deadlock \S+ \S+ 1 futex a lock or another thread, not returned`,
				`1 \d+ deadlock \S+ \S+ 1 flock ` + dir + `/lock, not returned`,
				`1 \d+ deadlock \S+ \S+ 1 openat ` + dir + `/fifo, not returned`,
				`1 ` + strconv.Itoa(d.PID) + ` deadlock \S+ \S+ 1 pause sleep, not returned`,
			},
			"-s slower -a min=0s": {
				`2 \S+ \d+ deadlock futex\(0x\w+, FUTEX_WAIT_PRIVATE, 2, NULL\) = \? not returned since the attach`,
				`1 \S+ \d+ deadlock flock\(\d+, LOCK_EX\) = \? not returned since the attach`,
				`1 \S+ \d+ deadlock openat\(AT_FDCWD, "` + dir + `/fifo", O_RDONLY\) = \? not returned since the attach`,
			},
			"-s slower -a min=0s -a calls=flock": {`1 \S+ \d+ deadlock flock.*`, `0 .*futex.*`},
			"-s futexctn":                        {`2 \d+ deadlock 1 \S+ \S+ \S+ \w+ .*, 1 waiting still`},
			"-s whyfail": {
				strconv.Itoa(1) + ` ` + strconv.Itoa(d.PID) + ` still runs: \S+/deadlock ` + dir + ` after`,
				`1 in flock\(\d+, LOCK_EX\) for \S+ s`,
				`2 in futex\(.*\) for \S+ s`,
			},
		} {
			tr := servers.Attach(t, u.cred, strings.Fields(options), d.PID)
			text := tr.Interrupt().Stderr
			all := strings.Join(columns(text), "\n")
			for _, w := range want {
				n, row, _ := strings.Cut(w, " ")
				wanted, _ := strconv.Atoi(n)
				if got := len(regexp.MustCompile(`(?m)^`+row+`$`).FindAllString(all, -1)); got != wanted {
					t.Errorf("%s: %d rows like %q, want %d, in:\n%s", options, got, row, wanted, text)
				}
			}
		}
	})
}

// leaker is a server that opens a file, and takes a piece of memory, for each
// connection, and keeps them.
const leaker = `import os, socket
l = socket.create_server(("127.0.0.1", 0))
print("port", l.getsockname()[1])
kept = []
while True:
    c, _ = l.accept()
    kept += [os.open("/etc/hosts", os.O_RDONLY), bytearray(1 << 22)]
    c.sendall(b"done")
    c.close()`

// visit makes n connections to a server and reads what it sends.
func visit(t *testing.T, addr string, n int) {
	t.Helper()
	for range n {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(c)
		c.Close()
		if string(text) != "done" || err != nil {
			t.Fatalf("the server said %q, %v", text, err)
		}
	}
}

// TestReportsOfLiveProcesses looks at what the scripts that report at the end of a
// process say of one that runs on.
func TestReportsOfLiveProcesses(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		py := servers.PythonProgram(t, u.cred, leaker)
		tr := servers.Attach(t, u.cred, []string{"-s", "fdleak", "-a", "min=2"}, py.PID)
		visit(t, py.Addr, 5)
		r := tr.Interrupt()
		wantRow(t, r.Stderr, fmt.Sprintf("%d python3 5 # openat /etc/hosts", py.PID))
		if n := len(columns(r.Stderr)); n != 2 {
			t.Errorf("fdleak: %d lines, want a header and a row:\n%s", n, r.Stderr)
		}

		tr = servers.Attach(t, u.cred, []string{"-s", "memgrow"}, py.PID)
		visit(t, py.Addr, 3)
		r = tr.Interrupt()
		if rows := columns(r.Stderr); !regexp.MustCompile(fmt.Sprintf(`^%d python3 now - 12M \d+M peak 12M$`, py.PID)).MatchString(rows[len(rows)-1]) {
			t.Errorf("memgrow:\n%s", r.Stderr)
		}

		tr = servers.Attach(t, u.cred, []string{"-s", "lsof"}, py.PID)
		r = tr.Interrupt()
		rows := strings.Join(columns(r.Stderr), "\n")
		if n := len(regexp.MustCompile(fmt.Sprintf(`(?m)^%d python3 \d+ r /etc/hosts$`, py.PID)).FindAllString(rows, -1)); n != 8 {
			t.Errorf("lsof: %d rows of /etc/hosts, want 8, in:\n%s", n, r.Stderr)
		}
		wantRow(t, r.Stderr, fmt.Sprintf("%d python3 3 rw tcp %s (listening)", py.PID, py.Addr))
	})
}

// TestTasksAndProcesses asks for what is traced of nginx, from a timer and at the
// end.
func TestTasksAndProcesses(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		ng := servers.Nginx(t, u.cred, "")
		code := `
local function show(when)
  for _, p in ipairs(processes()) do
    local children = {}
    for i, c in ipairs(p.children) do children[i] = c.pid end
    local call = p.tasks[1].call
    print(when, p.pid, p.comm, p.exe, p.parent and p.parent.pid or "-", p.uid, p.euid, p.gid, table.concat(children, ","),
      #p.tasks, call and call.name, call and call.attached, call and call.since and call.since <= os.time() + 1,
      p.start > os.time() - 3600 and p.start < os.time() + 1, p.cmdline[1])
    for fd, what in pairs(p.fds) do if what:find "listening" then print(when, p.pid, "fd", what) end end
  end
end
local once
on("epoll_wait,rt_sigsuspend", function() end)
every("1ms", function()
  if once then return end
  -- The first timer may come before the last worker has been stopped.
  for _, p in ipairs(processes()) do if not p.tasks[1].call then return end end
  once = true
  show("timer")
end)
on("end", function() show("end") end)`
		tr := servers.Attach(t, u.cred, []string{"-e", code}, ng.All()...)
		tr.Await("timer")
		text := tr.Interrupt().Stderr
		workers := ng.Children()
		uid, gid := os.Getuid(), os.Getgid()
		if u.cred != nil {
			uid, gid = nobody, nobody
		}
		worker, group := uid, gid
		if uid == 0 {
			worker, group = nobody, nobody
		}
		for _, when := range []string{"timer", "end"} {
			want := []string{
				fmt.Sprintf("%s\t%d\tnginx\t/usr/sbin/nginx\t-\t%d\t%d\t%d\t%d,%d\t1\trt_sigsuspend\ttrue\ttrue\ttrue\tnginx: master process", when, ng.PID, uid, uid, gid, workers[0], workers[1]),
				fmt.Sprintf("%s\t%d\tfd\ttcp %s (listening)", when, ng.PID, ng.Addr),
			}
			for _, pid := range workers {
				want = append(want, fmt.Sprintf("%s\t%d\tnginx\t/usr/sbin/nginx\t%d\t%d\t%d\t%d\t\t1\tepoll_wait\ttrue\ttrue\ttrue\tnginx: worker process", when, pid, ng.PID, worker, worker, group))
			}
			for _, w := range want {
				if !strings.Contains(text, w) {
					t.Errorf("no %q in:\n%s", w, text)
				}
			}
		}
	})
}

// TestSnoopsOfServers counts what nginx and PostgreSQL do for a known load, with
// the time in a column.
func TestSnoopsOfServers(t *testing.T) {
	t.Parallel()
	ng := servers.Nginx(t, servers.Nobody(), "")
	tr := servers.Attach(t, servers.Nobody(), []string{"-s", "opensnoop", "-a", "time"}, ng.All()...)
	servers.AB(t, "http://"+ng.Addr+"/page", 50, 4)
	r := tr.Interrupt()
	row := regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d{6} \d+ nginx \d+ - ` + regexp.QuoteMeta(ng.Dir) + `/?/?www/page$`)
	if n := len(row.FindAllString(strings.Join(columns(r.Stderr), "\n"), -1)); n != 50 {
		t.Errorf("%d rows with the page, want 50, in:\n%s", n, r.Stderr)
	}

	p := servers.Postgres(t)
	helpers := len(p.Children())
	tr = servers.Attach(t, servers.Nobody(), []string{"-j", "-s", "execsnoop", "-s", "blocked", "-a", "min=0s", "-a", "top=1000"}, p.All()...)
	p.Psql(t, "select 1")
	// The postmaster collects psql's backend, and then sleeps until something happens.
	p.Until("the postmaster to wait again", func() bool { return len(p.Children()) <= helpers && p.Sleeps() })
	r = tr.Interrupt()
	waits := regexp.MustCompile(fmt.Sprintf(`^%d (pselect6|select|epoll_wait) events \d+\.\d+$`, p.PID))
	if got := objects(t, r.Stderr, "tid", "call", "for", "waiting"); !slices.ContainsFunc(got, waits.MatchString) {
		t.Errorf("the postmaster does not wait for events: %q", got)
	}
}

// TestSetuidsOfAShell looks for set-user-ID programs that a shell starts: ids that
// change with an execve, after a fork.
func TestSetuidsOfAShell(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // an ordinary user's tracees get no other ids (ptrace(2))
	}
	dir := servers.Dir(t, nil)
	program := filepath.Join(dir, "setid")
	text, err := os.ReadFile(fixture.Build(t, "setid"))
	if err == nil {
		err = os.WriteFile(program, text, 0o755)
	}
	if err == nil {
		err = os.Chown(program, 0, 1)
	}
	if err == nil {
		err = os.Chmod(program, 0o755|os.ModeSetuid|os.ModeSetgid)
	}
	if err != nil {
		t.Fatal(err)
	}
	u := user{dir: dir}
	// As nobody, so that the program's ids rise, as sudo's do.
	r := u.trace(t, "-s setuids", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", program+"; true")
	if r.Stdout != "65534 0 65534 1\n" {
		t.Fatalf("the program's ids are %q: is %s mounted nosuid?", r.Stdout, dir)
	}
	wantRow(t, r.Stderr, "# setid execve - uid 65534,65534,65534 uid 65534,0,0", "# setid execve - gid 65534,65534,65534 gid 65534,1,1")
}

// sudo, started by a shell of nobody's, gets root's ids by its execve. It wants a password then.
func TestSetuidsOfSudo(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // as above
	}
	u := user{dir: servers.Dir(t, nil)}
	r := u.trace(t, "-s setuids", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", "sudo -n true; true")
	if strings.Contains(r.Stderr, "not found") {
		t.Fatal("no sudo: install Debian's package sudo (.ci/setup does)")
	}
	wantRow(t, r.Stderr, "# sudo execve - uid 65534,65534,65534 uid 65534,0,0")
	if strings.Contains(r.Stderr, "IS_SET") {
		t.Errorf("a question is shown as a change:\n%s", r.Stderr)
	}
}
