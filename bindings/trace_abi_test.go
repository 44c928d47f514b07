package bindings

import (
	"runtime"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// TestI386Calls: calls of the 32-bit gate have their own numbers, names and
// argument width, in a 64-bit program and in a 32-bit one.
func TestI386Calls(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		return // there is no such gate
	}
	t.Parallel()
	const script = `on("*", function(ev)
		if ev.abi ~= "i386" then return end
		print(ev.name, ev.nr, ev.ret, ev.err, ev.raw[1], ev)
	end)
	on("openat:enter", function(ev) if ev.abi == "i386" then print(ev.dirfd, ev.path, ev.flags) end end)`
	r := traceScript(t, strings.Replace(script, "ev.ret, ev.err", `ev.name == "getpid" and ev.ret == ev.pid, ev.err`, 1), fixture.Build(t, "int80"))
	if want := "getpid\t20\ttrue\tnil\t0\tgetpid()                                = "; !strings.HasPrefix(r.Out, want) {
		t.Errorf("%q, want %q...", r.Out, want)
	}
	if want := "exit\t1\tfalse\tnil\t4660\texit(4660)                              = ?\n"; !strings.HasSuffix(r.Out, want) || r.Code != 0x34 {
		t.Errorf("%q, exit %d, want ...%q, exit 52", r.Out, r.Code, want)
	}

	r = traceScript(t, script, fixture.Build32(t, "hello32"))
	if r.Stdout != "hello from 32 bits\n" || r.Code != 32 {
		t.Errorf("%q, exit %d", r.Stdout, r.Code)
	}
	for _, want := range []string{
		"write\t4\t19\tnil\t1\twrite(1, \"hello from 32 bits\\n\", 19)    = 19\n",
		"-100\t/nonexistent/hello32\tO_RDONLY\n",
		"openat\t295\t-1\tENOENT\t4294967196\topenat(AT_FDCWD, \"/nonexistent/hello32\", O_RDONLY) = -1 ENOENT (No such file or directory)\n",
		"exit_group\t252\tnil\tnil\t32\texit_group(32)                          = ?\n",
	} {
		if !strings.Contains(r.Out, want) {
			t.Errorf("%q lacks %q", r.Out, want)
		}
	}
	// An i386 call changed and skipped like any other.
	dir := files(t)
	writeFile(t, dir+"/s.lua", `on("openat:enter", {when = {abi = "i386"}}, function(ev) ev.path = "a" ev:onexit(function(ev) print(ev.path, ev.ret, ev.err) ev:fail "ENOENT" end) end)
		on("write:enter", {when = {abi = "i386", fd = 1}}, function(ev) ev:skip(ev.count) end)`)
	traceIn(t, dir, "-s", "./s.lua", fixture.Build32(t, "hello32")).want(t, "", 32, "a\t3\tnil\n")
	// A 64-bit program's stack and vDSO are out of a 32-bit call's reach.
	r = traceScript(t, `on("getpid:enter", {when = {abi = "i386"}}, function(ev) ev.args = nil end)`, fixture.Build(t, "int80"))
	if r.Code != 3 || !strings.Contains(r.Stderr, "ev.args can't be assigned") || r.Stdout != "int80 getpid own\n" {
		t.Errorf("exit %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
}

// TestNonsenseNumbers: calls that do not exist have names that say so, and x32
// numbers are named as such.
func TestNonsenseNumbers(t *testing.T) {
	t.Parallel()
	path := fixture.Build(t, "badnr")
	r := traceScript(t, `on("*", function(ev) if ev.err == "ENOSYS" then print(ev.name, ev.nr, ev.abi, ev.raw[1], #ev.args) end end)`, path)
	if plain := fixture.Run(t, path).Stdout; r.Stdout != plain || r.Code != 0 {
		t.Errorf("%q, exit %d, want %q", r.Stdout, r.Code, plain)
	}
	want := "syscall_0xffffffff\t-1\tamd64\t1\t6\nsyscall_0xfffffffe\t-2\tamd64\t1\t6\nsyscall_0x3e8\t1000\tamd64\t1\t6\nsyscall_0x186a0\t100000\tamd64\t1\t6\n" +
		"x32_getpid\t1073741863\tx32\t1\t0\nx32_write\t1073741825\tx32\t1\t3\nsyscall_0x7fffffff\t2147483647\tx32\t1\t6\nsyscall_0x80000000\t-2147483648\tamd64\t1\t6\n"
	if runtime.GOARCH == "amd64" && r.Out != want {
		t.Errorf("%q\nwant %q", r.Out, want)
	}
	// They can be given a result, by their hooks on every call.
	r = traceScript(t, `on("*:enter", function(ev) if ev.nr == 1000 then ev:fail "EPERM" end end)`, path)
	if r.Code != 1 || !strings.Contains(r.Stdout, "1000 EPERM\n") {
		t.Errorf("%q, exit %d", r.Stdout, r.Code)
	}
}

// TestExec: the arguments of an execve are those of its entry, also when it has
// replaced the memory they stood in; one that fails is an ordinary call.
func TestExec(t *testing.T) {
	t.Parallel()
	r := traceScript(t, `on("execve", function(ev) print(ev.path, #ev.argv, ev.argv[#ev.argv], ev.ret, ev.err) end)`,
		"sh", "-c", `/nonexistent/x y; exec /bin/true z`)
	if want := "/nonexistent/x\t2\ty\t-1\tENOENT\n/bin/true\t2\tz\t0\tnil\n"; !strings.HasSuffix(r.Out, want) || r.Code != 0 || len(r.lines()) != 3 {
		t.Errorf("%q, exit %d, want ...%q", r.Out, r.Code, want)
	}
	// From a thread that is not the leader: entry under its own id, exit under
	// the leader's, one task, one process.
	r = traceScript(t, `
		on("execve:enter", function(ev)
			ev.task.data.n = (ev.task.data.n or 0) + 1
			ev.proc.data.n = (ev.proc.data.n or 0) + 1
			print("enter", ev.tid == ev.pid, ev.task.data.n, ev.proc.data.n)
		end)
		on("proc:exec", function(ev) print("exec", ev.former_tid == ev.tid, ev.tid == ev.pid, ev.task.data.n, ev.proc.data.n) end)
		on("execve", function(ev) print("exit", ev.tid == ev.pid, ev.path:match "[^/]+$", ev.task.data.n, ev.duration > 0) end)
		on("proc:fork", function(ev) print("fork", ev.thread) end)
		local threads, last = 0, 0
		on("proc:exit", function(ev) if ev.thread then threads = threads + 1 else last = last + 1 end end)
		on("end", function() print(threads, last) end)`, fixture.Build(t, "texec"))
	if r.Stdout != "before: tid is not pid\nafter: same pid yes, tid is pid yes, threads 1\n" || r.Code != 0 {
		t.Errorf("%q, exit %d", r.Stdout, r.Code)
	}
	if want := "enter\ttrue\t1\t1\nexec\ttrue\ttrue\t1\t1\nexit\ttrue\ttexec\t1\ttrue\n" + strings.Repeat("fork\ttrue\n", 5) +
		"enter\tfalse\t1\t2\nexec\tfalse\ttrue\t1\t2\nexit\ttrue\texe\t1\ttrue\n5\t1\n"; r.Out != want {
		t.Errorf("%q\nwant %q", r.Out, want)
	}
}

// TestRestartCodes: a call that a signal interrupted shows the kernel's code,
// not what the program gets in the end.
func TestRestartCodes(t *testing.T) {
	t.Parallel()
	r := traceScript(t, `on("read,poll,ppoll,clock_nanosleep,restart_syscall", {when = {failed = true}}, function(ev)
			agg.n:count(ev.name, ev.err)
			if ev.ret ~= -1 or ev.ok then print(ev) end
		end)
		on("end", function()
			print(agg.n:get("clock_nanosleep", "ERESTART_RESTARTBLOCK"), agg.n:get("restart_syscall", "ERESTART_RESTARTBLOCK"),
				(agg.n:get("poll", "ERESTART_RESTARTBLOCK") or 0) + (agg.n:get("ppoll", "ERESTARTNOHAND") or 0), agg.n:get("read", "ERESTARTSYS"))
			agg.n:clear()
		end)`, fixture.Build(t, "restart"))
	if r.Code != 0 || !strings.HasSuffix(r.Stdout, "read SA_RESTART: 1\nread: EINTR\nhandled 4\n") {
		t.Errorf("%q, exit %d", r.Stdout, r.Code)
	}
	// Stopped and continued, a sleeping call may restart once or twice.
	if f := strings.Fields(r.Out); len(f) != 4 || f[0] != "2" || f[3] != "2" || f[2] == "0" {
		t.Errorf("%q", r.Out)
	}
	r = trace(t, "-t", "read", fixture.Build(t, "restart"))
	if !strings.Contains(r.Out, "= ? ERESTARTSYS (To be restarted if SA_RESTART is set)\n") {
		t.Errorf("%s", r.Out)
	}
}

// TestExitGroup: calls without a return run their hooks for the exit before.
func TestExitGroup(t *testing.T) {
	t.Parallel()
	r := traceScript(t, `
		on("exit_group:enter", function(ev) ev.status = ev.status + 1 end)
		on("exit_group", function(ev) print(ev.name, ev.status, ev.ret, ev.err, ev.ok, ev.duration, ev) end)`, "sh", "-c", "exit 4")
	r.want(t, "", 5, "exit_group\t5\tnil\tnil\ttrue\t0\texit_group(5)                           = ?\n")
	r = traceScript(t, `on("exit", function(ev) print(ev.tid == ev.pid, ev.status) end)`, fixture.Build(t, "lexit"))
	r.want(t, "leader is a zombie\n", 7, "true\t3\n")
}
