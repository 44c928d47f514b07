// Package leak makes a package's tests fail when they leave something behind: a process or an
// open file descriptor.
//
// Main runs the tests in a child of the test binary. The outer process is a child subreaper
// (prctl(2)), so a daemon or an orphan of a killed tracer comes to it instead of to init, and
// it can tell what still lives when the tests are over. An orphan that has ended is nobody's
// fault; a child of the tests themselves that has not been waited for is, dead or alive.
package leak

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// innerVariable marks the process that runs the tests.
const innerVariable = "LUATRACE_LEAK_INNER"

// raceVariable has options of the race detector. A program that is built with it
// sleeps for a second at its end by default, also each luatrace that tests start.
const raceVariable = "GORACE"

// grace is how long something may take to go away after the last test: a goroutine may be
// closing a file, a killed process may be dying, on a machine that is busy with much else.
const grace = 10 * time.Second

// Main runs the tests of a package and exits: with their status, or with 1 and a line on
// stderr for each process (pid, comm, state) and descriptor (number, what it is) they left.
// Processes that are left are killed. It is for TestMain:
//
//	func TestMain(m *testing.M) { leak.Main(m) }
//
// While fuzzing it only runs the tests, since the fuzzer manages processes of its own.
func Main(m *testing.M) {
	switch {
	case fuzzing(os.Args[1:]):
		os.Exit(m.Run())
	case os.Getenv(innerVariable) != "":
		// not for what the tests start
		os.Unsetenv(innerVariable)
		os.Exit(inner(m.Run))
	default:
		os.Exit(outer(os.Args))
	}
}

// fuzzing tells whether the arguments make this process a fuzzing coordinator or worker.
func fuzzing(args []string) bool {
	for _, a := range args {
		a = strings.TrimPrefix(strings.TrimPrefix(a, "-"), "-")
		if name, value, ok := strings.Cut(a, "="); name == "test.fuzzworker" || name == "test.fuzz" && (!ok || value != "") {
			return true
		}
	}
	return false
}

// inner runs the tests and reports the descriptors and the own children they left.
func inner(run func() int) int {
	// The first pipe makes the Go runtime open its epoll descriptors, which stay.
	if r, w, err := os.Pipe(); err == nil {
		r.Close()
		w.Close()
	}
	before := openFDs()
	code := run()
	var found []string
	for end := time.Now().Add(grace); ; time.Sleep(20 * time.Millisecond) {
		found = append(newFDs(before, openFDs()), leftProcesses(os.Getpid(), false)...)
		if len(found) == 0 || time.Now().After(end) {
			break
		}
	}
	return verdict(code, found)
}

// verdict prints what was left and turns a status of success into one of failure.
func verdict(code int, found []string) int {
	for _, f := range found {
		fmt.Fprintf(os.Stderr, "leak: the tests left %s\n", f)
	}
	if len(found) > 0 && code == 0 {
		return 1
	}
	return code
}

// outer runs the test binary again and looks afterwards for orphans that live.
func outer(args []string) int {
	// Pdeathsig is about the thread that forked, so it has to stay.
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintf(os.Stderr, "leak: prctl(PR_SET_CHILD_SUBREAPER): %v\n", err)
		return 1
	}
	exe, err := os.Executable()
	if err != nil {
		fmt.Fprintf(os.Stderr, "leak: %v\n", err)
		return 1
	}
	cmd := exec.Command(exe, args[1:]...)
	cmd.Args[0] = args[0]
	cmd.Env = append(os.Environ(), innerVariable+"=1")
	if os.Getenv(raceVariable) == "" {
		cmd.Env = append(cmd.Env, raceVariable+"=atexit_sleep_ms=0")
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	// The go command asks for tracebacks by SIGQUIT when a test takes too long.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGQUIT, unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	if err := cmd.Start(); err != nil {
		fmt.Fprintf(os.Stderr, "leak: %v\n", err)
		return 1
	}
	go func() {
		for s := range signals {
			cmd.Process.Signal(s)
		}
	}()
	code := 0
	if err := cmd.Wait(); err != nil {
		code = 1
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			fmt.Fprintf(os.Stderr, "leak: %v\n", err)
		} else if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			fmt.Fprintf(os.Stderr, "leak: the test process died of %v\n", ws.Signal())
		} else {
			code = exit.ExitCode()
		}
	}
	return verdict(code, orphans())
}

// orphans reaps the dead among the adopted processes, names those that still live after the
// grace time, and kills them.
func orphans() []string {
	for end := time.Now().Add(grace); ; time.Sleep(20 * time.Millisecond) {
		reap()
		left := leftProcesses(os.Getpid(), true)
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(end) {
			killDescendants(os.Getpid())
			return left
		}
	}
}

// reap waits for every child that has ended.
func reap() {
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil)
		if err == unix.EINTR {
			continue
		}
		if pid <= 0 {
			return
		}
	}
}

// killDescendants kills every descendant until there is none, and reaps them. Each is a
// process that the tests started.
func killDescendants(root int) {
	for end := time.Now().Add(grace); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		list := descendants(root, processes())
		if len(list) == 0 {
			return
		}
		for _, p := range list {
			unix.Kill(p.pid, unix.SIGKILL)
		}
		reap()
	}
}
