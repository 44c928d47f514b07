package lint

import (
	"strings"
	"testing"

	"luatrace/bindings"
	"luatrace/bindings/luart"
)

// findings are what Check says of a script called s.lua, or why it does not
// compile.
func findings(t *testing.T, code string) []string {
	t.Helper()
	r := bindings.New(luart.Options{})
	defer r.Close()
	fn, err := r.LoadReader(strings.NewReader(code), "s.lua")
	if err != nil {
		return strings.Split(err.Error(), "\n")
	}
	var list []string
	for _, e := range Check(r, fn) {
		list = append(list, e.Error())
	}
	return list
}

func TestCheckFindings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		code string
		want []string // beginnings
	}{
		{"on('openat', function(ev)\n  print(ev.path\nend)", []string{"s.lua:"}},
		{"local x = 1\nprint(y)\nprint(z)", []string{"s.lua:2: ", "s.lua:3: "}},
		{"\non('openatt', function(ev) print(ev.path) end)", []string{`s.lua:2: unknown system call "openatt"`}},
		{"on('%fil', print)", []string{`s.lua:1: `}},
		{"fault('opeat', {errno = 'EIO'})", []string{`s.lua:1: unknown system call "opeat"`}},
		{"on('openat', function(ev)\n  print(ev.pth)\nend)", []string{`s.lua:2: no event of "openat" has a field 'pth'; did you mean 'path'?`}},
		{"on('openat', function(ev)\n  print(ev:skipp())\nend)", []string{`s.lua:2: no event of "openat" has a field 'skipp'`}},
		{"on('openat', function(ev)\n  ev:skip()\nend)", []string{`s.lua:2: ev:skip() is only possible before the call: on("openat:enter", ...)`}},
		{"on('openat:enter', function(ev)\n  print(ev.err)\nend)", []string{`s.lua:2: ev.err exists only after the call; this hook runs before it (":enter")`}},
		{"on('read:enter', function(ev) print(ev.buf) end)", []string{`s.lua:1: ev.buf exists only after the call`}},
		{"on('signal', function(ev) print(ev.path) end)", []string{`s.lua:1: no event of "signal" has a field 'path'`}},
		{"on('proc:exit', function(ev) print(ev.child) end)", []string{`s.lua:1: no event of "proc:exit" has a field 'child'`}},
		{"on('begin', function(ev) print(ev.pid) end)", []string{`s.lua:1: no event of "begin" has a field 'pid'`}},
		{"on('getpid', function(ev)\n  every('1s', function() print(ev.x) end)\nend)", []string{`s.lua:2: no event of "getpid" has a field 'x'`}},
		{"on('openat', {when = {pth = '/x'}}, print)", []string{`s.lua:1: when.pth: `}},
		{"on('openat', {\n  when = {\n    path = under '/x',\n    fllags = bits 'O_CREAT'}}, print)", []string{`s.lua:4: when.fllags: `}},
		{"local v = 5\non('openat', {when = {pth = v}}, print)", []string{`s.lua:2: when.pth: `}},
		{"on('openat:enter', {when = {ret = 5}}, print)", []string{`s.lua:1: when.ret: `}},
		{"on('openat', {when = {flags = bits 'O_CREATE'}}, print)", []string{`s.lua:1: when.flags: `}},
		{"on('openat', {when = {path = {1, 2}}}, print)", []string{`s.lua:1: when.path: `}},
		{"meta{name = 's', args = {n = {type = 'number'}}}\n", []string{`s.lua:1: the argument 'n' is declared and never read`}},
		{"meta{name = 's', args = {num = {type = 'number'}}}\nprint(args.nums, args.num)", []string{`s.lua:1: args.nums is read, but meta declares no such argument; did you mean 'num'?`}},
		{"meta{name = 's', args = {n = {type = 'int'}}}\nprint(args.n)", []string{`s.lua:1: `}},
		{"syscall.define 'wrong('\n", []string{`s.lua:1: `}},
		{"syscall.define 'checked2@492(fd fd, n size)'\non('checked2', function(ev) print(ev.m) end)", []string{`s.lua:2: no event of "checked2" has a field 'm'`}},
		{"\nmeta{name = 's', args = {n = {type = 'number', default = 'x'}}}\nprint(args.n)", []string{`s.lua:2: bad argument #1 to meta (args.n: the default: a number is wanted, not "x")`}},
		{"meta{name = 's'}\non('openat:enter', function(ev)\n  ev:fail 'EIO'\nend)", []string{`s.lua:3: this changes what is traced, which meta does not say: acts = true`}},
		{"meta{name = 's'}\non('uname', function(ev) ev.buf.sysname = 'x' end)", []string{`s.lua:2: this changes what is traced`}},
		{"meta{name = 's'}\nfault('openat', 'EIO')", []string{`s.lua:2: this changes what is traced`}},
		{"on('openat:enter', function(ev) print(ev.ret) end)", []string{`s.lua:1: ev.ret exists only after the call; this hook runs before it`}},
		{"on('openat:enter', function(ev) ev:fail 'ENOENTT' end)", []string{`s.lua:1: unknown errno "ENOENTT"; did you mean "ENOENT"?`}},
		{"on('openat:enter', function(ev) ev:delay '20' end)", []string{`s.lua:1: a duration is wanted`}},
		{"on('openat')", []string{`s.lua:1: on wants a function`}},
		{"on('openat', {when = {failed = true}})", []string{`s.lua:1: on wants a function behind the conditions`}},
		{"on('openat', function(ev) print(ev) end, {when = {failed = true}})", []string{`s.lua:1: the function of on stands last`}},
		{"on('openat', {failed = true}, print)", []string{`s.lua:1: unknown option "failed"; there are when and on_error; a condition stands in when: {when = {failed = ...}}`}},
		{"fault('openat')", []string{`s.lua:1: fault wants an errno or a table`}},
		{"fault('openat', 'EIOO')", []string{`s.lua:1: unknown errno "EIOO"; did you mean "EIO"?`}},
		{"fault('openat', {\n  nth = 3,\n  errno = 'EIOO'})", []string{`s.lua:3: unknown errno "EIOO"`}},
		{"fault('openat', {errno = 'EIO', count = 1})", []string{`s.lua:1: unknown option 'count'; there are errno, ret, when`}},
		{"every('1 s', print)", []string{`s.lua:1: a duration is wanted`}},
		{"every(0, print)", []string{`s.lua:1: the interval must be 1ms or more`}},
		{"every('1s')", []string{`s.lua:1: every wants a function`}},
		{"meta{nam = 's'}", []string{`s.lua:1: `}},
		{"local n = 'x'\ntest(n, function(t) end)", []string{`s.lua:2: the name of a test must be written out as a string`}},
		{"on('openat', function(ev) print(ev.pth) end)\non('closse', print)", []string{`s.lua:1: no event of "openat" has a field 'pth'`, `s.lua:2: unknown system call "closse"`}},
	} {
		got := findings(t, tc.code)
		if len(got) != len(tc.want) {
			t.Errorf("%s\nfound %q, want %q", tc.code, got, tc.want)
			continue
		}
		for i, want := range tc.want {
			if !strings.HasPrefix(got[i], want) {
				t.Errorf("%s\nfound %q, want %q", tc.code, got[i], want)
			}
		}
	}
}

