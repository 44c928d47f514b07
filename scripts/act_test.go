package scripts

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"luatrace/internal/fixture"
)

// archive returns the headers of a tar file by name.
func archive(t *testing.T, path string) map[string]*tar.Header {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	headers := map[string]*tar.Header{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return headers
		} else if err != nil {
			t.Fatal(err)
		}
		headers[h.Name] = h
	}
}

func TestFakeroot(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		u.write(t, "tree/own", "own\n")
		u.write(t, "tree/sub/other", "other\n")
		u.write(t, "tree/sub/deep/x", "x\n")
		for _, dir := range []string{"tree", "tree/sub", "tree/sub/deep"} {
			if u.cred != nil {
				if err := os.Chown(filepath.Join(u.dir, dir), nobody, nobody); err != nil {
					t.Fatal(err)
				}
			}
		}
		script := `set -e
test $(id -u):$(id -g) = 0:0
chown 7:8 tree/sub/other
chown -R 33:34 tree/sub/deep
chgrp 9 tree/own
mknod tree/null c 1 3
mv tree/sub/deep tree/moved
ln tree/sub/other tree/hard
rm tree/moved/x; echo new >tree/moved/x
install -o 5 -g 6 -m 4755 tree/own tree/installed
chown 1:1 missing 2>/dev/null && exit 9
tar cf x.tar tree`
		r := u.trace(t, "-s fakeroot -a list", "sh", "-c", script)
		if r.Code != 0 {
			t.Fatalf("code %d: %s%s", r.Code, r.Stdout, r.Stderr)
		}
		got := archive(t, filepath.Join(u.dir, "x.tar"))
		for name, want := range map[string]string{
			"tree/": "0:0", "tree/own": "0:9", "tree/sub/": "0:0", "tree/sub/other": "7:8", "tree/hard": "7:8",
			"tree/moved/": "33:34", "tree/moved/x": "0:0", "tree/null": "0:0", "tree/installed": "5:6",
		} {
			h := got[name]
			if h == nil {
				t.Errorf("no %s in the archive", name)
			} else if ids := fmt.Sprintf("%d:%d", h.Uid, h.Gid); ids != want {
				t.Errorf("%s belongs to %s, want %s", name, ids, want)
			}
		}
		if h := got["tree/null"]; h != nil && (h.Typeflag != tar.TypeChar || h.Devmajor != 1 || h.Devminor != 3) {
			t.Errorf("tree/null: %+v, want the device 1, 3", h)
		}
		if h := got["tree/installed"]; h != nil && h.Mode != 0o4755 {
			t.Errorf("tree/installed: mode %o, want 4755", h.Mode)
		}
		if !strings.Contains(r.Stderr, "\n33:34 "+u.dir+"/tree/moved\n") {
			t.Errorf("list:\n%s", r.Stderr)
		}
		// Nothing of it is true.
		for name, want := range map[string]bool{"tree/own": true, "tree/sub/other": true, "tree/installed": true, "tree/null": true} {
			info, err := os.Stat(filepath.Join(u.dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().IsRegular(); got != want {
				t.Errorf("%s is really %v", name, info.Mode())
			}
			uid, gid := owner(info)
			if uid != os.Geteuid() && uid != nobody || gid != os.Getegid() && gid != nobody {
				t.Errorf("%s really belongs to %d:%d", name, uid, gid)
			}
		}
		// By descriptor, and what a program without the C library's help asks.
		r = u.trace(t, "-s fakeroot", "/usr/bin/python3", "-c", `import os
f = open("tree/own")
os.fchown(f.fileno(), 11, 12)
s, d = os.fstat(f.fileno()), os.stat("tree/own")
os.setgroups([1, 2]); os.setresuid(5, 5, 5)
print(s.st_uid, s.st_gid, d.st_uid, d.st_gid, os.getresuid(), os.getresgid(), os.stat("/").st_uid)`)
		if want := "11 12 11 12 (0, 0, 0) (0, 0, 0) 0\n"; r.Stdout != want {
			t.Errorf("%q, want %q: %s", r.Stdout, want, r.Stderr)
		}
	})
}

