package scripts

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// primesOutput is what the fixture primes prints when each call answered as it
// must.
const primesOutput = "data 1700\nmissing 2\nfsync 9\nwrong 0\n"

func wantCount(t *testing.T, what string, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %d, want %d", what, got, want)
	}
}

func TestOpensnoop(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		const header = "PID COMM FD ERR PATH"
		primes := fixture.Build(t, "primes")
		data, missing := filepath.Join(u.dir, "data"), filepath.Join(u.dir, "missing")

		rows := u.snoop(t, header, "-s opensnoop", primes, u.dir)
		wantCount(t, "opens of data", count(rows, "", "primes", "", "-", data), 21)
		wantCount(t, "opens of data by descriptor", count(rows, "", "primes", "5", "-", "data"), 2)
		wantCount(t, "failures", count(rows, "", "primes", "-1", "ENOENT", missing), 7)

		rows = u.snoop(t, header, "-s opensnoop -a under=. -a absolute", primes, u.dir)
		wantCount(t, "opens below the directory", len(rows), 23+7+1)
		wantCount(t, "opens of data", count(rows, "", "", "", "-", data), 23)

		rows = u.snoop(t, header, "-s opensnoop -a under="+u.dir+" -a failed", primes, u.dir)
		wantCount(t, "failures", len(rows), 7)
	})
}

func TestExecsnoop(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		const header = "PCOMM PID PPID ERR COMMAND"
		loop := `for i in 1 2 3 4 5; do /bin/true "a  b" $i; done; exec /nonexistent/x`
		r := u.trace(t, "-s execsnoop -a failed", "sh", "-c", loop)
		got := regexp.MustCompile(`(?m)^sh: .*\n`).ReplaceAllString(r.Stderr, "")
		got = regexp.MustCompile(`(?m)^(.{16})\d+ +\d+ +(-|ENOENT) +`).ReplaceAllString(got, "$1# # $2 ")
		want := "PCOMM           PID     PPID    ERR      COMMAND\n" +
			"luatrace        # # - sh -c '" + loop + "'\n"
		for _, i := range []string{"1", "2", "3", "4", "5"} {
			want += "sh              # # - /bin/true 'a  b' " + i + "\n"
		}
		want += "sh              # # ENOENT /nonexistent/x\n"
		if got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
		if r.Code != 127 {
			t.Errorf("exit code %d, want 127", r.Code)
		}

		rows := u.snoop(t, header, "-s execsnoop", "sh", "-c", "/bin/true; /bin/true; :")
		wantCount(t, "execs", len(rows), 3)
		wantCount(t, "children of the shell", count(rows, "sh", "", rows[0][1], "-", "/bin/true"), 2)
	})
}

func TestKillsnoop(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		const header = "PID COMM SIGNAL TARGET RESULT"
		primes := fixture.Build(t, "primes")
		rows := u.snoop(t, header, "-s killsnoop", primes, u.dir)
		wantCount(t, "lines", len(rows), 11+3)
		self := rows[0][0]
		wantCount(t, "tests of itself", count(rows, self, "primes", "0", self, "sent"), 11)
		wantCount(t, "signals to itself", count(rows, self, "primes", "SIGUSR1", self, "sent"), 3)

		rows = u.snoop(t, header, "-s killsnoop -a sig=usr1", primes, u.dir)
		wantCount(t, "signals", len(rows), 3)

		r := u.trace(t, "-s killsnoop", "sh", "-c", "kill -9 $$")
		if r.Signal != syscall.SIGKILL {
			t.Errorf("luatrace ended with code %d, signal %d; want SIGKILL", r.Code, r.Signal)
		}
		if !regexp.MustCompile(`(?m)^(\d+) +sh +SIGKILL +\d+ ended by SIGKILL$`).MatchString(r.Stderr) {
			t.Errorf("who kills itself is missing: %s", r.Stderr)
		}
	})
}

func TestStatsnoop(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		const header = "PID COMM CALL ERR PATH"
		primes := fixture.Build(t, "primes")
		rows := u.snoop(t, header, "-s statsnoop -a under="+u.dir, primes, u.dir)
		wantCount(t, "lines", len(rows), 13+5)
		wantCount(t, "stat of data", count(rows, "", "primes", "newfstatat", "-", filepath.Join(u.dir, "data")), 13)
		wantCount(t, "failures", count(rows, "", "primes", "newfstatat", "ENOENT", filepath.Join(u.dir, "missing")), 5)
		rows = u.snoop(t, header, "-s statsnoop -a failed", primes, u.dir)
		wantCount(t, "failures", count(rows, "", "primes", "newfstatat", "ENOENT"), 5)
		wantCount(t, "successes", count(rows, "", "", "", "-"), 0)
	})
}

