package engine

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
)

// lastCalls attaches to the fixture lastcalls, has all of its threads do what they
// are there for while a hook keeps the tracer from looking, and ends the trace. It
// returns what hooks saw from then on: of which threads which exits and ends, and
// which calls were in progress.
func lastCalls(t *testing.T, end func(e *Engine)) (seen, pending []string) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(fixture.Build(t, "lastcalls"), dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	if _, err := io.ReadFull(stdout, make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	gates := map[string]*os.File{"in": nil, "begin": nil}
	for name := range gates {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		gates[name] = f
	}
	children := leak.Descendants(cmd.Process.Pid)
	if len(children) != 1 {
		t.Fatalf("children: %v", children)
	}

	e := New(Options{Report: func(m string) { t.Errorf("reported: %s", m) }})
	e.KeepTasks()
	entered := map[string]bool{}
	all, writes, asked, ended := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
	hook(t, e, "read,write,pause:enter", func(ev *Event) error {
		if entered[comm(ev.Task.TID())] = true; len(entered) == 5 {
			close(all)
			entered = map[string]bool{}
		}
		if ev.Name() == "write" {
			close(writes)
		}
		return nil
	})
	over := false
	hook(t, e, "getppid:enter", func(*Event) error {
		close(asked)
		<-ended
		over = true
		end(e)
		return nil
	})
	hook(t, e, "read,write,pause", func(ev *Event) error {
		if over {
			seen = append(seen, fmt.Sprintf("%s %s %d", comm(ev.Task.TID()), ev.Name(), ev.Ret))
			if ev.Task.Pending() != nil {
				t.Errorf("%s has returned and is in progress", ev.Name())
			}
		}
		return nil
	})
	hook(t, e, "proc:exit", func(ev *Event) error {
		seen = append(seen, fmt.Sprintf("%v ended by %v", ev.Task.TID() == children[0], ev.Exit.Signal))
		return nil
	})
	hook(t, e, "end", func(*Event) error {
		for _, task := range e.AllTasks() {
			if p := task.Pending(); p != nil {
				pending = append(pending, comm(task.TID())+" "+p.Event.Name())
			}
			if task.TID() == children[0] {
				pending = append(pending, "the dead child")
			}
		}
		return nil
	})
	done := make(chan error)
	go func() {
		_, err := e.Run(t.Context(), Target{PIDs: []int{cmd.Process.Pid, children[0]}})
		done <- err
	}()
	<-all
	gates["begin"].Write([]byte("x"))
	<-writes
	for !stateIs(cmd.Process.Pid, "writes", "S") {
		time.Sleep(time.Millisecond)
	}
	stdin.Write([]byte("x"))
	<-asked
	gates["in"].Write([]byte("x"))
	unix.Kill(children[0], unix.SIGKILL)
	for !stateIs(cmd.Process.Pid, "reads", "t") || !stateIs(children[0], "dies", "Z") {
		time.Sleep(time.Millisecond)
	}
	close(ended)
	if err := <-done; err != nil {
		t.Error(err)
	}
	slices.Sort(seen)
	slices.Sort(pending)
	return seen, pending
}

func comm(tid int) string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(tid) + "/comm")
	return strings.TrimSpace(string(text))
}

// stateIs says whether a thread of a process that has this name is in a state.
func stateIs(pid int, name, state string) bool {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, f := range files {
		text, _ := os.ReadFile(f)
		if strings.Contains(string(text), "("+name+") "+state+" ") {
			return true
		}
	}
	return false
}

// When a signal or --for ends the trace, hooks see the calls that had an effect, also those
// that nobody had looked at by then, and ends of processes; not calls that only the
// detaching interrupts, which are in progress.
func TestLastCalls(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(e *Engine){
		"signal": func(e *Engine) { e.Signal(unix.SIGINT) },
		"time":   func(e *Engine) { e.timeUp(&Timer{}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen, pending := lastCalls(t, end)
			if want := []string{"reads read 1", "true ended by killed", "writes write 65536"}; !slices.Equal(seen, want) {
				t.Errorf("hooks saw %q, want %q", seen, want)
			}
			if want := "pauses pause"; !slices.Contains(pending, want) || slices.ContainsFunc(pending, func(s string) bool {
				return s == "reads read" || s == "writes write" || s == "the dead child"
			}) {
				t.Errorf("in progress are %q, want %q among them and nothing that hooks saw the end of", pending, want)
			}
		})
	}
}

// A script that ends the trace has seen what it wanted.
func TestLastCallsOfStop(t *testing.T) {
	t.Parallel()
	seen, pending := lastCalls(t, func(e *Engine) { e.Stop() })
	if len(seen) != 0 || !slices.Contains(pending, "writes write") {
		t.Errorf("hooks saw %q, in progress are %q", seen, pending)
	}
}
