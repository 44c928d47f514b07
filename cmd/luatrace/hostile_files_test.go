package main

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// peak is the most memory that a command had, in MB.
func peak(cmd *exec.Cmd) int {
	return int(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10)
}

// manySections makes a program whose file says that it has 2^21 sections, which lie in
// a hole of the file: the kernel does not look at them.
func manySections(t *testing.T, program string) string {
	t.Helper()
	const sections, size = 1 << 21, 64
	b := []byte(readFile(t, program))
	if b[4] != 2 || b[5] != 1 {
		t.Fatal("the program is no 64-bit file with the lowest byte first")
	}
	order := binary.LittleEndian
	for len(b)%size != 0 {
		b = append(b, 0)
	}
	table := len(b)
	order.PutUint64(b[40:], uint64(table)) // e_shoff
	order.PutUint16(b[60:], 0)             // e_shnum: the size of the first section has it
	order.PutUint16(b[62:], 1)             // e_shstrndx
	b = append(b, make([]byte, 2*size)...)
	order.PutUint64(b[table+32:], sections)
	order.PutUint32(b[table+size+4:], 3) // SHT_STRTAB
	order.PutUint64(b[table+size+24:], uint64(table))
	order.PutUint64(b[table+size+32:], size)
	bomb := filepath.Join(openDir(t), "manysections")
	if err := os.WriteFile(bomb, b, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(bomb, int64(table+sections*size)); err != nil {
		t.Fatal(err)
	}
	return bomb
}

// TestManySections: what a program's file says of itself takes no memory, neither
// before the program runs nor when a traced one becomes it.
func TestManySections(t *testing.T) {
	t.Parallel()
	bomb := manySections(t, fixture.Build(t, "counts"))
	plain := fixture.Run(t, bomb)
	for name, args := range map[string][]string{
		"command":     {"-t", "uname", bomb},
		"user":        {"-u", "nobody", "-t", "uname", bomb},
		"execve":      {"-t", "uname", "sh", "-c", `"$0"; exit $?`, bomb},
		"let go of":   {"-e", `on("proc:exec", function(ev) ev.proc:detach() end)`, "sh", "-c", `"$0"; exit $?`, bomb},
		"attachable":  {"--attachable", "-t", "signal", "sh", "-c", `"$0"; exit $?`, bomb},
		"not looking": {"--attachable", "-e", `on("proc:exit", function(ev) end)`, "sh", "-c", `"$0"; exit $?`, bomb},
	} {
		if name == "user" && !isRoot() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(fixture.Luatrace(t), args...)
			if isRoot() && name == "attachable" {
				asNobody(cmd)
			}
			r := fixture.RunCmd(t, cmd)
			if r.Code != plain.Code || r.Stdout != plain.Stdout || strings.Contains(r.Stderr, "error") {
				t.Errorf("status %d, %q, %q", r.Code, r.Stdout, r.Stderr)
			}
			if got := peak(cmd); got > fixture.MostMemory {
				t.Errorf("luatrace took %d MB", got)
			}
		})
	}
}

// hostileRun runs luatrace with a script before a command, in an empty directory; that
// luatrace takes more than fixture.MostMemory fails the test.
func hostileRun(t *testing.T, script string, command ...string) (r fixture.Result) {
	t.Helper()
	return hostileRunAs(t, false, script, command...)
}

// hostileRunAs is hostileRun, perhaps as an ordinary user.
func hostileRunAs(t *testing.T, ordinary bool, script string, command ...string) (r fixture.Result) {
	t.Helper()
	dir := openDir(t)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(fixture.Luatrace(t), append([]string{"--sandbox", "-e", script}, command...)...)
	cmd.Dir = dir
	if ordinary && isRoot() {
		asNobody(cmd)
	}
	r = fixture.RunCmd(t, cmd)
	if got := peak(cmd); got > fixture.MostMemory {
		t.Errorf("luatrace took %d MB", got)
	}
	return r
}

