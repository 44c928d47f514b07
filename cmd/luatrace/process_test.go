package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
	"luatrace/internal/reliability/trial"
)

// process is a running command whose output is read line by line.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	out    *bufio.Reader
	stderr fixture.Output
	waited bool
	// watchdog kills it when it takes too long
	watchdog *time.Timer
}

// start starts a command in a process group of its own, which is killed when
// the test ends if the command still runs.
func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	cmd.Stderr = &p.stderr
	cmd.WaitDelay = 10 * time.Second
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	p.watchdog = time.AfterFunc(time.Minute, func() { syscall.Kill(-pid, syscall.SIGKILL) })
	t.Cleanup(func() {
		p.watchdog.Stop()
		if !p.waited {
			syscall.Kill(-pid, syscall.SIGKILL)
			io.Copy(io.Discard, p.out)
			cmd.Wait()
		}
	})
	return p
}

// line reads the next line of the standard output.
func (p *process) line() string {
	p.t.Helper()
	s, err := p.out.ReadString('\n')
	if err != nil {
		until(p.t, "the end of a process whose output has ended", func() bool { return dead(p.pid()) })
		_, status := p.wait()
		p.t.Fatalf("%v: %v after %q, ended with %d; stderr: %s", p.cmd.Args, err, s, status, p.stderr.String())
	}
	return strings.TrimSuffix(s, "\n")
}

// wait reads the rest of the output and returns it with how the process ended:
// its exit status, or minus its signal.
func (p *process) wait() (rest string, status int) {
	p.t.Helper()
	b, _ := io.ReadAll(p.out)
	p.waited = true
	p.cmd.Wait()
	p.watchdog.Stop() // its number may be another's from here on
	ws := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ws.Signaled() {
		return string(b), -int(ws.Signal())
	}
	return string(b), ws.ExitStatus()
}

func (p *process) kill(sig syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// until waits for something that another process is to do.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// dead says whether a process has ended, waited for or not.
func dead(pid int) bool {
	s := trial.Field(pid, "State")
	return s == "" || s[0] == 'Z'
}

// states are the state letters of all threads of a process.
func states(t *testing.T, pid int) string {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(files) == 0 {
		t.Fatalf("process %d is gone", pid)
	}
	var out []byte
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		out = append(out, text[bytes.LastIndexByte(text, ')')+2])
	}
	return string(out)
}

// tracedBy waits until a process has a tracer, or none.
func tracedBy(t *testing.T, pid, tracer int) {
	t.Helper()
	until(t, fmt.Sprintf("the tracer of %d to be %d", pid, tracer), func() bool {
		field := trial.Field(pid, "TracerPid")
		if tracer != 0 {
			return field != "0"
		}
		return field == "0"
	})
}

// child waits for the only child of a process and returns it.
func child(t *testing.T, pid int) int {
	t.Helper()
	var found int
	until(t, "a child of "+strconv.Itoa(pid), func() bool {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
		for _, f := range files {
			text, _ := os.ReadFile(f)
			if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
				found = n
			}
		}
		return found != 0
	})
	return found
}

// endOrphan kills a process that has lost its tracer and its parent; the
// process that runs the tests' process collects it.
func endOrphan(t *testing.T, pid int) {
	t.Helper()
	unix.Kill(pid, unix.SIGKILL)
	until(t, "the orphan to end", func() bool {
		state := trial.Field(pid, "State")
		return state == "" || state[0] == 'Z'
	})
}
