package bindings

import (
	"strings"
	"testing"

	"luatrace/bindings/luart"
)

// TestComparisons: comparisons that never hold are errors of loading; others of
// the same look are not.
func TestComparisons(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ code, want string }{
		{`x = ev.whence == SEEK_SET`, `ev.whence is the name of a constant, SEEK_SET a number: write ev.whence == "SEEK_SET"`},
		{`x = SEEK_SET ~= ev.args.whence`, `write ev.args.whence == "SEEK_SET"`},
		{`on("lseek", function(ev) if ev.whence == "SEEK_SETT" then end end)`, `ev.whence is never "SEEK_SETT"; did you mean "SEEK_SET"?`},
		{`x = ev.flags == O_RDONLY`, `ev.flags:has "O_RDONLY", ev.flags:is "O_RDONLY" or ev.flags.value == O_RDONLY`},
		{`x = ev.flags == "O_CLOEXEC"`, `ev.flags is a set of flags`},
		{`x = ev.addr.sa_family == AF_INET`, `write ev.addr.sa_family == "AF_INET"`},
		{`x = ev.op == F_GETFL`, `write ev.op == "F_GETFL"`},
		{`x = ev.err == ENOENT`, `write ev.err == "ENOENT"`},
		{`x = ev.sig == SIGTERM`, `write ev.sig == "SIGTERM"`},

		{`x = ev and ev.whence == "SEEK_SET"`, ""},
		{`x = ev and (ev.dirfd == AT_FDCWD or ev.ret == EAGAIN or ev.err == "ENOENT" or ev.flags.value == O_RDONLY)`, ""},
		{`x = ev and (ev.proc.data.whence == SEEK_SET or ev.task.data.flags == O_RDONLY or other.whence == SEEK_SET)`, ""},
		{`local SEEK = 1 x = ev and ev.whence == SEEK`, ""},
		{`x = ev and (ev.path == "SEEK_SETT" or ev.comm == "MAKE" or ev.buf == "QUIT" or ev.name == "X1")`, ""},
		{`x = ev and ev.whence ~= 0`, ""},
	} {
		r, _ := newTest(t, luart.Options{})
		err := run(r, c.code)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.code, err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "-e:1: ") || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", c.code, err, c.want)
		}
	}
}