// TestWideArguments: a process that says that its command line is all of 64 GiB is
// believed 2 MiB of it, and that is said once.
func TestWideArguments(t *testing.T) {
	t.Parallel()
	wide := fixture.Build(t, "wideargs")
	for _, ordinary := range []bool{false, true} {
		r := hostileRunAs(t, ordinary, `on("getppid", function(ev)
			for i = 1, 2 do
				local words, env, text = ev.proc.cmdline, ev.proc.env, ev.proc:file "environ"
				print(#words, words[1], env.wide, #text, text:sub(1, 5) == "wide\0")
			end
		end)`, wide)
		lines := lines(r.Stderr)
		if r.Code != 0 || r.Stdout != "alive\n" || len(lines) != 4 ||
			!strings.HasPrefix(lines[0], `luatrace: "cmdline" of process `) || !strings.HasPrefix(lines[1], `luatrace: "environ" of process `) ||
			lines[2] != lines[3] || lines[3] != "2097148\twide\t\t2097152\ttrue" {
			t.Errorf("ordinary user %v: status %d, %q, %q", ordinary, r.Code, r.Stdout, r.Stderr)
		}
	}
}

// TestWideArgumentsOfScripts: scripts of the collection that show command lines and
// environments stay within bounds.
func TestWideArgumentsOfScripts(t *testing.T) {
	t.Parallel()
	wide := fixture.Build(t, "wideargs")
	for _, name := range []string{"whyfail", "lsof", "pstree", "execsnoop", "exitsnoop"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(fixture.Luatrace(t), "-s", name, wide, "true")
			r := fixture.RunCmd(t, cmd)
			if r.Code != 0 || r.Stdout != "alive\n" {
				t.Errorf("status %d, %q, %.1000q", r.Code, r.Stdout, r.Stderr)
			}
			if got := peak(cmd); got > fixture.MostMemory {
				t.Errorf("luatrace took %d MB", got)
			}
		})
	}
}

// TestManyMappings: a list of mappings of 250 MB takes no memory where luatrace looks something
// up in it, and a script gets as much of it as --max-read says.
func TestManyMappings(t *testing.T) {
	t.Parallel()
	program := fixture.Build(t, "manymaps")
	t.Run("a path", func(t *testing.T) { // for which there is room in the vDSO
		t.Parallel()
		r := hostileRun(t, `on("access:enter", {when = {path = "wanted"}}, function(ev) ev.args.path = "/etc/passwd" end)`, program)
		if r.Code != 0 || r.Stdout != "found\n" || r.Stderr != "" {
			t.Errorf("status %d, %q, %q", r.Code, r.Stdout, r.Stderr)
		}
	})
	t.Run("a file", func(t *testing.T) {
		t.Parallel()
		r := hostileRun(t, `on("access:enter", {when = {path = "wanted"}}, function(ev)
			local maps = ev.proc:file "maps"
			print(#maps > 2^26 - 5000, #maps <= 2^26, maps:sub(-1) == "\n")
		end)`, program)
		if lines := lines(r.Stderr); r.Code != 0 || len(lines) != 2 || lines[1] != "true\ttrue\ttrue" ||
			!strings.HasPrefix(lines[0], `luatrace: "maps" of process `) || !strings.Contains(lines[0], "67108864 bytes (--max-read)") {
			t.Errorf("status %d, %q, %q", r.Code, r.Stdout, r.Stderr)
		}
	})
	t.Run("the loader", func(t *testing.T) {
		t.Parallel()
		cmd := exec.Command(fixture.Luatrace(t), "--skip-startup", "-t", "access", program)
		cmd.Dir = t.TempDir()
		r := fixture.RunCmd(t, cmd)
		if got := peak(cmd); r.Code != 0 || !strings.HasPrefix(r.Stderr, `access("wanted", F_OK) `) || got > fixture.MostMemory {
			t.Errorf("status %d, %q, %q, %d MB", r.Code, r.Stdout, r.Stderr, got)
		}
	})
}

