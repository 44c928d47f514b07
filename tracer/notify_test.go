package tracer

import (
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/internal/reports"
)

// A notification is asked about only if a thread's id was freed since it came: with
// this listener, which has no descriptor, whoever asks hears that nobody waits.
func TestNotificationIsCheckedAfterDeaths(t *testing.T) {
	t.Parallel()
	for name, report := range map[string]uint32{
		"death": uint32(unix.SIGKILL), "exec": stopStatus(unix.SIGTRAP, unix.PTRACE_EVENT_EXEC), "stop": stopStatus(unix.SIGUSR1, 0),
	} {
		tr := newTracer(Options{})
		hold(t, tr)
		tr.listener = &listener{fd: -1, freed: &tr.freed}
		task := tr.newTask(kernel.FirstModelled-1, kernel.FirstModelled-1, nil, lifeBorn)
		n := notification{raw: kernel.Notification{ID: 1, PID: uint32(task.TID), NR: unix.SYS_GETPPID, Arch: nativeAudit}, freed: tr.freed.Load()}
		var ev Event
		if tr.notified(&n, &ev) != task || ev.Kind != EventEnter || ev.Task != task {
			t.Errorf("%s: the call was not shown: %+v", name, ev)
		}
		tr.enqueue(reports.Report{TID: kernel.FirstModelled - 2, Status: report})
		if shown := tr.notified(&n, &ev) != nil; shown != (name == "stop") {
			t.Errorf("%s of another thread: a notification that came before is shown: %v", name, shown)
		}
	}
}

// The registers at a signal stop are read once, whoever looks at them, but again
// when they were changed.
func TestSignalStopReadsRegistersOnce(t *testing.T) {
	for _, changed := range []bool{false, true} {
		d := newDriver(t, nil)
		defer allMachines.remove(d.m)
		th := d.m.newThread(nil, nil)
		th.traced = true
		task := d.tr.newTask(th.tid, th.tid, nil, lifeBorn)
		d.tr.listener = &listener{fd: -1, freed: &d.tr.freed}
		hold(t, d.tr)
		for stop := range 3 {
			th.stop(stopStatus(unix.SIGUSR1, 0), kernel.SysInfoNone, "")
			th.take()
			w, err := d.tr.next()
			if err != nil {
				t.Fatal(err)
			}
			d.m.regsRead = 0
			d.tr.restartLost(w)
			var ev Event
			if !d.tr.handle(w, &ev) || ev.Task != task {
				t.Fatalf("no event: %+v", ev)
			}
			want := 1
			if changed {
				want = 2
				if err := task.SetRegisters(&Registers{}); err != nil {
					t.Fatal(err)
				}
			}
			d.tr.Resume(task.thisStop())
			if d.m.regsRead != want || th.state != modelRunning {
				t.Errorf("stop %d, changed %v: read %d times, want %d", stop, changed, d.m.regsRead, want)
			}
		}
	}
}
