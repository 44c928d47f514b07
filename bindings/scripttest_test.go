package bindings

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/engine/printer"
	"luatrace/internal/fixture"
	"luatrace/tracer/decode"
)

// runBlocks runs the tests in a script's text, which is called s.lua.
func runBlocks(code string) ([]TestResult, error) {
	text := decode.Text{StringLimit: 32, Abbrev: true, Columns: 40}
	return RunTests(TestOptions{
		Load: func(r *Runtime) (Function, error) { return r.LoadReader(strings.NewReader(code), "s.lua") },
		Line: func(dst []byte, ev *engine.Event) []byte { return printer.AppendLine(dst, &text, ev) },
	})
}

// failures of the only test of a script.
func failures(t *testing.T, code string) []string {
	t.Helper()
	results, err := runBlocks(code)
	if err != nil {
		t.Fatalf("%v\n%s", err, code)
	}
	if len(results) != 1 {
		t.Fatalf("%d tests in\n%s", len(results), code)
	}
	return results[0].Failures
}

// passing are scripts with a test each. What is wrong is in the message.
var passing = []struct{ name, code string }{
	{"a call", `
on("openat", function(ev)
  print(ev.name, ev.pid, ev.tid, ev.ppid, ev.comm, ev.exe, ev.cwd, ev.path, ev.abspath, ev.ret, ev.err, ev.ok, ev.abi, ev.phase)
end)
test("a call", function(t)
  local r = t:event("openat", {path = "x", flags = "O_RDONLY|O_CLOEXEC", pid = 7, tid = 8, ppid = 3, comm = "cat", exe = "/bin/cat", cwd = "/tmp", ret = 3})
  t:expect(t.stdout, "openat\t7\t8\t3\tcat\t/bin/cat\t/tmp\tx\t/tmp/x\t3\tnil\ttrue\tamd64\texit\n")
  t:expect(r.ret, 3) t:expect(r.err == nil) t:expect(r.skipped, false)
  t:shows "/tmp/x"
  t:expect(r.line:match "^openat%(AT_FDCWD, \"x\", O_RDONLY|O_CLOEXEC%) = 3$") t:expect(r.full, r.line)
end)`},
	{"defaults", `
on("close", function(ev) print(ev.pid, ev.tid, ev.comm, ev.exe, ev.cwd, ev.ppid, ev.ret, string.format("%.6f", ev.time), ev.duration) end)
test("defaults", function(t)
  t:event("close")
  t:expect(t.stdout, "1000\t1000\ttest\t/usr/bin/test\t/\t1\t0\t1000000000.000000\t1e-06\n")
end)`},
	{"memory, raw arguments, registers", `
on("write:enter", function(ev)
  emit{ev.mem:read(ev.raw[2], ev.count), ev.mem:u8(ev.raw[2]), ev.args[1], ev.args.buf, ev.raw[3], ev.regs.rdi, ev.regs.rsi == ev.raw[2], ev.regs.r12}
  ev.regs.r13 = 9
end)
test("memory", function(t)
  t:event("write", {fd = 1, buf = "hello", regs = {r12 = 77}})
  t:expect(json.decode(t.stdout), {"hello", 104, 1, "hello", 5, 1, true, 77})
end)`},
	{"descriptors and files", `
on("read", function(ev) emit{fdpath = ev.fdpath, three = ev.proc:fd(3), nine = ev.proc:fd(9), status = ev.proc:file "status", none = ev.proc:file "maps", argv = ev.proc.cmdline} end)
on("openat", function(ev) print(ev.abspath, ev.paths.path) end)
test("descriptors", function(t)
  t:event("read", {fd = 5, buf = "", fdpath = "/etc/x", fds = {[3] = "pipe:[5]"}, files = {status = "Uid: 0"}, cmdline = {"a", "b c"}})
  t:expect(json.decode(t.stdout), {fdpath = "/etc/x", three = "pipe:[5]", status = "Uid: 0", argv = {"a", "b c"}})
  t:clear()
  t:event("openat", {dirfd = 6, path = "y", fdpath = "/d"})
  t:expect(t.stdout, "/d/y\t/d/y\n")
  t:clear()
  t:event("read", {fd = 5, buf = ""})
  t:shows [["fdpath":"/etc/x"]]
end)`},
	{"descriptors in parts", `
on("read,close", function(ev)
  local d = ev.fdinfo
  emit(d and {d.fd, d.kind, d.path, d.address or "-", d.peer or "-", d.listening, d.inode or 0, d.peer_inode or 0} or {"none"})
end)
test("descriptors", function(t)
  local function says(fields, ...)
    t:clear()
    t:event("read", fields)
    t:expect(json.decode(t.stdout), {...})
  end
  says({buf = "", fd = 9}, "none")
  says({buf = "", fdpath = "/etc/x"}, 3, "file", "/etc/x", "-", "-", false, 0, 0)
  says({buf = "", fdpath = "pipe:[5]"}, 3, "pipe", "pipe:[5]", "-", "-", false, 5, 0)
  says({buf = "", fdpath = "tcp 1.2.3.4:5->6.7.8.9:80"}, 3, "tcp", "tcp 1.2.3.4:5->6.7.8.9:80", "1.2.3.4:5", "6.7.8.9:80", false, 0, 0)
  says({buf = "", fdpath = "tcp 0.0.0.0:80 (listening)"}, 3, "tcp", "tcp 0.0.0.0:80 (listening)", "0.0.0.0:80", "-", true, 0, 0)
  says({buf = "", fdpath = "unix socket:[7]->/run/x"}, 3, "unix", "unix socket:[7]->/run/x", "-", "/run/x", false, 7, 0)
  says({buf = "", fd = 4, fdinfo = {kind = "unix", address = "/run/x", inode = 5, peer_inode = 6}}, 4, "unix", "unix /run/x", "/run/x", "-", false, 5, 6)
  says({buf = "", fd = 4, fdinfo = {kind = "unix", peer = "/run/x", inode = 5}}, 4, "unix", "unix socket:[5]->/run/x", "-", "/run/x", false, 5, 0)
  says({buf = "", fd = 4, fdinfo = {path = "unix /run/y", peer_inode = 8}}, 4, "unix", "unix /run/y", "/run/y", "-", false, 0, 8)
  t:clear()
  t:event("close", {fd = 4})
  t:expect(json.decode(t.stdout), {4, "unix", "unix /run/y", "/run/y", "-", false, 0, 8})
end)`},
	{"data of tasks and processes", `
on("getpid", function(ev)
  ev.task.data.n = (ev.task.data.n or 0) + 1
  ev.proc.data.n = (ev.proc.data.n or 0) + 1
  print(ev.task.data.n, ev.proc.data.n, ev.proc.threads)
end)
test("data", function(t)
  t:event("getpid", {pid = 5, tid = 5}) t:event("getpid", {pid = 5, tid = 6}) t:event("getpid", {pid = 5, tid = 6}) t:event("getpid", {pid = 9})
  t:expect(t.stdout, "1\t1\t1\n1\t2\t2\n2\t3\t2\n1\t1\t1\n")
end)`},
	{"structs, flags and results of calls", `
on("newfstatat", function(ev) print(ev.statbuf.st_size, ev.statbuf.st_mode) end)
on("connect", function(ev) print(ev.addr.sin_port, ev.addr.sin_addr, ev.err) end)
on("getsockname", function(ev) print(ev.addr.sin_port, ev.addrlen) end)
on("mmap", function(ev) print(ev.prot:has "PROT_EXEC", ev.ret) end)
test("structs", function(t)
  t:event("newfstatat", {path = "/x", statbuf = {st_size = 5, st_mode = "S_IFREG|0644"}})
  t:event("connect", {fd = 3, addr = {sa_family = "AF_INET", sin_port = 80, sin_addr = "127.0.0.1"}, err = "ECONNREFUSED"})
  t:event("getsockname", {fd = 3, addr = {sa_family = "AF_INET", sin_port = 81, sin_addr = "127.0.0.1"}, addrlen = 16, before = {addrlen = 128}})
  local r = t:event("mmap", {length = 4096, prot = "PROT_READ|PROT_EXEC", ret = u64 "0x7f0000000000"})
  t:expect(t.stdout, "5\t33188\n80\t127.0.0.1\tECONNREFUSED\n81\t16\ntrue\t139637976727552\n")
  t:expect(r.ret, 0x7f0000000000)
end)`},
	{"fail and skip", `
on("openat:enter", function(ev) if ev.path == "f" then ev:fail "EPERM" elseif ev.path == "s" then ev:skip(7) end end)
on("openat", function(ev) print(ev.path, ev.ret, ev.err) end)
test("fail", function(t)
  local r = t:event("openat", {path = "f", ret = 3})
  t:expect(r.skipped) t:expect(r.ret, -1) t:expect(r.err, "EPERM")
  r = t:event("openat", {path = "s", ret = 3})
  t:expect(r.skipped) t:expect(r.ret, 7) t:expect(r.err, nil)
  r = t:event("openat", {path = "x", ret = 3})
  t:expect(r.skipped, false) t:expect(r.ret, 3)
  t:expect(t.stdout, "f\t-1\tEPERM\ns\t7\tnil\nx\t3\tnil\n")
end)`},
	{"changed results", `
on("read", function(ev) if ev.fd == 1 then ev:fail "EIO" else ev.ret = 2 end end)
test("results", function(t)
  t:expect(t:event("read", {fd = 1, buf = "abc"}).err, "EIO")
  t:expect(t:event("read", {fd = 2, buf = "abc"}).ret, 2)
end)`},
	{"changed arguments", `
on("openat:enter", function(ev) ev.args.path = "/longer/than/before" ev.args.flags = "O_RDWR" end)
on("connect:enter", function(ev) ev.addr.sin_port = 8080 end)
on("write:enter", function(ev) ev.count = 1 end)
test("arguments", function(t)
  local r = t:event("openat", {path = "/x", ret = 3})
  t:expect(r.args.path, "/longer/than/before") t:expect(r.line, 'openat(AT_FDCWD, "/longer/than/before", O_RDWR) = 3')
  r = t:event("connect", {fd = 3, addr = {sa_family = "AF_INET", sin_port = 80, sin_addr = "127.0.0.1"}})
  t:expect(r.args.addr.sin_port, 8080) t:expect(r.args.addr.sin_addr, "127.0.0.1")
  t:expect(t:event("write", {fd = 1, buf = "abc"}).args.count, 1)
end)`},
	{"what happens once", `
on("openat:enter", function(ev)
  local path = ev.path
  ev:onexit(function(e) print("exit", path, e.ret) end)
end)
test("onexit", function(t)
  t:event("openat", {path = "/x", ret = 4})
  t:expect(t.stdout, "exit\t/x\t4\n")
end)`},
	{"delay, kill, detach, stop_trace", `
on("close:enter", function(ev) ev:delay "20ms" end)
on("close", function(ev) ev:delay(0.01) end)
on("getpid", function(ev) ev.proc:kill "SIGTERM" end)
on("getuid", function(ev) ev.proc:detach() end)
on("getgid", function() stop_trace() end)
test("acts", function(t)
  t:expect(t:event("close", {fd = 3}).delay, 0.03)
  local r = t:event "getpid"
  t:expect(r.killed, {"SIGTERM"}) t:expect(r.detached, false)
  t:expect(t:event("getppid").killed, {})
  t:expect(t:event("getuid", {pid = 2}).detached)
  r = t:event("getgid", {pid = 3})
  t:expect(r.stopped) t:expect(r.detached, false)
end)`},
	{"signals", `
on("signal", function(ev)
  print(ev.name, ev.sig, ev.signo, ev.code, ev.sender, ev.addr)
  if ev.sig == "SIGINT" then ev:suppress() elseif ev.sig == "SIGUSR1" then ev.sig = "SIGUSR2" end
end)
test("signals", function(t)
  t:expect(t:event("signal:SIGTERM", {sender = 5}).sig, "SIGTERM")
  t:expect(t:event("signal:SIGINT").sig, nil)
  t:expect(t:event("signal:SIGUSR1").sig, "SIGUSR2")
  t:event("signal:SIGSEGV", {code = 1, addr = 4096})
  t:expect(t.stdout, "SIGTERM\tSIGTERM\t15\t0\t5\tnil\nSIGINT\tSIGINT\t2\t0\t1\tnil\nSIGUSR1\tSIGUSR1\t10\t0\t1\tnil\nSIGSEGV\tSIGSEGV\t11\t1\tnil\t4096\n")
end)`},
	{"processes", `
on("proc:fork", function(ev) print("fork", ev.pid, ev.child.tid, ev.child.proc.pid, ev.child.proc.ppid, ev.child.proc.comm, ev.thread) end)
on("proc:exec", function(ev) print("exec", ev.pid, ev.exe, ev.former_tid) end)
on("proc:exit", function(ev) print("exit", ev.pid, ev.tid, ev.status, ev.killed, ev.core, ev.thread) end)
test("processes", function(t)
  t:event("proc:fork", {pid = 5, comm = "sh", child = 6})
  t:event("proc:fork", {pid = 5, child = 7, thread = true})
  t:event("proc:exec", {pid = 6, exe = "/bin/ls", comm = "ls"})
  t:event("proc:exit", {pid = 6, status = 3})
  t:event("proc:exit", {pid = 5, tid = 7, status = 0})
  t:event("proc:exit", {pid = 5, killed = "SIGSEGV", core = true})
  t:expect(t.stdout, "fork\t5\t6\t6\t5\tsh\tfalse\nfork\t5\t7\t5\t1\tsh\ttrue\nexec\t6\t/bin/ls\t6\n" ..
    "exit\t6\t6\t3\tnil\tfalse\tfalse\nexit\t5\t7\t0\tnil\tfalse\ttrue\nexit\t5\t5\tnil\tSIGSEGV\ttrue\tfalse\n")
end)`},
	{"time", `
local n = 0
every("1s", function() n = n + 1 print("tick", n) end)
on("read", function(ev) print(string.format("%.2f", ev.time), ev.duration, string.format("%.2f", ev.ended)) end)
test("time", function(t)
  t:advance(0.5) t:expect(t.stdout, "")
  t:advance "2500ms" t:expect(t.stdout, "tick\t1\ntick\t2\ntick\t3\n")
  t:clear()
  t:event("read", {fd = 0, buf = "x", duration = 0.25})
  t:event("read", {fd = 0, buf = "x", duration = "50ms"})
  t:expect(t.stdout, "1000000003.00\t0.25\t1000000003.25\n1000000003.25\t0.05\t1000000003.30\n")
end)`},
	{"begin, end, aggregations", `
on("begin", function() print "begin" end)
on("*", function(ev) agg.calls:count(ev.name) end)
on("end", function() print "end" end)
test("end", function(t)
  t:expect(t.stdout, "begin\n")
  t:event "getpid" t:event "getpid" t:event("exit_group", {status = 1})
  t:finish()
  t:expect(t.stdout, "begin\nend\ncalls\ncount\n    2  getpid\n    1  exit_group\n")
  t:expect(not pcall(t.event, t, "getpid"))
  t:finish()
end)`},
	{"arguments of the script", `
meta{name = "s", args = {n = {type = "number", default = 5}, names = {type = "list"}, quick = {type = "flag"}}}
on("getpid", function() print(args.n, #args.names, args.names[2], args.quick) end)
test("args", {args = {n = -7, names = {"a", "b"}, quick = true}}, function(t)
  t:event "getpid"
  t:expect(t.stdout, "-7\t2\tb\ttrue\n")
end)`},
	{"output in columns and as JSON", `
on("getpid", function(ev) if output.json then emit{pid = ev.pid} else print(ev.pid, output.terminal) end end)
test("output", function(t) t:event "getpid" t:expect(t.stdout, "1000\tfalse\n") end)`},
	{"other machines", `
on("openat", function(ev) print(ev.abi, ev.path, ev.name) end)
test("abi", function(t)
  t:event("openat", {abi = "i386", path = "/x"})
  t:expect(t.stdout, "i386\t/x\topenat\n")
end)`},
	{"fields with the name of an option go into args", `
on("kill", function(ev) print(ev.pid, ev.args.pid, ev.args.sig) end)
test("args", function(t)
  t:event("kill", {pid = 5, args = {pid = 6, sig = "SIGTERM"}})
  t:expect(t.stdout, "5\t6\tSIGTERM\n")
end)`},
	{"expected errors of hooks", `
on("getpid", function() error("oops", 0) end)
test("errors", function(t)
  t:event "getpid"
  local list = t:errors()
  t:expect(#list, 1) t:expect(list[1]:find "oops" ~= nil) t:expect(#t:errors(), 0)
end)`},
	{"a list of events", `
on("*", function(ev) print(ev.name, ev.pid) end)
on("signal", function(ev) print(ev.name, ev.pid) end)
on("proc:exit", function(ev) print(ev.name, ev.pid) end)
test("run", function(t)
  t:run{{"getpid"}, {"openat", {path = "/x", pid = 5}}, {"signal:SIGTERM", {pid = 5}}, {"proc:exit", {pid = 5}}}
  t:expect(t.stdout, "getpid\t1000\nopenat\t5\nSIGTERM\t5\nexit\t5\n")
end)`},
	{"recorded lines", `
on("write", function(ev) print(#ev.buf, ev.buf:byte(1, 3)) end)
on("connect", function(ev) print(ev.addr.sun_path, ev.err, ev.fdpath) end)
on("prlimit64", function(ev) print(ev.new_limit, ev.old_limit.rlim_max) end)
on("signal", function(ev) print(ev.sig, ev.addr, ev.pid) end)
on("proc:exec,fork,exit", function(ev) print(ev.name, ev.exe or "") end)
every("1s", function() print "tick" end)
test("record", function(t)
  t:run [[
{"type":"exec","time":5,"pid":16,"tid":16,"exe":"/usr/bin/cat","former_tid":16}
{"type":"syscall","time":5.5,"pid":16,"tid":16,"name":"write","nr":1,"abi":"amd64","args":{"fd":1,"buf":"\\xff\\xfex","count":3},"ret":3,"duration":0.1,"base64":{"args.buf":"//54"}}

{"type":"syscall","time":5.6,"pid":16,"tid":16,"name":"connect","nr":42,"abi":"amd64","args":{"sockfd":3,"addr":{"sun_family":"AF_UNIX","sun_path":"/run/x"},"addrlen":110},"ret":-1,"errno":"ENOENT","duration":0.1,"fds":{"3":"unix:[5]"}}
{"type":"syscall","time":6.7,"pid":16,"tid":16,"name":"prlimit64","nr":302,"abi":"amd64","args":{"pid":0,"resource":"RLIMIT_STACK","new_limit":null,"old_limit":{"rlim_cur":8388608,"rlim_max":18446744073709551615}},"ret":0,"duration":0.1}
{"type":"signal","time":7,"pid":16,"tid":16,"name":"SIGSEGV","signo":11,"code":1,"siginfo":{"si_signo":"SIGSEGV","si_code":"SEGV_MAPERR","si_addr":4096}}
{"type":"stop","time":7,"pid":16,"tid":16,"name":"SIGSTOP"}
{"type":"fork","time":7,"pid":16,"tid":16,"child":17,"thread":false}
{"type":"exit","time":7,"pid":16,"tid":16,"killed":"SIGSEGV","core":false,"last":true}
{"type":"count","name":"mmap","abi":"amd64","calls":8,"errors":0}]]
  t:expect(t.stdout, "exec\t/usr/bin/cat\n3\t255\t254\t120\n/run/x\tENOENT\tunix:[5]\ntick\nnil\t-1\ntick\nSIGSEGV\t4096\t16\nfork\t/usr/bin/cat\nexit\t/usr/bin/cat\n")
end)`},
	{"events kept by table()", `
local kept = {}
on("openat", function(ev) kept[#kept + 1] = ev:table() end)
test("kept", function(t)
  t:event("openat", {path = "/x", err = "ENOENT", pid = 5})
  t:run(kept)
  t:expect(#kept, 2) t:expect(kept[2].args, kept[1].args) t:expect(kept[2].err, "ENOENT") t:expect(kept[2].pid, 5)
end)`},
}

