package tracer

import (
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// Resume lets the task of the last event run on. The request follows from the
// task's state alone: LISTEN for a group-stop, DETACH for a process that is to
// be let go, else SYSCALL or CONT, with the signal that is to be delivered.
func (t *Tracer) Resume(task *Task) {
	t.records()
	if task.dead && task.Proc.ended() && task.Proc.shown.letGo == 0 {
		t.forgetShown(task.Proc) // the event of its end has been dealt with
	}
	if task.dead || task.state != taskStopped || task.reaped.Load() {
		return
	}
	if task.Proc.detaching || t.detachAll {
		t.release(task)
		return
	}
	if task.entryStop && t.stepAside(task) {
		return
	}
	t.resume(task)
}

// resume is Resume for a task that stays traced.
func (t *Tracer) resume(task *Task) {
	if task.dead || task.state != taskStopped {
		return
	}
	if task.status.Kind == kernel.StatusGroup {
		task.state = taskListening
		kernel.Ptrace(unix.PTRACE_LISTEN, task.TID, 0, 0)
		return
	}
	if task.entryStop && !task.progress.skipped() {
		if g := task.Call.guard(); g != nil {
			t.guardCall(task, g)
		}
		if task.seccomp.own != nil {
			t.refuse(task)
		}
	}
	if task.status.Kind == kernel.StatusSignal && task.signal == task.status.Signal {
		t.repairIgnored(task)
	}
	req := unix.PTRACE_CONT
	if t.filtered {
		// The filter chooses the calls; what remains is the exit of a chosen
		// one, and the way to an upgraded one.
		if task.progress.stopsAtExit() || task.pending.onTheWay() {
			req = unix.PTRACE_SYSCALL
		} else {
			task.progress.end()
			if task.seccomp.strict == strictOn {
				req = unix.PTRACE_SYSCALL
			}
		}
	} else if t.Syscalls || task.launching || task.Proc.watched {
		req = unix.PTRACE_SYSCALL
	} else {
		task.progress.end() // nobody will see its exit
	}
	task.state = taskRunning
	if task.entryStop && task.progress.need == exitShown {
		task.progress.resumed = time.Now()
	}
	// ESRCH: killed while stopped. The death report follows.
	kernel.Ptrace(req, task.TID, 0, uintptr(task.signal))
}
