package scripts

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// columns returns the lines of a table as their cells with one blank between
// them, the heading first.
func columns(text string) []string {
	var rows []string
	for line := range strings.Lines(text) {
		rows = append(rows, strings.Join(strings.Fields(line), " "))
	}
	return rows
}

// sum adds up the numbers that the pattern's group finds.
func sum(text, pattern string) int {
	n := 0
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		v, _ := strconv.Atoi(m[1])
		n += v
	}
	return n
}

// wantRow fails the test if no row of a table is as wanted; # in it is any number
// with its unit.
func wantRow(t *testing.T, text string, wanted ...string) {
	t.Helper()
	rows := strings.Join(columns(text), "\n")
	for _, want := range wanted {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(want), `#`, `[-\d.]+[a-zA-Z%]*`)
		if n := len(regexp.MustCompile(`(?m)^`+pattern+`$`).FindAllString(rows, -1)); n != 1 {
			t.Errorf("%d rows %q, want 1, in:\n%s", n, want, text)
		}
	}
}

func TestFiletop(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		primes := fixture.Build(t, "primes")
		r := u.trace(t, "-s filetop -a under=.", primes, u.dir)
		want := "  READS  WRITES  R_SIZE  W_SIZE FILE\n     19      17    1.2K    1.7K " + filepath.Join(u.dir, "data") + "\n"
		if r.Stderr != want {
			t.Errorf("got:\n%s\nwant:\n%s", r.Stderr, want)
		}
		r = u.trace(t, "-s filetop -a top=1", "dd", "if=/dev/zero", "of=x", "bs=5000", "count=23", "status=none")
		wantRow(t, r.Stderr, "23 0 112K 0 /dev/zero")
		wantCount(t, "rows", strings.Count(r.Stderr, "\n"), 2)
		// Copies that the kernel makes, between files and into a pipe.
		u.write(t, "big", strings.Repeat("x", 1000000))
		r = u.trace(t, "-s filetop -a under=.", "/usr/bin/python3", "-I", "-c", `import os
big, copy, part = os.open("big", os.O_RDONLY), os.open("copy", os.O_RDWR | os.O_CREAT), os.open("part", os.O_RDWR | os.O_CREAT)
n = 0
while n < 1000000: n += os.copy_file_range(big, copy, 1000000 - n)
print(os.sendfile(part, big, 0, 3000))
r, w = os.pipe()
print(os.splice(copy, w, 2000, 0))`)
		if r.Stdout != "3000\n2000\n" {
			t.Errorf("python3 said %q: %s", r.Stdout, r.Stderr)
		}
		rows := strings.Join(columns(r.Stderr), "\n")
		for _, want := range []string{`\d+ 0 979K 0 \S+/big`, `1 \d+ 2\.0K 977K \S+/copy`, `0 1 0 2\.9K \S+/part`} {
			wantCount(t, want+" in:\n"+r.Stderr, len(regexp.MustCompile(`(?m)^`+want+`$`).FindAllString(rows, -1)), 1)
		}
		r = u.trace(t, "-s filetop -a interval=50ms -a under=.", "sh", "-c", "echo one >a; sleep 0.3; echo two >>a; sleep 0.3")
		wantCount(t, "writes in all frames", sum(r.Stderr, `(?m)^ +0 +(\d) +0 +\d `+u.dir+`/a$`), 2)
	})
}

