package bindings

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// files makes a directory with the files a ("one") and b ("two").
func files(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a"), "one\n")
	writeFile(t, filepath.Join(dir, "b"), "two\n")
	return dir
}

// TestActsOnFiles changes what cat and sh find.
func TestActsOnFiles(t *testing.T) {
	for _, c := range []struct {
		name, script, command string
		stdout                string
		code                  int
		out, stderr           string
	}{
		{"fail one path", `on("openat:enter", {when = {path = "a"}}, function(ev) ev:fail "ENOENT" end)`,
			"cat a b", "two\n", 1, "", "cat: a: No such file or directory\n"},
		{"fail at exit", `on("openat", function(ev) if ev.path == "a" then ev:fail "EIO" end end)`,
			"cat a b", "two\n", 1, "", "cat: a: Input/output error\n"},
		{"redirect", `on("openat:enter", function(ev) if ev.path == "a" then ev.path = "b" end end)`,
			"cat a b", "two\ntwo\n", 0, "", ""},
		{"redirect by args", `on("openat:enter", function(ev) if ev.args.path == "a" then ev.args[2] = "b" end end)`,
			"cat a", "two\n", 0, "", ""},
		{"redirect to a long name", `on("openat:enter", function(ev) if ev.path == "a" then ev.path = string.rep("./", 1500) .. "b" end end)`,
			"cat a", "two\n", 0, "", ""},
		{"hooks see each other's changes", `
			on("openat:enter", {when = {path = "a"}}, function(ev) ev.path = "b" end)
			on("openat:enter", {when = {path = "b"}}, function(ev) print("second", ev.path, ev.flags) end)
			on("openat", {when = {path = "b"}}, function(ev) print("exit", ev.path, ev.ret) end)`,
			"cat a", "two\n", 0, "second\tb\tO_RDONLY\nexit\tb\t3\n", ""},
		{"values read before a change stay", `on("openat:enter", function(ev)
				if ev.path ~= "a" then return end
				local path, flags = ev.path, ev.flags
				ev.path = "b"
				print(path, ev.path, flags, flags:has "O_CREAT")
			end)`,
			"cat a", "two\n", 0, "a\tb\tO_RDONLY\tfalse\n", ""},
		{"flags by name", `on("openat:enter", function(ev)
				if ev.path == "new" then ev.flags = "O_WRONLY|O_CREAT|O_EXCL" ev.mode = 384 end
			end)`,
			"true >new && stat -c %a new; true >new; echo $?", "600\n2\n", 0, "", "sh: 1: cannot create new: File exists\n"},
		{"flags of flags", `on("openat:enter", function(ev) if ev.path == "a" then ev.flags = ev.flags end end)`,
			"cat a", "one\n", 0, "", ""},
		{"descriptor", `on("write:enter", function(ev) if ev.fd == 1 then ev.fd = 2 end end)`,
			"cat a", "", 0, "", "one\n"},
		{"string written", `on("write:enter", function(ev) if ev.buf == "one\n" then ev.buf = "uno\n" end end)`,
			"cat a b", "uno\ntwo\n", 0, "", ""},
		{"skip", `on("unlink,unlinkat:enter", function(ev) ev:skip() end)`,
			"rm a && cat a", "one\n", 0, "", ""},
		{"skip with a result", `on("write:enter", function(ev) if ev.fd == 1 then ev:skip(ev.count) end end)`,
			"cat a", "", 0, "", ""},
		{"result of a prevented call", `
			on("unlink,unlinkat:enter", function(ev) ev:fail "EROFS" end)
			on("unlink,unlinkat", function(ev) print(ev.name:sub(1, 6), ev.ret, ev.err, ev.ok) end)`,
			"rm -f a; ls a", "a\n", 0, "unlink\t-1\tEROFS\tfalse\n", "rm: cannot remove 'a': Read-only file system\n"},
		{"result through ret", `on("unlink,unlinkat:enter", function(ev) ev.ret = -1 end)`,
			"rm -f a; ls a", "a\n", 0, "", "rm: cannot remove 'a': Operation not permitted\n"},
		{"onexit is for one call", `local n = 0
			on("openat:enter", function(ev)
				if ev.path ~= "a" then return end
				local flags = ev.flags
				ev:onexit(function(ev) n = n + 1 print("onexit", ev.path, ev.ret, ev.duration > 0, flags) end)
			end)
			on("end", function() print(n) end)`,
			"cat a b", "one\ntwo\n", 0, "onexit\ta\t3\ttrue\tO_RDONLY\n1\n", ""},
		{"onexit latches", `on("openat:enter", function(ev) ev:onexit(function(ev)
				if ev.path == "a" then ev.mem:write(ev.raw[2], "b") print(ev.path, ev.mem:string(ev.raw[2])) ev.mem:write(ev.raw[2], "a") end
			end) end)`,
			"cat a", "one\n", 0, "a\tb\n", ""},
		{"exec of another program", `on("execve:enter", function(ev) if ev.path:match "/false$" then ev.path = "/bin/true" end end)`,
			"/bin/false; echo $?", "0\n", 0, "", ""},
		{"condition on a path of the entry", `on("close", {when = {fdpath = under(args.dir)}}, function(ev) print(ev.fdpath == args.dir .. "/a", ev.ret) end)`,
			"cat a", "one\n", 0, "true\t0\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := files(t)
			// The directory as the kernel shows it.
			real, err := filepath.EvalSymlinks(dir)
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(dir, "s.lua"), c.script)
			traceIn(t, dir, "-s", "./s.lua", "-a", "dir="+real, "sh", "-c", c.command).wantErr(t, c.stdout, c.code, c.out, c.stderr)
		})
	}
}

