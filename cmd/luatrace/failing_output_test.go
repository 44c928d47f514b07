package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
)

// busy is a command that makes some hundred calls, writes to both streams and
// ends with a status of its own.
const busy = `ls -R /proc/self/task >/dev/null; for i in 1 2 3 4 5 6 7 8 9 10; do cat /dev/null; done; echo done; exit 0`

// rowOptions are options for each way in which calls are seen: stopped through
// a filter, asked for by notification, all stopped.
var rowOptions = []struct {
	name string
	args []string
}{
	{"traced", []string{"--no-notify"}},
	{"notified", nil},
	{"unfiltered", []string{"--attachable"}},
}

// TestOutputIsLost: an output that can't be written is told once, the exit status
// is not 0, and the command runs as if it was not traced.
func TestOutputIsLost(t *testing.T) {
	t.Parallel()
	const code = `on("*:enter", function(ev) print(ev.name) end) on("end", function() print("end") end) agg.x:count(1)`
	for _, c := range []struct {
		name, options, stderr string
	}{
		{"lines", "-o /dev/full", `the trace is incomplete: cannot write to "/dev/full": no space left on device`},
		{"json", "-j -o /dev/full", `the trace is incomplete: cannot write to "/dev/full": no space left on device`},
		{"table", "-c -o /dev/full", `the trace is incomplete: cannot write to "/dev/full": no space left on device`},
		{"table in json", "-c -j -o /dev/full", `the trace is incomplete: cannot write to "/dev/full": no space left on device`},
		{"script", "-o /dev/full -e '" + code + "'", `the trace is incomplete: cannot write to "/dev/full": no space left on device`},
		{"script's end", `-o /dev/full -e 'on("end", function() print(1) end)'`, `the trace is incomplete: cannot write to "/dev/full": no space left on device`},
		{"aggregation", `-o /dev/full -t '*' -e 'agg.x:count(ev.name)'`, `the trace is incomplete: cannot write to "/dev/full": no space left on device`},
		{"io.open", `-e 'local f = io.open("/dev/full", "w") on("*", function() f:write("x") end)'`, `a script could not write a file: write /dev/full: no space left on device`},
		{"file limit", "-o out", `the trace is incomplete: cannot write to "out": file too large`},
		{"file limit of threads", "-ff -o out", `the trace is incomplete: cannot write to "out\.[0-9]+": file too large`},
		{"file limit in io", `-e 'local f = io.open("out", "w") on("*", function() f:write(("x"):rep(9999)) end)'`, `a script could not write a file: write out: file too large`},
		{"no directory for threads", "-ff -o none/out", `the trace is incomplete: cannot write to "none/out\.[0-9]+": no such file or directory`},
	} {
		for _, row := range rowOptions {
			t.Run(c.name+"/"+row.name, func(t *testing.T) {
				t.Parallel()
				for _, status := range []int{0, 4} {
					command := strings.Replace(busy, "exit 0", fmt.Sprint("exit ", status), 1)
					cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -f 4; exec %s %s %s -- sh -c '%s'",
						fixture.Luatrace(t), strings.Join(row.args, " "), c.options, command))
					cmd.Dir = t.TempDir()
					r := fixture.RunCmd(t, cmd)
					want := max(status, exitFailure) // the command's own status comes first
					if r.Stdout != "done\n" || r.Code != want || !regexp.MustCompile("^luatrace: "+c.stderr+"\n$").MatchString(r.Stderr) {
						t.Errorf("printed %q, status %d (want %d), %q", r.Stdout, r.Code, want, r.Stderr)
					}
				}
			})
		}
	}
}

