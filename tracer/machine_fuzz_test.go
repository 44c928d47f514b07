package tracer

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/internal/reports"
	"luatrace/tracer/seccomp"
)

// driver is what the engine does with a tracer: it asks for events, compares
// them with those that the machine made reports of, changes something now and
// then, and resumes.
type driver struct {
	m  *machine
	t  *testing.T
	tr *Tracer

	inCall map[*Task]bool // an entry was seen and its exit was not
	log    bytes.Buffer
}

// runMachine lets a machine that data decides about live and be traced.
func runMachine(t *testing.T, data []byte) {
	d := newDriver(t, data)
	defer allMachines.remove(d.m)
	d.run()
}

func newDriver(t *testing.T, data []byte) *driver {
	d := &driver{t: t, inCall: map[*Task]bool{}}
	d.newMachine(data)
	d.tr = newTracer(Options{}) // which follows children
	d.tr.SharedCPU(false)
	d.tr.reports.Drained(time.Now().Add(time.Hour)) // there is nobody to wait for
	d.m.queue, d.m.enqueue = &d.tr.reports, d.tr.enqueue
	d.tr.Syscalls = d.m.choose(4) > 0
	if d.m.choose(2) == 1 {
		d.m.filter = true
		d.tr.setFilter(&seccomp.Filter{})
	}
	return d
}

func (d *driver) newMachine(data []byte) {
	d.m = &machine{data: data, threads: map[int]*modelThread{}, renamed: map[int]bool{}}
	d.m.fail = d.fail
	d.m.trace = func(format string, args ...any) { fmt.Fprintf(&d.log, format+"\n", args...) }
	allMachines.add(d.m)
}

func (d *driver) fail(format string, args ...any) {
	d.t.Helper()
	d.t.Fatalf("%s\nafter:\n%s", fmt.Sprintf(format, args...), d.log.String())
}

// attach seizes a process of one to four threads, each of them somewhere.
func (d *driver) attach() {
	m := d.m
	th := m.newThread(nil, nil)
	for range m.choose(4) {
		m.newThread(th.group, nil)
	}
	if m.choose(4) == 3 {
		th.group.stopped = unix.SIGTSTP
	}
	for _, o := range th.group.threads {
		o.phase = []modelPhase{outside, done}[m.choose(2)]
		o.nr = modelGetpid
		if e := d.tr.seize(o.tid, th.tid); e != 0 {
			d.fail("seizing %d: %v", o.tid, e)
		}
	}
}

// step lets one thing happen: a thread runs to its next stop, is killed, or has
// its report collected. It says whether there was anything to do.
func (d *driver) step(windDown bool) bool {
	m := d.m
	ready := m.alive(func(th *modelThread) bool { return th.ready })
	able := m.alive((*modelThread).able)
	switch {
	case !windDown && len(m.all) > 0 && m.choose(24) == 23:
		if list := m.alive(func(th *modelThread) bool { return th.state != modelDead }); len(list) > 0 {
			victim := list[m.choose(len(list))]
			fmt.Fprintf(&d.log, "  kill %d\n", victim.group.pid)
			victim.group.kill(uint32(unix.SIGKILL))
		}
	case m.choose(24) == 22:
		if list := m.alive(func(th *modelThread) bool { return th.group.stopped != 0 }); len(list) > 0 {
			g := list[m.choose(len(list))].group
			fmt.Fprintf(&d.log, "  continue %d\n", g.pid)
			g.resumeAll()
		}
	case len(ready) > 0 && (len(able) == 0 || m.choose(2) == 1):
		th := ready[m.choose(len(ready))]
		fmt.Fprintf(&d.log, "  report of %d: %+v\n", th.tid, kernel.DecodeStatus(th.status))
		th.take()
		fmt.Fprintf(&d.log, "    traced %v queue %v\n", th.traced, d.m.queue.Waiting())
	case len(able) > 0:
		able[m.choose(len(able))].act(windDown)
	default:
		return false
	}
	return true
}

// next has the tracer handle what is queued, one event at most.
func (d *driver) next() bool {
	if !d.tr.Ready() {
		d.m.forgetRenamed()
		return false
	}
	var ev Event
	if err := d.tr.handleQueued(&ev); !err {
		return true
	}
	d.see(&ev)
	d.meddle(&ev)
	if ev.Kind != EventDeath {
		d.tr.Resume(ev.Stop)
	}
	return true
}