// TestCheckIsQuiet has what looks wrong and is right.
func TestCheckIsQuiet(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		`on("openat,openat2,%network", function(ev) print(ev.how, ev.addr, ev.path, ev.ret, ev.err, ev.fdpath) end)`,
		`on("*", function(ev) print(ev.path, ev.statbuf, ev.arg1) end)`,
		`local spec = "openat" on(spec, function(ev) print(ev.whatever) end)`,
		`on("openat", function(ev) local ev = {x = 1} end)`,
		`on("openat", function(ev) local f = function(ev) return ev.x end return f{x = 1} end)`,
		`on("openat:enter", function(ev) local p = ev.path ev:onexit(function(e) print(p, e.ret) end) end)`,
		`on("openat:enter", function(ev) ev:onexit(function(ev) print(ev.ret) end) end)`,
		`on("openat", {when = {path = under "/etc", ok = true, comm = {"a", "b"}, pid = ne(5), flags = bits "O_CREAT", ret = ge(0)}}, print)`,
		`local v = 5 on("openat", {when = {fd = v, path = v, ok = v, err = v}}, print)`,
		`meta{name = "s", args = {n = {type = "number"}}} for k, v in pairs(args) do print(k, v) end`,
		`meta{name = "s", args = {n = {type = "number"}}} local a = args print(a.n)`,
		`meta{name = "s", args = {n = {type = "number"}}} local k = "n" print(args[k])`,
		`print(args.anything)`,
		`on("ioctl", function(ev) print(ev.argp, ev.op) end) on("fcntl", function(ev) print(ev.arg) end)`,
		`on("proc:fork,exec,exit", function(ev) print(ev.child, ev.status, ev.former_tid, ev.thread) end)`,
		`on("signal:SIGSEGV", function(ev) print(ev.addr, ev.sig) ev:suppress() end)`,
		"syscall.define [[checked@491(fd fd, n size)]]\non('checked', {when = {n = 5}}, function(ev) print(ev.fd, ev.n) end)",
		`meta{name = "s"} on("openat:enter", function(ev) ev.proc.data.n, ev.task.data = 1, {} end)`,
		`meta{name = "s", acts = true} on("openat:enter", function(ev) ev.ret = 5 ev.regs.rax = 1 ev.path = "/x" end) fault("read", "EIO")`,
		`local opts, what = {}, "EIO" on("read", opts, print) fault("read", what) on("read", load "") every(2, print) every("2s", load "")`,
		`on("read", function(ev) ev.ret = 5 ev:fail "EIO" ev:delay(1) print(ev.buf, ev:table()) end)`,
	} {
		if got := findings(t, code); len(got) != 0 {
			t.Errorf("%s\nfound %q", code, got)
		}
	}
}
