package main

import (
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// --version -v says what an older kernel lacks, and what luatrace does without it.
func TestVersionOfOlderKernels(t *testing.T) {
	t.Parallel()
	old, tool := fixture.Build(t, "oldkernel"), fixture.Luatrace(t)
	for version, missing := range map[string]string{
		"5.2":  "PTRACE_GET_SYSCALL_INFO CLONE_CLEAR_SIGHAND pidfd_getfd SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV PIDFD_THREAD PTRACE_SET_SYSCALL_INFO",
		"5.5":  "pidfd_getfd SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV PIDFD_THREAD PTRACE_SET_SYSCALL_INFO",
		"5.18": "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV PIDFD_THREAD PTRACE_SET_SYSCALL_INFO",
		"6.8":  "PIDFD_THREAD PTRACE_SET_SYSCALL_INFO",
		"6.15": "PTRACE_SET_SYSCALL_INFO",
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			r := fixture.Run(t, old, version, tool, "--version", "-v")
			var got []string
			for _, line := range strings.Split(r.Stdout, "\n") {
				if f := strings.Fields(line); len(f) > 3 && f[2] == "missing" {
					got = append(got, f[0])
				}
			}
			if r.Code != 0 || r.Stderr != "" || strings.Join(got, " ") != missing {
				t.Errorf("exit status %d, stderr %q, missing %v; want %s", r.Code, r.Stderr, got, missing)
			}
		})
	}
}
