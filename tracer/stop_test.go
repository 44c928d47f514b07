package tracer

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// TestStopOf: which stop a wait status is.
func TestStopOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status uint32
		want   stop
	}{
		{stopStatus(unix.SIGTRAP|0x80, 0), stop{kind: stopCall}},
		{stopStatus(unix.SIGTRAP, unix.PTRACE_EVENT_SECCOMP), stop{kind: stopCall}},
		{stopStatus(unix.SIGUSR1, 0), stop{kind: stopSignal, reported: unix.SIGUSR1, signal: unix.SIGUSR1}},
		{stopStatus(unix.SIGTRAP, 0), stop{kind: stopSignal, reported: unix.SIGTRAP, signal: unix.SIGTRAP}},
		{stopStatus(unix.SIGTSTP, unix.PTRACE_EVENT_STOP), stop{kind: stopGroup, event: unix.PTRACE_EVENT_STOP}},
		{stopStatus(unix.SIGTRAP, unix.PTRACE_EVENT_STOP), stop{kind: stopEvent, event: unix.PTRACE_EVENT_STOP}},
		{stopStatus(unix.SIGTRAP, unix.PTRACE_EVENT_VFORK), stop{kind: stopFork, event: unix.PTRACE_EVENT_VFORK}},
		{stopStatus(unix.SIGTRAP, unix.PTRACE_EVENT_EXEC), stop{kind: stopExec, event: unix.PTRACE_EVENT_EXEC}},
		{stopStatus(unix.SIGTRAP, unix.PTRACE_EVENT_VFORK_DONE), stop{kind: stopOther, event: unix.PTRACE_EVENT_VFORK_DONE}},
		{stopStatus(unix.SIGTRAP, 99), stop{kind: stopOther, event: 99}},
	} {
		if got := stopOf(kernel.DecodeStatus(c.status)); got != c.want {
			t.Errorf("%#x: %+v, want %+v", c.status, got, c.want)
		}
	}
}

// TestStopAllows: what may be changed at each kind of stop.
func TestStopAllows(t *testing.T) {
	t.Parallel()
	for kind := range stopKind(len(stopNames)) {
		want := [...]error{errNotAtEntry, errNotAtExit, errNotAtSignal, errNoSignal}
		switch kind {
		case stopEntry:
			want[changeCall], want[raiseSignal] = nil, nil
		case stopFilterEntry:
			want[changeCall] = nil
		case stopExit:
			want[changeResult], want[raiseSignal] = nil, nil
		case stopSignal:
			want[changeSignal] = nil
		default: // nothing can be changed
		}
		s := stop{kind: kind}
		for c, err := range want {
			if got := s.allows(change(c)); !errors.Is(got, err) {
				t.Errorf("%v: change %d: %v, want %v", kind, c, got, err)
			}
		}
		if s.isEntry() != (kind == stopEntry || kind == stopFilterEntry) || s.here() != (kind != stopNone && kind != stopListening) {
			t.Errorf("%v: an entry %v, stopped %v", kind, s.isEntry(), s.here())
		}
	}
}

// TestStopNamed: what PTRACE_GET_SYSCALL_INFO makes of a syscall-stop.
func TestStopNamed(t *testing.T) {
	t.Parallel()
	for op, want := range map[uint8]stopKind{kernel.SysInfoNone: stopCall, kernel.SysInfoEntry: stopEntry, kernel.SysInfoExit: stopExit, kernel.SysInfoSeccomp: stopFilterEntry} {
		if got := (stop{kind: stopCall}).named(op); got.kind != want {
			t.Errorf("%d: %v, want %v", op, got.kind, want)
		}
	}
}

// stopping is a driver with one task, which makes signal-delivery-stops.
func stopping(t *testing.T) (d *driver, th *modelThread, stopNow func() Event) {
	d = newDriver(t, nil)
	t.Cleanup(func() { allMachines.remove(d.m) })
	th = d.m.newThread(nil, nil)
	th.traced = true
	d.tr.newTask(th.tid, th.tid, nil, lifeBorn)
	return d, th, func() (ev Event) {
		th.stop(stopStatus(unix.SIGUSR1, 0), kernel.SysInfoNone, "")
		th.take()
		if !d.tr.handleQueued(&ev) {
			t.Fatal("no event")
		}
		return ev
	}
}

// TestResumeOfOldStop: a stop that is over is no reason to resume the task from a later one.
func TestResumeOfOldStop(t *testing.T) {
	t.Parallel()
	d, th, stopNow := stopping(t)
	first := stopNow()
	d.tr.Resume(first.Stop)
	if th.state != modelRunning {
		t.Fatal("not resumed")
	}
	d.tr.Resume(first.Stop) // nothing is left to resume
	second := stopNow()
	if first.Stop == second.Stop || !first.Stop.isOld() || second.Stop.isOld() {
		t.Fatalf("stops %v and %v", first.Stop, second.Stop)
	}
	if text := panics(func() { d.tr.Resume(first.Stop) }); !strings.Contains(text, "is resumed from stop 1, but is in stop 2") {
		t.Errorf("an old stop: %q", text)
	}
	if th.state != modelStopped {
		t.Error("resumed from an old stop")
	}
	d.tr.Resume(Stop{}) // an event without a task
	d.tr.Resume(second.Stop)
	if th.state != modelRunning {
		t.Error("not resumed")
	}
}

// TestResumeAfterDeath: who is killed while a hook keeps it stopped is not resumed, and that is no
// fault of the caller.
func TestResumeAfterDeath(t *testing.T) {
	t.Parallel()
	d, th, stopNow := stopping(t)
	kept := stopNow()
	th.group.kill(uint32(unix.SIGKILL))
	th.take()
	d.tr.Resume(kept.Stop) // its death was collected
	if !kept.Task.life.is(lifeReaped) {
		t.Errorf("%v", life(kept.Task.life.now.Load()))
	}
	var ev Event
	if !d.tr.handleQueued(&ev) || ev.Kind != EventDeath {
		t.Fatalf("%+v", ev)
	}
	d.tr.Resume(kept.Stop)
	d.tr.Resume(ev.Stop)
	if !kept.Task.life.is(lifeDead) {
		t.Errorf("%v", life(kept.Task.life.now.Load()))
	}
}

// TestStopAllocatesNothing: a call's two stops take no memory on the way from the report to the
// resume, but for what the made-up kernel takes.
func TestStopAllocatesNothing(t *testing.T) {
	d := newDriver(t, nil)
	defer allMachines.remove(d.m)
	d.m.trace = func(string, ...any) {}
	d.tr.Syscalls = true
	th := d.m.newThread(nil, nil)
	th.traced, th.nr = true, modelGetpid
	d.tr.newTask(th.tid, th.tid, nil, lifeBorn)
	status := stopStatus(unix.SIGTRAP|0x80, 0)
	madeUp := testing.AllocsPerRun(100, func() {
		for _, op := range []uint8{kernel.SysInfoEntry, kernel.SysInfoExit} {
			th.stop(status, op, "")
			th.ready = false
			th.resume(unix.PTRACE_SYSCALL, 0)
		}
	})
	var ev Event
	both := testing.AllocsPerRun(100, func() {
		for _, op := range []uint8{kernel.SysInfoEntry, kernel.SysInfoExit} {
			th.stop(status, op, "")
			th.take()
			if !d.tr.handleQueued(&ev) {
				t.Fatal("no event")
			}
			d.tr.Resume(ev.Stop)
		}
	})
	if both > madeUp {
		t.Errorf("%v allocations, of which the made-up kernel makes %v", both, madeUp)
	}
}