func TestFaketime(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		vdso := fixture.Build(t, "vdsotime")
		for _, tt := range []struct {
			name, options, want string
			command             []string
		}{
			{"date", "-a at=2030-12-24T18:00:00", "2030-12-24 18:0.*", []string{"date", "-u", "+%F %T"}},
			{"a day", "-a at=2031-02-03", "2031-02-03", []string{"date", "-u", "+%F"}},
			{"seconds", "-a at=@1000000000 -a frozen", "1000000000", []string{"date", "+%s"}},
			{"python3", "-a at=@1000000000 -a frozen", "1000000000.0 2001-09-09 01:46:40 1000000000000000000",
				[]string{"/usr/bin/python3", "-c", "import time, datetime as d; print(time.time(), d.datetime.utcnow(), time.time_ns())"}},
			{"the vDSO", "-a at=@1000000000 -a frozen", "clock_gettime 1000000000\ngettimeofday 1000000000\ntime 1000000000",
				[]string{vdso}},
			{"a child's child", "-a at=@1000000000 -a frozen", "1000000000", []string{"sh", "-c", "(date +%s)"}},
			{"other clocks", "-a at=@1000000000", "True",
				[]string{"/usr/bin/python3", "-c", "import time; print(abs(float(open('/proc/uptime').read().split()[0]) - time.clock_gettime(time.CLOCK_BOOTTIME)) < 60)"}},
		} {
			r := u.trace(t, "-s faketime "+tt.options, tt.command...)
			if !regexp.MustCompile(`^`+tt.want+`\n$`).MatchString(r.Stdout) || r.Stderr != "" {
				t.Errorf("%s: %q, want %q: %s", tt.name, r.Stdout, tt.want, r.Stderr)
			}
		}
		before := time.Now().Unix()
		r := u.trace(t, "-s faketime -a offset=-400d", "date", "+%s")
		got, err := strconv.ParseInt(strings.TrimSpace(r.Stdout), 10, 64)
		if after := time.Now().Unix(); err != nil || got < before-400*86400-1 || got > after-400*86400 {
			t.Errorf("400 days ago was %q at %d", r.Stdout, after)
		}
		// It goes on.
		r = u.trace(t, "-s faketime -a at=@1000000000", "sh", "-c", "a=$(date +%s%N); sleep 0.3; test $(($(date +%s%N) - a)) -ge 300000000 && echo yes")
		if r.Stdout != "yes\n" {
			t.Errorf("time stands still: %q %s", r.Stdout, r.Stderr)
		}
		for options, want := range map[string]string{
			"":                       "say what time it is: -a at=TIME or -a offset=DISTANCE",
			"-a at=tomorrow":         "-a at=tomorrow: a time such as 2030-12-24, 2030-12-24T18:00:00 or @1000000000 is wanted",
			"-a at=2030-13-01":       "-a at=2030-13-01: a time such as 2030-12-24, 2030-12-24T18:00:00 or @1000000000 is wanted",
			"-a offset=1h":           "-a offset=1h: a distance such as +1h, -90m or +400d is wanted",
			"-a offset=+1h -a at=@1": "say what time it is: -a at=TIME or -a offset=DISTANCE",
		} {
			if r := u.trace(t, "-s faketime "+options, "true"); r.Code != 2 || r.Stderr != "luatrace: "+want+"\n" {
				t.Errorf("%q: code %d, %q", options, r.Code, r.Stderr)
			}
		}
	})
}

func TestDetrand(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		program := []string{"/usr/bin/python3", "-c", `import os, random, uuid, tempfile
print(os.urandom(5).hex(), random.random(), uuid.uuid4(), open("/dev/urandom", "rb").read(3).hex(), hash("x"), next(tempfile._get_candidate_names()), flush=True)
if os.fork() == 0: print(os.urandom(5).hex(), flush=True); os._exit(0)
os.wait()`}
		run := func(options string) string {
			r := u.trace(t, "-s detrand "+options, program...)
			if r.Code != 0 || r.Stderr != "" || strings.Count(r.Stdout, "\n") != 2 {
				t.Errorf("%s: code %d, %q %q", options, r.Code, r.Stdout, r.Stderr)
			}
			return r.Stdout
		}
		first, again, other := run(""), run(""), run("-a seed=2")
		if first != again {
			t.Errorf("the same seed: %q, then %q", first, again)
		}
		for i, word := range strings.Fields(first) {
			if word == strings.Fields(other)[i] {
				t.Errorf("another seed: %q again", word)
			}
		}
		r := u.trace(t, "-s detrand -a pids", "sh", "-c", `echo $$ $PPID; sh -c 'echo $PPID $$' & wait $!; kill -0 $$ && kill -0 $! || echo gone; exec sh -c 'echo $$'`)
		if want := "10001 10002\n10001 10003\ngone\n10001\n"; r.Stdout != want {
			t.Errorf("got %q, want %q: %s", r.Stdout, want, r.Stderr)
		}
	})
}

