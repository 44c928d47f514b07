package scripts

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

func TestExitsnoop(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		const header = "PID TID COMM AGE(s) END"
		tree := `exec 2>/dev/null; for i in 1 2 3; do /bin/false; done; /bin/true; sh -c 'kill -9 $$'; exit 7`
		rows := u.snoop(t, header, "-s exitsnoop", "sh", "-c", tree)
		wantCount(t, "processes", len(rows), 6)
		wantCount(t, "false", count(rows, "", "", "false", "", "1"), 3)
		wantCount(t, "true", count(rows, "", "", "true", "", "0"), 1)
		wantCount(t, "killed", count(rows, "", "", "sh", "", "SIGKILL"), 1)
		wantCount(t, "the shell", count(rows, "", "", "sh", "", "7"), 1)
		rows = u.snoop(t, header, "-s exitsnoop -a failed", "sh", "-c", tree)
		wantCount(t, "failed", len(rows), 5)

		counts := fixture.Build(t, "counts")
		wantCount(t, "processes of counts", len(u.snoop(t, header, "-s exitsnoop", counts)), 1+20)
		wantCount(t, "tasks of counts", len(u.snoop(t, header, "-s exitsnoop -a threads", counts)), 1+20+8)
	})
}

func TestSigsnoop(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		const header = "PID COMM SIGNAL ACTION SENDER AT"
		script := `trap : USR1 RTMIN; for i in 1 2 3; do kill -USR1 $$; done; trap "" HUP; kill -HUP $$; kill -TERM $$`
		rows := u.snoop(t, header, "-s sigsnoop", "bash", "-c", script)
		wantCount(t, "signals", len(rows), 5)
		self := rows[0][0]
		wantCount(t, "handled", count(rows, self, "bash", "SIGUSR1", "handler", self, "-"), 3)
		wantCount(t, "ignored", count(rows, self, "bash", "SIGHUP", "ignored", self, "-"), 1)
		wantCount(t, "fatal", count(rows, self, "bash", "SIGTERM", "default", self, "-"), 1)
		rows = u.snoop(t, header, "-s sigsnoop -a sig=hup", "bash", "-c", script)
		wantCount(t, "SIGHUP", len(rows), 1)
		rows = u.snoop(t, header, "-s sigsnoop", fixture.Build(t, "segv"), "handled")
		wantCount(t, "faults", count(rows, "", "segv", "SIGSEGV", "handler", "kernel", "0x10"), 1)
	})
}

func TestSlower(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		const header = "MS TID COMM CALL"
		rows := u.snoop(t, header, "-s slower -a min=200ms -a calls=/nanosleep/", "sh", "-c", "sleep 0.2; sleep 0.2; sleep 0.001")
		wantCount(t, "slow calls", len(rows), 2)
		wantCount(t, "calls of sleep", count(rows, "", "", "sleep"), 2)
		rows = u.snoop(t, header, "-s slower -a min=0s -a calls=kill", fixture.Build(t, "primes"), u.dir)
		wantCount(t, "kill", len(rows), 14)
	})
}

func TestSyncsnoop(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		rows := u.snoop(t, "PID COMM CALL MS ERR FILE", "-s syncsnoop", fixture.Build(t, "primes"), u.dir)
		data := filepath.Join(u.dir, "data")
		wantCount(t, "lines", len(rows), 3+2+1)
		wantCount(t, "fsync", count(rows, "", "primes", "fsync", "", "-", data), 3)
		wantCount(t, "fdatasync", count(rows, "", "primes", "fdatasync", "", "-", data), 2)
		wantCount(t, "bad descriptor", count(rows, "", "primes", "fsync", "", "EBADF", "-"), 1)
	})
}

func TestFilelife(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		u.write(t, "old", "")
		rows := u.snoop(t, "PID COMM AGE(s) FILE", "-s filelife", "sh", "-c",
			": >a; : >b; : >c; : >stays; mv b moved; cd /; rm $OLDPWD/a $OLDPWD/moved $OLDPWD/c $OLDPWD/old")
		var files []string
		for _, row := range rows {
			files = append(files, strings.TrimPrefix(row[3], u.dir+"/"))
		}
		if want := []string{"a", "moved", "c"}; !slices.Equal(files, want) {
			t.Errorf("files %v, want %v", files, want)
		}
	})
}