func TestBlocksPass(t *testing.T) {
	t.Parallel()
	for _, tc := range passing {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, msg := range failures(t, tc.code) {
				t.Error(msg)
			}
		})
	}
}

func TestBlocksFail(t *testing.T) {
	t.Parallel()
	const hook = "on(\"openat\", function(ev) print(ev.path, ev.ret) end)\n"
	for _, tc := range []struct{ code, want string }{
		{hook + `test("x", function(t) t:event("openat", {path = "/x"}) end)`, `s.lua:2: the test expects nothing: it can't fail`},
		{`on("getpid", function() error("oops", 0) end) test("x", function(t) t:event "getpid" t:expect(true) end)`, `a hook failed: `},
		{"test(\"x\", function(t)\n  t:expect(1 + 1, 3)\nend)", `s.lua:2: got 2, want 3`},
		{"test(\"x\", function(t)\n  t:expect({1, a = \"b\"}, {1, a = \"c\"})\nend)", `s.lua:2: got {1, a="b"}, want {1, a="c"}`},
		{`test("x", function(t) t:expect(nil) end)`, `s.lua:1: got nil`},
		{`test("x", function(t) t:expect("a\nb\nc", "a\nB\nc") end)`, `s.lua:1: line 2: got "b", want "B"`},
		{`test("x", function(t) t:expect("a\n", "a\nb\n") end)`, `s.lua:1: line 2: got "", want "b"`},
		{hook + "test(\"x\", function(t)\n  t:event(\"openat\", {path = \"/x\", ret = 3})\n  t:shows \"/y\"\nend)", `s.lua:4: "/y" is not in the output "/x\t3\n"`},
		{hook + `test("x", function(t) t:event("openatt") end)`, `s.lua:2: unknown system call "openatt": did you mean "openat"?`},
		{hook + `test("x", function(t) t:event("openat", {pth = "/x"}) end)`, `s.lua:2: openat has no argument "pth" (it has dirfd, path, flags, mode)`},
		{hook + `test("x", function(t) t:event("openat", {path = {}}) end)`, `s.lua:2: path: a string is wanted, not a table`},
		{hook + `test("x", function(t) t:event("openat", {path = print}) end)`, `s.lua:2: a value of type function can't be an argument of a call`},
		{hook + `test("x", function(t) local a = {} a.a = a t:event("openat", {path = a}) end)`, `s.lua:2: the tables of an argument are nested too deeply`},
		{hook + `test("x", function(t) t:event("openat", {err = "ENONET1"}) end)`, `s.lua:2: err: unknown errno "ENONET1"`},
		{hook + `test("x", function(t) t:event("openat", {ret = "x"}) end)`, `s.lua:2: ret: a whole number is wanted, not x`},
		{hook + `test("x", function(t) t:event("openat", {duration = "x"}) end)`, `s.lua:2: duration: a duration is wanted, such as "500ms"`},
		{hook + `test("x", function(t) t:event("openat", {comm = 5}) end)`, `s.lua:2: comm: a string is wanted, not 5`},
		{hook + `test("x", function(t) t:event("openat", {fds = 5}) end)`, `s.lua:2: fds: a table is wanted, not 5`},
		{hook + `test("x", function(t) t:event("openat", {"/x"}) end)`, `s.lua:2: the fields of an event have names, not 1`},
		{hook + `test("x", function(t) t:event("openat", {regs = {xyz = 1}}) end)`, `s.lua:2: regs: there is no register "xyz"`},
		{hook + `test("x", function(t) t:event("openat", {abi = "mips"}) end)`, `s.lua:2: abi: there are amd64, i386, x32 and arm64, not "mips"`},
		{hook + `test("x", function(t) t:event("getpid", {fdpath = "/x"}) end)`, `s.lua:2: fdpath: getpid has no descriptor`},
		{hook + `test("x", function(t) t:event("openat", {pid = -1}) end)`, `s.lua:2: pid: a number from 1 on is wanted, not -1`},
		{hook + `test("x", function(t) t:event "signal:SIGX" end)`, `s.lua:2: which signal? "signal:SIGTERM", not "signal:SIGX"`},
		{hook + `test("x", function(t) t:event("signal:SIGTERM", {sendr = 5}) end)`, `s.lua:2: a signal event has no field 'sendr'; did you mean 'sender'?`},
		{hook + `test("x", function(t) t:event("getpid", {time = 5}) end)`, `s.lua:2: time can't be given: the clock of a test goes on by t:advance "1s"`},
		{hook + `test("x", function(t) t:event "proc:die" end)`, `s.lua:2: there are proc:fork, proc:exec and proc:exit, not "proc:die"`},
		{hook + `test("x", function(t) t:event("proc:exit", {killed = "X"}) end)`, `s.lua:2: killed: there is no signal "X"`},
		{hook + `test("x", function(t) t:event("proc:fork", {thread = 1}) end)`, `s.lua:2: thread: true or false is wanted, not 1`},
		{hook + `test("x", function(t) t:run "{}{}" end)`, `s.lua:2: t:run: line 1 is not what luatrace -j writes: `},
		{hook + `test("x", function(t) t:run '{"type":"syscall"}' end)`, `s.lua:2: t:run: line 1: the record has no name`},
		{hook + `test("x", function(t) t:run '\n{"type":"other"}' end)`, `s.lua:2: t:run: line 2: the type is 'other'; recorded events are`},
		{hook + `test("x", function(t) t:run{{"getpid"}, {"openat", {pth = 1}}} end)`, `s.lua:2: t:run: event 2: openat has no argument "pth"`},
		{hook + `test("x", function(t) t:run{"openat", {path = "/x"}} end)`, `s.lua:2: t:run takes a list of events: {{"openat", {...}}, ...}`},
		{hook + `test("x", function(t) t:run{5} end)`, `s.lua:2: t:run: event 1 is no table`},
		{hook + `test("x", function(t) t:advance "soon" end)`, `s.lua:2: bad argument #2 to advance (a duration is wanted`},
		{hook + `test("x", function(t) print(t.stdot) end)`, `s.lua:2: a test has no field 'stdot'`},
		{hook + `if nil then test("x", function(t) end) end test("x", function(t) local a = nil; a() end)`, `s.lua:2: attempt to call a nil value (local 'a')`},
		{`error("early", 0) test("x", function(t) end)`, `early`},
		{`do return end test("x", function(t) end)`, ``},
		{`meta{name = "s", args = {n = {type = "number"}}} test("x", {args = {m = 1}}, function(t) end)`, `test "x": the script has no argument "m" (it has n)`},
		{`meta{name = "s", args = {n = {type = "number"}}} test("x", {args = {n = "a"}}, function(t) end)`, `s: -a n: a number is wanted, not "a"`},
		{`meta{name = "s", args = {n = {type = "number", required = true, help = "how many"}}} test("x", function(t) end)`, `s: -a n=NUMBER is required (how many)`},
	} {
		results, err := runBlocks(tc.code)
		if tc.want == "" {
			continue
		}
		if err != nil {
			t.Errorf("%s\n%v", tc.code, err)
			continue
		}
		if f := results[0].Failures; len(f) != 1 || !strings.HasPrefix(f[0], tc.want) {
			t.Errorf("%s\nfails with %q, want %q", tc.code, f, tc.want)
		}
	}
}

