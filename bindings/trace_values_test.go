package bindings

import (
	"path/filepath"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// TestValuesOfCalls: structs, 64-bit words by type, flags, numbers and the
// objects that stand for threads and processes.
func TestValuesOfCalls(t *testing.T) {
	for _, c := range []struct{ name, script, command, want string }{
		{"struct fields", `on("newfstatat,statx", {when = {path = "a"}}, function(ev)
				local s, size = ev.args[ev.name == "statx" and 5 or 3], "st_size"
				if ev.name == "statx" then size = "stx_size" end
				print(s[size], s:table()[size], s:address() > 0, tostring(s):match "^{st" ~= nil)
			end)`, "stat -c %s a >/dev/null", "4\t4\ttrue\ttrue\n"},
		{"64-bit words by type", `on("rt_sigprocmask:enter", {when = {comm = "bash"}}, function(ev) end)
			on("uname", function(ev)
				local w = ev.mem:u64(ev.raw[1])
				print(type(w), w == u64("0x78756e694c"), w > u64(1), w + 1 == u64("0x78756e694d"), #tostring(w) > 0)
				local t = {[w] = "key"}
				print(t[ev.mem:u64(ev.raw[1])])
			end)`, "uname >/dev/null", "userdata\ttrue\ttrue\ttrue\ttrue\nkey\n"},
		{"arguments", `on("openat", {when = {path = "a"}}, function(ev)
				print(#ev.args, ev.args[1], ev.args.path, ev.args[2] == ev.path, ev.args[3] == ev.flags, ev.dirfd == AT_FDCWD)
			end)`, "cat a >/dev/null", "4\t-100\ta\ttrue\ttrue\ttrue\n"},
		{"flags", `on("openat", {when = {flags = bits "O_CREAT"}}, function(ev)
				print(ev.flags, ev.flags:has "O_CREAT|O_TRUNC", ev.flags.O_EXCL, ev.flags.value == bit.bor(O_WRONLY, O_CREAT, O_TRUNC), table.concat(ev.flags:names(), " "))
				print("x" .. ev.flags, ev.flags == ev.flags, bit.band(ev.flags, O_CREAT) == O_CREAT)
			end)`, "true >c", "O_WRONLY|O_CREAT|O_TRUNC\ttrue\tfalse\ttrue\tO_WRONLY O_CREAT O_TRUNC\nxO_WRONLY|O_CREAT|O_TRUNC\ttrue\ttrue\n"},
		{"optional arguments", `on("openat", {when = {path = "a"}}, function(ev) print(ev:table().args.mode) end)
			on("openat", {when = {path = "c"}}, function(ev) print(ev:table().args.mode ~= nil) end)`, "cat a >c", "true\nnil\n"},
		{"a table outlives the event", `local kept
			on("openat", {when = {path = "a"}}, function(ev) kept = ev:table() end)
			on("end", function() print(kept.name, kept.args.path, kept.args.flags, kept.ret) end)`, "cat a >/dev/null", "openat\ta\tO_RDONLY\t3\n"},
		{"buffers of any length", `on("read,write", {when = {count = ge(99999), ret = 99999}}, function(ev) print(ev.name, #ev.buf, ev.args.buf:sub(-3)) end)
			on("readv,writev", function(ev) print(ev.name, #ev.iov[1].iov_base, ev.iov[2] and #ev.iov[2].iov_base, ev:table().args.iov[1].iov_base:sub(-1)) end)`,
			"head -c 99999 /dev/zero | tr '\\0' b >big; dd if=big of=out bs=100000 status=none; python3 -Ic 'import os; i = os.open(\"big\", 0); os.readv(i, [bytearray(200000), bytearray(9)]); os.writev(1, [b\"x\" * 70000, b\"y\" * 5000])' >out",
			"read\t99999\tbbb\nwrite\t99999\tbbb\nreadv\t99999\t0\tb\nwritev\t70000\t5000\tx\n"},
		{"flags outlive the event", `local kept
			on("openat", {when = {path = "a"}}, function(ev) kept = ev.flags end)
			on("end", function() print(kept, kept.value) end)`, "cat a >/dev/null", "O_RDONLY\t0\n"},
		{"a path of the old directory", `on("chdir", function(ev) print(ev.path, ev.abspath == ev.cwd, ev.abspath:match "[^/]+/[^/]+$") end)`,
			"mkdir -p d/d && env -C d true", "d\ttrue\t" + "DIR/d\n"},
		{"strings that end nowhere", `on("write", {when = {fd = 1, comm = {"tr", "cat"}}}, function(ev) print(#ev.buf, ev.buf == string.rep("x", 3000), ev.count) end)`,
			"head -c 3000 /dev/zero | tr '\\0' x | cat >c", "3000\ttrue\t3000\n3000\ttrue\t3000\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := files(t)
			writeFile(t, d+"/s.lua", c.script)
			traceIn(t, d, "-s", "./s.lua", "sh", "-c", c.command).want(t, "", 0, strings.Replace(c.want, "DIR", filepath.Base(d), 1))
		})
	}
}

// TestIdentity: one thread and one process is one object each, a table key, for
// as long as it lives.
func TestIdentity(t *testing.T) {
	t.Parallel()
	r := traceScript(t, `
		local tasks, procs, n, m = {}, {}, 0, 0
		on("getppid,getuid", function(ev)
			if not tasks[ev.task] then tasks[ev.task] = ev.tid n = n + 1 end
			if not procs[ev.proc] then procs[ev.proc] = ev.pid m = m + 1 end
			assert(tasks[ev.task] == ev.tid and procs[ev.proc] == ev.pid)
			ev.proc.data.calls = (ev.proc.data.calls or 0) + 1
			ev.task.data.calls = (ev.task.data.calls or 0) + 1
		end)
		local perTask, perProc = {}, {}
		on("proc:exit", function(ev)
			local c = ev.task.data.calls
			if c then perTask[c] = (perTask[c] or 0) + 1 end
			if not ev.thread then
				c = ev.proc.data.calls
				perProc[c] = (perProc[c] or 0) + 1
			end
		end)
		on("end", function()
			print(n, m)
			print(perTask[100], perTask[30], perProc[800], perProc[30])
		end)`, fixture.Build(t, "counts"))
	if r.Code != 0 || r.Out != "28\t21\n8\t20\t1\t20\n" {
		t.Errorf("%q, exit %d, %s", r.Out, r.Code, r.Stderr)
	}
}
