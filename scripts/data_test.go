package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// withoutIDs replaces the process ids at the beginning of lines, and the
// numbers of pipes.
func withoutIDs(text string) string {
	text = regexp.MustCompile(`(?m)^\d+ `).ReplaceAllString(text, "# ")
	return regexp.MustCompile(`:\[\d+\]`).ReplaceAllString(text, ":[#]")
}

func TestEchofds(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		r := u.trace(t, "-s echofds -a fds=0,1", "sh", "-c", "echo hello | tr a-z A-Z | wc -c >out")
		got := strings.Split(withoutIDs(r.Stderr), "# ")[1:]
		// The processes run at the same time: only the order within one is certain.
		want := map[string]int{
			"sh >1 pipe:[#]\n    hello\n": 1, "tr <0 pipe:[#]\n    hello\n": 1, "tr >1 pipe:[#]\n    HELLO\n": 1,
			"wc <0 pipe:[#]\n    HELLO\n": 1, "wc >1 " + u.dir + "/out\n    6\n": 1,
		}
		for _, block := range got {
			want[block]--
		}
		for block, n := range want {
			if n != 0 {
				t.Errorf("%d times too few: %q in:\n%s", n, block, r.Stderr)
			}
		}
		u.write(t, "long", strings.Repeat("x", 1009))
		r = u.trace(t, "-s echofds -a max=7 -a under=.", "head", "-c", "1009", "long")
		if want := "# head <3 " + u.dir + "/long\n    xxxxxxx\n    ...1002 more bytes\n"; withoutIDs(r.Stderr) != want {
			t.Errorf("got:\n%s\nwant:\n%s", r.Stderr, want)
		}
	})
}

func TestSpyfile(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		const header = "PID COMM CALL ERR WHAT"
		data := filepath.Join(u.dir, "data")
		rows := u.snoop(t, header, "-s spyfile -a file=data", fixture.Build(t, "primes"), u.dir)
		for call, n := range map[string]int{"openat": 23, "newfstatat": 13, "write": 17, "read": 19, "fsync": 3, "fdatasync": 2, "lseek": 1, "close": 22} {
			wantCount(t, call, count(rows, "", "primes", call, "-"), n)
		}
		r := u.trace(t, "-s spyfile -a data -a file=data", "sh", "-c", "echo 'one two' >data; cd /; mv "+data+" "+data+"2; cat "+data)
		got := regexp.MustCompile(`(?m)^\d+ +`).ReplaceAllString(r.Stderr, "# ")
		for _, want := range []string{
			"\n# sh              write           -        one two\\n\n",
			"\n# mv              renameat2       -        renameat2(AT_FDCWD, \"" + data + "\", AT_FDCWD, \"" + data + "2\", RENAME_NOREPLACE) = 0\n",
			"\n# cat             openat          ENOENT   openat(AT_FDCWD, \"" + data + "\", O_RDONLY) = -1 ENOENT (No such file or directory)\n",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in:\n%s", want, got)
			}
		}
		if r := u.trace(t, "-s spyfile", "true"); r.Code != 2 || !strings.Contains(r.Stderr, "-a file=PATH is required") {
			t.Errorf("code %d, %q", r.Code, r.Stderr)
		}
	})
}

func TestTee(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		script := "echo out; echo err >&2; printf half; sleep 0.01; printf ' a line\nno end'; echo file >f"
		r := u.trace(t, "-o copy -s tee", "sh", "-c", script)
		copied, err := os.ReadFile(filepath.Join(u.dir, "copy"))
		if err != nil {
			t.Fatal(err)
		}
		// What goes to a file is what descriptor 1 was for a moment.
		want := "out\nerr\nhalf a line\n" + "no endfile\n"
		if string(copied) != want || r.Stdout != "out\nhalf a line\nno end" || r.Stderr != "err\n" {
			t.Errorf("copied %q, want %q (out %q, err %q)", copied, want, r.Stdout, r.Stderr)
		}
		u.write(t, "in", strings.Repeat("line\n", 7))
		r = u.trace(t, "-s tee -a stdin -a prefix", "sh", "-c", "sort <in | tail -3 >/dev/null")
		got := withoutIDs(r.Stderr)
		for want, n := range map[string]int{"# sort in: line\n": 7, "# sort out: line\n": 7, "# tail in: line\n": 7, "# tail out: line\n": 3} {
			wantCount(t, want, strings.Count(got, want), n)
		}
	})
}

