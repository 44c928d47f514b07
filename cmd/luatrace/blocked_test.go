package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
)

// full waits until a pipe takes no more.
func full(t *testing.T, w *os.File) {
	t.Helper()
	until(t, "the pipe to be full", func() bool {
		fds := []unix.PollFd{{Fd: int32(w.Fd()), Events: unix.POLLOUT}}
		n, err := unix.Poll(fds, 0)
		return err == nil && n == 0
	})
}

// talker makes a command that never ends write a lot to the trace.
var talker = []string{"-e", `on("openat", function(ev) print(("x"):rep(5000)) end) on("end", function() print("the end") end)`,
	"sh", "-c", `while :; do : </dev/null; done`}

// A signal ends a luatrace whose output nobody reads: the command gets it at once; what
// was not written is kept until somebody reads on, or a further signal comes.
func TestOutputIsBlocked(t *testing.T) {
	t.Parallel()
	for name, setup := range map[string]func(*exec.Cmd, *os.File){
		"standard error": func(cmd *exec.Cmd, w *os.File) { cmd.Stderr = w },
		"-o": func(cmd *exec.Cmd, w *os.File) {
			cmd.ExtraFiles = []*os.File{w}
			cmd.Args = append([]string{cmd.Args[0], "-o", "/dev/fd/3"}, cmd.Args[1:]...)
		},
	} {
		for i := range endRows {
			row := &endRows[i]
			if row.name == "filtered" || row.name == "attached" {
				continue
			}
			// block makes it wait for a reader, until the first signal has reached the command.
			block := func(t *testing.T) (p *os.Process, r, w *os.File) {
				t.Helper()
				r, w = pipe(t)
				cmd := exec.Command(fixture.Luatrace(t), append(append([]string{}, row.options...), talker...)...)
				setup(cmd, w)
				p = startProcess(t, cmd)
				full(t, w)
				command := child(t, p.Pid)
				p.Signal(syscall.SIGTERM)
				until(t, "the command's death", func() bool { return dead(command) })
				return p, r, w
			}
			t.Run(name+"/"+row.name+"/is read after the signal", func(t *testing.T) {
				t.Parallel()
				p, r, w := block(t)
				w.Close()
				text, err := io.ReadAll(r)
				if err != nil || !strings.HasSuffix(string(text), "x\nthe end\n") {
					t.Errorf("%d bytes of output that end in %q, %v", len(text), text[max(0, len(text)-40):], err)
				}
				if st := end(t, p); st != -int(unix.SIGTERM) {
					t.Errorf("luatrace ended with %d", st)
				}
			})
			t.Run(name+"/"+row.name+"/is never read", func(t *testing.T) {
				t.Parallel()
				p, _, _ := block(t)
				p.Signal(syscall.SIGTERM)
				if st := end(t, p); st != -int(unix.SIGTERM) {
					t.Errorf("luatrace ended with %d", st)
				}
			})
		}
	}
}

// pipe makes one that the test's end closes.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// startProcess starts a command that the test waits for with end.
func startProcess(t *testing.T, cmd *exec.Cmd) *os.Process {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process
}

// end waits for a process and says how it ended: its exit status, or minus its signal.
func end(t *testing.T, p *os.Process) int {
	t.Helper()
	until(t, "luatrace's end", func() bool { return dead(p.Pid) })
	st, err := p.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if ws := st.Sys().(syscall.WaitStatus); ws.Signaled() {
		return -int(ws.Signal())
	}
	return st.ExitCode()
}

// os.exit while the script is loaded ends luatrace before anything is started.
func TestExitAtLoad(t *testing.T) {
	t.Parallel()
	mark := filepath.Join(t.TempDir(), "started")
	for code, want := range map[string]int{`print("x") os.exit(5)`: 5, `print("x") os.exit(true)`: 0, `print("x") pcall(os.exit, 7)`: 7} {
		r := fixture.Run(t, fixture.Luatrace(t), "-e", code+` on("end", function() print("y") end)`, "touch", mark)
		if r.Code != want || r.Stderr != "x\n" || r.Stdout != "" {
			t.Errorf("%s: exit status %d, stderr %q", code, r.Code, r.Stderr)
		}
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("the command was started")
	}
}
