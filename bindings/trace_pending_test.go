package bindings

import (
	"strings"
	"testing"
)

// pendingTests are scripts that ask for calls in progress, and for what is traced.
var pendingTests = map[string]string{
	"from a timer, a signal, an exit hook and the end": `
local function show(when)
  for _, task in ipairs(tasks()) do
    local c = task.call
    if c then print(when, task.tid, c.name, c.since, c.attached, c.fdpath, c.args[1], c.args.operation, c) end
  end
end
on("flock", function() end)
every("1s", function() show "timer" end)
on("getpid", function() show "exit" end)
on("signal:SIGUSR1", function() show "signal" end)
on("end", function() show "end" end)
test("calls", function(t)
  t:event("flock", {pid = 5, fd = 3, operation = "LOCK_EX", fdpath = "/f", unfinished = true})
  t:advance "1s"
  t:event("getpid", {pid = 6})
  t:event("signal:SIGUSR1", {pid = 6})
  t:finish()
  local want = "\t5\tflock\t1000000000\tfalse\t/f\t3\tLOCK_EX\tflock(3, LOCK_EX)\n"
  t:expect(t.stdout, "timer" .. want .. "exit" .. want .. "signal" .. want .. "end" .. want)
end)`,
	"at the attach": `
on("pause,openat", function() end)
every("2s", function() for _, k in ipairs(tasks()) do print(k.tid, k.call and k.call.name, k.call and k.call.attached, k.call and k.call.abspath) end end)
test("attach", function(t)
  t:event("openat", {path = "fifo", flags = "O_RDONLY", cwd = "/d", unfinished = "attached"})
  t:advance "2s"
  t:expect(t.stdout, "1000\topenat\ttrue\t/d/fifo\n")
  t:clear()
  t:event("pause", {unfinished = true})
  t:advance "2s"
  t:expect(t.stdout, "1000\tpause\tfalse\tnil\n")
  t:clear()
  t:event("getpid")
  t:advance "2s"
  t:expect(t.stdout, "1000\tnil\tnil\tnil\n")
end)`,
	"its own, before the call and after it": `
on("close:enter", function(ev) local c = ev.task.call print("enter", c.name, c.args.fd, c.since == ev.time, c:matches "%desc", c:matches "!close") end)
on("close", function(ev) print("exit", ev.task.call) end)
test("own", function(t)
  t:event("close", {fd = 7})
  t:expect(t.stdout, "enter\tclose\t7\ttrue\ttrue\tfalse\nexit\tnil\n")
end)`,
	"what is still to be filled in": `
on("wait4:enter", function(ev) print(ev.task.call) end)
test("text", function(t)
  t:event "wait4"
  t:expect(t.stdout, "wait4(0)\n")
end)`,
	"kept too long": `
local kept
on("close:enter", function(ev) kept = kept or ev.task.call end)
on("getpid", function() print(kept.name) end)
test("kept", function(t)
  t:event("close", {fd = 7})
  t:event("getpid")
  t:expect(#t:errors(), 1)
end)`,
	"processes": `
on("getpid", function(ev)
  for _, p in ipairs(processes()) do
    local children = {}
    for i, c in ipairs(p.children) do children[i] = c.pid end
    print(p.pid, p.parent and p.parent.pid, table.concat(children, ","), #p.tasks, p.tasks[1].tid, p.uid, p.euid, p.gid, p.egid, p.start ~= nil, p.env and p.env.A)
  end
  print(table.concat(ev.proc.cmdline, " "), ev.proc.fds[3], ev.proc == processes()[1])
end)
test("processes", function(t)
  local status = "Name:\tx\nUid:\t10\t20\t30\t40\nGid:\t1\t2\t3\t4\n"
  t:event("proc:fork", {pid = 5, child = 8, files = {status = status, environ = "A=b=c\0B=\0"}})
  t:event("proc:fork", {pid = 5, child = 6, thread = true})
  t:event("getpid", {pid = 5, cmdline = {"x", "-y"}, fds = {[3] = "/f"}})
  t:expect(t.stdout, "5\tnil\t8\t2\t5\t10\t20\t1\t2\tfalse\tb=c\n8\t5\t\t1\t8\tnil\tnil\tnil\tnil\tfalse\tnil\nx -y\t/f\ttrue\n")
end)`,
	"an argument of that name": `
on("chown", function(ev) print(ev.owner, ev.proc.uid) end)
test("chown", function(t)
  t:event("chown", {path = "/f", owner = 7, group = 8, files = {status = "Uid:\t1\t2\nGid:\t3\t4\n"}})
  t:expect(t.stdout, "7\t1\n")
end)`,
}

func TestPending(t *testing.T) {
	t.Parallel()
	for name, code := range pendingTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, f := range failures(t, code) {
				t.Error(f)
			}
		})
	}
}

// What is wrong in a test of calls in progress, or in a field, is said with the
// names that there are.
func TestPendingMistakes(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		`t:event("close", {fd = 1, unfinished = "now"})`:       `"attached" for a call that the thread was in`,
		`t:event("pause", {unfinished = true}) t:advance "1s"`: `a call in progress has no field 'nam'; did you mean 'name'?`,
		`t:event("getppid", {pid = 1})`:                        `a process has no field 'parents'; did you mean 'parent'?`,
	} {
		got := failures(t, `
on("getppid", function(ev) print(ev.proc.parents) end)
every("1s", function() print(tasks()[1].call.nam) end)
test("x", function(t) `+code+` t:expect(1, 1) end)`)
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}
