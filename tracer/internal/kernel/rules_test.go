package kernel

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/leak"
)

func TestMain(m *testing.M) {
	CheckRules()
	leak.Main(m)
}

// TestRulesAreChecked: a request from another thread than the tracer's is found.
func TestRulesAreChecked(t *testing.T) {
	t.Parallel()
	panics := func(f func()) (value any) {
		defer func() { value = recover() }()
		f()
		return nil
	}
	if v := panics(func() { Ptrace(unix.PTRACE_CONT, 1, 0, 0) }); v == nil || !strings.Contains(fmt.Sprint(v), "PTRACE_CONT") {
		t.Errorf("a request from anywhere: %v", v)
	}
}
