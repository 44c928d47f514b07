package tracer

import (
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/syscalls"
)

// A Listener receives a filter's notifications. Its methods, except Close, may
// be called from any thread; Receive from one at a time.
type Listener struct {
	fd     int
	ring   int // keeps the file alive until the tracees of a killed luatrace are dead, or -1
	closed atomic.Bool
	thread atomic.Int64 // the thread in Receive
	done   chan struct{}
	lost   lostCalls
	freed  *atomic.Uint64 // of the tracer
}

func newListener(fd int, freed *atomic.Uint64) *Listener {
	// Without it (before Linux 6.6) the kernel may wake the listener on another
	// CPU, which costs several times as much.
	kernel.NotifySync(fd)
	return &Listener{fd: fd, ring: kernel.Outlive(fd), done: make(chan struct{}), freed: freed}
}

// Serve calls handle for each notification, on a locked thread, until Close.
// handle must answer each with Continue, Answer or Upgrade.
func (l *Listener) Serve(handle func(l *Listener, n *Notification)) {
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(l.done)
		l.thread.Store(int64(unix.Gettid()))
		var n Notification
		for !l.closed.Load() {
			// Before the notification comes: behind it, its thread may end unnoticed.
			n.freed = l.freed.Load()
			var e unix.Errno
			switch n.at, e = n.raw.Receive(l.fd); e {
			case 0:
				handle(l, &n)
			case unix.EINTR: // woken by Close
			case unix.ENOENT:
				l.lost.add() // interrupted, or killed, before we looked
			default:
				return
			}
		}
	}()
}

// Close ends Serve, if it runs, and closes the descriptor: calls that are
// notified from then on fail with ENOSYS.
func (l *Listener) Close() {
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

// Notification is a call that waits for an answer.
type Notification struct {
	raw   kernel.Notification
	at    time.Time // of its receipt
	freed uint64    // what the tracer's counter was before it came
}

// ID identifies the notification in answers that come later.
func (n *Notification) ID() uint64 { return n.raw.ID }

// Continue lets the call run.
func (l *Listener) Continue(id uint64) {
	r := kernel.NotifyReply{ID: id, Flags: kernel.NotifContinue}
	r.Send(l.fd) // ENOENT: killed meanwhile
}

// Answer gives the call a result without running it; ret from -4095 to -1 is a
// failure.
func (l *Listener) Answer(id uint64, ret int64) {
	r := kernel.NotifyReply{ID: id, Val: ret}
	if syscalls.ResultErrno(ret) != 0 {
		r.Val, r.Err = 0, int32(ret)
	}
	r.Send(l.fd)
}

// Valid says whether the task of a notification still waits.
func (l *Listener) Valid(id uint64) bool { return kernel.NotifyValid(l.fd, id) }

// Listener returns the listener of the filter, nil if there is none.
func (t *Tracer) Listener() *Listener { return t.listener }

// Notified makes an EventEnter of a notification. It returns false if the call
// is none to show: of a task that is not traced, of the command before its
// execve, or one that has had its event. The caller must hold the lock that
// also guards Handle and Resume.
func (t *Tracer) Notified(n *Notification, ev *Event) bool {
	t.records()
	task := t.tasks[int(n.raw.PID)]
	// The thread may have been killed since, and its number given away, if anything
	// was collected since. Otherwise this is the thread whose memory will be
	// read, alive or not.
	if task == nil || task.Proc.detaching || n.freed != t.freed.Load() && !t.listener.Valid(n.raw.ID) {
		return false
	}
	c := Call{ABI: kernel.ABIOf(n.raw.Arch, uint64(uint32(n.raw.NR))), NR: int(n.raw.NR), Args: n.raw.Args, IP: n.raw.IP}
	c.narrow()
	if task.life.is(lifeGated) && !isExec(&c) {
		return false
	}
	if task.pending.leave() {
		return false // the same call again, on its way from the entry stop to the kernel
	}
	if task.changedCall(n) {
		return false
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
	return true
}

// Answered notes that the notified call of a task has its answer.
func (t *Task) Answered() { t.pending.answered() }

// Upgrade turns the notified call of a task into an entry stop, which comes as
// an EventEnter with data as its Upgraded. It may be called from the notification's
// thread; the tracer's thread does the rest when it is woken. Like Notified it
// needs the lock.
func (t *Tracer) Upgrade(task *Task, data any) {
	t.records()
	task.pending.want(data)
	if task.stopPost == nil {
		task.stopPost = func() { t.stopNotified(task) }
	}
	t.inbox.post(task.stopPost)
}

// stopNotified interrupts and answers a task whose call is to become an entry stop. The
// interrupt must be pending before the answer lets the task go.
func (t *Tracer) stopNotified(task *Task) {
	id := task.pending.id
	if task.life.over() || !task.pending.stop() {
		return
	}
	kernel.Ptrace(unix.PTRACE_INTERRUPT, task.TID, 0, 0)
	r := kernel.NotifyReply{ID: id, Err: -syscalls.ERESTARTNOINTR}
	r.Send(t.listener.fd)
}

// noteStack notes the stack pointer at the stop between the answer and the restarted
// call.
func (t *Task) noteStack() {
	var s kernel.SyscallInfo
	if t.pending.lacksStack() && kernel.GetSyscallInfo(t.TID, &s) == 0 {
		t.pending.stackAt(s.SP)
	}
}