// TestOutputCloses: whoever reads the trace goes away; the command does not
// notice.
func TestOutputCloses(t *testing.T) {
	t.Parallel()
	// What is written before may fit into the pipe.
	const untilClosed = "until test -e closed; do sleep .01; done; "
	for _, row := range rowOptions {
		for _, options := range [][]string{nil, {"-j"}, {"-e", `on("*:enter", function(ev) print(ev) end)`}, {"-e", `on("*:enter", function(ev) io.stderr:write(ev.name, "\n") end)`}} {
			dir := t.TempDir()
			cmd := exec.Command(fixture.Luatrace(t), append(append(row.args, options...), "--", "sh", "-c", strings.Replace(busy, "exit 0", untilClosed+"echo late > late; exit 0", 1))...)
			cmd.Dir = dir
			var stdout bytes.Buffer
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			// The command's own errors go elsewhere: it would be killed for them.
			cmd.Stdout, cmd.Stderr = &stdout, write
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			write.Close()
			first := make([]byte, 1)
			read.Read(first)
			read.Close()
			if err := os.WriteFile(filepath.Join(dir, "closed"), nil, 0o600); err != nil {
				t.Error(err)
			}
			err = cmd.Wait()
			if stdout.String() != "done\n" || cmd.ProcessState.ExitCode() != exitFailure {
				t.Errorf("%s %q: printed %q, %v", row.name, options, stdout.String(), err)
			}
			if got := readFile(t, filepath.Join(dir, "late")); got != "late\n" {
				t.Errorf("%s %q: the command did not come to its end: %q", row.name, options, got)
			}
		}
	}
}

// TestOutputFullStdout: what the commands that trace nothing print is not lost
// in silence either.
func TestOutputFullStdout(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { full.Close() })
	for _, args := range [][]string{
		{"--help"}, {"--version"}, {"help"}, {"help", "options"}, {"help", "man"}, {"list"}, {"info", "opensnoop"}, {"probes", "openat"}, {"probes"},
		{"types"}, {"test", "opensnoop"}, {"completion", "bash"}, {"__complete", "-s", "open"}, {"--plan", "true"}, {"-s", "opensnoop", "--help"},
	} {
		cmd := exec.Command(fixture.Luatrace(t), args...)
		var stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &stderr
		err := cmd.Run()
		if cmd.ProcessState.ExitCode() != exitFailure || stderr.String() != "luatrace: cannot write to standard output: no space left on device\n" {
			t.Errorf("%q: %v, %q", args, err, stderr.String())
		}
	}
}

// TestOutputNonBlocking: a program that shares the pipe makes it non-blocking
// while the trace runs; a slow reader gets the whole trace all the same.
func TestOutputNonBlocking(t *testing.T) {
	t.Parallel()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	read, write := os.NewFile(uintptr(p[0]), "read"), os.NewFile(uintptr(p[1]), "write")
	defer read.Close()
	cmd := exec.Command(fixture.Luatrace(t), "-e", `on("proc:exec", function() print "begun" end)
		on("exit_group:enter", function() for i = 1, 40000 do print("line", i) end end)`, "cat")
	cmd.Stderr = write
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scan := bufio.NewScanner(read)
	if !scan.Scan() || scan.Text() != "begun" {
		t.Errorf("%q", scan.Text())
	}
	if err := unix.SetNonblock(p[1], true); err != nil {
		t.Error(err)
	}
	write.Close()
	stdin.Close()
	n := 0
	for ; scan.Scan(); n++ {
		if want := fmt.Sprintf("line\t%d", n+1); scan.Text() != want {
			t.Errorf("%q, want %q", scan.Text(), want)
			break
		}
	}
	read.Close()
	if err := cmd.Wait(); err != nil || n != 40000 {
		t.Errorf("%v, %d lines", err, n)
	}
}

// TestRawOutputOnTerminal: io.write gives a terminal nothing that steers it, and
// a file the bytes as they are.
func TestRawOutputOnTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code := `io.write("a\27[31mb\r\128", "\n", 5, "\n") io.stdout:write("c\7\n") io.stderr:write("d\27c\n")`
	const raw = "a\x1b[31mb\r\x80\n5\nc\a\n"
	if r := fixture.RunCmd(t, exec.Command(fixture.Luatrace(t), "-e", code, "true")); r.Stdout != raw || r.Stderr != "d\x1bc\n" {
		t.Errorf("to a pipe: %q, %q", r.Stdout, r.Stderr)
	}
	term := openTerminal(t, dir, fixture.Luatrace(t), "-e", code, "echo", "over")
	term.expect(`over`)
	term.mu.Lock()
	got := strings.ReplaceAll(string(term.text), "\r\n", "\n")
	term.mu.Unlock()
	if strings.ContainsAny(got, "\x1b\a\r") || !strings.Contains(got, `a\x1b[31mb\x0d\x80`) || !strings.Contains(got, `d\x1bc`) {
		t.Errorf("on a terminal: %q", got)
	}
}
