package tracer

import (
	"strconv"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/procfs"
	"luatrace/tracer/syscalls"
)

func syscallName(c *Call) string { return syscalls.Name(c.ABI, c.NR) }

// proc is the /proc through which everything is looked up.
func proc() *procfs.FS { return procfs.Default() }

// statusField returns a field of /proc/PID/status, "" if there is none.
func statusField(tid int, name string) string {
	if kernel.Modelled(tid) {
		return kernel.MadeUp.StatusField(tid, name)
	}
	return proc().Field(tid, name)
}

// namespaceIDs are the thread's numbers in its pid namespace and those around
// it, from ours on to the innermost.
func namespaceIDs(tid int) []int {
	if kernel.Modelled(tid) {
		return procfs.IntsOf(statusField(tid, "NSpid"))
	}
	return proc().Numbers(tid)
}

// parseSet reads a field that is a set of signals or capabilities, in hexadecimal.
func parseSet(field string) uint64 { return procfs.SetOf(field) }

func threadGroup(tid int) int { return numberOf(tid, "Tgid", (*procfs.FS).Group) }
func parentOf(tid int) int    { return numberOf(tid, "PPid", (*procfs.FS).Parent) }

// numberOf is a process's number that /proc/TID/status shows.
func numberOf(tid int, field string, ask func(*procfs.FS, int) int) int {
	if kernel.Modelled(tid) {
		n, _ := strconv.Atoi(kernel.MadeUp.StatusField(tid, field))
		return n
	}
	return ask(proc(), tid)
}

// isThreadOf says whether a thread belongs to a group: tgkill(2) knows it
// without /proc, and costs a hundredth of reading its status.
func isThreadOf(pid, tid int) bool {
	if kernel.Modelled(tid) {
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

// ProcessComm returns the name of any process or thread (at most 15 bytes), ""
// if there is none.
func ProcessComm(tid int) string {
	proc().Wanted()
	return proc().Comm(tid)
}

// Kill sends the process a signal; ESRCH if it is gone.
func (p *Process) Kill(sig unix.Signal) error {
	if p.tasks == 0 || p.reaped.Load() {
		return unix.ESRCH // its number may be another's by now
	}
	return unix.Kill(p.PID, sig)
}