// TestBlocksRefused has files whose tests can't even be listed.
func TestBlocksRefused(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"local n = 'x'\ntest(n, function(t) end)":                        `s.lua:2: the name of a test must be written out as a string`,
		"test('x', function(t) end)\n\ntest('x', function(t) end)":       `s.lua:3: there are two tests with the name "x"`,
		"test('x', {arg = {}}, function(t) end)":                         `s.lua:1: test "x": the options of a test are {args = {NAME = VALUE, ...}}`,
		"test('x', {args = 5}, function(t) end)":                         `s.lua:1: test "x": args must be a table written out here`,
		"test('x', {args = {5}}, function(t) end)":                       `s.lua:1: test "x": args must be a table of NAME = VALUE`,
		"test('x', {args = {a = print}}, function(t) end)":               `s.lua:1: test "x": args.a: a constant is wanted: the value is needed before the script runs`,
		"test('x', {args = {a = {b = 1}}}, function(t) end)":             `s.lua:1: test "x": args.a: a list of constants is wanted`,
		"test('x', function(t)":                                          `s.lua:1`,
		"on('openatt', function(ev) end)\nlocal x = \ny":                 `s.lua:`,
		"on('getpid', function() undeclared() end) test('x', print)\n\n": `s.lua:1: `,
	} {
		if results, err := runBlocks(code); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s\n%v, %v, want %s", code, results, err, want)
		}
	}
}