func TestSyscount(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		counts := fixture.Build(t, "counts")
		r := u.trace(t, "-s syscount -a calls=getppid,getuid", counts)
		want := "1400 system calls\nsystem calls by name\ncount  call\n  800  getppid\n  600  getuid\n"
		if r.Stderr != want {
			t.Errorf("got:\n%s\nwant:\n%s", r.Stderr, want)
		}
		r = u.trace(t, "-s syscount -a calls=getuid -a by=process -a top=0", counts)
		rows := table(t, r.Stderr, "system calls by process")
		if !rows["count pid comm"] {
			t.Errorf("no header: %s", r.Stderr)
		}
		delete(rows, "count pid comm")
		wantCount(t, "children", len(rows), 20)
		for row := range rows {
			if !strings.HasPrefix(row, "30 ") || !strings.HasSuffix(row, " counts") {
				t.Errorf("row %q, want 30 calls of counts", row)
			}
		}
		r = u.trace(t, "-s syscount -a by=colour", "true")
		if r.Code != 2 || r.Stderr != "luatrace: -a by=colour: name or process is wanted\n" {
			t.Errorf("code %d, stderr %q", r.Code, r.Stderr)
		}
	})
}

func TestErrsnoop(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		primes := fixture.Build(t, "primes")
		missing := filepath.Join(u.dir, "missing")
		rows := table(t, u.trace(t, "-s errsnoop", primes, u.dir).Stderr, "failed calls")
		for _, want := range []string{
			"count call error on", "7 openat ENOENT " + missing, "5 newfstatat ENOENT " + missing,
			"2 unlinkat ENOENT " + missing, "1 fsync EBADF -",
		} {
			if !rows[want] {
				t.Errorf("no row %q in %v", want, rows)
			}
		}
		r := u.trace(t, "-s errsnoop -a err=EBADF,EACCES -a calls=fsync", primes, u.dir)
		if want := "failed calls\ncount  call   error  on\n    1  fsync  EBADF  -\n"; r.Stderr != want {
			t.Errorf("got:\n%s\nwant:\n%s", r.Stderr, want)
		}
		// A read that a signal interrupts has no error yet: it may be restarted.
		r = u.trace(t, "-s errsnoop -a calls=read,poll", fixture.Build(t, "restart"))
		if r.Code != 0 || r.Stderr != "no call failed in these ways\n" {
			t.Errorf("code %d, stderr %q; want 0, and that there was none", r.Code, r.Stderr)
		}
	})
}

func TestRwsize(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		r := u.trace(t, "-s rwsize -a under=.", fixture.Build(t, "primes"), u.dir)
		bar := strings.Repeat("@", 40)
		data := filepath.Join(u.dir, "data")
		want := "bytes at once\n" +
			"op=read, file=" + data + "\n[64, 128)  19 |" + bar + "|\n\n" +
			"op=write, file=" + data + "\n[64, 128)  17 |" + bar + "|\n"
		if r.Stderr != want {
			t.Errorf("got:\n%s\nwant:\n%s", r.Stderr, want)
		}
		r = u.trace(t, "-s rwsize -a top=1", "dd", "if=/dev/zero", "of=x", "bs=5000", "count=23", "status=none")
		want = "=/dev/zero\n[4K, 8K)  23 |" + bar + "|\n... "
		if !strings.Contains(r.Stderr, want) {
			t.Errorf("got:\n%s\nwant:\n%s", r.Stderr, want)
		}
	})
}

func TestLatency(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		r := u.trace(t, "-s latency -a calls=kill,fdatasync,exit_group", fixture.Build(t, "primes"), u.dir)
		got := map[string]int{}
		call := ""
		for line := range strings.Lines(r.Stderr) {
			if name, ok := strings.CutPrefix(strings.TrimSpace(line), "call="); ok {
				call = name
			} else if m := regexp.MustCompile(`^\[[0-9.]+[mun]?s, [0-9.]+[mun]?s\) +(\d+) \|`).FindStringSubmatch(line); m != nil {
				n, err := strconv.Atoi(m[1])
				if err != nil {
					t.Fatal(err)
				}
				got[call] += n
			}
		}
		if strings.Count(r.Stderr, "call=") != 2 || got["kill"] != 14 || got["fdatasync"] != 2 {
			t.Errorf("counts %v, want 14 kill and 2 fdatasync in:\n%s", got, r.Stderr)
		}
	})
}
