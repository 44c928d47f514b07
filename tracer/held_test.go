package tracer

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// attachTwo attaches to two processes, until the first stops of their threads
// have been seen.
func (d *driver) attachTwo() {
	d.attach()
	d.attach()
	for _, th := range d.m.all {
		th.act(false)
		th.take()
		d.next()
	}
}

// TestIDReusedBeforeBirth: a child dies, and another gets its id, before the
// tracer has looked at what their parents say of them. Both are born and die,
// each with its own status.
func TestIDReusedBeforeBirth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		reports string // of the parents a and b, of the first child c, of the second d
	}{
		{"death first", "cadb"},
		{"death first, parents last", "cdab"},
		{"two deaths", "cabdd"},
		{"two deaths first", "cddab"},
		{"two deaths between", "cadbd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDriver(t, nil)
			defer allMachines.remove(d.m)
			d.attachTwo()
			a, b := d.m.all[0], d.m.all[1]
			a.bear(unix.PTRACE_EVENT_FORK)
			first := d.m.all[2]
			first.group.kill(uint32(unix.SIGKILL))
			var second *modelThread
			for _, who := range c.reports {
				switch who {
				case 'a':
					a.take()
				case 'b':
					b.take()
				case 'c':
					first.take()
					d.m.data = []byte{1} // the free id, please
					b.bear(unix.PTRACE_EVENT_FORK)
					second = d.m.all[3]
					if second.tid != first.tid {
						t.Fatalf("the second child is %d, not %d", second.tid, first.tid)
					}
				case 'd':
					if !second.ready {
						second.group.kill(5 << 8)
					}
					second.take()
				}
			}
			d.end()
			for _, th := range []*modelThread{first, second} {
				if len(th.want) > 0 {
					t.Errorf("of %d there was to come %v\n%s", th.tid, th.want, d.log.String())
				}
			}
		})
	}
}

// TestIDReusedAfterKilledExec: a thread calls execve, which gives it the id of
// its leader, and is killed before the tracer has looked at that, or before it
// is reported at all; so the tracer never learns that the thread's own id is
// free. The next owner is born and dies as anybody.
func TestIDReusedAfterKilledExec(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		reported bool
		reports  string // of the birth, of the child's first stop and end, of the death by the leader's id
	}{
		{true, "bced"}, {true, "cbed"}, {true, "bdce"}, {true, "dbce"}, {true, "cdbe"}, {true, "dcbe"},
		{true, "ceb"}, {true, "ebd"}, {true, "edb"}, {true, "deb"},
		{false, "bced"}, {false, "cbed"}, {false, "bdce"}, {false, "dbce"}, {false, "dcbe"}, {false, "deb"},
	} {
		t.Run(fmt.Sprintf("%s, reported %v", c.reports, c.reported), func(t *testing.T) {
			t.Parallel()
			d := newDriver(t, nil)
			defer allMachines.remove(d.m)
			d.m.data = []byte{1} // a process of two threads, and one of one
			d.attachTwo()
			leader, caller, parent := d.m.all[0], d.m.all[1], d.m.all[2]
			id := caller.tid
			caller.nr, caller.phase = modelExec, entered
			caller.act(false)
			caller.act(false)
			if caller.tid != leader.tid || !caller.ready {
				t.Fatalf("the caller of execve is %d, not the leader %d", caller.tid, leader.tid)
			}
			if c.reported {
				caller.take()
			} else {
				d.m.told, caller.former = append(d.m.told, id), 0
			}
			caller.group.kill(uint32(unix.SIGKILL))
			d.next()
			d.next()
			d.m.data = []byte{1} // the free id, please
			parent.bear(unix.PTRACE_EVENT_FORK)
			child := d.m.all[3]
			if child.tid != id {
				t.Fatalf("the child is %d, not %d", child.tid, id)
			}
			for _, who := range c.reports {
				switch who {
				case 'b':
					parent.take()
				case 'c':
					child.take()
				case 'e':
					child.group.kill(3 << 8)
					child.take()
				case 'd':
					caller.take()
				}
				for d.next() {
				}
			}
			d.end()
			if len(child.want) > 0 {
				t.Errorf("of the child there was to come %v\n%s", child.want, d.log.String())
			}
		})
	}
}
