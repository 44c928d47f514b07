package tracer

import (
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/internal/reports"
)

// TestProgressStates goes through the states of a call in progress: what stops at its exit, and
// what is shown.
func TestProgressStates(t *testing.T) {
	t.Parallel()
	duty := func(*Tracer, *Task, *kernel.SyscallInfo) {}
	for _, c := range []struct {
		name                   string
		do                     func(*progress)
		state                  callState
		stops, shows, showsAll bool
	}{
		{"new task", func(*progress) {}, callUnseen, false, false, false},
		{"nobody wants the exit", func(p *progress) { p.begin(callEntered) }, callEntered, false, false, true},
		{"a hook wants it", func(p *progress) { p.begin(callEntered); p.needs(exitShown) }, callEntered, true, true, true},
		{"a duty", func(p *progress) { p.begin(callEntered); p.atExit(duty) }, callEntered, true, false, true},
		{"a duty after a hook", func(p *progress) { p.begin(callEntered); p.needs(exitShown); p.atExit(duty) }, callEntered, true, true, true},
		{"changed", func(p *progress) { p.begin(callEntered); p.change(&Registers{}) }, callEntered, true, false, true},
		{"a child is awaited", func(p *progress) { p.begin(callEntered); p.birth = birthAwaited }, callEntered, true, false, true},
		{"the child is there", func(p *progress) { p.begin(callEntered); p.birth = birthAwaited; p.birth = birthNone }, callEntered, false, false, true},
		{"skipped", func(p *progress) { p.begin(callEntered); p.skip(callSkipped, -1) }, callSkipped, false, false, true},
		{"skipped for a hook at the exit", func(p *progress) { p.begin(callEntered); p.skip(callSkipped, -1); p.needs(exitShown) }, callSkipped, true, true, true},
		{"replaced", func(p *progress) {
			p.begin(callEntered)
			p.change(&Registers{})
			p.atExit(duty)
			p.skip(callReplaced, -1)
		}, callReplaced, true, false, true},
		{"over", func(p *progress) { p.begin(callEntered); p.needs(exitShown); p.end() }, callUnseen, false, false, false},
		{"over while a child is awaited", func(p *progress) { p.begin(callEntered); p.birth = birthAwaited; p.end() }, callUnseen, false, false, false},
		{"notified", func(p *progress) { p.begin(callUnseen); p.birth = birthAwaited }, callUnseen, false, false, false},
		{"notified after a call with duties", func(p *progress) { p.begin(callEntered); p.atExit(duty); p.begin(callUnseen) }, callUnseen, false, false, false},
		{"the next call", func(p *progress) {
			p.begin(callEntered)
			p.change(&Registers{})
			p.needs(exitShown)
			p.skip(callSkipped, -1)
			p.begin(callEntered)
		}, callEntered, false, false, true},
		{"a child of a changed call", func(p *progress) {
			parent := progress{}
			parent.begin(callEntered)
			parent.change(&Registers{})
			p.inherit(&parent)
		}, callInherited, false, false, false},
		{"a child of another", func(p *progress) { parent := progress{}; parent.begin(callEntered); p.inherit(&parent) }, callUnseen, false, false, false},
	} {
		var p progress
		c.do(&p)
		if p.state != c.state || p.stopsAtExit() != c.stops || p.showsExit(true) != c.shows || p.showsExit(false) != c.showsAll {
			t.Errorf("%s: state %d stops %v shows %v, unfiltered %v", c.name, p.state, p.stopsAtExit(), p.showsExit(true), p.showsExit(false))
		}
	}
}

// TestProgressBegins looks for what a new call must not have of the one before.
func TestProgressBegins(t *testing.T) {
	t.Parallel()
	var p progress
	p.begin(callEntered)
	p.change(&Registers{})
	p.atExit(func(*Tracer, *Task, *kernel.SyscallInfo) {})
	p.skip(callReplaced, -int64(unix.EPERM))
	p.loan, p.birth = Loan{Old: []byte{1}}, birthAwaited
	if !p.begin(callEntered) {
		t.Error("a birth that nobody told of is forgotten")
	}
	if p.ret != 0 || p.before != nil || p.loan.Old != nil || len(p.duties) > 0 || p.begin(callUnseen) {
		t.Errorf("%+v", p)
	}
	if d := p.duties[:cap(p.duties)]; len(d) == 0 || d[0] != nil {
		t.Error("the room for duties is gone, or keeps what they hold")
	}
}

// TestStopsAllocateNothing: the entry and the exit of an ordinary call cost no memory.
func TestStopsAllocateNothing(t *testing.T) {
	d := newDriver(t, nil)
	defer allMachines.remove(d.m)
	d.m.trace = nil
	d.tr.Syscalls = true
	th := d.m.newThread(nil, nil)
	if e := d.tr.seize(th.tid, th.tid); e != 0 {
		t.Fatal(e)
	}
	var ev Event
	stop := func(op uint8) {
		th.stop(uint32(unix.SIGTRAP|0x80)<<8|0x7f, op, "")
		th.ready = false
		ev = Event{}
		d.tr.handle(reports.Report{TID: th.tid, Status: th.status}, &ev)
		d.tr.Resume(d.tr.tasks[th.tid].thisStop())
	}
	th.nr = modelGetpid
	if n := testing.AllocsPerRun(100, func() { stop(kernel.SysInfoEntry); stop(kernel.SysInfoExit) }); n != 0 {
		t.Errorf("%v allocations for each call", n)
	}
	if ev.Kind != EventExit || ev.Unpaired {
		t.Errorf("%+v", ev)
	}
}

// BenchmarkStops is what the tracer itself does at the two stops of a call, with a made-up kernel.
func BenchmarkStops(b *testing.B) {
	m := &machine{threads: map[int]*modelThread{}, renamed: map[int]bool{}}
	m.fail = b.Fatalf
	allMachines.add(m)
	defer allMachines.remove(m)
	tr := newTracer(Options{})
	tr.SharedCPU(false)
	m.queue, m.enqueue, tr.Syscalls = &tr.reports, tr.enqueue, true
	th := m.newThread(nil, nil)
	tr.seize(th.tid, th.tid)
	th.nr = modelGetpid
	var ev Event
	b.ReportAllocs()
	for b.Loop() {
		for _, op := range []uint8{kernel.SysInfoEntry, kernel.SysInfoExit} {
			th.stop(uint32(unix.SIGTRAP|0x80)<<8|0x7f, op, "")
			th.ready = false
			ev = Event{}
			tr.handle(reports.Report{TID: th.tid, Status: th.status}, &ev)
			tr.Resume(tr.tasks[th.tid].thisStop())
		}
	}
}