// Each test has the script for itself, and a wanted one runs alone.
func TestBlocksAreApart(t *testing.T) {
	t.Parallel()
	code := `
local n = 0
on("getpid", function() n = n + 1 print(n) end)
test("one", function(t) t:event "getpid" t:expect(t.stdout, "1\n") end)
test("two", function(t) t:event "getpid" t:expect(t.stdout, "1\n") end)
`
	results, err := runBlocks(code)
	if err != nil || len(results) != 2 || results[0].Failures != nil || results[1].Failures != nil || results[1].Line != 5 || results[1].Checks != 1 {
		t.Errorf("%v, %+v", err, results)
	}
	results, err = RunTests(TestOptions{
		Load:   func(r *Runtime) (Function, error) { return r.LoadReader(strings.NewReader(code), "s.lua") },
		Wanted: func(name string) bool { return name == "two" },
	})
	if err != nil || len(results) != 1 || results[0].Name != "two" {
		t.Errorf("%v, %+v", err, results)
	}
}

// TestRecorded replays what luatrace -j writes of real programs: every line can
// be raised again, and gives the same object when it is printed as JSON.
func TestRecorded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, command := range [][]string{
		{"-t", "%file", "ls", "-l", "/etc"},
		{"-f", "sh", "-c", "cat /etc/passwd | sort | head -1; kill -USR1 $$ 2>/dev/null; ls /nothing"},
		{"-y", "ip", "address"},
		{"-f", "python3", "-c", "import socket, select; a, b = socket.socketpair(); socket.send_fds(a, [b'x'], [0]); socket.recv_fds(b, 9, 1); select.select([a], [], [], 0.01); " +
			"s = socket.create_server(('127.0.0.1', 0)); s.getsockname(); p = select.epoll(); p.register(s); p.poll(0.01)"},
	} {
		trace := filepath.Join(dir, string(rune('a'+i)))
		cmd := exec.Command(fixture.Luatrace(t), append([]string{"-j", "-o", trace, "--string-limit", "256"}, command...)...)
		fixture.RunCmd(t, cmd)
		recorded, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for line := range strings.Lines(string(recorded)) {
			var ev struct{ Type, Name string }
			if err := json.Unmarshal([]byte(line), &ev); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			if ev.Type == "syscall" {
				names = append(names, ev.Name)
			}
		}
		if len(names) < 10 {
			t.Errorf("%v: only %d calls", command, len(names))
		}
		code := `on("*", function(ev) print(ev.name) end)
test("replay", function(t)
  local f = assert(io.open(` + longString(trace) + `))
  t:run(f:read "*a")
  f:close()
  t:expect(t.stdout, ` + longString(strings.Join(names, "\n")+"\n") + `)
end)`
		for _, msg := range failures(t, code) {
			t.Errorf("%v: %s", command, msg)
		}
	}
}

