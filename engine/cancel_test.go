package engine

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine/plan"
	"luatrace/tracer"
)

// TestCancel: a context that is done ends a trace as Stop does. Without a filter the command
// runs on untraced; under one it runs on without hooks, and its end is waited for.
func TestCancel(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"Stop", "cancel"} {
		for _, unfiltered := range []plan.Reason{"a test", ""} {
			name := end + " under a filter"
			if unfiltered != "" {
				name = end
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				gate := filepath.Join(t.TempDir(), "gate")
				if err := unix.Mkfifo(gate, 0o600); err != nil {
					t.Fatal(err)
				}
				open := func() {
					if err := os.WriteFile(gate, []byte("go on\n"), 0); err != nil {
						t.Error(err)
					}
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				e, pid, moved := New(Options{NoFilter: unfiltered}), 0, 0
				stop := map[string]func(){"Stop": e.Stop, "cancel": cancel}[end]
				hook(t, e, "openat:enter", func(ev *Event) error {
					if pid == 0 {
						pid = ev.Task.Proc.PID()
						stop()
					}
					return nil
				})
				hook(t, e, "chdir", func(*Event) error { moved++; return nil })
				opened := make(chan struct{})
				if unfiltered == "" {
					go func() { // once the engine has heard of it
						defer close(opened)
						for !e.Stopping() {
							time.Sleep(time.Millisecond)
						}
						open()
					}()
				}
				const script = `read line <"$1"; cd /; exit 3`
				res, err := e.Run(ctx, Target{Command: &tracer.Command{Path: "/bin/sh", Argv: []string{"sh", "-c", script, "sh", gate}, Env: os.Environ()}})
				if err != nil || pid == 0 || res.Signal != 0 || moved != 0 {
					t.Fatalf("%+v, %v, process %d, %d calls after the end", res, err, pid, moved)
				}
				if unfiltered == "" {
					if <-opened; !res.Finished || res.Exit.Code != 3 {
						t.Errorf("%+v; want the command's end", res)
					}
					return
				}
				if err := unix.Kill(pid, 0); res.Finished || err != nil {
					t.Errorf("%+v, %v; want an end before the command's", res, err)
				}
				open()
				for limit := time.Now().Add(time.Minute); unix.Kill(pid, 0) != unix.ESRCH; time.Sleep(time.Millisecond) {
					if time.Now().After(limit) {
						t.Fatal("the command does not end")
					}
				}
			})
		}
	}
}

// TestCancelledBefore: with a context that is done nothing is started, and the begin and end
// hooks run.
func TestCancelledBefore(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e, ran := New(Options{}), ""
	hook(t, e, "begin", func(*Event) error { ran += "begin "; return nil })
	hook(t, e, "end", func(*Event) error { ran += "end"; return nil })
	hook(t, e, "proc:exec", func(*Event) error { ran += "exec "; return nil })
	res, err := e.Run(ctx, Target{Command: &tracer.Command{Path: "/bin/true", Argv: []string{"true"}}})
	if err != nil || res.Finished || ran != "begin end" {
		t.Errorf("%+v, %v, %q", res, err, ran)
	}
}
