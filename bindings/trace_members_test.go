package bindings

import (
	"fmt"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// memberTest shows a member of an object at work: for some event of spec the
// expression is true.
type memberTest struct{ member, spec, expr string }

// memberTests has a row for each field and method of the objects of the
// tracing interface, all run in one trace.
var memberTests = []memberTest{
	{"event.name", "uname", `ev.name == "uname"`},
	{"event.nr", "uname", `ev.nr == (ev.abi == "arm64" and 160 or 63)`},
	{"event.abi", "uname", `ev.abi == "amd64" or ev.abi == "arm64"`},
	{"event.phase", "uname", `ev.phase == "exit"`},
	{"event.pid", "uname", `ev.proc:file("comm") == "uname\n" and ev.pid == ev.proc.pid`},
	{"event.tid", "uname", `ev.tid == ev.task.tid and ev.tid == ev.pid`},
	{"event.ppid", "uname", `ev.ppid == ev.proc.ppid and ev.ppid > 1 and ev.ppid ~= ev.pid`},
	{"event.comm", "uname", `ev.comm == "uname"`},
	{"event.exe", "uname", `ev.exe:match "/uname$"`},
	{"event.cwd", "uname", `ev.cwd == args.dir`},
	{"event.time", "uname", `math.abs(ev.time - os.time()) < 60`},
	{"event.args", "openat", `ev.args.path == ev.path and ev.args[2] == ev.path`},
	{"event.raw", "openat", `#ev.raw == 6 and ev.raw[1] % 2^32 == -100 % 2^32 and ev.mem:string(ev.raw[2]) == ev.path`},
	{"event.ret", "openat", `ev.path == "in" and ev.ret == 3`},
	{"event.err", "openat", `ev.path == "missing" and ev.err == "ENOENT" and ev.ret == -1`},
	{"event.ok", "openat", `ev.path == "in" and ev.ok == true`},
	{"event.duration", "openat", `ev.duration > 0 and ev.duration < 60`},
	{"event.ended", "openat", `ev.ended >= ev.time and ev.ended < ev.time + 60`},
	{"event.fdpath", "read", `ev.fdpath == args.dir .. "/in"`},
	{"event.fdinfo", "read", `ev.fdinfo.path == ev.fdpath and ev.fdinfo.kind == "file" and ev.fdinfo.inode == nil and tostring(ev.fdinfo) == ev.fdpath`},
	{"event.abspath", "openat", `ev.path == "in" and ev.abspath == args.dir .. "/in"`},
	{"event.paths", "openat", `ev.path == "missing" and ev.paths.path == args.dir .. "/missing"`},
	{"event.unplaced", "openat", `ev.path == "in" and next(ev.unplaced) == nil`},
	{"event.call", "openat", `ev.call == 'openat(AT_FDCWD, "in", O_RDONLY' .. (ev.call:match "%)$" or "")`},
	{"event.messages", "uname", `ev.messages == nil`},
	{"event.sig", "signal", `ev.sig == "SIGUSR1"`},
	{"event.signo", "signal", `ev.sig == "SIGUSR1" and ev.signo == 10`},
	{"event.sender", "signal", `ev.sig == "SIGUSR1" and ev.sender == ev.pid`},
	{"event.code", "signal", `ev.sig == "SIGUSR1" and ev.code == SI_USER`},
	{"event.addr", "signal", `ev.sig == "SIGSEGV" and ev.addr ~= nil and ev.sender == nil`},
	{"event.child", "proc:fork", `ev.child.tid ~= ev.tid and ev.child.tid > 0`},
	{"event.thread", "proc:fork", `ev.comm == "texec" and ev.thread == true and ev.child.proc == ev.proc`},
	{"event.status", "proc:exit", `ev.comm == "uname" and ev.status == 0`},
	{"event.killed", "proc:exit", `ev.killed == "SIGSEGV" and ev.status == nil`},
	{"event.core", "proc:exit", `ev.killed and ev.core == false`},
	{"event.former_tid", "proc:exec", `ev.former_tid ~= ev.tid and ev.tid == ev.pid`},
	{"event.task", "uname", `tostring(ev.task) == "task " .. ev.tid`},
	{"event.proc", "uname", `tostring(ev.proc) == "process " .. ev.pid`},
	{"event.regs", "uname", `ev.regs ~= nil`},
	{"event.mem", "uname", `ev.mem:string(ev.raw[1]) == "Linux"`},
	{"event.fail", "openat:enter", `ev.path == "failed" and ev:fail("EMFILE") == nil`},
	{"event.skip", "openat:enter", `ev.path == "skipped" and ev:skip(-1) == nil`},
	{"event.onexit", "openat:enter", `ev.path == "in" and ev:onexit(function(ev) seen["event.onexit"] = ev.ret == 3 end)`},
	{"event.delay", "openat:enter", `ev.path == "in" and ev:delay(0.01) == nil`},
	{"event.suppress", "signal:SIGUSR2", `ev:suppress() == nil`},
	{"event.table", "openat", `ev:table().args.path == ev.path and ev:table().ret == ev.ret and ev:table().pid == ev.pid`},

	{"arguments.N", "openat", `ev.args[2] == ev.path and #ev.args == 4`},
	{"arguments.NAME", "openat", `ev.args.flags.value == ev.flags.value`},

	{"flags.value", "openat", `ev.path == "in" and ev.flags.value == 0`},
	{"flags.NAME", "openat", `ev.flags.O_CLOEXEC == true and ev.flags.O_CREAT == false`},
	{"flags.has", "openat", `ev.flags:has "O_CLOEXEC" and not ev.flags:has "O_CLOEXEC|O_CREAT"`},
	{"flags.any", "openat", `ev.flags:any "O_CLOEXEC|O_CREAT" and not ev.flags:any "O_EXCL|O_APPEND"`},
	{"flags.is", "openat", `ev.flags:is "O_RDONLY|O_CLOEXEC" and not ev.flags:is "O_RDONLY"`},
	{"flags.rest", "openat", `ev.flags.rest == 0`},
	{"flags.names", "openat", `ev.flags:has "O_CLOEXEC" and ev.flags:names()[2] == "O_CLOEXEC"`},

	{"struct.FIELD", "uname", `ev.buf.sysname == "Linux" and #ev.buf.release > 3`},
	{"struct.table", "uname", `ev.buf:table().sysname == "Linux"`},
	{"struct.address", "uname", `ev.buf:address() == ev.raw[1]`},

	{"registers.NAME", "uname", `ev.abi == "arm64" and ev.regs.sp > 0 or ev.abi == "amd64" and ev.regs.rdi == ev.raw[1] and ev.regs.rax == 0`},

	{"memory.read", "uname", `ev.mem:read(ev.raw[1], 6) == "Linux\0"`},
	{"memory.string", "uname", `ev.mem:string(ev.raw[1], 3) == "Lin" and select(2, ev.mem:string(1)) == "EFAULT"`},
	{"memory.write", "uname", `ev.mem:write(ev.raw[1] + 65, "N") == 1 and ev.buf.nodename:sub(1, 1) == "N" and select(2, ev.mem:write(8, "x")) == "EFAULT"`},
	{"memory.struct", "uname", `ev.mem:struct("utsname", ev.raw[1]).sysname == "Linux"`},
	{"memory.array", "uname", `#ev.mem:array("u8", ev.raw[1], 5) == 5 and ev.mem:array("utsname", ev.raw[1], 1)[1].sysname == "Linux"`},
	{"memory.u8", "uname", `ev.mem:u8(ev.raw[1]) == 0x4c`},
	{"memory.u16", "uname", `ev.mem:u16(ev.raw[1]) == 0x694c`},
	{"memory.u32", "uname", `ev.mem:u32(ev.raw[1]) == 0x756e694c`},
	{"memory.u64", "uname", `ev.mem:u64(ev.raw[1]) == u64("0x78756e694c") and ev.mem:u64(1) == nil`},
	{"memory.i8", "uname", `ev.mem:i8(ev.raw[1]) == 0x4c and ev.mem:write(ev.raw[1] + 64, "\255") == 1 and ev.mem:i8(ev.raw[1] + 64) == -1 and ev.mem:write(ev.raw[1] + 64, "\0") == 1`},
	{"memory.i16", "uname", `ev.mem:i16(ev.raw[1]) == 0x694c`},
	{"memory.i32", "uname", `ev.mem:i32(ev.raw[1]) == 0x756e694c`},
	{"memory.i64", "uname", `tostring(ev.mem:i64(ev.raw[1])) == tostring(0x78756e694c)`},

	{"task.tid", "uname", `ev.task.tid == ev.tid`},
	{"task.comm", "uname", `ev.task.comm == "uname"`},
	{"task.proc", "uname", `ev.task.proc == ev.proc and rawequal(ev.task.proc, ev.proc)`},
	{"task.call", "uname:enter", `tostring(ev.task.call):match "^uname%(" ~= nil`},
	{"pending.name", "openat:enter", `ev.task.call.name == "openat"`},
	{"pending.nr", "openat:enter", `ev.task.call.nr == ev.nr`},
	{"pending.abi", "openat:enter", `ev.task.call.abi == ev.abi`},
	{"pending.args", "openat:enter", `ev.task.call.args.path == ev.path and ev.task.call.args[2] == ev.path`},
	{"pending.fdpath", "read:enter", `ev.task.call.fdpath == args.dir .. "/in"`},
	{"pending.abspath", "openat:enter", `ev.path == "in" and ev.task.call.abspath == args.dir .. "/in"`},
	{"pending.since", "openat:enter", `ev.task.call.since == ev.time`},
	{"pending.attached", "openat:enter", `ev.task.call.attached == false`},
	{"pending.matches", "openat:enter", `ev.task.call:matches "%file" and not ev.task.call:matches "!%file" and not pcall(ev.task.call.matches, ev.task.call, "opnat")`},
	{"task.data", "openat", `count(ev.task.data) == 3`},

	{"process.pid", "uname", `ev.proc.pid == ev.pid`},
	{"process.ppid", "uname", `ev.proc.ppid == ev.ppid`},
	{"process.comm", "uname", `ev.proc.comm == "uname"`},
	{"process.exe", "uname", `ev.proc.exe == ev.exe`},
	{"process.cwd", "uname", `ev.proc.cwd == args.dir`},
	{"process.cmdline", "openat", `ev.comm == "writebuf" and #ev.proc.cmdline == 2 and ev.proc.cmdline[2] == "in"`},
	{"process.parent", "uname", `ev.proc.parent.pid == ev.ppid and ev.proc.parent.parent == nil`},
	{"process.children", "uname", `ev.proc.parent.children[1] == ev.proc and #ev.proc.children == 0`},
	{"process.tasks", "uname", `#ev.proc.tasks == 1 and ev.proc.tasks[1] == ev.task`},
	{"process.uid", "uname", `ev.proc.uid == tonumber((ev.proc:file("status"):match "Uid:%s*(%d+)"))`},
	{"process.euid", "uname", `ev.proc.euid == tonumber((ev.proc:file("status"):match "Uid:%s*%d+%s*(%d+)"))`},
	{"process.gid", "uname", `ev.proc.gid == tonumber((ev.proc:file("status"):match "Gid:%s*(%d+)"))`},
	{"process.egid", "uname", `ev.proc.egid == tonumber((ev.proc:file("status"):match "Gid:%s*%d+%s*(%d+)"))`},
	{"process.start", "uname", `ev.proc.start <= ev.time + 0.02 and ev.proc.start > ev.time - 60`},
	{"process.env", "uname", `ev.proc.env.PATH ~= nil and ev.proc.env.NO_SUCH_NAME == nil`},
	{"process.fds", "read", `ev.proc.fds[ev.fd] == ev.fdpath and ev.proc.fds[999] == nil`},
	{"process.threads", "execve:enter", `ev.tid ~= ev.pid and ev.proc.threads == 6`},
	{"process.data", "openat", `count(ev.proc.data) == 3`},
	{"process.kill", "signal:SIGUSR2", `ev.proc:kill "SIGTERM" == nil`},
	{"process.detach", "proc:exec", `ev.exe:match "/true$" and ev.proc:detach() == nil`},
	{"process.fd", "read", `ev.proc:fd(ev.fd) == ev.fdpath and ev.proc:fd(999) == nil`},
	{"process.fdinfo", "read", `ev.proc:fdinfo(ev.fd).path == ev.fdpath and ev.proc:fdinfo(999) == nil`},
	{"process.file", "uname", `ev.proc:file("status"):match "Name:%s*uname" and ev.proc:file "nothing" == nil and not pcall(ev.proc.file, ev.proc, "../1/maps")`},

	{"descriptor.fd", "read", `ev.fdinfo.fd == ev.fd`},
	{"descriptor.kind", "read", `ev.fdinfo.kind == "file"`},
	{"descriptor.path", "read", `ev.fdinfo.path == args.dir .. "/in"`},
	{"descriptor.address", "read", `ev.fdinfo.address == nil`},
	{"descriptor.peer", "read", `ev.fdinfo.peer == nil`},
	{"descriptor.listening", "read", `ev.fdinfo.listening == false`},
	{"descriptor.inode", "read", `ev.fdinfo.inode == nil`},
	{"descriptor.peer_inode", "read", `ev.fdinfo.peer_inode == nil`},

	{"aggregation.count", "uname", `agg.c:count("k", 1, true) == nil and agg.c:get("k", 1, true) == 1`},
	{"aggregation.sum", "uname", `agg.s:sum(2, "k") == nil and agg.s:sum(3, "k") == nil and agg.s:get "k" == 5`},
	{"aggregation.avg", "uname", `agg.a:avg(2) == nil and agg.a:avg(3) == nil and agg.a:get() == 2.5`},
	{"aggregation.min", "uname", `agg.mi:min(2) == nil and agg.mi:min(3) == nil and agg.mi:get() == 2`},
	{"aggregation.max", "uname", `agg.ma:max(2) == nil and agg.ma:max(3) == nil and agg.ma:get() == 3`},
	{"aggregation.stats", "uname", `agg.st:stats(2) == nil and agg.st:rows()[1].count == 1`},
	{"aggregation.hist", "uname", `agg.h:hist(2, "x") == nil and agg.h:rows()[1].key[1] == "x"`},
	{"aggregation.lhist", "uname", `agg("lh", {min = 0, max = 10, step = 5}):lhist(2) == nil and agg.lh:rows()[1].count == 1`},
	{"aggregation.quantile", "uname", `agg.q:quantile(2, "x") == nil and agg.q:quantile(4, "x") == nil and agg.q:get "x" == 3 and agg.q:rows()[1].p999 > 3.99`},
	{"aggregation.percentile", "uname", `agg.p:quantile(2, "x") == nil and agg.p:quantile(4, "x") == nil and agg.p:percentile(75, "x") == 3.5 and agg.p:percentile(75, "y") == nil`},
	{"aggregation.get", "uname", `agg.g:get "none" == nil`},
	{"aggregation.rows", "uname", `agg.r:sum(1, "a") == nil and agg.r:sum(2, "b") == nil and agg.r:rows()[1].key[1] == "b" and agg.r:rows()[1].value == 2`},
	{"aggregation.total", "uname", `agg.t:sum(1, "a") == nil and agg.t:sum(2, "b") == nil and agg.t:total() == 3`},
	{"aggregation.print", "uname", `agg.printed:count "p" == nil and agg.printed:print() == nil`},
	{"aggregation.clear", "uname", `agg.cl:count "p" == nil and agg.cl:clear() == nil and agg.cl:get "p" == nil`},

	{"test.stdout", "test", `t:event("openat", {path = "/x"}).ret == 0 and t.stdout == "/x\n"`},
	{"test.event", "test", `t:event("openat", {path = "/x", err = "ENOENT"}).err == "ENOENT"`},
	{"test.run", "test", `t:run{{"openat", {path = "/x"}}, {"openat", {path = "/y"}}} == nil and t.stdout == "/x\n/y\n"`},
	{"test.advance", "test", `t:advance "2s" == nil and t.stdout == "tick\ntick\n"`},
	{"test.finish", "test", `t:finish() == nil and t.stdout == "end\n" and not pcall(t.event, t, "openat")`},
	{"test.clear", "test", `t:event("openat", {path = "/x"}) and t:clear() == nil and t.stdout == ""`},
	{"test.expect", "test", `t:expect(1, 1) == nil and t:expect{} == nil`},
	{"test.shows", "test", `t:event("openat", {path = "/x"}) and t:shows "/x" == nil`},
	{"test.errors", "test", `t:event("openat", {path = "error"}) and #t:errors() == 1 and #t:errors() == 0`},

	{"condition.test", "openat", `under "/etc":test "/etc/passwd" and not under "/etc":test "/etcetera" and ge(3):test(3) and not ge(3):test(2)`},
}

const memberScript = `
local seen, failure = {}, {}
local function count(t) t.n = (t.n or 0) + 1 return t.n end
local function check(name, ev, expr)
	if seen[name] then return end
	local ok, result = pcall(expr, ev)
	if not ok then failure[name] = result elseif result then seen[name] = true end
end
`

// TestMembers fails for a member of an object without a row, for a row without
// a member, and for a member that does not work.
func TestMembers(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "in"), "hello")
	rows := map[string]bool{}
	script := memberScript
	for _, m := range memberTests {
		if rows[m.member] {
			t.Errorf("%s has two rows", m.member)
		}
		rows[m.member] = true
		if m.spec == "test" {
			checkTestMember(t, m.member, m.expr)
			continue
		}
		script += fmt.Sprintf("on(%q, function(ev) check(%q, ev, function(ev) return %s end) end)\n", m.spec, m.member, m.expr)
	}
	script += "on(\"end\", function()\n"
	for _, m := range memberTests {
		if m.spec == "test" {
			continue
		}
		script += fmt.Sprintf("\tprint(%q, seen[%q] and \"ok\" or failure[%q] or \"never true\")\n", m.member, m.member, m.member)
	}
	script += "\tfor _, a in ipairs {\"c\", \"s\", \"a\", \"mi\", \"ma\", \"st\", \"h\", \"lh\", \"q\", \"p\", \"r\", \"t\", \"printed\"} do agg[a]:clear() end\nend)\n"
	var members []string
	for _, o := range objects() {
		for _, name := range o.MemberNames() {
			members = append(members, o.Name+"."+name)
		}
	}
	sort.Strings(members)
	for _, m := range members {
		if !rows[m] {
			t.Errorf("%s has no row in memberTests", m)
		}
		delete(rows, m)
	}
	for m := range rows {
		t.Errorf("%s has a row in memberTests and is no member of the interface", m)
	}
	writeFile(t, filepath.Join(dir, "s.lua"), script)
	r := traceIn(t, dir, "-s", "./s.lua", "-a", "dir="+dir, "sh", "-c", `
		"$1"; "$2" USR1 USR2; ulimit -c 0; "$3"; "$4"; "$5" in; "$5" missing; "$5" failed; "$5" skipped; /bin/true`,
		"sh", fixture.Build(t, "uname"), fixture.Build(t, "sigterm_usr1"), fixture.Build(t, "segv"), fixture.Build(t, "texec"), fixture.Build(t, "writebuf"))
	if r.Code != 0 {
		t.Errorf("exit %d, %s", r.Code, r.Stderr)
	}
	_, out, found := strings.Cut(r.Out, "printed\ncount\n    1  p\n")
	if !found {
		t.Errorf("agg:print printed nothing: %s", r.Out)
		out = r.Out
	}
	for l := range strings.Lines(out) {
		if name, result, _ := strings.Cut(strings.TrimSuffix(l, "\n"), "\t"); result != "ok" {
			t.Errorf("%s: %s", name, result)
		}
	}
}

// checkTestMember tries a member of t, which no traced program has.
func checkTestMember(t *testing.T, member, expr string) {
	t.Helper()
	for _, msg := range failures(t, `
on("openat", function(ev) if ev.path == "error" then error "oops" end print(ev.path) end)
every("1s", function() print "tick" end)
on("end", function() print "end" end)
test("member", function(t) t:expect((`+expr+`)) end)`) {
		t.Errorf("%s: %s", member, msg)
	}
}