func TestWhyfail(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		r := u.trace(t, "-s whyfail -a last=2", "sh", "-c", "cat missing1 missing2; /bin/true; kill -9 $$")
		got := regexp.MustCompile(`(?m)^\d+ `).ReplaceAllString(r.Stderr, "# ")
		got = regexp.MustCompile(` +=`).ReplaceAllString(got, " =")
		for _, want := range []string{
			"# exited with 1: cat missing1 missing2 after\n",
			"    openat(AT_FDCWD, \"missing2\", O_RDONLY) = -1 ENOENT (No such file or directory)\n",
			"# was ended by SIGKILL: sh -c ",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in:\n%s", want, got)
			}
		}
		if n := strings.Count(got, "\n#"); n > 2 || strings.Contains(got, "/bin/true after") {
			t.Errorf("more than two processes:\n%s", got)
		}
	})
}

func TestTCPConnect(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		r := u.trace(t, "-s tcpconnect", fixture.Build(t, "sockets"))
		lines := strings.Split(strings.TrimSpace(r.Stderr), "\n")
		row := regexp.MustCompile(`^\d+ +sockets +[\d.]+ +(tcp|udp|-) +(-|E[A-Z]+) +(127\.0\.0\.1|\[::1\]):\d+$`)
		refused := 0
		for _, line := range lines[1:] {
			m := row.FindStringSubmatch(line)
			if m == nil {
				t.Errorf("line %q", line)
			} else if m[2] == "ECONNREFUSED" {
				refused++
			}
		}
		if len(lines) < 3 || refused != 1 {
			t.Errorf("%d connections, %d refused:\n%s", len(lines)-1, refused, r.Stderr)
		}
	})
}

func TestEnvsnoop(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		r := u.trace(t, "-s envsnoop -a vars=LT_ONE,LT_TWO", "sh", "-c", "LT_ONE='1 one' LT_THREE=3 /bin/true; :")
		got := regexp.MustCompile(`(?m)^\d+ `).ReplaceAllString(r.Stderr, "# ")
		if want := "# sh -c LT_ONE='1 one' LT_THREE=3 /bin/true; :\n# /bin/true\n    LT_ONE=1 one\n"; got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
	})
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		r := u.trace(t, "-s coverage -a calls=fsync,fdatasync,unlinkat", fixture.Build(t, "primes"), u.dir)
		want := "ways that calls ended\ncount  call       result\n" +
			"    3  fsync      ok\n    2  fdatasync  ok\n    2  unlinkat   ENOENT\n    1  fsync      EBADF\n"
		if r.Stderr != want {
			t.Errorf("got:\n%s\nwant:\n%s", r.Stderr, want)
		}
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		u.write(t, "data", "text\n")
		loop := "for i in 1 2 3 4 5 6 7; do cat data 2>/dev/null || echo no; done"
		for _, tt := range []struct{ options, want string }{
			{"", strings.Repeat("no\n", 7)},
			{" -a nth=2", "text\nno\n" + strings.Repeat("text\n", 5)},
			{" -a step=3", "no\ntext\ntext\nno\ntext\ntext\nno\n"},
			{" -a probability=0", strings.Repeat("text\n", 7)},
		} {
			r := u.trace(t, "-s faults -a calls=openat -a errno=ENFILE -a under=data"+tt.options, "sh", "-c", loop)
			if r.Stdout != tt.want {
				t.Errorf("%q: %q, want %q (%s)", tt.options, r.Stdout, tt.want, r.Stderr)
			}
		}
		chance := "-s faults -a calls=openat -a under=data -a probability=0.5 -a seed=5"
		first, second := u.trace(t, chance, "sh", "-c", loop), u.trace(t, chance, "sh", "-c", loop)
		if first.Stdout != second.Stdout {
			t.Errorf("the same seed: %q, then %q", first.Stdout, second.Stdout)
		}
	})
}