// handleQueued is Next as far as the queue goes: what follows is wait4.
func (t *Tracer) handleQueued(ev *Event) bool {
	w, err := t.next()
	*ev = Event{}
	return err == nil && t.handle(w, ev)
}

func eventText(ev *Event) string {
	switch ev.Kind {
	case EventEnter:
		return fmt.Sprintf("enter %d", ev.Task.Call.NR)
	case EventExit:
		return fmt.Sprintf("exit %d", ev.Ret)
	case EventSignal:
		return fmt.Sprintf("signal %d", ev.Signal)
	case EventStopped:
		return fmt.Sprintf("stopped %d", ev.Signal)
	case EventNew:
		return newText(ev.Child.TID)
	case EventExec:
		return fmt.Sprintf("exec %d", ev.FormerTID)
	case EventDeath:
		return deathText(kernel.Status{Code: ev.Exit.Code, Signal: ev.Exit.Signal})
	case EventAttached:
		return "attached"
	default: // not about a task
	}
	return fmt.Sprintf("event %d", ev.Kind)
}

// see compares an event with what is to come of its thread.
func (d *driver) see(ev *Event) {
	text := eventText(ev)
	tid := ev.Task.TID
	fmt.Fprintf(&d.log, "%d: %s\n", tid, text)
	d.expected(tid, text)
	switch ev.Kind {
	case EventEnter:
		if d.inCall[ev.Task] && d.tr.Syscalls && !d.m.filter {
			d.fail("%d: an entry after an entry", tid)
		}
		d.inCall[ev.Task] = true
	case EventExit:
		if ev.Unpaired == d.inCall[ev.Task] {
			d.fail("%d: an exit, unpaired %v, with an entry %v", tid, ev.Unpaired, d.inCall[ev.Task])
		}
		d.inCall[ev.Task] = false
	case EventNew:
		if child := d.m.childOf(tid, ev.Child.TID); child != nil {
			child.known = true
		}
	case EventDeath:
		d.unborn(ev.Task)
		delete(d.inCall, ev.Task)
		if !ev.Task.Dead() || d.tr.Task(tid) == ev.Task {
			d.fail("%d has a record after its death", tid)
		}
	default: // nothing is born or ends
	}
}

// expected takes an event from what is to come of its thread. An id can have
// been given away again, and its former owner may still have events that need
// not come.
func (d *driver) expected(tid int, text string) {
	for _, maybe := range []bool{false, true} {
		for _, th := range d.m.all {
			if th.tid != tid {
				continue
			}
			for i, w := range th.want {
				if w.text == text && w.maybe == maybe {
					th.want = th.want[i+1:]
					return
				}
				if !w.maybe {
					break
				}
			}
		}
	}
	var want [][]wanted
	for _, th := range d.m.all {
		if th.tid == tid {
			want = append(want, th.want)
		}
	}
	d.fail("%d: %s, but what is to come is %v", tid, text, want)
}

// meddle does what hooks may do with an event.
func (d *driver) meddle(ev *Event) {
	m, task := d.m, ev.Task
	switch ev.Kind {
	case EventEnter:
		switch m.choose(6) {
		case 1:
			d.stopAtExit(task)
		case 2:
			task.Skip(-int64(unix.EPERM))
			d.stopAtExit(task)
		case 3:
			if task.Call.NR == modelGetpid {
				task.SetCall(modelGetpid, [6]uint64{1, 2, 3})
			}
		}
	case EventExit:
		if m.choose(6) == 1 {
			task.SetResult(1)
		}
	case EventSignal:
		if m.choose(4) == 1 {
			task.SetSignal(0)
		}
	default: // no call
	}
	if m.choose(32) == 31 {
		d.detach(task.Proc)
	}
}

func (d *driver) stopAtExit(task *Task) {
	task.StopAtExit()
	if th := d.m.threads[task.TID]; th != nil {
		th.silent = false
	}
}

// detach lets a process go, and with it the children whose birth was not
// reported yet.
func (d *driver) detach(p *Process) {
	fmt.Fprintf(&d.log, "  detach %d\n", p.PID)
	for _, th := range d.m.all {
		if th.group.pid == p.PID { // the present owner of the id, and former ones
			d.m.loosen(th.group)
		}
	}
	for _, task := range d.tr.tasks {
		if task.Proc == p {
			d.unborn(task)
		}
	}
	d.tr.Detach(p)
}

