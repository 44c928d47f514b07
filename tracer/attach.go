package tracer

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/procfs"
)

// Attach seizes a running process with all its threads. Each thread's first
// event is EventAttached. The error is an *AttachError that says why not; no
// thread stays attached then.
func (t *Tracer) Attach(pid int) (*Process, error) {
	if pid == os.Getpid() {
		return nil, &AttachError{PID: pid, Errno: unix.EPERM, Reason: "that is luatrace itself"}
	}
	if t.procs[pid] != nil {
		return t.procs[pid], nil
	}
	if fs := proc(); fs.View() == procfs.None {
		// Its threads are not known, and their calls would be missing without a word.
		return nil, &AttachError{PID: pid, Errno: unix.ENOENT, Reason: withoutProc(fs.Why())}
	}
	if tgid := threadGroup(pid); tgid != 0 && tgid != pid {
		return nil, &AttachError{PID: pid, Errno: unix.ESRCH, Reason: fmt.Sprintf("that is a thread of process %d; attach to %d", tgid, tgid)}
	}
	reserveThreads()
	if tid := waitsForPage(pid); tid != 0 {
		return nil, &AttachError{PID: pid, Errno: unix.EAGAIN, Reason: fmt.Sprintf("thread %d waits for a page that userfaultfd holds back, and can't be stopped meanwhile", tid)}
	}
	if e := t.seize(pid, pid); e != 0 {
		return nil, &AttachError{PID: pid, Errno: e, Reason: newRefusal(pid, e, false).reason()}
	}
	p := t.procs[pid]
	t.watch(p, pid)
	if hasUserfaultfd(pid) {
		t.pages.held()
		t.watchSpinning()
	}
	t.seizeThreads(p)
	return p, nil
}

// seizeThreads attaches to all threads of a process that are not ours yet.
func (t *Tracer) seizeThreads(p *Process) {
	if t.options&unix.PTRACE_O_TRACECLONE == 0 {
		return
	}
	// A thread that is not seized yet may make another one while the list is
	// read; so it is read until it holds nothing new.
	for again := true; again; {
		again = false
		tids, err := threads(p.PID)
		if err != nil {
			return
		}
		for _, tid := range tids {
			if t.tasks[tid] != nil {
				continue
			}
			// EPERM: a seized thread made it, so it is ours already and its
			// first stop is on the way, or it is dying.
			if t.seize(tid, p.PID) == 0 {
				again = true
			}
		}
	}
}

// withoutProc says why a process can't be attached to where /proc is of no use.
func withoutProc(why string) string {
	if why == procfs.Missing {
		return "there is no /proc, which knows its threads (mount -t proc proc /proc)"
	}
	return "/proc is of no use here, which knows its threads: " + why + " (mount -t proc proc /proc, or unshare --mount-proc)"
}

// seize attaches to one thread and asks it to stop.
func (t *Tracer) seize(tid, pid int) unix.Errno {
	if e := kernel.Ptrace(unix.PTRACE_SEIZE, tid, 0, t.options); e != 0 {
		return e
	}
	t.pages.unseen()
	t.newTask(tid, pid, t.procs[parentOf(pid)], lifeSeized).interrupted = true
	kernel.Ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0)
	return 0
}

// EscapeName makes a process name, which its owner chooses freely, safe to
// print: bytes that are not printable ASCII become \xNN.
func EscapeName(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
