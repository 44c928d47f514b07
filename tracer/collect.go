package tracer

import (
	"math"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/internal/reports"
)

// births are the tasks in the order of their births, with some that are dead.
type births []*Task

// deadMost is how many dead ones there may be beside twice as many as live.
const deadMost = 32

// join adds a new task to the list, and clears the list of dead ones when they
// are the most of it.
func (b *births) join(task *Task, alive int) {
	if len(*b) > 2*alive+deadMost {
		b.clear()
	}
	*b = append(*b, task)
}

func (b *births) clear() {
	kept := (*b)[:0]
	for _, task := range *b {
		if !task.life.over() {
			kept = append(kept, task)
		}
	}
	clear((*b)[len(kept):])
	*b = kept
}

// nextOfStreak waits for one tracee alone, if the scheduler says so. It returns
// false if the ordinary wait is to be made.
func (t *Tracer) nextOfStreak() (reports.Report, bool) {
	if t.inbox.arrived() {
		return reports.Report{}, false
	}
	id, look := t.sched.Alone(len(t.tasks))
	if id == 0 {
		return reports.Report{}, false
	}
	task := t.tasks[id]
	if task == nil || task.stop.kind != stopNone {
		t.sched.Waited(false)
		return reports.Report{}, false
	}
	if look {
		t.drain()
		if r, ok := t.reports.Next(); ok {
			return r, true
		}
	}
	var status uint32
	t.sched.Waits()
	tid, e := kernel.Wait4(id, &status, unix.WALL|unix.WNOTHREAD)
	t.sched.Waited(e == 0)
	if e != 0 { // silent (EINTR), or gone
		return reports.Report{}, false
	}
	r := newReport(tid, status)
	t.noteEnd(r)
	return r, true
}

// drain takes all wait reports that are ready.
func (t *Tracer) drain() {
	reports := 0
	if t.sched.Each(len(t.tasks)) {
		reports = t.askEach()
		// What has no record: a child before its parent's event, a command that
		// was let go. The next wait finds more of them.
		reports += t.drainAny(1)
	} else {
		reports = t.drainAny(math.MaxInt)
	}
	t.sched.Ready(reports)
	t.reports.Drained(time.Now())
}

// askEach takes the report of each task that has one, in the order of their
// births. All are asked, whatever their state: one that is stopped may have been
// killed.
func (t *Tracer) askEach() (reports int) {
	t.births.clear()
	for _, task := range t.births {
		var s uint32
		tid, e := kernel.Wait4Now(task.TID, &s, unix.WALL|unix.WNOTHREAD)
		if e == 0 && tid != 0 {
			t.enqueue(newReport(tid, s))
			reports++
		}
	}
	return reports
}

// drainAny takes up to most reports of any thread.
func (t *Tracer) drainAny(most int) (reports int) {
	for reports < most {
		var s uint32
		tid, e := kernel.Wait4Now(-1, &s, unix.WALL|unix.WNOTHREAD)
		if e != 0 || tid == 0 {
			break
		}
		t.enqueue(newReport(tid, s))
		reports++
	}
	return reports
}
