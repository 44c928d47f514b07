package tracer

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
	"luatrace/tracer/syscalls"
)

func syscallName(c *Call) string { return syscalls.Name(c.ABI, c.NR) }

// proc is the /proc through which everything is looked up.
func proc() *procfs.FS { return procfs.Default() }

// statusField returns a field of /proc/PID/status, "" if there is none.
func statusField(tid int, name string) string {
	if modelled(tid) {
		return model.statusField(tid, name)
	}
	return proc().Field(tid, name)
}

// statusInts returns the numbers of a field of several.
func statusInts(tid int, name string) []int {
	var ns []int
	for _, f := range strings.Fields(statusField(tid, name)) {
		n, _ := strconv.Atoi(f)
		ns = append(ns, n)
	}
	return ns
}

// namespaceIDs are the thread's numbers in its pid namespace and those around
// it, from ours on to the innermost.
func namespaceIDs(tid int) []int {
	if modelled(tid) {
		return statusInts(tid, "NSpid")
	}
	return proc().Numbers(tid)
}

// hasCapability says whether the thread has a capability in effect.
func hasCapability(tid, capability int) bool {
	return parseSet(statusField(tid, "CapEff"))>>capability&1 != 0
}

// parseSet reads a field that is a set of signals or capabilities, in hexadecimal.
func parseSet(field string) uint64 {
	set, _ := strconv.ParseUint(field, 16, 64)
	return set
}

func threadGroup(tid int) int { return numberOf(tid, "Tgid", (*procfs.FS).Group) }
func parentOf(tid int) int    { return numberOf(tid, "PPid", (*procfs.FS).Parent) }

// numberOf is a process's number that /proc/TID/status shows.
func numberOf(tid int, field string, ask func(*procfs.FS, int) int) int {
	if modelled(tid) {
		n, _ := strconv.Atoi(model.statusField(tid, field))
		return n
	}
	return ask(proc(), tid)
}

// isThreadOf says whether a thread belongs to a group: tgkill(2) knows it
// without /proc, and costs a hundredth of reading its status.
func isThreadOf(pid, tid int) bool {
	if modelled(tid) {
		return threadGroup(tid) == pid
	}
	err := unix.Tgkill(pid, tid, 0)
	return err == nil || err == unix.EPERM
}

// isTraced says whether somebody traces a thread.
func isTraced(tid int) bool {
	_, _, traced := proc().Tracer(tid)
	return traced
}

// signalsPending says whether a signal that is not blocked waits for the thread.
func signalsPending(tid int) bool {
	blocked := parseSet(statusField(tid, "SigBlk"))
	for _, f := range []string{"SigPnd", "ShdPnd"} {
		if parseSet(statusField(tid, f))&^blocked != 0 {
			return true
		}
	}
	return false
}

// threads lists the thread ids of a process.
func threads(pid int) ([]int, error) { return proc().Threads(pid) }

// Comm returns the thread's name (at most 15 bytes), "" if it is gone.
func (t *Task) Comm() string {
	if s := t.Proc.sim; s != nil {
		return s.Comm
	}
	return ProcessComm(t.TID)
}

// ProcessComm returns the name of any process or thread (at most 15 bytes), ""
// if there is none.
func ProcessComm(tid int) string {
	proc().Wanted()
	return proc().Comm(tid)
}

// Exe returns the path of the process's program as the kernel shows it.
func (t *Task) Exe() string { return t.Proc.link(t.TID, "exe") }

// Cwd returns the task's working directory as the kernel shows it.
func (t *Task) Cwd() string { return t.Proc.link(t.TID, "cwd") }

// FD returns what a file descriptor stands for as /proc shows it: a path, or
// "pipe:[...]", "socket:[...]", "anon_inode:...". "" if it is not open.
func (t *Task) FD(fd int) string { return t.Proc.descriptor(t.TID, fd) }

// link returns the target of a link below /proc/TID of a thread of the process.
func (p *Process) link(tid int, name string) string {
	if p.sim != nil {
		return p.sim.link(name)
	}
	return procLink(tid, name)
}

func (p *Process) descriptor(tid, fd int) string {
	if p.sim != nil {
		return p.sim.FDs[fd]
	}
	return procLink(tid, "fd/"+strconv.Itoa(fd))
}

// file returns the content of a file below /proc/TID of a thread of the process.
func (p *Process) file(tid int, name string) ([]byte, error) {
	if p.sim != nil {
		return p.sim.file(name)
	}
	proc().Wanted()
	return proc().ReadRegular(tid, name)
}

func (p *Process) parent(tid int) int {
	if p.sim != nil {
		return p.sim.PPID
	}
	return parentOf(tid)
}

// procLink returns the target of a link below /proc/TID that somebody wants.
func procLink(tid int, name string) string {
	proc().Wanted()
	s, _ := proc().Readlink(tid, name)
	return s
}

// Exe returns the path of the process's program.
func (p *Process) Exe() string { return p.link(p.memTID(), "exe") }

// Cwd returns the process's working directory.
func (p *Process) Cwd() string { return p.link(p.memTID(), "cwd") }

// FD returns what a file descriptor stands for, as Task.FD does.
func (p *Process) FD(fd int) string { return p.descriptor(p.memTID(), fd) }

// ProcFile returns the content of a file below /proc/PID, such as "maps".
func (p *Process) ProcFile(name string) ([]byte, error) { return p.file(p.memTID(), name) }

// Maps returns the process's mappings as /proc/PID/maps shows them. It is for
// what luatrace itself looks up: nobody is told where /proc is of no use.
func (p *Process) Maps() ([]byte, error) {
	if p.sim != nil {
		return p.sim.file("maps")
	}
	return proc().ReadFile(p.memTID(), "maps")
}

// ParentPID returns the parent's process id now, 0 if the process is gone.
func (p *Process) ParentPID() int { return p.parent(p.memTID()) }

// ProcFile returns the content of a file below /proc/TID, such as "maps".
func (t *Task) ProcFile(name string) ([]byte, error) { return t.Proc.file(t.TID, name) }

// ParentPID returns the parent's process id now, 0 if the task is gone.
func (t *Task) ParentPID() int { return t.Proc.parent(t.TID) }

// Kill sends the process a signal; ESRCH if it is gone.
func (p *Process) Kill(sig unix.Signal) error {
	if p.sim != nil {
		p.sim.Killed = append(p.sim.Killed, sig)
		return nil
	}
	if p.tasks == 0 || p.reaped.Load() {
		return unix.ESRCH // its number may be another's by now
	}
	return unix.Kill(p.PID, sig)
}
