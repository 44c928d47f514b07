package tracer

import (
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/syscalls"
)

// A listener receives a filter's notifications. Its methods may be called from any thread.
type listener struct {
	fd     int
	ring   int // keeps the file alive until the tracees of a killed luatrace are dead, or -1
	closed atomic.Bool
	thread atomic.Int64 // the thread in serve
	done   chan struct{}
	lost   lostCalls
	freed  *atomic.Uint64 // of the tracer
}

func newListener(fd int, freed *atomic.Uint64) *listener {
	// Without it (before Linux 6.6) the kernel may wake the listener on another
	// CPU, which costs several times as much.
	kernel.NotifySync(fd)
	return &listener{fd: fd, ring: kernel.Outlive(fd), done: make(chan struct{}), freed: freed}
}

// serve calls handle for each notification, on a locked thread, until close.
func (l *listener) serve(handle func(n *notification)) {
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(l.done)
		l.thread.Store(int64(unix.Gettid()))
		var n notification
		for !l.closed.Load() {
			// Before the notification comes: behind it, its thread may end unnoticed.
			n.freed = l.freed.Load()
			var e unix.Errno
			switch n.at, e = n.raw.Receive(l.fd); e {
			case 0:
				handle(&n)
			case unix.EINTR: // woken by close
			case unix.ENOENT:
				l.lost.add() // interrupted, or killed, before we looked
			default:
				return
			}
		}
	}()
}

// close ends serve, if it runs, and closes the descriptor: calls that are
// notified from then on fail with ENOSYS.
func (l *listener) close() {
	if l.closed.Swap(true) {
		return
	}
	if tid := l.thread.Load(); tid != 0 {
		for pause := 50 * time.Microsecond; ; pause = min(2*pause, 10*time.Millisecond) {
			wakeThread(int(tid))
			select {
			case <-l.done:
			case <-time.After(pause):
				continue
			}
			break
		}
	}
	if l.ring >= 0 {
		unix.Close(l.ring)
	}
	unix.Close(l.fd)
}

// notification is a call that waits for an answer.
type notification struct {
	raw   kernel.Notification
	at    time.Time // of its receipt
	freed uint64    // what the tracer's counter was before it came
}

// proceed lets the call run.
func (l *listener) proceed(id uint64) {
	r := kernel.NotifyReply{ID: id, Flags: kernel.NotifContinue}
	r.Send(l.fd) // ENOENT: killed meanwhile
}

// answer gives the call a result without running it; ret from -4095 to -1 is a
// failure.
func (l *listener) answer(id uint64, ret int64) {
	r := kernel.NotifyReply{ID: id, Val: ret}
	if syscalls.ResultErrno(ret) != 0 {
		r.Val, r.Err = 0, int32(ret)
	}
	r.Send(l.fd)
}

// restart makes the task make the call again.
func (l *listener) restart(id uint64) {
	r := kernel.NotifyReply{ID: id, Err: -syscalls.ERESTARTNOINTR}
	r.Send(l.fd)
}

// valid says whether the task of a notification still waits.
func (l *listener) valid(id uint64) bool { return kernel.NotifyValid(l.fd, id) }

// Serve begins to answer the notifications of the filter that Launch has installed. It does
// nothing if that asks before no call. handle gets each call that is one to show,
// as an EventEnter that is valid until it returns, with the Pending for its answer, which may be
// given later. It is called on a thread of Serve's own, in [Tracer.Do]. If it panics, or
// what comes before it does, failed is called there with the value. The call then runs, unless
// failed answers it.
func (t *Tracer) Serve(handle func(*Event, Pending), failed func(p Pending, value any)) {
	if t.listener == nil {
		return
	}
	var ev Event
	t.listener.serve(func(n *notification) {
		t.lock.lock()
		defer t.lock.unlock()
		p := Pending{tr: t, id: n.raw.ID}
		defer func() {
			if value := recover(); value != nil {
				failed(p, value)
				if p.task == nil || p.waits() {
					p.pass()
				}
			}
		}()
		p.refused = t.wantsTracer(n)
		switch p.task = t.notified(n, &ev); {
		case p.task != nil:
			handle(&ev, p)
		case !t.postsStray(n):
			p.pass()
		}
	})
}

// notified makes an EventEnter of a notification and returns its task. It returns nil if the
// call is none to show: of a task that is not traced, of the command before its
// execve, or one that has had its event.
func (t *Tracer) notified(n *notification, ev *Event) *Task {
	t.records()
	task := t.tasks[int(n.raw.PID)]
	// The thread may have been killed since, and its number given away, if anything
	// was collected since. Otherwise this is the thread whose memory will be
	// read, alive or not.
	if task == nil || task.Proc.detaching || n.freed != t.freed.Load() && !t.listener.valid(n.raw.ID) {
		return nil
	}
	c := Call{ABI: kernel.ABIOf(n.raw.Arch, uint64(uint32(n.raw.NR))), NR: int(n.raw.NR), Args: n.raw.Args, IP: n.raw.IP}
	c.narrow()
	if task.life.is(lifeGated) && !isExec(&c) {
		return nil
	}
	if task.pending.leave() {
		return nil // the same call again, on its way from the entry stop to the kernel
	}
	if task.changedCall(n) {
		return nil
	}
	task.Call = c
	t.sched.Entry(scheduled{task}, c.ABI, c.NR, &task.Call.Args)
	if t.pages.saw(&task.Call) {
		t.watchSpinning()
	}
	if task.progress.begin(callUnseen) {
		t.inbox.post(func() { t.seekStrays(task.Proc) })
	}
	if g := c.guard(); g != nil && g.unseen != nil && t.follows() {
		task.progress.birth = birthAwaited
	}
	task.Entered = n.at
	task.pending.ask(n.raw.ID, &c)
	*ev = Event{Kind: EventEnter, Task: task, At: n.at}
	return task
}

// noteStack notes the stack pointer at the stop between the answer and the restarted
// call.
func (t *Task) noteStack() {
	var s kernel.SyscallInfo
	if t.pending.lacksStack() && kernel.GetSyscallInfo(t.TID, &s) == 0 {
		t.pending.stackAt(s.SP)
	}
}
