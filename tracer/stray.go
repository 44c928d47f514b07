package tracer

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// The flags of a clone3 lie in memory, which another thread can write to between our
// look at them and the kernel's. A child that is made with CLONE_UNTRACED so is
// not reported. It is found afterwards, and attached to: when the call returns
// without a report of the child, and when it asks the listener.

// birth says whether a task is making a child.
type birth uint8

const (
	birthNone    birth = iota
	birthAwaited       // in a clone3 that should be reported before it returns
)

// follows says whether children are traced.
func (t *Tracer) follows() bool { return t.options&unix.PTRACE_O_TRACECLONE != 0 }

// postsStray is for a notification that is none to show. If it comes from a thread
// that should be traced and is not, the tracer's thread attaches to it before the
// call is answered: then it returns true. It needs the lock.
func (t *Tracer) postsStray(n *notification) bool {
	tid := int(n.raw.PID)
	if !t.follows() || t.detachAll || t.tasks[tid] != nil || !t.listener.valid(n.raw.ID) {
		return false
	}
	id := n.raw.ID
	t.inbox.post(func() {
		if t.takeStray(tid) == nil {
			t.listener.restart(id)
		} else {
			t.listener.proceed(id)
		}
	})
	return true
}

// errEnded is why a stray can't be attached to that was found too late.
var errEnded = errors.New("it has ended")

// takeStray attaches to a thread that should have been traced from its birth, and to
// the others of its process.
func (t *Tracer) takeStray(tid int) error {
	if t.tasks[tid] != nil {
		return nil // found meanwhile
	}
	pid := threadGroup(tid)
	if pid == 0 || strings.HasPrefix(statusField(tid, "State"), "Z") {
		return errEnded
	}
	if t.isLetGo(pid) {
		return unix.EPERM
	}
	known := t.procs[pid] != nil
	if e := t.seize(tid, pid); e != 0 {
		if e != unix.ESRCH && !isTraced(tid) {
			t.tellStray(pid, e)
		}
		return e
	}
	if !known {
		t.seizeThreads(t.procs[pid])
	}
	t.tellStray(pid, nil)
	return nil
}

func (t *Tracer) tellStray(pid int, err error) {
	if t.OnStray != nil {
		t.OnStray(pid, err)
	}
}

// settleBirth looks for the child of a clone3 that has returned without a report of
// one. nr is the child's number for the caller, 0 if the call's exit was not seen: then it
// may have failed.
func (t *Tracer) settleBirth(task *Task, nr int) {
	awaited := task.progress.birth == birthAwaited
	task.progress.birth = birthNone
	if !awaited || task.Proc.detaching || t.detachAll {
		return
	}
	found := 0
	depth := len(namespaceIDs(task.TID))
	for _, tid := range t.unknownOf(task.Proc) {
		if ids := namespaceIDs(tid); nr == 0 || depth > 0 && len(ids) >= depth && ids[depth-1] == nr {
			if t.takeStray(tid) == nil {
				found++
			}
		}
	}
	if nr != 0 && found == 0 && t.takeStray(nr) != nil { // a child of the caller's parent has the number that it has for us
		t.tellStray(task.Proc.PID, errEnded)
	}
}

// seekStrays is settleBirth for calls of a process whose exit nobody has seen.
func (t *Tracer) seekStrays(p *Process) {
	if p.tasks == 0 || p.detaching || t.detachAll {
		return
	}
	for _, tid := range t.unknownOf(p) {
		t.takeStray(tid)
	}
}

// unknownOf are the threads of a process and its children that have no record, but for
// those that were there before this process.
func (t *Tracer) unknownOf(p *Process) []int {
	var unknown []int
	since := ticksOfStart(os.Getpid())
	add := func(tid int) {
		if t.tasks[tid] == nil && ticksOfStart(tid) >= since {
			unknown = append(unknown, tid)
		}
	}
	tids, _ := threads(p.PID)
	for _, tid := range tids {
		add(tid)
		for _, child := range proc().Children(p.PID, tid) {
			add(child)
		}
	}
	return unknown
}