// TestActsOnResults changes what the program is told by the kernel.
func TestActsOnResults(t *testing.T) {
	t.Parallel()
	uname := fixture.Build(t, "uname")
	plain := fixture.Run(t, uname).Stdout

	r := traceScript(t, `on("uname", function(ev)
		local before = ev.buf
		local release = before.release
		ev.buf.sysname = "Plan9"
		print(ev.buf.sysname, ev.buf.release == release, before.sysname)
	end)`, uname)
	r.want(t, strings.Replace(plain, "sysname Linux", "sysname Plan9", 1), 0, "Plan9\ttrue\tPlan9\n")

	r = traceScript(t, `on("uname", function(ev) ev.buf.sysname = string.rep("x", 65) end)`, uname)
	if r.Stdout != plain || r.Code != 3 || !strings.Contains(r.Stderr, "65 bytes do not fit into 65") {
		t.Errorf("a name without room for its zero byte: %q, exit %d, %s", r.Stdout, r.Code, r.Out)
	}

	writebuf := fixture.Build(t, "writebuf")
	in := filepath.Join(t.TempDir(), "in")
	writeFile(t, in, "hello")
	r = traceScript(t, `on("read", function(ev)
		if ev.count ~= 32 then return end
		print(ev.buf, ev.ret)
		ev.buf = "Hi"
		ev.ret = 2
		print(ev.buf, ev.ret)
	end)`, writebuf, in)
	r.want(t, "read 2\nbuffer Hillo"+strings.Repeat(".", 59)+"\n", 0, "hello\t5\nHi\t2\n")

	r = traceScript(t, `on("read", function(ev)
		if ev.count ~= 32 then return end
		print(ev.mem:write(ev.raw[2], "JELLY!"))
		print(ev.buf)
		ev.ret = 6
		print(ev.buf)
	end)`, writebuf, in)
	r.want(t, "read 6\nbuffer JELLY!"+strings.Repeat(".", 58)+"\n", 0, "6\nJELLY\nJELLY!\n")

	// All of the buffer may be filled, and no more.
	r = traceScript(t, `on("read", function(ev)
		if ev.count ~= 32 then return end
		ev.buf = string.rep("y", 32)
		ev.ret = 32
		print(pcall(function() ev.buf = string.rep("z", 33) end))
	end)`, writebuf, in)
	if want := "read 32\nbuffer " + strings.Repeat("y", 32) + strings.Repeat(".", 32) + "\n"; r.Stdout != want || !strings.Contains(r.Out, "33 bytes do not fit into the program's 32") {
		t.Errorf("a full buffer: %q, %s", r.Stdout, r.Out)
	}
}