// longString is a string as Lua writes it.
func longString(s string) string { return "[==[\n" + s + "]==]" }

// TestEventsDontNest: a hook that raises events would wait for itself.
func TestEventsDontNest(t *testing.T) {
	t.Parallel()
	for _, call := range []string{`event("close")`, `run{{"close"}}`, `advance("1s")`, `finish()`} {
		code := `local t
on("openat", function() t:` + call + ` end)
test("nested", function(test)
  t = test
  test:event("openat", {path = "x"})
  local list = test:errors()
  test:expect(#list, 1)
  test:expect(list[1]:find("s.lua:2: t:` + call[:strings.IndexAny(call, "({")] + ` can't be called by a hook", 1, true) ~= nil)
end)`
		for _, msg := range failures(t, code) {
			t.Errorf("%s: %s", call, msg)
		}
	}
}

// FuzzBlocks raises events with fields of all kinds: there is an error or an
// event, never a panic.
func FuzzBlocks(f *testing.F) {
	for _, tc := range passing {
		_, code, _ := strings.Cut(tc.code, "test(")
		f.Add("test(" + code)
	}
	f.Add(`test("x", function(t) t:event("openat", {fds = {[1e300] = 5}, regs = {rax = -1}, files = {x = {}}, cmdline = {1, {}}, pid = 2^40}) t:expect(1) end)`)
	f.Add(`test("x", function(t) t:run {{"read", {buf = 5, count = -1, ret = -4095}}} t:advance(1e8) end)`)
	const hooks = `on("*", function(ev) emit(ev:table()) end) on("*:enter", function(ev) return tostring(ev) end)
on("signal", function(ev) return tostring(ev) end) on("proc:fork,exec,exit", function(ev) return tostring(ev), ev.exe, ev.proc.cmdline end) `
	f.Fuzz(func(t *testing.T, code string) {
		if len(code) > 2000 || strings.Contains(code, "every") || strings.Contains(code, "io.") || strings.Contains(code, "os.") {
			return
		}
		_, _ = RunTests(TestOptions{
			Load:    func(r *Runtime) (Function, error) { return r.LoadReader(strings.NewReader(hooks+code), "s.lua") },
			Runtime: luart.Options{Timeout: 200e6},
		})
	})
}
