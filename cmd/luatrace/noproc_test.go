package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// unshared is a command in namespaces of its own, options being those of
// unshare(1). An ordinary user needs a user namespace for that; nil where the
// kernel gives him none.
func unshared(options string, words ...string) []string {
	args := append([]string{"unshare"}, strings.Fields(options)...)
	if !isRoot() {
		if exec.Command("unshare", "-r", "true").Run() != nil {
			return nil
		}
		args = append(args, "-r")
	}
	return append(args, words...)
}

// withoutProc runs a command where /proc is empty.
func withoutProc(t *testing.T, dir string, words ...string) fixture.Result {
	t.Helper()
	args := unshared("-m", append([]string{"sh", "-c", `mount -t tmpfs none /proc && cd "$0" && exec "$@"`, dir}, words...)...)
	if args == nil {
		t.Skip("the kernel gives ordinary users no namespaces")
	}
	return fixture.Run(t, args[0], args[1:]...)
}

const blindLine = "luatrace: /proc is of no use here: there is none; names of programs, working directories and what descriptors stand for are not known (mount -t proc proc /proc)\n"

// Without /proc, memory is read and written all the same, in each row of the
// plan; what only /proc knows is empty, and that is said once.
func TestWithoutProc(t *testing.T) {
	t.Parallel()
	tool, dir := fixture.Luatrace(t), t.TempDir()
	writeFile(t, filepath.Join(dir, "rel.txt"), "secret\n")
	writeFile(t, filepath.Join(dir, "other.txt"), "another\n")
	writeFile(t, filepath.Join(dir, "policy"), "deny write /etc/**\ndefault allow\n")
	for name, c := range map[string]struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		"a changed argument": {args: []string{"-e", `on("write:enter", function(ev) ev.buf = ev.buf:upper() end)`, "echo", "hi"}, stdout: "HI\n"},
		"a changed path":     {args: []string{"-s", "redirect", "-a", "from=" + dir + "/rel.txt", "-a", "to=" + dir + "/other.txt", "cat", dir + "/rel.txt"}, stdout: "another\n", stderr: blindLine},
		"a path of nobody knows where": {args: []string{"-s", "redirect", "-a", "from=/x", "-a", "to=/y", "cat", "rel.txt"}, code: exitHook,
			stderr: blindLine + `luatrace: nobody knows whether "rel.txt" is to be redirected, nor what it is relative to (in the hook of `},
		"a buffer": {args: []string{"-e", `on("read", {when = {fd = 3}}, function(ev) if ev.buf == "secret\n" then ev.buf = "public\n" end end)`, "cat", "rel.txt"}, stdout: "public\n"},
		"names": {args: []string{"-e", `on("openat", function(ev)
			if ev.path == "rel.txt" then print(ev.comm == "", ev.exe == "", ev.cwd == "", ev.abspath, ev.proc:fd(0), ev.proc:file("maps"), ev.unplaced.path) end end)`, "cat", "rel.txt"},
			stdout: "secret\n", stderr: blindLine + "true\ttrue\ttrue\tnil\tnil\tnil\trel.txt\n"},
		"threads": {args: []string{"-e", `on("openat", function(ev) if ev.path == "rel.txt" then print(ev.tid ~= ev.pid, ev.proc.threads) end end)`,
			"python3", "-c", "import threading; t = threading.Thread(target=lambda: open('rel.txt').close()); t.start(); t.join()"}, stderr: "true\t2\n"},
		"nothing of it is wanted": {args: []string{"-c", "-o", "/dev/null", "echo", "hi"}, stdout: "hi\n"},
		"deny": {args: []string{"-s", "deny", "-a", "under=" + dir, "-a", "calls=openat", "cat", "rel.txt"}, code: 1,
			stderr: blindLine + "cat: rel.txt: Permission denied\ndenied:                 openat      EACCES rel.txt\n"},
		"policy": {args: []string{"-s", "policy", "-a", "file=" + filepath.Join(dir, "policy"), "cat", "rel.txt"}, code: 1,
			stderr: blindLine + "cat: rel.txt: Permission denied\ndenied: PID  read rel.txt\n"},
		"attach": {args: []string{"-p", "1"}, code: exitFailure,
			stderr: "luatrace: cannot attach to process 1: there is no /proc, which knows its threads (mount -t proc proc /proc)\n"},
	} {
		for _, row := range []string{"", "--attachable", "--no-notify"} {
			t.Run(name+" "+row, func(t *testing.T) {
				t.Parallel()
				words := []string{"env", "LC_ALL=C", tool}
				if row != "" {
					words = append(words, row)
				}
				r := withoutProc(t, dir, append(words, c.args...)...)
				// The race detector's library wants /proc/self/exe.
				r.Stderr = regexp.MustCompile(`(?m)^==\d+==WARNING: reading executable name failed .*\n`).ReplaceAllString(r.Stderr, "")
				r.Stderr = regexp.MustCompile(`(?m)^denied: \d+ `).ReplaceAllString(r.Stderr, "denied: PID ")
				if r.Code != c.code || r.Stdout != c.stdout || r.Stderr != c.stderr && !(c.code == exitHook && strings.HasPrefix(r.Stderr, c.stderr)) {
					t.Errorf("exit status %d, stdout %q, stderr %q; want %d, %q, %q", r.Code, r.Stdout, r.Stderr, c.code, c.stdout, c.stderr)
				}
			})
		}
	}
	t.Run("a change that can't be made", func(t *testing.T) {
		t.Parallel()
		// neither through /proc nor by process_vm_writev
		writev := map[string]string{"amd64": "311", "arm64": "271"}[runtime.GOARCH]
		r := withoutProc(t, dir, fixture.Build(t, "profile"), "EPERM", writev, tool, "-e", `on("write:enter", function(ev) ev.buf = ev.buf:upper() end)`, "echo", "hi")
		if want := "operation not permitted, and /proc is of no use here: there is none (in the hook of "; r.Code != exitHook || r.Stdout != "hi\n" || !strings.Contains(r.Stderr, want) {
			t.Errorf("exit status %d, stdout %q, stderr %q lacks %q", r.Code, r.Stdout, r.Stderr, want)
		}
	})
	t.Run("plan", func(t *testing.T) {
		t.Parallel()
		r := withoutProc(t, dir, tool, "--plan", "-t", "openat:enter", "-e", "print(ev.path)", "true")
		if want := "not used: notifications (/proc is of no use: there is none)\n"; r.Code != 0 || !strings.Contains(r.Stdout, want) {
			t.Errorf("exit status %d, %q lacks %q", r.Code, r.Stdout, want)
		}
	})
}

