package tracer

import (
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// pendingCall is a call of a thread that nobody has, shown to the handler. The listener has
// no descriptor: what is sent goes nowhere.
func pendingCall(t *testing.T, nr int32, arg uint64) (*Tracer, Pending) {
	t.Helper()
	tr := newTracer(Options{})
	hold(t, tr)
	tr.listener = &listener{fd: -1, freed: &tr.freed}
	tr.inbox.ringing.Store(true) // no goroutine repeats a signal to this thread
	task := tr.newTask(kernel.FirstModelled-1, kernel.FirstModelled-1, nil, lifeBorn)
	n := notification{raw: kernel.Notification{ID: 1, PID: uint32(task.TID), NR: nr, Arch: nativeAudit, Args: [6]uint64{arg}}, freed: tr.freed.Load()}
	var ev Event
	if tr.notified(&n, &ev) != task {
		t.Fatal("the call is not shown")
	}
	return tr, Pending{tr: tr, task: task, id: 1}
}

// The first answer counts, and there are three.
func TestPendingIsAnsweredOnce(t *testing.T) {
	tests := []struct {
		name   string
		first  func(p Pending)
		state  pendingState
		posted int
	}{
		{"run", Pending.Run, pendingNone, 0},
		{"return", func(p Pending) { p.Return(-1) }, pendingNone, 0},
		{"stop", func(p Pending) { p.Stop("data") }, pendingAsked, 1}, // until the tracer's thread has been at it
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr, p := pendingCall(t, unix.SYS_GETPPID, 0)
			if !p.Task().Notified() {
				t.Error("the call does not wait for an answer")
			}
			tt.first(p)
			for _, again := range []func(Pending){Pending.Run, func(p Pending) { p.Return(0) }, func(p Pending) { p.Stop("other") }} {
				again(p)
				if state, posted := p.task.pending.state, tr.inbox.length(); state != tt.state || posted != tt.posted {
					t.Errorf("the state is %v, %d posted; want %v, %d", state, posted, tt.state, tt.posted)
				}
			}
			if tt.posted > 0 && p.task.pending.data != "data" {
				t.Errorf("the first Stop was for %v", p.task.pending.data)
			}
		})
	}
}

// A call that the tracer must see is stopped, however it is to run, and its stop is no event.
func TestPendingOfGuardedCallStops(t *testing.T) {
	for _, tt := range []struct {
		name  string
		nr    int32
		arg   uint64
		stops bool
	}{
		{"prctl that asks for the mode", unix.SYS_PRCTL, unix.PR_GET_SECCOMP, true},
		{"another prctl", unix.SYS_PRCTL, unix.PR_GET_NAME, false},
		{"clone of an untraced child", unix.SYS_CLONE, unix.CLONE_UNTRACED, true},
		{"getppid", unix.SYS_GETPPID, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr, p := pendingCall(t, tt.nr, tt.arg)
			p.Run()
			if stops := tr.inbox.length() == 1; stops != tt.stops {
				t.Errorf("it is stopped: %v", stops)
			}
			if p.task.pending.isEvent() {
				t.Error("the stop is an event")
			}
		})
	}
}

// An answer to a former notification of the task does nothing.
func TestPendingOfFormerNotification(t *testing.T) {
	_, p := pendingCall(t, unix.SYS_GETPPID, 0)
	old := p
	old.id++
	old.Run()
	old.Return(0)
	old.Stop("data")
	if !p.Task().Notified() || p.task.pending.data != nil {
		t.Errorf("the call has an answer: %+v", p.task.pending)
	}
}

// Answers cost no allocation, and neither does a stop after the task's first.
func TestAnswersDoNotAllocate(t *testing.T) {
	tr, p := pendingCall(t, unix.SYS_GETPPID, 0)
	task := p.task
	var data any = task
	answers := []func(){p.Run, func() { p.Return(1) }, func() { p.Stop(data) }}
	if n := testing.AllocsPerRun(100, func() {
		for _, answer := range answers {
			task.pending = pending{}
			task.pending.ask(1, &task.Call)
			answer()
		}
		for tr.inbox.length() > 0 {
			tr.inbox.take()
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
