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

func TestEatmydata(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		r := u.trace(t, "-s eatmydata", fixture.Build(t, "primes"), u.dir)
		if r.Stdout != primesOutput {
			t.Errorf("primes saw %q, want %q: a bad descriptor is EBADF still", r.Stdout, primesOutput)
		}
		want := "calls left out\ncount  call\n    3  fsync\n    2  fdatasync\n"
		if r.Stderr != want {
			t.Errorf("got:\n%s\nwant:\n%s", r.Stderr, want)
		}
		// The kernel refuses to fsync a device without a disk.
		if r := fixture.Run(t, "sync", "/dev/null"); r.Code != 1 {
			t.Errorf("untraced sync /dev/null: code %d, want 1", r.Code)
		}
		if r := u.trace(t, "-s eatmydata", "sync", "/dev/null"); r.Code != 0 {
			t.Errorf("sync /dev/null: code %d, want 0: %s", r.Code, r.Stderr)
		}
	})
}

func TestEatmydataOpenFlags(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		// The flags as the kernel has them when dd writes, in octal.
		script := u.write(t, "flags.lua", `on("write:enter", {when = {fd = 1}}, function(ev)
  print("flags", ev.proc:file("fdinfo/1"):match("flags:%s*(%d+)"))
end)`)
		dd := []string{"dd", "if=/dev/zero", "of=x", "bs=10", "count=1", "oflag=sync", "status=none"}
		flags := regexp.MustCompile(`(?m)^flags\t0*(\d+)$`)
		for options, sync := range map[string]bool{"-s ": true, "-s eatmydata -s ": false} {
			r := u.trace(t, options+script, dd...)
			m := flags.FindStringSubmatch(r.Stderr)
			if m == nil {
				t.Fatalf("no flags: %s", r.Stderr)
			}
			n, err := strconv.ParseInt(m[1], 8, 64)
			if err != nil {
				t.Fatal(err)
			}
			got := n&syscall.O_SYNC == syscall.O_SYNC
			if got != sync {
				t.Errorf("%s: the file's flags are 0%s, synchronous: %t, want %t", options, m[1], got, sync)
			}
		}
	})
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		u.write(t, "a/file", "A\n")
		u.write(t, "a/only", "only A\n")
		u.write(t, "b/file", "B, longer\n")
		u.write(t, "ab", "another name\n")
		for _, tt := range []struct{ name, command, want string }{
			{"absolute", "cat $PWD/a/file", "B, longer"},
			{"relative", "cat a/file", "B, longer"},
			{"with dots", "cat b/../a//./file", "B, longer"},
			{"after chdir", "cd b && cat ../a/file", "B, longer"},
			{"from a directory descriptor", "find a -type f -size +3c", "a/file"},
			{"stat", "stat -c %s a/file", "10"},
			{"access", "test -r a/only || echo no", "no"},
			{"list", "ls a", "file"},
			{"write", "echo new >a/made; cat b/made; test -e b/made && rm a/made; ls b", "new\nfile"},
			{"rename, both names", "mv a/file a/moved; ls b; mv a/moved b/file; ls b", "moved\nfile"},
			{"a longer name", "cat ab", "another name"},
			{"another file", "cat b/file", "B, longer"},
		} {
			r := u.trace(t, "-s redirect -a from=a -a to=b", "sh", "-c", tt.command)
			if r.Stdout != tt.want+"\n" || r.Code != 0 || r.Stderr != "" {
				t.Errorf("%s: %q with code %d, stderr %q; want %q", tt.name, r.Stdout, r.Code, r.Stderr, tt.want)
			}
		}
		r := u.trace(t, "-s redirect -a from=a", "true")
		if r.Code != 2 || !strings.Contains(r.Stderr, "-a to=PATH is required") {
			t.Errorf("without to: code %d, %q", r.Code, r.Stderr)
		}
	})
}

func TestDeny(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		u.write(t, "data", "text\n")
		u.write(t, "sub/key.pem", "secret\n")
		u.write(t, "ok", "fine\n")
		for _, tt := range []struct{ name, options, command, want string }{
			{"path", "-a path=data", "cat data; cat ok", "cat: data: Permission denied\nfine"},
			{"path, from elsewhere", "-a path=data", "cd sub; cat ../data", "cat: ../data: Permission denied"},
			{"the file only", "-a path=sub", "cat sub/key.pem", "secret"},
			{"errno", "-a path=data -a errno=eio", "cat data", "cat: data: Input/output error"},
			{"under", "-a under=sub", "cat sub/key.pem; cat data", "cat: sub/key.pem: Permission denied\ntext"},
			{"glob", "-a glob=*.pem", "cat sub/key.pem; cat data", "cat: sub/key.pem: Permission denied\ntext"},
			{"glob with directories", "-a glob=/**/sub/*", "cat sub/key.pem; cat data", "cat: sub/key.pem: Permission denied\ntext"},
			{"calls", "-a path=data -a calls=unlinkat,unlink", "cat data; rm -f data", "text\nrm: cannot remove 'data': Permission denied"},
			{"the second name", "-a path=data -a calls=/^rename/", "mv ok data; cat data ok", "mv: cannot move 'ok' to 'data': Permission denied\ntext\nfine"},
		} {
			r := u.trace(t, "-s deny -a quiet "+tt.options, "sh", "-c", "exec 2>&1; "+tt.command)
			if r.Stdout != tt.want+"\n" || r.Stderr != "" {
				t.Errorf("%s: %q, stderr %q; want %q", tt.name, r.Stdout, r.Stderr, tt.want)
			}
		}
		r := u.trace(t, "-s deny -a calls=openat -a path=data", "sh", "-c", "cat data 2>/dev/null")
		want := "denied: cat             openat      EACCES " + filepath.Join(u.dir, "data") + "\n"
		if r.Stderr != want || r.Code != 1 {
			t.Errorf("code %d, stderr %q; want 1, %q", r.Code, r.Stderr, want)
		}
		r = u.trace(t, "-s deny", "true")
		if want := "luatrace: say what to deny: -a path=FILE, -a under=DIRECTORY or -a glob=PATTERN\n"; r.Code != 2 || r.Stderr != want {
			t.Errorf("code %d, stderr %q; want 2, %q", r.Code, r.Stderr, want)
		}
		r = u.trace(t, "-s deny -a path=data -a errno=EACESS", "true")
		if want := "luatrace: deny: -a errno: unknown errno \"EACESS\"; did you mean \"EACCES\"?\n"; r.Code != 2 || r.Stderr != want {
			t.Errorf("code %d, stderr %q; want 2, %q", r.Code, r.Stderr, want)
		}
	})
}