func TestSlowio(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		u.write(t, "data", strings.Repeat("x", 1000))
		// Only lower bounds: nobody can say how long it takes at most.
		for _, tt := range []struct {
			options string
			least   time.Duration
		}{
			{"-a delay=50ms", 2 * 50 * time.Millisecond},           // the open and a read
			{"-a rate=5000", 200 * time.Millisecond},               // 1,000 bytes
			{"-a delay=60ms -a jitter=0.5", 60 * time.Millisecond}, // two times at least half of it
		} {
			start := time.Now()
			r := u.trace(t, "-s slowio -a under=. "+tt.options, "head", "-c", "1000", "data")
			if took := time.Since(start); len(r.Stdout) != 1000 || took < tt.least {
				t.Errorf("%s: %d bytes after %v, want %v or more", tt.options, len(r.Stdout), took, tt.least)
			}
		}
		// Which calls: what the program itself measures.
		r := u.trace(t, "-s slowio -a delay=100ms -a under=data", "/usr/bin/python3", "-c", `import os, time
def timed(f, *a):
    t = time.monotonic(); r = f(*a); print(f.__name__, time.monotonic() - t >= 0.1, flush=True); return r
fd = timed(os.open, "data", os.O_RDONLY); timed(os.read, fd, 10); timed(os.stat, "data")`)
		if want := "open True\nread True\nstat True\n"; r.Stdout != want {
			t.Errorf("got %q, want %q: %s", r.Stdout, want, r.Stderr)
		}
		if r := u.trace(t, "-s slowio", "true"); r.Code != 2 || r.Stderr != "luatrace: say how slow: -a delay=TIME or -a rate=BYTES\n" {
			t.Errorf("code %d, %q", r.Code, r.Stderr)
		}
	})
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		u.write(t, "data", "text\n")
		u.write(t, "secret", "secret\n")
		u.write(t, "a[1]*", "strange\n")
		u.write(t, "a1x", "another\n")
		learn := "cat data 'a[1]*'; echo new >made; ln -s data link"
		if r := u.trace(t, "-o p -s policy -a learn", "sh", "-c", learn); r.Code != 0 {
			t.Fatalf("learn: %s", r.Stderr)
		}
		os.Remove(filepath.Join(u.dir, "link"))
		text, err := os.ReadFile(filepath.Join(u.dir, "p"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"read " + u.dir + "/data", "write " + u.dir + "/made", "write " + u.dir + "/link", `read ` + u.dir + `/a\[1]\*`} {
			wantCount(t, want, strings.Count("\n"+string(text), "\nallow "+want+"\n"), 1)
		}
		if !strings.HasSuffix(string(text), "\ndefault deny\n") {
			t.Errorf("the end is %q", text[max(0, len(text)-40):])
		}
		// What was learned is allowed, and nothing else.
		if r := u.trace(t, "-s policy -a file=p", "sh", "-c", learn); r.Code != 0 || r.Stdout != "text\nstrange\n" || r.Stderr != "" {
			t.Errorf("as learned: code %d, %q, %q", r.Code, r.Stdout, r.Stderr)
		}
		for _, tt := range []struct{ command, kind, what string }{
			{"cat secret", "read", "/secret"},
			{"cat ./../" + filepath.Base(u.dir) + "/secret", "read", "/secret"},
			{"cat a1x", "read", "/a1x"},
			{"echo more >data", "write", "/data"},
			{"cat data; ln -s data other", "write", "/other"},
		} {
			// in a file: on stderr, lines of the command's could come between
			r := u.trace(t, "-o denied -s policy -a file=p", "sh", "-c", tt.command)
			said, err := os.ReadFile(filepath.Join(u.dir, "denied"))
			if err != nil {
				t.Fatal(err)
			}
			denied := regexp.MustCompile(`(?m)^denied: \d+ \w+ ` + tt.kind + ` ` + regexp.QuoteMeta(u.dir+tt.what) + `$`)
			if !denied.Match(said) || strings.Contains(r.Stdout, "secret") {
				t.Errorf("%s: %q, %q, %q", tt.command, r.Stdout, r.Stderr, said)
			}
			r = u.trace(t, "-s policy -a file=p -a report", "sh", "-c", tt.command)
			if r.Code != 0 || !strings.Contains(r.Stderr, "would deny: ") {
				t.Errorf("report of %s: code %d, %q, %q", tt.command, r.Code, r.Stdout, r.Stderr)
			}
			for _, name := range []string{"other"} {
				os.Remove(filepath.Join(u.dir, name))
			}
			u.write(t, "data", "text\n")
		}
		// Addresses.
		u.write(t, "net", "# a comment\n\ndeny connect 127.0.0.1:*\ndefault allow\n")
		r := u.trace(t, "-s policy -a file=net -a errno=ENETUNREACH", "/usr/bin/python3", "-c", `import socket
try: socket.create_connection(("127.0.0.1", 9))
except OSError as e: print(e.errno)`)
		if r.Stdout != "101\n" || !regexp.MustCompile(`^denied: \d+ python3 connect 127\.0\.0\.1:9\n$`).MatchString(r.Stderr) {
			t.Errorf("connect: %q, %q", r.Stdout, r.Stderr)
		}
		for _, call := range []string{`s.sendto(b"x", to)`, `s.sendmsg([b"x"], [], 0, to)`} {
			r := u.trace(t, "-s policy -a file=net -a errno=ENETUNREACH", "/usr/bin/python3", "-c", `import socket
s, to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), ("127.0.0.1", 9)
try: `+call+`
except OSError as e: print(e.errno)`)
			if r.Stdout != "101\n" || !strings.HasSuffix(r.Stderr, "python3 connect 127.0.0.1:9\n") {
				t.Errorf("%s: %q, %q", call, r.Stdout, r.Stderr)
			}
		}
		u.write(t, "bad", "allow read /x\nallow all\n")
		r = u.trace(t, "-s policy -a file=bad", "true")
		want := "luatrace: " + u.dir + `/bad:2: "allow|deny read|write|exec|connect|bind PATTERN" or "default allow|deny" is wanted` + "\n"
		if r.Code != 2 || r.Stderr != want {
			t.Errorf("code %d, %q", r.Code, r.Stderr)
		}
		// The profile names each call once.
		r = u.trace(t, "-s policy -a seccomp", fixture.Build(t, "primes"), u.dir)
		if got := objects(t, r.Stderr, "defaultAction", "architectures"); len(got) != 1 || got[0] != "SCMP_ACT_ERRNO [SCMP_ARCH_X86_64]" {
			t.Errorf("profile %q", r.Stderr)
		}
		for _, call := range []string{"openat", "kill", "fsync", "fdatasync", "unlinkat", "exit_group", "execve"} {
			wantCount(t, call, strings.Count(r.Stderr, `"`+call+`"`), 1)
		}
		// They are those that strace sees.
		trace := filepath.Join(u.dir, "strace.out")
		cmd := exec.Command("strace", "-f", "-qq", "-o", trace, "sh", "-c", "cat data | sort")
		cmd.Dir = u.dir
		cmd.Env = append(os.Environ(), "LC_ALL=C", "PWD="+u.dir)
		fixture.RunCmd(t, cmd)
		seen, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		calls := map[string]bool{}
		for _, m := range regexp.MustCompile(`(?m)^\d+ +(?:<\.\.\. )?([a-z_0-9]+)[( ]`).FindAllStringSubmatch(string(seen), -1) {
			calls[m[1]] = true
		}
		var profile struct{ Syscalls []struct{ Names []string } }
		r = u.trace(t, "-s policy -a seccomp", "sh", "-c", "cat data | sort")
		if err := json.Unmarshal([]byte(r.Stderr), &profile); err != nil || len(profile.Syscalls) != 1 {
			t.Fatalf("%v: %s", err, r.Stderr)
		}
		if got, want := profile.Syscalls[0].Names, sorted(calls); !slices.Equal(got, want) {
			t.Errorf("the profile has %q, strace has seen %q", got, want)
		}
	})
}
