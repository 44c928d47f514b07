package engine

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer"
)

// A command that was let go runs on without being waited for, and is no zombie
// when it has ended.
func TestLetGoCommandIsCollected(t *testing.T) {
	t.Parallel()
	gate := filepath.Join(t.TempDir(), "gate")
	if err := unix.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	e, pid := New(Options{NoFilter: "a test"}), 0
	hook(t, e, "openat:enter", func(ev *Event) error {
		pid = ev.Task.Proc.PID()
		ev.Engine().Stop()
		return nil
	})
	res, err := e.Run(t.Context(), Target{Command: &tracer.Command{Path: "/bin/sh", Argv: []string{"sh", "-c", `read line <"$1"`, "sh", gate}, Env: os.Environ()}})
	if err != nil || res.Finished || pid == 0 {
		t.Fatalf("%+v, %v, process %d; want an end before the command's", res, err, pid)
	}
	if err := os.WriteFile(gate, []byte("go on\n"), 0); err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(time.Minute); unix.Kill(pid, 0) != unix.ESRCH; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the command is a zombie")
		}
	}
}
