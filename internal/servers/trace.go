package servers

import (
	"fmt"
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
	"luatrace/internal/leak"
)

// Trace is a luatrace that is attached to something.
type Trace struct {
	PID int

	t              testing.TB
	cmd            *exec.Cmd
	pids           []int
	slept          map[int]bool // threads that waited for something before
	stdout, stderr fixture.Output
	done           chan struct{}
}

// Attach starts luatrace as cred with options and -p for each of the pids, and waits until it
// traces all of their threads, so that no call that is made from then on can be missed. Of
// processes that are at work all the time it waits only until they are seized. It is killed with
// the test if nobody has ended it.
func Attach(t testing.TB, cred *syscall.Credential, options []string, pids ...int) *Trace {
	t.Helper()
	argv := append([]string{fixture.Luatrace(t)}, options...)
	for _, pid := range pids {
		argv = append(argv, "-p", strconv.Itoa(pid))
	}
	tr := &Trace{t: t, cmd: command(cred, Dir(t, cred), argv...), pids: pids, slept: map[int]bool{}, done: make(chan struct{})}
	for _, pid := range pids {
		for _, tid := range threads(pid) {
			tr.slept[tid] = strings.HasPrefix(leak.Field(tid, "State"), "S")
		}
	}
	tr.cmd.Stdout, tr.cmd.Stderr = &tr.stdout, &tr.stderr
	if err := tr.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tr.PID = tr.cmd.Process.Pid
	go func() {
		tr.cmd.Wait()
		close(tr.done)
	}()
	t.Cleanup(func() {
		if !tr.ended() {
			tr.cmd.Process.Kill()
			<-tr.done
		}
	})
	until(t, fmt.Sprintf("luatrace %q to be attached to %v", options, pids), func() bool {
		if tr.ended() {
			t.Fatalf("luatrace ended (%v) instead of attaching: %s%s", tr.cmd.ProcessState, tr.stdout.String(), tr.stderr.String())
		}
		return tr.attached()
	})
	return tr
}

func (tr *Trace) ended() bool {
	select {
	case <-tr.done:
		return true
	default:
		return false
	}
}

// attached says whether every thread is traced and has been stopped once since, and been resumed:
// luatrace has seized it, and asked it to stop by the same token; it waits for reports, so that
// it has nothing left to ask for; and the thread, if it slept before, sleeps again. PTRACE_INTERRUPT
// wakes a thread before it returns, so that one which sleeps after luatrace has begun to wait has
// had its stop.
func (tr *Trace) attached() bool {
	for _, pid := range tr.pids {
		for _, tid := range threads(pid) {
			if !tr.traces(tid) {
				return false
			}
		}
	}
	if !tr.waits() {
		return false
	}
	for _, pid := range tr.pids {
		for _, tid := range threads(pid) {
			s := leak.Field(tid, "State")
			if strings.HasPrefix(s, "t") || tr.slept[tid] && s != "" && !strings.HasPrefix(s, "S") {
				return false
			}
		}
	}
	return tr.waits()
}

// traces says whether luatrace traces a thread. The kernel names the tracing thread, not its
// process.
func (tr *Trace) traces(tid int) bool {
	by := leak.Field(tid, "TracerPid")
	if by == "" || by == "0" {
		return false
	}
	_, err := os.Stat(fmt.Sprintf("/proc/%d/task/%s", tr.PID, by))
	return err == nil
}

// waits says whether a thread of luatrace sleeps in wait4: it is the one that traces.
func (tr *Trace) waits() bool {
	for _, tid := range threads(tr.PID) {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/syscall", tr.PID, tid))
		if nr, _, _ := strings.Cut(string(text), " "); nr == strconv.Itoa(unix.SYS_WAIT4) {
			return true
		}
	}
	return false
}

func threads(pid int) []int {
	var tids []int
	dirs, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*", pid))
	for _, dir := range dirs {
		if tid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids
}

// Stdout is what luatrace has written to stdout so far.
func (tr *Trace) Stdout() string { return tr.stdout.String() }

// Stderr is what luatrace has written to stderr so far: messages, and the trace unless -o leads it
// elsewhere. Rows come when luatrace has nothing better to do.
func (tr *Trace) Stderr() string { return tr.stderr.String() }

// Await waits until stderr contains text.
func (tr *Trace) Await(text string) {
	tr.t.Helper()
	until(tr.t, fmt.Sprintf("%q in luatrace's output", text), func() bool {
		if tr.ended() && !strings.Contains(tr.Stderr(), text) {
			tr.t.Fatalf("luatrace ended without %q: %s", text, tr.Stderr())
		}
		return strings.Contains(tr.Stderr(), text)
	})
}

// Interrupt ends luatrace as Ctrl-C does and returns what it has written. The test fails if it does
// not die of that signal, or leaves one of the processes traced or stopped.
func (tr *Trace) Interrupt() fixture.Result {
	tr.t.Helper()
	r := tr.End(syscall.SIGINT)
	if r.Signal != syscall.SIGINT {
		tr.t.Errorf("luatrace did not end by SIGINT: exit status %d, signal %d, stderr: %s", r.Code, r.Signal, r.Stderr)
	}
	for _, pid := range tr.pids {
		for _, tid := range threads(pid) {
			if by := leak.Field(tid, "TracerPid"); by != "" && by != "0" {
				tr.t.Errorf("thread %d of process %d is still traced, by %s", tid, pid, by)
			}
			if s := leak.Field(tid, "State"); strings.HasPrefix(s, "T") || strings.HasPrefix(s, "t") {
				tr.t.Errorf("thread %d of process %d was left in state %s", tid, pid, s)
			}
		}
	}
	return r
}

// End sends luatrace a signal, unless that is 0, waits until it has ended and returns what it has
// written and how it ended.
func (tr *Trace) End(sig syscall.Signal) fixture.Result {
	tr.t.Helper()
	if sig != 0 && !tr.ended() {
		tr.cmd.Process.Signal(sig)
	}
	select {
	case <-tr.done:
	case <-time.After(fixture.Timeout):
		tr.t.Fatalf("luatrace still runs; stderr: %s", tr.Stderr())
	}
	r := fixture.Result{Stdout: tr.Stdout(), Stderr: tr.Stderr(), Code: tr.cmd.ProcessState.ExitCode()}
	if ws := tr.cmd.ProcessState.Sys().(syscall.WaitStatus); ws.Signaled() {
		r.Signal = ws.Signal()
	}
	return r
}
