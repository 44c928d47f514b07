package tracer

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
	"luatrace/tracer/seccomp"
)

// A page that userfaultfd(2) holds back has two effects on a tracer.
//
// process_vm_readv(2) of it sleeps until the page comes, and only SIGKILL ends
// that sleep; /proc/PID/mem fails at once with EIO. So the first is used only as
// long as every call was seen by which a tracee could have got a userfaultfd.
// Whether a process that ran before has one can't be found out: another process may
// hold the only descriptor of it.
//
// A call that meets such a page ends by a deadly signal in a process that is
// not traced: the kernel makes a SIGKILL of the signal at once. For a traced one it
// can't, as the tracer is to see the signal first, and the thread tries
// to read the page again and again with the signal pending: it can't be
// stopped, nor can it end. The tracer then does what the kernel would have done.

// newUserfaultfd is the request of an ioctl(2) of /dev/userfaultfd that makes a
// descriptor too: USERFAULTFD_IOC_NEW of linux/userfaultfd.h, Linux 6.1.
const newUserfaultfd = 0xaa00

// userfaultfdNR and ioctlNR are the calls' numbers in each ABI.
var (
	userfaultfdNR = numbersOf("userfaultfd")
	ioctlNR       = numbersOf("ioctl")
)

// PageHolders are the calls by which a program can hold back its pages, which a
// filter must show to the tracer by an action.
func PageHolders(action seccomp.Action) []Guard {
	return []Guard{
		{"userfaultfd", seccomp.Clause{Action: action, Own: true}},
		{"ioctl", seccomp.Clause{Action: action, Own: true, Tests: []seccomp.ArgTest{{Arg: 1, Op: seccomp.TestOneOf, Words: []uint64{newUserfaultfd}}}}},
	}
}

// arrival says what is known of the pages of all tracees.
type arrival uint8

const (
	pagesArrive arrival = iota // no tracee has a userfaultfd, if its calls are seen
	pagesUnseen                // some have made calls that were not seen
	pagesHeld                  // one has a userfaultfd
)

// pageWatch is what the tracer knows of pages that never arrive, and of tasks that spin because of
// them. It is told of calls by saw, and of what nobody sees by unseen and held.
type pageWatch struct {
	arrival arrival
	spins   map[int]spin // by thread; nil while nobody looks
}

// mayHold says whether a tracee may have pages that never arrive. seesCalls says whether calls are
// seen.
func (w *pageWatch) mayHold(seesCalls bool) bool { return w.arrival != pagesArrive || !seesCalls }

// unseen is for a tracee that has made calls which nobody has seen.
func (w *pageWatch) unseen() { w.arrival = max(w.arrival, pagesUnseen) }

// held is for a tracee that has a userfaultfd. It says whether none was known before.
func (w *pageWatch) held() bool {
	first := w.arrival != pagesHeld
	w.arrival = pagesHeld
	return first
}

// saw is told of each call at its entry. It says whether that is the first that gets a userfaultfd.
func (w *pageWatch) saw(c *Call) bool {
	return w.arrival != pagesHeld && (c.NR == userfaultfdNR[c.ABI] || c.NR == ioctlNR[c.ABI] && uint32(c.Args[1]) == newUserfaultfd) && w.held()
}

// hasUserfaultfd says whether a process has the descriptor. One that has not may
// have such pages all the same.
func hasUserfaultfd(pid int) bool {
	fds, err := proc().List(pid, "fd")
	if err != nil {
		return false
	}
	for _, fd := range fds {
		if link, err := proc().Readlink(pid, "fd/"+fd); err == nil && link == "anon_inode:[userfaultfd]" {
			return true
		}
	}
	return false
}

// waitsForPage returns a thread that waits for a page, 0 if none does. An
// interrupt would make it spin even after the tracer is gone.
func waitsForPage(pid int) int {
	tids, err := threads(pid)
	if err != nil {
		return 0
	}
	for _, tid := range tids {
		if b, err := proc().ReadFile(tid, "wchan"); err == nil && string(b) == "handle_userfault" {
			return tid
		}
	}
	return 0
}

// spinInterval is how often tasks are looked at.
const spinInterval = 250 * time.Millisecond

// spin is what was seen of a task that has not taken a deadly signal.
type spin struct {
	signal unix.Signal
	ticks  uint64 // of CPU time it had used
}

// spinning says whether a thread has the same deadly signal pending as when it was looked at before,
// and has used the CPU since: one that gets as far as its own code takes the signal. sig is 0 for a
// thread without one.
func (w *pageWatch) spinning(tid int, sig unix.Signal, ticks func(tid int) uint64) bool {
	if sig == 0 {
		delete(w.spins, tid)
		return false
	}
	before, seen := w.spins[tid]
	now := spin{sig, ticks(tid)}
	w.spins[tid] = now
	return seen && before.signal == sig && now.ticks > before.ticks
}

// watchSpinning looks for spinning tasks from now on, until the tracer ends.
func (t *Tracer) watchSpinning() {
	if t.pages.spins != nil {
		return
	}
	t.pages.spins = map[int]spin{}
	go func() {
		for time.Sleep(spinInterval); !t.inbox.closed.Load(); time.Sleep(spinInterval) {
			t.inbox.post(t.endSpinning)
		}
	}()
}

// endSpinning kills the processes of tasks that spin.
func (t *Tracer) endSpinning() {
	for tid, task := range t.tasks {
		sig := unix.Signal(0)
		if !task.stop.here() && task.Proc.endedBy == 0 {
			sig = deadlySignal(tid)
		}
		if t.pages.spinning(tid, sig, cpuTicks) {
			task.Proc.endedBy = sig
			unix.Kill(task.Proc.PID, unix.SIGKILL)
		}
	}
}

// endOf is the end of a process as it would have been without a tracer.
func (p *Process) endOf(e Exit) Exit {
	if p.endedBy != 0 && e.Signal == unix.SIGKILL {
		e.Signal = p.endedBy
	}
	return e
}

// deadlySignal returns the lowest signal that a running thread has not taken
// though it would end the process, 0 if there is none. Signals that dump core
// are not among those that the kernel acts on at once.
func deadlySignal(tid int) unix.Signal {
	text, err := proc().ReadFile(tid, "status")
	if err != nil {
		return 0
	}
	set := func(name string) uint64 { return parseSet(procfs.FieldOf(text, name)) }
	if !strings.HasPrefix(procfs.FieldOf(text, "State"), "R") {
		return 0
	}
	pending := (set("SigPnd") | set("ShdPnd")) &^ (set("SigBlk") | set("SigIgn") | set("SigCgt"))
	for sig := unix.Signal(1); sig <= 64; sig++ {
		if pending>>(sig-1)&1 != 0 && endsAtOnce(sig) {
			return sig
		}
	}
	return 0
}

// endsAtOnce says whether a signal's default action ends a process without a
// core dump (signal(7)).
func endsAtOnce(sig unix.Signal) bool {
	switch sig {
	case unix.SIGHUP, unix.SIGINT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGPIPE, unix.SIGALRM, unix.SIGTERM, unix.SIGSTKFLT,
		unix.SIGVTALRM, unix.SIGPROF, unix.SIGIO, unix.SIGPWR:
		return true
	}
	return sig >= 32
}

// cpuTicks is the CPU time of a thread.
func cpuTicks(tid int) uint64 {
	text, _ := proc().ReadFile(tid, "stat")
	const utime, stime = 14, 15
	user, _ := strconv.ParseUint(procfs.StatField(text, utime), 10, 64)
	system, _ := strconv.ParseUint(procfs.StatField(text, stime), 10, 64)
	return user + system
}
