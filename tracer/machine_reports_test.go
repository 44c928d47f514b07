package tracer

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/internal/reports"
)

// clerk is a tracer that does nothing but keep the reports in order: it knows of each thread that
// there is a record, and resumes whoever stops. What goes wrong here is the queue's fault.
type clerk struct {
	driver
	q       reports.Queue
	records map[int]*modelGroup // by thread
}

// newClerk has a made-up kernel with a process of one to four threads.
func newClerk(t *testing.T, data []byte) *clerk {
	c := &clerk{driver: driver{t: t}, records: map[int]*modelGroup{}}
	c.newMachine(data)
	c.m.queue, c.m.enqueue = &c.q, c.q.Enqueue
	first := c.m.newThread(nil, nil)
	for range c.m.choose(4) {
		c.m.newThread(first.group, nil)
	}
	for _, th := range first.group.threads {
		th.traced, th.known = true, true
		c.records[th.tid] = th.group
	}
	return c
}

// next handles one report, and says whether there was one.
func (c *clerk) next() bool {
	r, ok := c.q.Next()
	switch {
	case !ok:
		c.m.forgetRenamed()
		return false
	case c.records[r.TID] == nil:
		c.q.Hold(r, time.Now())
	case r.IsDeath():
		c.ended(r.TID)
		for tid, g := range c.records {
			if g.pid == r.TID { // by an execve it was this thread, killed before that was handled
				c.ended(tid)
			}
		}
		c.adopt()
	default:
		c.handleStop(r)
	}
	return true
}

// handleStop handles a stop, which must be the present one of the thread that has the id now,
// unless that was killed.
func (c *clerk) handleStop(r reports.Report) {
	th := c.m.threads[r.TID]
	if th == nil || th.state == modelDead || !th.traced || th.ready {
		return // its death, or an execve that gave the id to this one, is to come
	}
	if th.state != modelStopped || th.status != r.Status {
		c.fail("a stop %#x of %d, which is in state %d with status %#x", r.Status, r.TID, th.state, th.status)
	}
	st := kernel.DecodeStatus(r.Status)
	switch st.Kind {
	case kernel.StatusFork:
		c.born(int(th.msg))
		if child := c.m.childOf(th.tid, int(th.msg)); child != nil {
			child.known = true
		}
	case kernel.StatusExec:
		if former := int(th.msg); former != r.TID {
			delete(c.records, former)
			c.q.Renamed(former)
		}
	default: // handled as any stop
	}
	req := []int{unix.PTRACE_CONT, unix.PTRACE_SYSCALL}[c.m.choose(2)]
	if st.Kind == kernel.StatusGroup {
		req = unix.PTRACE_LISTEN
	}
	th.resume(req, 0)
}

// born is for the event of a child's birth.
func (c *clerk) born(tid int) {
	if lives, _ := c.q.Adopted(tid); c.records[tid] != nil && !lives {
		c.ended(tid) // a former owner of the id
	}
	if gone := c.q.Born(tid, time.Now()); !gone {
		c.record(tid)
		c.q.Release(tid)
	}
}

// record notes that there is a record of a thread, as a member of its group.
func (c *clerk) record(tid int) {
	g := &modelGroup{pid: tid} // of one that is dead: a process is a good guess
	if th := c.m.threads[tid]; th != nil {
		g = th.group
	}
	c.records[tid] = g
}

func (c *clerk) ended(tid int) {
	delete(c.records, tid)
	c.q.Ended(tid, time.Now())
}

func (c *clerk) adopt() {
	c.q.Adopt(func(tid int) bool {
		if c.records[tid] != nil {
			return false
		}
		c.record(tid)
		return true
	})
}

// settle is for when nothing is reported for long.
func (c *clerk) settle() bool {
	if !c.q.Holds() {
		return false
	}
	c.adopt()
	c.q.DropHeld()
	return true
}

// run lets the machine's life go by, and all threads end.
func (c *clerk) run() {
	for len(c.m.data) > 0 && len(c.m.all) < 1000 {
		if c.m.choose(3) > 0 {
			c.next()
		} else if !c.step(false) && !c.next() && !c.settle() {
			break
		}
	}
	for c.next() || c.step(true) || c.settle() || c.wake() {
	}
	for _, th := range c.m.all {
		if c.m.threads[th.tid] == th && th.traced {
			c.fail("%d is left, state %d, ready %v", th.tid, th.state, th.ready)
		}
	}
	if len(c.records) > 0 || c.q.Holds() || len(c.q.Waiting()) > 0 {
		c.fail("left: records %v, held %v, waiting %v", c.records, c.q.Held(), c.q.Waiting())
	}
}

// TestReportsAlone: without a tracer too, each stop comes while its thread is in it, no report is
// lost, and nobody keeps a record who has ended.
func TestReportsAlone(t *testing.T) {
	t.Parallel()
	try := func(data []byte) {
		c := newClerk(t, data)
		defer allMachines.remove(c.m)
		c.run()
	}
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 5))
		data := make([]byte, 200+r.IntN(2000))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		try(data)
	}
	for i, data := range keptInputs(t, "FuzzMachine") {
		fmt.Fprintln(t.Output(), "kept input", i)
		try(data)
	}
}
