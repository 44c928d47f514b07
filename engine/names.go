package engine

import (
	"os"

	"luatrace/tracer"
	"luatrace/tracer/procfs"
)

// Comm returns the thread's name: now, or of a thread that has ended the last
// one known. The kernel forgets it as soon as the parent has collected the
// process, which may be before the hooks of proc:exit run.
func (t *Task) Comm() string {
	name := t.Task.Comm()
	if name == "" && t.Dead() {
		return t.name
	}
	t.name = name
	return name
}

// ParentPID returns the process id of the parent now; of a task that is gone,
// that of the process which created its own.
func (t *Task) ParentPID() int { return t.Proc.parent(t.Task.ParentPID()) }

// ParentPID is Task.ParentPID for a process.
func (p *Proc) ParentPID() int { return p.parent(p.Process.ParentPID()) }

func (p *Proc) parent(pid int) int {
	switch {
	case pid != 0:
		return pid
	case p.IsCommand():
		return os.Getpid()
	case p.Creator() != nil:
		return p.Creator().PID()
	}
	return 0
}

// rememberProgram keeps name and program of a new task, or of one that runs a
// new program, for its end, if a hook is going to look at that: /proc knows
// nothing of it then.
func (e *Engine) rememberProgram(t *Task) {
	if e.wantsEnds && procfs.Default().View() != procfs.None {
		t.Proc.KeepShown()
		t.Comm()
		t.Proc.exe = t.Exe()
	}
}

// pidName returns the name of any process or thread, "" if there is none.
func pidName(pid int) string { return tracer.ProcessComm(pid) }
