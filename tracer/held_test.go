package tracer

import (
	"testing"

	"golang.org/x/sys/unix"
)

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
			d.attach()
			d.attach()
			a, b := d.m.all[0], d.m.all[1]
			for _, th := range []*modelThread{a, b} {
				th.act(false) // to its first stop
				th.take()
				d.next()
			}
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
