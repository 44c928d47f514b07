package tracer

import (
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// Resume lets the task run on from the stop of an event. The request follows from the
// task's state alone: LISTEN for a group-stop, DETACH for a process that is to
// be let go, else SYSCALL or CONT, with the signal that is to be delivered. Nothing
// happens if the task was resumed already, or has ended. To resume it from an earlier stop is
// a fault of the caller: nothing happens, and where rules are checked it panics.
func (t *Tracer) Resume(s Stop) {
	t.records()
	task := s.task
	switch {
	case task == nil:
		return
	case s.isOld():
		s.checkOld()
		return
	case task.life.over() && task.Proc.ended() && task.Proc.shown.letGo == 0:
		t.forgetShown(task.Proc) // the event of its end has been dealt with
	}
	t.letRun(task)
}

// letRun is Resume from the present stop.
func (t *Tracer) letRun(task *Task) {
	if task.life.ended() || !task.stop.here() {
		return
	}
	if task.Proc.detaching || t.detachAll {
		t.release(task)
		return
	}
	if task.stop.isEntry() && t.stepAside(task) {
		return
	}
	t.resume(task)
}

// resume is letRun for a task that stays traced.
func (t *Tracer) resume(task *Task) {
	if task.life.over() || !task.stop.here() {
		return
	}
	if task.stop.kind == stopGroup {
		task.stop = stop{kind: stopListening}
		kernel.Ptrace(unix.PTRACE_LISTEN, task.TID, 0, 0)
		return
	}
	if task.stop.isEntry() && !task.progress.skipped() {
		if g := task.Call.guard(); g != nil {
			t.guardCall(task, g)
		}
		if task.seccomp.own != nil {
			t.refuse(task)
		}
	}
	if task.stop.kind == stopSignal && task.stop.signal == task.stop.reported {
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
	} else if t.Syscalls || task.life.is(lifeGated) || task.Proc.aside.watched {
		req = unix.PTRACE_SYSCALL
	} else {
		task.progress.end() // nobody will see its exit
	}
	if task.stop.isEntry() && task.progress.need == exitShown {
		task.progress.resumed = time.Now()
	}
	signal := task.stop.signal
	task.stop = stop{}
	// ESRCH: killed while stopped. The death report follows.
	kernel.Ptrace(req, task.TID, 0, uintptr(signal))
}
