package printer

import (
	"regexp"
	"testing"
)

// Lines are shortened where it hurts least, and never inside an escape sequence.
func TestFit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line, want string
		width      int
	}{
		{`getpid() = 7`, `getpid() = 7`, 40},
		{`close(3)                                = 0`, `close(3) = 0`, 40},
		{`openat(AT_FDCWD, "/usr/lib/python3/dist-packages/x.py", O_RDONLY) = 3`, `openat(AT_FDCWD, ..."on3/dist-packages/x.py", O_RDONLY) = 3`, 59},
		{`write(1, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 32) = 32`, `write(1, "aaaaaaaaaaaaaaaa"..., 32) = 32`, 40},
		{`write(1, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"..., 64) = 64`, `write(1, "aaaaaaaaaaaaaaaaaaaaaaaaa"..., 64) = 64`, 49},
		{`read(3, "\177ELF\2\1\1\3\0\0\0\0\0\0\0\0\3\0>\0\1\0\0\0"..., 832) = 832`, `read(3, "\177ELF\2\1\1\3"..., 832) = 832`, 40},
		{`fstat(3, {st_mode=S_IFREG|0644, st_size=33923, st_rdev=1, ...}) = 0`, `fstat(3, {st_mode=S_IFREG|0644, st_s...) = 0`, 44},
		{`open("/a/very/long/path/of/a/file/here", O_RDONLY) = -1 ENOENT (No such file or directory)`, `open(..."h/of/a/file/here", O_RDONLY) = -1 ENOENT`, 49},
		{`open("/nonexistent/x", O_RDONLY) = -1 ENOENT (No such file or directory) (INJECTED)`, `open("/nonexistent/x", O_RDONLY) = -1 ENOENT (INJECTED)`, 80},
		{`open("/a/very/long/path/of/a/file/here", O_RDONLY) = -1 ENOENT (No such file or directory)`, `open("/a/very/long/path/of/a/file/here", O_RDONLY) = -1 ENOENT`, 70},
		{`f("quote \" inside a string that is long") = 0`, `f("quote \" inside a string tha"...) = 0`, 40},
		{`x = 1`, `x = 1`, 0},
	} {
		tail := 0
		if result := regexp.MustCompile(`\) += `).FindAllStringIndex(tt.line, -1); result != nil {
			tail = result[len(result)-1][0]
		}
		got := string(fit([]byte(tt.line), tail, tt.width))
		if got != tt.want || tt.width > 0 && len(got) > tt.width {
			t.Errorf("%s\n in %d columns: %s (%d), want %s", tt.line, tt.width, got, len(got), tt.want)
		}
	}
}

// Whatever a line holds, shortening makes it no longer.
func FuzzFit(f *testing.F) {
	f.Add(`openat(AT_FDCWD, "/usr/lib/x", O_RDONLY`, `) = 3`, 40)
	f.Add(`write(1, "a\"b\\"..., "`, `) = 3`, 41)
	f.Add("a\"\\", "", 50)
	f.Fuzz(func(t *testing.T, head, tail string, width int) {
		line := head + tail
		got := string(fit([]byte(line), len(head), width))
		if len(got) > len(line) {
			t.Errorf("%q in %d: %q", line, width, got)
		}
	})
}
