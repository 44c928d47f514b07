package tracer

import (
	"errors"
	"os/exec"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
)

// shown is what /proc shows of a process, by all ways to ask.
func shown(p *Process, task *Task) []string {
	file, _ := p.ProcFile("comm")
	names, _ := p.List("fd")
	out := []string{task.Comm(), p.Comm(), p.Exe(), p.Cwd(), p.FD(0), task.FD(0), p.NetNamespace(), string(file)}
	if slices.Contains(names, "0") {
		return append(out, "fds")
	}
	return append(out, "")
}

// Of a process whose end was collected nothing is shown, unless what it was is still held
// open: then what the kernel keeps of it until its parent collects it, its name.
func TestShownAfterTheEnd(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		var task *Task
		var alive, dead, later []string
		var err error
		rec, runErr := traceCommand(t, Options{}, false, []string{"true"}, func(tr *Tracer, ev *Event) {
			switch ev.Kind {
			case EventExec:
				task = ev.Task
				if keep {
					task.Proc.KeepShown()
				}
				alive = shown(task.Proc, task)
			case EventDeath:
				dead = shown(task.Proc, task)
				_, err = task.Proc.ReadMemory(1<<20, make([]byte, 8))
				tr.Resume(ev.Stop)
				later = shown(task.Proc, task)
			default: // not looked at
			}
		})
		if runErr != nil || !rec.ended {
			t.Fatal(runErr)
		}
		if slices.Contains(alive, "") || alive[0] != "true" {
			t.Errorf("alive: %q", alive)
		}
		if !slices.Equal(dead, make([]string, len(dead))) || !slices.Equal(later, dead) || !errors.Is(err, unix.ESRCH) {
			t.Errorf("kept %v: after the end %q, then %q, %v", keep, dead, later, err)
		}
	}
}

// A process that was let go is shown, with an open directory or without, and after its
// end it is not.
func TestShownAfterLettingGo(t *testing.T) {
	t.Parallel()
	for _, scarce := range []bool{false, true} {
		cmd := exec.Command("cat")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var before, after, ended []string
		err = Run(Options{}, func(tr *Tracer) error {
			p, err := tr.Attach(cmd.Process.Pid)
			if err != nil {
				return err
			}
			task := tr.Task(cmd.Process.Pid)
			before = shown(p, task)
			dir, err := proc().Hold(p.PID)
			if err != nil {
				return err
			}
			started, err := dir.Started()
			dir.Close()
			for err == nil { // without a descriptor it must be older than it is let go
				var now unix.Timespec
				if err = unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); uint64(now.Nano())/1e7 > started {
					break
				}
			}
			if err != nil {
				return err
			}
			tr.DetachAll()
			if scarce {
				tr.forgetShown(p)
			}
			after = shown(p, task)
			in.Close()
			cmd.Wait()
			ended = shown(p, task)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(before, "") || !slices.Equal(after, before) || !slices.Equal(ended, make([]string, len(ended))) {
			t.Errorf("scarce %v: %q, let go %q, ended %q", scarce, before, after, ended)
		}
	}
}

// One that was made after a process was let go is not that one, though it has its number.
func TestShownIsAnother(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	err = Run(Options{}, func(tr *Tracer) error {
		p := &Process{PID: cmd.Process.Pid, tr: tr}
		task := &Task{TID: p.PID, Proc: p, tr: tr}
		task.life.now.Store(uint32(lifeReleased))
		p.shown.letGo = 1 // a hundredth of a second after the system was started
		if got := shown(p, task); !slices.Equal(got, make([]string, len(got))) {
			t.Errorf("%q", got)
		}
		if err := p.Look(func(procfs.Place) error { return nil }); !errors.Is(err, unix.ESRCH) {
			t.Errorf("%v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