func TestFdleak(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		u.write(t, "f", "")
		program := `import os, socket
for _ in range(7): os.open("f", os.O_RDONLY)
kept = [socket.socket() for _ in range(3)]
gone = [os.open("f", os.O_RDONLY) for _ in range(5)]
os.closerange(gone[0], gone[-1] + 1)
os.close(os.dup(7)); os.pipe()
if os.fork(): os.wait()
else: os.open("/dev/null", os.O_RDONLY)
os._exit(0)`
		r := u.trace(t, "-s fdleak", "/usr/bin/python3", "-c", program)
		rows := columns(withoutIDs(r.Stderr))
		want := []string{
			"PID COMM COUNT AGE(s) CALL WHAT",
			"# python3 1 # openat /dev/null", // the child: what it got from its parent is not its own
			"# python3 7 # openat " + u.dir + "/f",
			"# python3 3 # socket socket:",
			"# python3 2 # pipe2 pipe:",
		}
		got := regexp.MustCompile(`(?m) \d+\.\d+ `).ReplaceAllString(strings.Join(rows, "\n"), " # ")
		got = strings.ReplaceAll(got, "[#]", "")
		if got != strings.Join(want, "\n") {
			t.Errorf("got:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
		}
		r = u.trace(t, "-s fdleak -a min=7", "/usr/bin/python3", "-c", program)
		wantCount(t, "kinds", strings.Count(r.Stderr, "\n")-1, 1)
	})
}

func TestLsof(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		const header = "PID COMM FD MODE WHAT"
		u.write(t, "f", "")
		// More than Lua's shell can: descriptor 9 for both, in a directory below.
		rows := u.snoop(t, header, "-s lsof", "sh", "-c", "exec 5<f 6>g 9<>f; mkdir d; cd d; /bin/true")
		f, g := filepath.Join(u.dir, "f"), filepath.Join(u.dir, "g")
		for fd, want := range map[string][]string{"5": {"r", f}, "6": {"w", g}, "9": {"rw", f}} {
			wantCount(t, "descriptor "+fd+" of sh", count(rows, "", "sh", fd, want[0], want[1]), 1)
			wantCount(t, "descriptor "+fd+" of true", count(rows, "", "true", fd, want[0], want[1]), 1)
		}
		wantCount(t, "directory", count(rows, "", "sh", "cwd", "-", filepath.Join(u.dir, "d")), 1)
		if n := len(rows) - count(rows, "", "sh") - count(rows, "", "mkdir") - count(rows, "", "true"); n != 0 {
			t.Errorf("%d rows of others: %v", n, rows)
		}
		// By attaching: the process shows what it has and goes on.
		if u.cred == nil {
			cmd := exec.Command("/bin/sh", "-c", `echo ready; while ! grep -q 'TracerPid:.*[1-9]' /proc/$$/status; do sleep 0.01; done; kill -USR1 $$; exit 7`)
			cmd.Dir = u.dir
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			r := fixture.Run(t, fixture.Luatrace(t), "-s", "lsof", "-a", "on=SIGUSR1", "-p", pidOf(cmd))
			err := cmd.Wait()
			if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.ExitStatus() != 7 {
				t.Errorf("the process ended with %v, want 7", err)
			}
			wantRow(t, r.Stderr, "# sh cwd - "+u.dir)
		}
	})
}