// unborn lets the birth of a task go untold that is gone before: it was adopted.
func (d *driver) unborn(task *Task) {
	if lives, ended := d.tr.reports.Adopted(task.TID); !lives && !ended {
		return
	}
	for _, th := range d.m.all {
		th.mayTell(task.TID)
	}
}

func (m *machine) loosen(g *modelGroup) {
	if g.loose {
		return
	}
	g.loose = true
	for _, th := range m.all {
		if th.group != g {
			continue
		}
		for i := range th.want {
			th.want[i].maybe = true
			var child int
			if n, _ := fmt.Sscanf(th.want[i].text, "new %d", &child); n == 1 && m.threads[child] != nil {
				m.loosen(m.threads[child].group)
			}
		}
	}
}

// resumeAll is SIGCONT.
func (g *modelGroup) resumeAll() {
	g.stopped = 0
	for _, th := range g.threads {
		th.trapped = false
		if th.state == modelListening {
			th.stop(stopStatus(unix.SIGTRAP, unix.PTRACE_EVENT_STOP), kernel.SysInfoNone, "")
		}
	}
}

// run lets the machine's life go by and checks what must hold at its end.
func (d *driver) run() {
	d.attach()
	for len(d.m.data) > 0 && len(d.m.all) < 1000 {
		if d.m.choose(3) > 0 {
			d.next()
		} else if !d.step(false) && !d.next() && !d.settle() {
			break
		}
	}
	if d.m.choose(2) == 0 {
		d.end()
		return
	}
	d.letGo()
}

// settle is what Next does when nothing is reported for long though first stops
// of children are held.
func (d *driver) settle() bool {
	if !d.tr.reports.Holds() {
		return false
	}
	d.tr.settleHeld()
	return true
}

// end lets everything end by itself: nothing may be left stopped, unseen or
// recorded.
func (d *driver) end() {
	for d.next() || d.step(true) || d.settle() || d.wake() {
	}
	for _, th := range d.m.all {
		for _, w := range th.want {
			if !w.maybe {
				d.fail("%d: %q was never seen", th.tid, w.text)
			}
		}
		if d.m.threads[th.tid] == th && th.traced {
			d.fail("%d is left, state %d, ready %v", th.tid, th.state, th.ready)
		}
	}
	if len(d.tr.tasks) > 0 || len(d.tr.procs) > 0 {
		d.fail("records are left: %v %v", d.tr.tasks, d.tr.procs)
	}
}

// wake continues the groups that would stay stopped for ever.
func (d *driver) wake() bool {
	for _, th := range d.m.alive(func(th *modelThread) bool { return th.group.stopped != 0 }) {
		th.group.resumeAll()
		return true
	}
	return false
}

// letGo detaches everything: nobody may be left traced.
func (d *driver) letGo() {
	procs := []*Process{}
	for _, p := range d.tr.procs {
		procs = append(procs, p)
	}
	for _, g := range d.m.all {
		d.m.loosen(g.group)
	}
	for _, p := range procs {
		d.tr.Detach(p)
	}
	for d.next() || d.stepReady() || d.settle() {
	}
	for _, th := range d.m.alive(func(th *modelThread) bool {
		return th.traced && (th.state == modelStopped || th.state == modelListening)
	}) {
		d.fail("%d is left, state %d, ready %v", th.tid, th.state, th.ready)
	}
}

// stepReady lets stops happen that were asked for.
func (d *driver) stepReady() bool {
	for _, th := range d.m.alive(func(th *modelThread) bool { return th.ready }) {
		th.take()
		fmt.Fprintf(&d.log, "    traced %v queue %v\n", th.traced, d.m.queue.Waiting())
		return true
	}
	for _, th := range d.m.alive(func(th *modelThread) bool { return th.able() && th.traced }) {
		th.act(false)
		return true
	}
	return false
}

// TestAttachDuringExec: the first stop of a thread that was just running a new
// program is its exec, which ends the interrupt of the attach in the kernel. The
// thread is seen as attached to all the same.
func TestAttachDuringExec(t *testing.T) {
	t.Parallel()
	d := newDriver(t, nil)
	defer allMachines.remove(d.m)
	th := d.m.newThread(nil, nil)
	th.execing = true
	if e := d.tr.seize(th.tid, th.tid); e != 0 {
		t.Fatal(e)
	}
	for range 2 {
		th.act(false)
		th.take()
		if !d.next() {
			t.Fatal("no report")
		}
	}
	if th.seized || len(th.want) > 0 || d.tr.tasks[th.tid].life.is(lifeSeized) {
		t.Errorf("not attached to; to come: %v\n%s", th.want, d.log.String())
	}
}

