package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// straced runs luatrace under strace and returns the lines of the system calls
// that strace was asked for, each with the number of its thread.
func straced(t *testing.T, calls string, args ...string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "calls")
	argv := append([]string{"-f", "-q", "-o", file, "-e", "signal=none", "-e", "trace=" + calls, fixture.Luatrace(t)}, args...)
	if out, err := exec.Command("strace", argv...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// TestChildSparesItselfCalls is about what the tracer's child does before its
// execve: behind its gate, where it is traced, each call has two stops. Without CLONE_CLEAR_SIGHAND
// the Go runtime puts some sixty handlers away in it. (strace keeps the child from luatrace, which
// makes another and ends this one, wherever it is.)
func TestChildSparesItselfCalls(t *testing.T) {
	t.Parallel()
	children, limited := map[string]int{}, map[string]bool{}
	lines := straced(t, "clone3,rt_sigaction,prlimit64,read", "-e", "", "true")
	forking := "" // the thread whose clone3 has begun
	for _, line := range lines {
		tid, call, _ := strings.Cut(line, " ")
		if strings.Contains(call, "CLONE_CLEAR_SIGHAND") {
			forking = tid
		}
		if _, child, ok := strings.Cut(call, " = "); ok && tid == forking && strings.Contains(call, "clone3") {
			children[strings.TrimSpace(child)] = 0
			forking = ""
		}
	}
	for _, line := range lines {
		tid, call, _ := strings.Cut(line, " ")
		if n, ok := children[tid]; ok && strings.Contains(call, "SIG_DFL") { // SIG_IGN is for what luatrace inherited
			children[tid] = n + 1
		} else if ok && strings.Contains(call, "RLIMIT_NOFILE") {
			limited[tid] = true
		} else if ok && strings.Contains(call, "read(") {
			if !limited[tid] {
				t.Errorf("child %s waits at its gate, and its limit is not set", tid)
			}
		}
	}
	if len(children) == 0 {
		t.Fatalf("luatrace made no child with CLONE_CLEAR_SIGHAND:\n%s", strings.Join(lines, "\n"))
	}
	for tid, n := range children {
		if n > 0 {
			t.Errorf("child %s put %d handlers away", tid, n)
		}
	}
}
