package tracer

import (
	"math"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// crowd notices that many tracees stop at the same time. wait4(-1) walks the
// list of all tracees from its beginning for each report, and takes a lock of
// each that is stopped and was reported already: to collect the stops of n busy
// threads that way is n²/2 locks, most of the time of a trace of a thousand. So
// while it is crowded, each tracee is asked for by its id, which the kernel
// looks up (since Linux 5.13; before, it walks the list, but takes no locks).
type crowd struct {
	here  bool // as many were ready at the last look
	stops int  // that many at once make a crowd
	turns int  // how often all were asked, for the tests
	list  []*Task
}

// crowdStops is where the one way costs as much as the other: to ask a tracee
// costs as much as ten steps of the kernel's walk.
const crowdStops = 12

// join adds a new task to the list, and clears the list of dead ones when they
// are the most of it.
func (c *crowd) join(task *Task, alive int) {
	if len(c.list) > 2*alive+manyTracees {
		c.clear()
	}
	c.list = append(c.list, task)
}

func (c *crowd) clear() {
	kept := c.list[:0]
	for _, task := range c.list {
		if !task.dead {
			kept = append(kept, task)
		}
	}
	clear(c.list[len(kept):])
	c.list = kept
}

// drain takes all wait reports that are ready.
func (t *Tracer) drain() {
	c := &t.crowd
	reports := 0
	if c.here && len(t.tasks) >= t.streak.many {
		c.turns++
		reports = t.askEach()
		// What has no record: a child before its parent's event, a command that
		// was let go. The next wait finds more of them.
		reports += t.drainAny(1)
	} else {
		reports = t.drainAny(math.MaxInt)
	}
	c.here = reports >= c.stops
	t.drained = time.Now()
}

// askEach takes the report of each task that has one, in the order of their
// births. All are asked, whatever their state: one that is stopped may have been
// killed.
func (t *Tracer) askEach() (reports int) {
	c := &t.crowd
	c.clear()
	for _, task := range c.list {
		var s uint32
		tid, e := kernel.Wait4Now(task.TID, &s, unix.WALL|unix.WNOTHREAD)
		if e == 0 && tid != 0 {
			t.enqueue(newWaited(tid, s))
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
		t.enqueue(newWaited(tid, s))
		reports++
	}
	return reports
}