// FuzzMachine: whatever a kernel may report in whatever order, each event is seen
// once and in the order of its thread, no request goes to the dead, and nobody
// is left stopped.
func FuzzMachine(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		b := make([]byte, 400)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(runMachine)
}

// TestMachine is some of it without a fuzzer.
func TestMachine(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 3))
		b := make([]byte, 200+r.IntN(2000))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		runMachine(t, b)
	}
}

// FuzzReports: whatever wait4 reports, about threads that do not exist, and
// whatever the kernel answers, nothing panics, and the records fit together.
func FuzzReports(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0x7f, 5, 0, 1, 0x7f, 5, 4, 0, 0, 9})
	f.Add(bytes.Repeat([]byte{0, 0x7f, 5, 3, 2, 0x7f, 0x85, 0, 1, 0x7f, 19, 128}, 20))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := newDriver(t, data)
		defer allMachines.remove(d.m)
		d.m.chaos = true
		d.tr.seize(d.m.first, d.m.first)
		for len(d.m.data) > 0 {
			tid := d.m.first + d.m.choose(8)
			status := uint32(d.m.choose(256)) | uint32(d.m.choose(256))<<8 | uint32(d.m.choose(256))<<16
			if d.m.choose(4) > 0 {
				status = status&^0xff | 0x7f
			}
			d.tr.enqueue(newReport(tid, status))
			for d.tr.Ready() {
				var ev Event
				if d.tr.handleQueued(&ev) {
					d.meddle(&ev)
					if ev.Kind != EventDeath && d.m.choose(8) > 0 {
						d.tr.Resume(ev.Stop)
					}
				}
			}
			if d.m.choose(16) == 15 {
				d.settle()
			}
			d.checkRecords()
		}
		d.tr.dropAll()
		d.checkRecords()
	})
}

// checkRecords looks whether the tables of tasks and processes fit together.
func (d *driver) checkRecords() {
	count := map[*Process]int{}
	for tid, task := range d.tr.tasks {
		if task.TID != tid || task.life.over() || d.tr.procs[task.Proc.PID] != task.Proc {
			d.fail("task %d: TID %d, dead %v, process %d", tid, task.TID, task.life.over(), task.Proc.PID)
		}
		count[task.Proc]++
	}
	for pid, p := range d.tr.procs {
		if p.PID != pid || p.tasks != count[p] || p.tasks == 0 {
			d.fail("process %d: PID %d, %d tasks of %d", pid, p.PID, p.tasks, count[p])
		}
	}
}

// FuzzStatus compares the decoding of a wait status with the macros of wait(2).
func FuzzStatus(f *testing.F) {
	for _, ws := range []uint32{0, 9, 0x8b, 0x137f, 0x857f, 0x4057f, 0x80137f, 0x80057f, 0xffff, 0x7057f} {
		f.Add(ws)
	}
	f.Fuzz(func(t *testing.T, ws uint32) {
		st, std := kernel.DecodeStatus(ws), unix.WaitStatus(ws)
		death := st.Kind == kernel.StatusExited || st.Kind == kernel.StatusSignaled
		stopped := !death && st.Kind != kernel.StatusContinued
		switch {
		case (reports.Report{Status: ws}).IsDeath() != death:
			t.Errorf("%#x: %+v, taken for a death: %v", ws, st, !death)
		case std.Exited() != (st.Kind == kernel.StatusExited), std.Exited() && std.ExitStatus() != st.Code:
			t.Errorf("%#x: %+v, exited %v %d", ws, st, std.Exited(), std.ExitStatus())
		case std.Signaled() && (st.Kind != kernel.StatusSignaled || std.Signal() != st.Signal || std.CoreDump() != st.Core):
			t.Errorf("%#x: %+v, signaled %v", ws, st, std.Signal())
		case std.Stopped() && !stopped, std.Continued() && st.Kind != kernel.StatusContinued:
			t.Errorf("%#x: %+v, stopped %v, continued %v", ws, st, std.Stopped(), std.Continued())
		case stopped && int(ws>>16) != st.Event:
			t.Errorf("%#x: %+v", ws, st)
		}
	})
}