func TestIotop(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		r := u.trace(t, "-s iotop -a interval=1m", "sh", "-c",
			"dd if=/dev/zero bs=1000 count=41 status=none | dd of=/dev/null bs=1000 count=41 iflag=fullblock status=none")
		rows := strings.Join(columns(r.Stderr), "\n")
		for _, want := range []string{
			`(?m)^PID COMM READ WRITTEN CALLS$`,
			`(?m)^\d+ dd 4[0-9]K 40K \d+$`, // and the library it is linked with
		} {
			if !regexp.MustCompile(want).MatchString(rows) {
				t.Errorf("no %s in:\n%s", want, rows)
			}
		}
		wantCount(t, "processes", strings.Count(rows, " dd "), 2)
		r = u.trace(t, "-s iotop -a interval=1m", fixture.Build(t, "primes"), u.dir)
		if !regexp.MustCompile(`(?m)^\d+ primes [\d.]+K 1\.7K \d+$`).MatchString(strings.Join(columns(r.Stderr), "\n")) {
			t.Errorf("no row of primes:\n%s", r.Stderr)
		}
	})
}

func TestSeeksize(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		// Sequential: 17 writes make 16 distances of 0. Back to the start, and 17
		// whole reads of 64 more and 18 steps.
		r := u.trace(t, "-s seeksize -a under=.", fixture.Build(t, "primes"), u.dir)
		title := "bytes skipped between accesses\nfile=" + filepath.Join(u.dir, "data") + "\n"
		if !strings.HasPrefix(r.Stderr, title) {
			t.Errorf("no %q in:\n%s", title, r.Stderr)
		}
		wantRow(t, r.Stderr, "[0] 34 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|", "[1K, 2K) 1 |@ |")
		// Every second block.
		r = u.trace(t, "-s seeksize -a under=.", "/usr/bin/python3", "-c",
			"import os; f = os.open('f', os.O_RDWR|os.O_CREAT)\nfor i in range(13): os.pwrite(f, b'x' * 512, i * 1024)")
		wantRow(t, r.Stderr, "[512, 1K) 12 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|")
	})
}

func TestTopsys(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		counts := fixture.Build(t, "counts")
		r := u.trace(t, "-s topsys -a interval=1m -a calls=getppid,getuid,openat -a top=2", counts)
		if rows := columns(r.Stderr); len(rows) != 3 || rows[0] != "COUNT SHARE ERRORS TIME CALL" {
			t.Errorf("got:\n%s", r.Stderr)
		}
		wantRow(t, r.Stderr, "800 # 0 # getppid")
		r = u.trace(t, "-s topsys -a interval=1m -a calls=fsync,fdatasync,unlinkat", fixture.Build(t, "primes"), u.dir)
		wantRow(t, r.Stderr, "4 50.0% 1 # fsync", "2 25.0% 0 # fdatasync", "2 25.0% 2 # unlinkat")
		r = u.trace(t, "-s topsys -a interval=50ms -a calls=kill", "sh", "-c", "kill -0 $$; sleep 0.3; kill -0 $$; kill -0 $$; sleep 0.3")
		wantCount(t, "calls in all frames", sum(r.Stderr, `(?m)^ +(\d) +100\.0% +0 +\S+ kill$`), 3)
	})
}

func TestSummary(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		primes := fixture.Build(t, "primes")
		r := u.trace(t, "-s summary -a sort=calls -a calls=fsync,fdatasync,unlinkat,kill", primes, u.dir)
		if rows := columns(r.Stderr); len(rows) != 5 || rows[0] != "TIME% TIME CALLS ERRORS P50 P90 P99 MAX CALL" {
			t.Errorf("got:\n%s", r.Stderr)
		}
		wantRow(t, r.Stderr, "# # 14 0 # # # # kill", "# # 4 1 # # # # fsync", "# # 2 0 # # # # fdatasync", "# # 2 2 # # # # unlinkat")
		r = u.trace(t, "-s summary -a sort=errors -a top=1", fixture.Build(t, "counts"))
		wantRow(t, r.Stderr, "# # # 200 # # # # openat")
		r = u.trace(t, "-s summary -a sort=colour", "true")
		if want := "luatrace: -a sort=colour: time, calls, errors, p99 or max is wanted\n"; r.Code != 2 || r.Stderr != want {
			t.Errorf("code %d, %q", r.Code, r.Stderr)
		}
	})
}
