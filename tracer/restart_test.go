package tracer

import (
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/syscalls"
)

// TestRestart makes calls of made-up threads again: which are, for which reason.
func TestRestart(t *testing.T) {
	t.Parallel()
	epoll, _ := syscalls.Number(syscalls.Native(), "epoll_pwait")
	for _, c := range []struct {
		name   string
		why    restartReason
		result int64
		args   [6]uint64
		signal unix.Signal
		want   bool
	}{
		{"not asked", restartUnasked, -syscalls.ERESTARTSYS, [6]uint64{}, unix.SIGUSR1, true},
		{"stopped by us", restartStopped, -int64(unix.EINTR), [6]uint64{}, 0, true},
		{"stopped by us after the call", restartStopped, 1, [6]uint64{}, 0, false},
		{"ignored, for ever", restartIgnored, -int64(unix.EINTR), [6]uint64{3: 1<<32 - 1}, unix.SIGCHLD, true},
		{"ignored, with a timeout", restartIgnored, -int64(unix.EINTR), [6]uint64{3: 10}, unix.SIGCHLD, false},
		{"not ignored", restartIgnored, -int64(unix.EINTR), [6]uint64{3: 1<<32 - 1}, unix.SIGUSR1, false},
		{"ignored, after the call", restartIgnored, 0, [6]uint64{3: 1<<32 - 1}, unix.SIGCHLD, false},
	} {
		if c.why != restartUnasked && syscalls.Native() == syscalls.ARM64 {
			c.want = false // see kernel.RestartInterrupted
		}
		d := newDriver(t, nil)
		th := d.m.newThread(nil, nil)
		if e := d.tr.seize(th.tid, th.tid); e != 0 {
			t.Fatal(e)
		}
		th.stop(stopStatus(unix.SIGTRAP, 0), kernel.SysInfoNone, "")
		th.ready = false
		d.tr.tasks[th.tid].stop.signal = c.signal
		var r, was Registers
		r.SetCall(syscalls.Native(), epoll, &c.args)
		r.SetResult(uint64(c.result))
		was, th.regs = r, r
		if got := d.tr.restart(th.tid, &r, c.why); got != c.want || (th.regs != was) != c.want {
			t.Errorf("%s: made again %v, registers %+v", c.name, got, th.regs)
		}
		allMachines.remove(d.m)
	}
}
