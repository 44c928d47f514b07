package tracer

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/internal/reports"
	"luatrace/tracer/procfs"
	"luatrace/tracer/seccomp"
)

// lostCalls counts notifications that vanished before the listener received
// them. A signal can interrupt a call that waits to be received (afterwards
// only a fatal one can: WAIT_KILLABLE_RECV), and the kernel then ends it with
// ERESTARTSYS, as if it had been blocked. With a handler without SA_RESTART
// the program would get EINTR from calls that never fail so, such as clone or
// getpid. The listener notices: it was woken for a notification and finds none.
type lostCalls struct {
	mu    sync.Mutex
	count int
	last  time.Time
}

// lostMemory is how long a vanished notification and the signal stop of its
// task may lie apart, on a machine where others compute too. A notification also
// vanishes when its task is killed, and nobody comes for that one.
const lostMemory = 100 * time.Millisecond

func (l *lostCalls) add() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Sub(l.last) > lostMemory {
		l.count = 0
	}
	l.count++
	l.last = now
}

// take says whether a notification vanished lately, and counts it off.
func (l *lostCalls) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count == 0 || time.Since(l.last) > lostMemory {
		return false
	}
	l.count--
	return true
}

// asksBefore says whether the call that the registers show is one whose
// notification we get.
func (t *Tracer) asksBefore(tid int, r *Registers) bool {
	var s kernel.SyscallInfo
	if t.filter == nil || kernel.GetSyscallInfo(tid, &s) != 0 {
		return false
	}
	nr, args := r.Call(kernel.ABIOf(s.Arch, 0))
	action, _ := t.filter.Decide(s.Arch, uint32(nr), &args)
	return action == seccomp.Notify
}

// restartLost looks at a task that stops for a signal: if the signal has
// interrupted a call before we received its notification, the call never ran,
// and it is to be made again after the handler, whatever the handler's flags.
// It is called without the lock, since the listener may need it to get as far.
func (t *Tracer) restartLost(w reports.Report) {
	if kernel.DecodeStatus(w.Status).Kind != kernel.StatusSignal {
		return
	}
	r, e := t.atSignal.read(w.TID)
	if e != 0 || !r.InterruptedCall() || !t.asksBefore(w.TID, r) {
		return
	}
	if !t.listener.foundNothing() {
		return
	}
	t.restart(w.TID, r, restartUnasked)
}

// signalRegisters are the registers at the signal stop that was looked at last:
// two who look at each signal read them once.
type signalRegisters struct {
	tid int // 0: none
	r   Registers
}

// read reads the registers at a new stop.
func (s *signalRegisters) read(tid int) (*Registers, unix.Errno) {
	s.tid = 0
	e := kernel.GetRegs(tid, &s.r)
	if e == 0 {
		s.tid = tid
	}
	return &s.r, e
}

// take copies what was read at the present stop of a thread, or reads it now.
func (s *signalRegisters) take(tid int, r *Registers) unix.Errno {
	if s.tid != tid {
		return kernel.GetRegs(tid, r)
	}
	s.tid = 0
	*r = s.r
	return 0
}

// forget is for registers that were changed.
func (s *signalRegisters) forget(tid int) {
	if s.tid == tid {
		s.tid = 0
	}
}

// foundNothing says whether the listener was woken for a notification that was
// gone by then. It waits until the listener has looked: the kernel has woken it
// when the call was made, so once it sleeps in its ioctl again it has seen all
// there was. A call that really was interrupted costs this wait.
func (l *listener) foundNothing() bool {
	const step, patience = 20 * time.Microsecond, time.Second
	for begun := time.Now(); ; {
		idle := l.waits()
		if l.lost.take() {
			return true
		}
		if idle || time.Since(begun) > patience {
			return false
		}
		unix.Nanosleep(&unix.Timespec{Nsec: int64(step)}, nil)
	}
}

// waits says whether the listener's thread sleeps in Receive's ioctl, as
// /proc/TID/syscall (proc_pid_syscall(5)) shows it: number and arguments of the call.
func (l *listener) waits() bool {
	b, err := proc().ReadFile(int(l.thread.Load()), "syscall")
	w, ok := procfs.WaitingOf(b)
	return err == nil && ok && w.NR == unix.SYS_IOCTL && w.Args[1] == kernel.NotifRecv
}