// In a pid namespace without a /proc of its own the tracee's number is another
// process's there. Nothing of that is taken for the tracee's: neither names nor
// memory.
func TestOuterProc(t *testing.T) {
	t.Parallel()
	tool, dir := fixture.Luatrace(t), t.TempDir()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(sleep, filepath.Join(dir, "decoy")); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "rel.txt"), "secret\n")
	// The namespace around it has a decoy for each number that may come.
	const outer = `cd "$0" && for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32; do ./decoy 100 & done
unshare -p -f "$@"`
	run := func(t *testing.T, words ...string) fixture.Result {
		t.Helper()
		args := unshared("-p -f --mount-proc --kill-child", append([]string{"sh", "-c", outer, dir, "env", "LC_ALL=C"}, words...)...)
		if args == nil {
			t.Skip("the kernel gives ordinary users no namespaces")
		}
		return fixture.Run(t, args[0], args[1:]...)
	}
	cat, err := exec.LookPath("cat")
	if err == nil {
		cat, err = filepath.EvalSymlinks(cat)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		words          []string
		code           int
		stdout, stderr string
	}{
		"names and memory": {words: []string{tool, "-e", `on("openat", function(ev)
			if ev.path == "rel.txt" then
				print(ev.comm, ev.exe, ev.cwd, ev.abspath, ev.proc.cmdline[2], ev.pid < 33, ev.ppid > 0, ev.ppid < ev.pid, ev.proc:file("comm"))
			end end)`, "cat", "rel.txt"},
			stdout: "secret\n", stderr: "cat\t" + cat + "\t" + dir + "\t" + dir + "/rel.txt\trel.txt\ttrue\ttrue\ttrue\tcat\\n\n"},
		"a changed argument": {words: []string{tool, "-e", `on("write:enter", function(ev) ev.buf = ev.buf:upper() end)`, "echo", "hi"}, stdout: "HI\n"},
		"descriptors":        {words: []string{tool, "-y", "-t", "read", "-P", dir + "/rel.txt", "cat", "rel.txt"}, stdout: "secret\n", stderr: `read(3<` + dir + `/rel.txt>, "secret\n", 131072) = 7` + "\n" + `read(3<` + dir + `/rel.txt>, "", 131072) = 0` + "\n+++ exited with 0 +++\n"},
		"deny":               {words: []string{tool, "-s", "deny", "-a", "under=" + dir, "-a", "calls=openat", "cat", "rel.txt"}, code: 1, stderr: "cat: rel.txt: Permission denied\ndenied: cat             openat      EACCES " + dir + "/rel.txt\n"},
	} {
		for _, row := range []string{"", "--attachable", "--no-notify"} {
			t.Run(name+" "+row, func(t *testing.T) {
				t.Parallel()
				words := append([]string{}, c.words...)
				if row != "" {
					words = append([]string{tool, row}, words[1:]...)
				}
				r := run(t, words...)
				if r.Code != c.code || r.Stdout != c.stdout || r.Stderr != c.stderr {
					t.Errorf("exit status %d, stdout %q, stderr %q; want %d, %q, %q", r.Code, r.Stdout, r.Stderr, c.code, c.stdout, c.stderr)
				}
			})
		}
	}
	t.Run("threads", func(t *testing.T) {
		t.Parallel()
		// Before 6.9 there are no pidfds of threads, by which their numbers are found.
		for _, version := range []string{"6.8", "7.0"} {
			r := run(t, fixture.Build(t, "oldkernel"), version, tool, "-e", `on("openat", function(ev)
				if ev.path == "rel.txt" then print(ev.tid ~= ev.pid, ev.comm, ev.abspath, ev.proc.threads) end end)`, "python3", "-c", `
import threading
def work():
    open("/proc/thread-self/comm", "w").write("worker")
    open("rel.txt").close()
t = threading.Thread(target=work)
t.start()
t.join()`)
			if want := "true\tworker\t" + dir + "/rel.txt\t2\n"; r.Code != 0 || r.Stderr != want {
				t.Errorf("Linux %s: exit status %d, stderr %q, want %q", version, r.Code, r.Stderr, want)
			}
		}
	})
	t.Run("attach", func(t *testing.T) {
		t.Parallel()
		const script = `mkfifo "$3"; "$1" 4 >"$3" & pid=$!; exec 3<"$3"; read ready <&3
"$2" -p $pid -e '
	local seen, n = {}, 0
	on("getppid", function(ev)
		if seen[ev.tid] then return end
		seen[ev.tid], n = true, n + 1
		if n == 4 then print(ev.comm, ev.proc.comm, ev.proc.threads, ev.ppid, ev.ret == ev.ppid) stop_trace() end
	end)'
kill $pid; wait $pid`
		r := run(t, "sh", "-c", script, "sh", fixture.Build(t, "busythreads"), tool, filepath.Join(dir, "ready"))
		if want := "busythreads\tbusythreads\t5\t1\ttrue\n"; r.Code != 0 || r.Stderr != want {
			t.Errorf("exit status %d, stderr %q, want %q", r.Code, r.Stderr, want)
		}
		r = run(t, tool, "-p", "33")
		if want := "there is no such process in this pid namespace; /proc shows those of another one"; r.Code != exitFailure || !strings.Contains(r.Stderr, want) {
			t.Errorf("exit status %d, stderr %q lacks %q", r.Code, r.Stderr, want)
		}
	})
}

// A command that mounts something over /proc changes nothing for luatrace.
func TestProcMountedOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "rel.txt"), "secret\n")
	args := unshared("-m", fixture.Luatrace(t), "-e", `on("openat", function(ev) if ev.path == "rel.txt" then print(ev.comm, ev.abspath, ev.proc.cmdline[1]) end end)`,
		"sh", "-c", `cd "$0" && mount -t tmpfs none /proc && exec cat rel.txt`, dir)
	if args == nil {
		t.Skip("the kernel gives ordinary users no namespaces")
	}
	r := fixture.Run(t, args[0], args[1:]...)
	if want := "cat\t" + dir + "/rel.txt\tcat\n"; r.Code != 0 || r.Stdout != "secret\n" || r.Stderr != want {
		t.Errorf("exit status %d, stdout %q, stderr %q, want %q", r.Code, r.Stdout, r.Stderr, want)
	}
}