// TestFilesWithoutEnd: what has no end is not read, which is an error that says so.
func TestFilesWithoutEnd(t *testing.T) {
	t.Parallel()
	counts := fixture.Build(t, "counts")
	for _, name := range []string{"pagemap", "mem", "clear_refs", "task/1/../1/pagemap"} {
		r := hostileRun(t, `local once on("getppid", function(ev) if once then return end once = true print(pcall(ev.proc.file, ev.proc, "`+name+`")) end)`, counts)
		base := filepath.Base(name)
		if strings.Contains(name, "..") {
			base = "a name below /proc/PID is wanted"
		}
		if r.Code != 0 || !strings.HasPrefix(r.Stderr, "false\t") || !strings.Contains(r.Stderr, base) || strings.Count(r.Stderr, "\n") != 1 {
			t.Errorf("%s: status %d, %q", name, r.Code, r.Stderr)
		}
	}
	r := hostileRun(t, `local once on("getppid", function(ev) if once then return end once = true
		print(ev.proc:file "auxv" ~= nil, ev.proc:file "task" == nil, ev.proc:file "none" == nil, ev.proc:file("task/" .. ev.pid .. "/comm"))
	end)`, counts)
	if r.Code != 0 || r.Stderr != "true\ttrue\ttrue\tcounts\\n\n" {
		t.Errorf("status %d, %q", r.Code, r.Stderr)
	}
}

// reuse runs luatrace with its first arguments in a pid namespace of its own. The traced shell starts
// true and waits for it; then another process, with a secret, gets the number of true; then
// the shell calls kill, where the script looks.
const reuse = `
mkfifo go
"$@" sh -c '/bin/true & p=$!; wait $p; echo $p >pid; read x <go; kill -0 $$' 2>trace &
traced=$!
until test -s pid; do sleep 0.01; done
wanted=$(cat pid)
while :; do
	echo $((wanted - 1)) >/proc/sys/kernel/ns_last_pid || exit 9
	SECRET=hunter2 sleep 1000 &
	test $! = $wanted && break
	kill $!
	wait $!
done
until test "$(cat /proc/$wanted/comm)" = sleep; do sleep 0.01; done
echo >go
wait $traced
status=$?
kill $wanted
cat trace
exit $status
`

// TestReusedNumber: what a script has kept of a process says nothing once that has ended, though its
// number is another process's by then, whose secrets nobody is to see.
func TestReusedNumber(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]string{"ended": "", "let go": "kept:detach()"} {
		for _, notify := range []string{"--no-notify", "--cpu=auto"} {
			t.Run(name+notify, func(t *testing.T) {
				t.Parallel()
				script := `local kept, task
					on("proc:exec", function(ev) if ev.proc.cmdline[1] == "/bin/true" then kept, task = ev.proc, ev.task ` + act + ` end end)
					on("kill:enter", function(ev)
						local p, words, fds = kept, kept.cmdline, kept.fds
						print(p.pid, p.comm, p.exe, p.cwd, #words, words[1], task.comm, p.env, p:file "environ", p:file "status",
							p:file("task/" .. p.pid .. "/environ"), p.uid, p.start, fds and fds[0], p:fd(0), p:fdinfo(0))
					end)`
				dir := openDir(t)
				words := append([]string{"sh", "-c", reuse, "sh"}, fixture.Luatrace(t), "--sandbox", notify, "-e", script)
				args := unshared("-p -f --mount-proc --kill-child", words...)
				if args == nil {
					t.Skip("an ordinary user can't make namespaces here")
				}
				cmd := exec.Command(args[0], args[1:]...)
				cmd.Dir = dir
				r := fixture.RunCmd(t, cmd)
				pid := strings.TrimSpace(readFile(t, filepath.Join(dir, "pid")))
				if want := pid + "\t\t\t\t1\t\t" + strings.Repeat("\tnil", 9) + "\n"; r.Code != 0 || r.Stdout != want {
					t.Errorf("status %d, %q, want %q; %q", r.Code, r.Stdout, want, r.Stderr)
				}
			})
		}
	}
}
