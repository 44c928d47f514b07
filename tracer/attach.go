package tracer

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
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
	if tgid := threadGroup(pid); tgid != 0 && tgid != pid {
		return nil, &AttachError{PID: pid, Errno: unix.ESRCH, Reason: fmt.Sprintf("that is a thread of process %d; attach to %d", tgid, tgid)}
	}
	if e := t.seize(pid, pid); e != 0 {
		return nil, &AttachError{PID: pid, Errno: e, Reason: attachReason(pid, e)}
	}
	p := t.procs[pid]
	t.watch(p, pid)
	if t.options&unix.PTRACE_O_TRACECLONE == 0 {
		return p, nil
	}
	// A thread that is not seized yet may make another one while the list is
	// read; so it is read until it holds nothing new.
	for again := true; again; {
		again = false
		tids, err := threads(pid)
		if err != nil {
			break
		}
		for _, tid := range tids {
			if t.tasks[tid] != nil {
				continue
			}
			// EPERM: a seized thread made it, so it is ours already and its
			// first stop is on the way, or it is dying.
			if t.seize(tid, pid) == 0 {
				again = true
			}
		}
	}
	return p, nil
}

// seize attaches to one thread and asks it to stop.
func (t *Tracer) seize(tid, pid int) unix.Errno {
	if e := ptrace(unix.PTRACE_SEIZE, tid, 0, t.options); e != 0 {
		return e
	}
	task := t.newTask(tid, pid, t.procs[parentOf(pid)])
	task.attaching, task.interrupted = true, true
	ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0)
	return 0
}

// attachReason says in words why a seize was refused, "" for what errno says
// well enough.
func attachReason(pid int, e unix.Errno) string {
	if e == unix.ESRCH {
		return "there is no such process"
	}
	if e != unix.EPERM {
		return ""
	}
	if tracer := tracerName(pid); tracer != "" {
		return fmt.Sprintf("it is traced already, by %s; a process can have only one tracer", tracer)
	}
	if state := statusField(pid, "State"); strings.HasPrefix(state, "Z") {
		return "it has ended already (a zombie that its parent has not collected)"
	}
	if _, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); errors.Is(err, os.ErrNotExist) {
		return "it is a kernel thread"
	}
	if uid := ownerOf(pid); uid >= 0 && os.Geteuid() != 0 && uid != os.Geteuid() {
		return fmt.Sprintf("it belongs to another user (uid %d, you are %d); run luatrace as that user or as root", uid, os.Geteuid())
	}
	switch yamaScope() {
	case 1:
		return "kernel.yama.ptrace_scope is 1: only own children may be traced; start the command through luatrace, run as root, or set kernel.yama.ptrace_scope=0"
	case 2:
		return "kernel.yama.ptrace_scope is 2: CAP_SYS_PTRACE is needed; run as root"
	case 3:
		return "kernel.yama.ptrace_scope is 3: tracing is switched off until the next boot"
	}
	return "not permitted: the process is not dumpable or has more privileges than you (CAP_SYS_PTRACE is needed), or a container's seccomp profile forbids ptrace"
}

// launchReason says in words why the child of a launch can't be traced.
func launchReason(tid int, e unix.Errno) string {
	if e != unix.EPERM {
		return ""
	}
	if tracer := tracerName(tid); tracer != "" {
		return fmt.Sprintf("%s traces luatrace and what it starts; a process can have only one tracer", tracer)
	}
	return attachReason(tid, e)
}

// tracerName is the id and the name of the process that traces a process, ""
// if none does.
func tracerName(pid int) string {
	tracer := tracerOf(pid)
	if tracer == 0 {
		return ""
	}
	// The kernel names the thread.
	if pid := threadGroup(tracer); pid > 0 {
		tracer = pid
	}
	name := ProcessComm(tracer)
	if name == "" {
		name = "?"
	}
	return fmt.Sprintf("process %d (%s)", tracer, EscapeName(name))
}

func ownerOf(pid int) int {
	f := strings.Fields(statusField(pid, "Uid"))
	if len(f) == 0 {
		return -1
	}
	var uid int
	if _, err := fmt.Sscan(f[0], &uid); err != nil {
		return -1
	}
	return uid
}

// yamaScope returns kernel.yama.ptrace_scope, 0 without Yama.
func yamaScope() int {
	b, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	if err != nil {
		return 0
	}
	var n int
	fmt.Sscan(string(b), &n)
	return n
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