// TestChangedCallLeavesRegisters: programs rely on it that the kernel preserves
// the registers with the arguments.
func TestChangedCallLeavesRegisters(t *testing.T) {
	t.Parallel()
	regs := fixture.Build(t, "regs")
	untraced := fixture.Run(t, regs).Stdout
	r := traceScript(t, `on("mmap:enter", {when = {offset = 0x6000}}, function(ev)
		ev.addr, ev.length, ev.offset, ev.fd = 0, 4096, 0, -1
		ev.flags = "MAP_PRIVATE|MAP_ANONYMOUS"
		ev:onexit(function(ev) print(ev.ok, ev.length, ev.flags) ev.ret = -22 end)
	end)`, regs)
	r.want(t, untraced, 0, "true\t4096\tMAP_PRIVATE|MAP_ANONYMOUS\n")

	// A register that a script sets stays so, unless it also assigns arguments.
	r = traceScript(t, `on("mmap:enter", {when = {offset = 0x6000}}, function(ev)
		ev.regs.rsi = 4096
		ev.offset, ev.fd, ev.addr = 0, -1, 0
		ev:onexit(function(ev) print(ev.ok, ev.length, ev.raw[2]) ev.ret = -22 end)
	end)`, regs)
	if r.Out != "true\t4096\t4096\n" || !strings.Contains(r.Stdout, "arguments kept no") {
		t.Errorf("the register: %s\n%s", r.Out, r.Stdout)
	}

	r = traceScript(t, `on("mmap", {when = {offset = 0x6000}}, function(ev)
		print(ev.regs.rsi, ev.regs.rbx)
		ev.regs.rbx = 1
		print(ev.regs.rbx)
	end)`, regs)
	if !strings.Contains(r.Stdout, "arguments kept yes\nsaved registers kept no\n") || r.Out != "0\t12731870419501494448\n1\n" {
		t.Errorf("a register set at exit: %s\n%s", r.Stdout, r.Out)
	}
}

// TestChangedCallIsRestarted: a signal makes the kernel make the call again
// from the registers, and the hook sees the program's arguments then.
func TestChangedCallIsRestarted(t *testing.T) {
	t.Parallel()
	r := traceScript(t, `on("read:enter", {when = {count = 1, fd = 3}}, function(ev)
		local b = ev.mem:read(ev.raw[2], 1)
		agg.n:count(ev.count, #b)
		ev.count = 0x10001 -- more than there is
		ev:onexit(function(ev) print(ev.err or ev.ret) end)
	end)
	on("end", function() agg.n:clear() end)`, fixture.Build(t, "restart"))
	if !strings.Contains(r.Stdout, "read SA_RESTART: 1\nread: EINTR\n") || r.Code != 0 || r.Out != "ERESTARTSYS\n1\nERESTARTSYS\n" {
		t.Errorf("%q, exit %d, %q", r.Stdout, r.Code, r.Out)
	}
}

// TestSetArgBytesIsUndone: what a changed string wrote over is as before after
// the call, and the program's own string never changes.
func TestSetArgBytesIsUndone(t *testing.T) {
	t.Parallel()
	r := traceScript(t, `
		local function sum(ev) local s = ev.mem:read(ev.regs.rsp - 8192, 8192) return s end
		local before, at
		on("openat:enter", {when = {path = "/nonexistent/const"}}, function(ev)
			before = sum(ev)
			ev.path = "/" .. string.rep("x", 4000)
			at = ev.raw[2]
			ev:onexit(function(ev) print(ev.err, #ev.path) end)
		end)
		on("write:enter", function(ev)
			if not at then return end
			if ev.buf:match "^openat" then print(ev.mem:read(at, 8) ~= "/xxxxxxx") end
		end)`, fixture.Build(t, "ro"))
	r.want(t, "const text\nopenat ENAMETOOLONG\npath \"/nonexistent/const\"\ntext unchanged\n", 0, "ENAMETOOLONG\t4001\ntrue\n")
}

// TestChangedPathOfThreads changes a path in eight threads at once: to one that
// fits into the vDSO, and to one that must lie below the threads' stacks.
func TestChangedPathOfThreads(t *testing.T) {
	t.Parallel()
	counts := fixture.Build(t, "counts")
	untraced := fixture.Run(t, counts).Stdout
	for _, c := range []struct{ name, path string }{
		{"vDSO", `"/dev/zero"`},
		{"stack", `"/dev" .. string.rep("/", 2000) .. "zero"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := traceScript(t, `on("openat:enter", {when = {path = "/dev/null"}}, function(ev) ev.path = `+c.path+` end)
				local n = 0
				on("openat", {when = {path = `+c.path+`}}, function(ev) n = n + 1 end)
				on("end", function() print(n) end)`, counts)
			r.want(t, untraced, 0, "400\n")
		})
	}
}

// TestSignals: replaced, suppressed, forwarded; the sender stays.
func TestSignals(t *testing.T) {
	path := fixture.Build(t, "sigterm_usr1")
	for _, c := range []struct {
		name, script string
		signals      []string
		stdout       string
		code         int
		out          string
	}{
		{"replaced", `local n = 0
			on("signal:SIGTERM", function(ev)
				n = n + 1
				print(ev.sig, ev.signo, ev.code, ev.sender == ev.pid)
				if n == 1 then ev.sig = "SIGUSR1" print(ev.sig) end
			end)`, []string{"TERM", "TERM"},
			"ready\ngot SIGUSR1 code 0 from self\ngot SIGTERM code 0 from self\n", 0,
			"SIGTERM\t15\t0\ttrue\nSIGUSR1\nSIGTERM\t15\t0\ttrue\n"},
		{"suppressed", `on("signal:SIGUSR1", function(ev) ev:suppress() ev.proc:kill "TERM" end)`, []string{"USR1"},
			"ready\ngot SIGTERM code 0 from another\n", 0, ""},
		{"by number", `on("signal", {when = {sig = "SIGUSR2"}}, function(ev) ev.sig = 1 end)`, []string{"USR2", "TERM"},
			"ready\ngot SIGHUP code 0 from self\ngot SIGTERM code 0 from self\n", 0, ""},
		{"changed on its way", `on("kill,tgkill:enter", function(ev) if ev.sig == "SIGUSR1" then ev.sig = "SIGHUP" end end)`, []string{"USR1", "TERM"},
			"ready\ngot SIGHUP code 0 from self\ngot SIGTERM code 0 from self\n", 0, ""},
		{"sent", `on("signal:SIGUSR1", function(ev) ev.proc:kill("TERM") end)`, []string{"USR1"},
			"ready\ngot SIGTERM code 0 from another\n", 0, ""},
		{"deadly", `on("signal:SIGUSR1", function(ev) ev.sig = "SIGKILL" end)`, []string{"USR1"}, "ready\n", -1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := traceScript(t, c.script, append([]string{path}, c.signals...)...)
			if c.code < 0 {
				if r.Signal != syscall.SIGKILL && r.Code != 137 {
					t.Errorf("exit %d signal %d, want SIGKILL", r.Code, r.Signal)
				}
				r.Code = c.code
			}
			r.want(t, c.stdout, c.code, c.out)
		})
	}
}

// TestDelay: one thread waits, the others go on.
func TestDelay(t *testing.T) {
	t.Parallel()
	r := traceScript(t, `on("getppid:enter", function(ev) ev:delay(0.1) ev:delay("50ms") end)`, fixture.Build(t, "delay"))
	var ms int
	if m := regexp.MustCompile(`^getppid (\d+) ms\n$`).FindStringSubmatch(r.Stdout); m != nil {
		ms = atoi(m[1])
	}
	if ms < 150 {
		t.Errorf("the call took %q, want 150 ms or more", r.Stdout)
	}
	// While child1 is held for a second, child2 and the parent make all their calls.
	r = traceScript(t, `local held, others = false, 0
		on("getppid:enter", function(ev)
			if ev.comm == "child1" and not held then
				held = true
				ev:delay(1)
				ev:onexit(function() print("released", others) end)
			elseif held and ev.comm == "child2" then
				others = others + 1
			end
		end)`, fixture.Build(t, "detachme"), "20")
	if m := regexp.MustCompile(`^released\t(\d+)\n$`).FindStringSubmatch(r.Out); m == nil || atoi(m[1]) < 15 {
		t.Errorf("while one child was held the other made this many calls: %q", r.Out)
	}
	if r.Code != 0 {
		t.Errorf("%q, exit %d", r.Stdout, r.Code)
	}
}

// TestDetachOne lets one child go in the middle; the rest is traced on.
func TestDetachOne(t *testing.T) {
	t.Parallel()
	path := fixture.Build(t, "detachme")
	for _, at := range []string{"getppid:enter", "getppid", "openat", "close:enter"} {
		r := traceScript(t, `local n = {}
			on("`+at+`", function(ev)
				n[ev.comm] = (n[ev.comm] or 0) + 1
				if ev.comm == "child1" and n.child1 == 3 then ev.proc:detach() end
			end)
			on("proc:exit", function(ev) print("exit", ev.comm) end)
			on("end", function() print(n.child1, n.child2 >= 20 and n.parent >= 20) end)`, path, "20")
		if r.Code != 0 || !strings.Contains(r.Stdout, "child1 calls 40 failed 0\n") || !strings.Contains(r.Stdout, "statuses 0 0\n") {
			t.Errorf("%s: %q, exit %d", at, r.Stdout, r.Code)
		}
		if want := "3\ttrue\n"; !strings.HasSuffix(r.Out, want) || strings.Count(r.Out, "exit") != 2 {
			t.Errorf("%s: %q, want two exits and %q", at, r.Out, want)
		}
	}
}

// TestOtherCall makes the kernel run another call than the program wanted.
func TestOtherCall(t *testing.T) {
	t.Parallel()
	r := traceScript(t, `on("uname:enter", function(ev) ev.nr = 39 print(ev.nr, ev.name) end)
		on("uname", function(ev) print(ev.name, ev.nr, ev.ret == ev.pid) ev.ret = -38 end)
		on("getpid", function(ev) print("not reached") end)`, fixture.Build(t, "uname"))
	if r.Code != 1 || r.Out != "39\tuname\nuname\t39\ttrue\n" || r.Stderr != "uname: Function not implemented\n" {
		t.Errorf("exit %d, %q", r.Code, r.Out)
	}
}

// TestStop: the trace ends, the program does not.
func TestStop(t *testing.T) {
	for _, c := range []struct {
		name, script string
		code         int
		out          string
	}{
		{"stop_trace", `local n = 0
			on("getppid", function(ev) n = n + 1 stop_trace() end)
			on("end", function() print("end", n) end)`, 0, "end\t1\n"},
		{"os.exit", `on("getppid", function(ev) agg.n:count(ev.name) os.exit(9) end)
			on("end", function() print("end") end)`, 9, "end\nn\ncount\n    1  getppid\n"},
		{"os.exit of a timer", `every("5ms", function() os.exit(8) end)`, 8, ""},
		{"os.exit before the start", `on("begin", function() os.exit(7) end)`, 7, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := fixture.Build(t, "detachme")
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "s.lua"), c.script)
			// The program outlives luatrace: a pipe tells when it has ended.
			cmd := exec.Command("sh", "-c", `{ "$1" -s ./s.lua "$2" 30 2>err; echo "luatrace $?"; } | cat`, "sh", fixture.Luatrace(t), path)
			cmd.Dir = dir
			r := fixture.RunCmd(t, cmd)
			if !strings.Contains(r.Stdout, "luatrace "+strconv.Itoa(c.code)+"\n") {
				t.Errorf("%q, want exit %d", r.Stdout, c.code)
			}
			if c.name != "os.exit before the start" && !strings.Contains(r.Stdout, "child2 calls 60 failed 0\n") {
				t.Errorf("the program did not go on: %q", r.Stdout)
			}
			if got := readFile(t, filepath.Join(dir, "err")); got != c.out {
				t.Errorf("output %q, want %q", got, c.out)
			}
		})
	}
}

// TestTimersAndFrame: begin comes first, end last, every in between.
func TestTimersAndFrame(t *testing.T) {
	t.Parallel()
	r := traceScript(t, `local ticks, first = 0, nil
		on("begin", function(ev) print(ev.name, ev.phase, ev.time > 1e9, first) end)
		on("execve", function(ev) if not first then first = true print("execve") end end)
		local told
		every("10ms", function(ev) ticks = ticks + 1 if first and not told then told = true print("tick", ev.phase) end end)
		on("end", function(ev) print(ev.name, ticks >= 3) end)`, "sleep", "0.3")
	r.want(t, "", 0, "begin\tbegin\ttrue\tnil\nexecve\ntick\ttimer\nend\ttrue\n")
}
