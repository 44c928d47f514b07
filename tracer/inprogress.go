package tracer

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

// InProgress returns the system call that the task is in now; ok is false if it
// is in none, or that can't be known. followed says that the tracer has seen the
// entry of this call and will see its exit; otherwise /proc/TID/syscall says
// which it is, which shows only tasks that wait in it.
//
// Like Notified it may be called from whichever thread runs hooks.
func (t *Task) InProgress() (c Call, followed, ok bool) {
	switch {
	case t.dead || t.reaped.Load():
		return Call{}, false, false
	case t.Proc.sim != nil:
		return t.Call, t.inCall, t.inCall
	case t.inCall && (t.wantExit || !t.tr.filtered):
		return t.Call, true, true
	case t.entryStop && t.state == taskStopped, t.notified:
		return t.Call, false, true
	case t.state == taskStopped:
		return Call{}, false, false
	}
	text, err := proc().ReadFile(t.TID, "syscall")
	if err != nil {
		return Call{}, false, false
	}
	c, ok = parseWaiting(string(text))
	if !ok {
		return Call{}, false, false
	}
	c.ABI = t.programABI(c.NR)
	c.narrow()
	return c, false, true
}

// parseWaiting reads /proc/TID/syscall: number, six arguments, stack pointer and
// program counter of a task that waits in a call (proc_pid_syscall(5)). The
// number is -1 for a task that waits elsewhere.
func parseWaiting(text string) (c Call, ok bool) {
	f := strings.Fields(text)
	if len(f) != 9 {
		return c, false // "running", or "-1" with two registers
	}
	nr, err := strconv.Atoi(f[0])
	if err != nil || nr < 0 {
		return c, false
	}
	c.NR = nr
	for i, word := range f[1:] {
		v, err := strconv.ParseUint(word, 0, 64)
		switch {
		case err != nil:
			return c, false
		case i < len(c.Args):
			c.Args[i] = v
		case i == len(c.Args):
			c.SP = v
		default:
			c.IP = v
		}
	}
	return c, true
}

// programABI is the ABI by which the task's program makes its calls: that of the
// program's file, since /proc/TID/syscall has the number alone. A 64-bit program
// that uses int $0x80 is taken for one that does not.
func (t *Task) programABI(nr int) syscalls.ABI {
	if nativeABI != syscalls.AMD64 {
		return nativeABI
	}
	const (
		x32Bit  = 0x40000000
		x86_64  = 62 // e_machine, elf(5)
		machine = 18 // where it stands
	)
	var head [machine + 2]byte
	fd, err := proc().Open(t.TID, "exe", unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return nativeABI
	}
	defer unix.Close(fd)
	n, _ := unix.Pread(fd, head[:], 0)
	switch {
	case n == len(head) && binary.LittleEndian.Uint16(head[machine:]) != x86_64:
		return syscalls.I386
	case nr&x32Bit != 0:
		return syscalls.X32
	}
	return syscalls.AMD64
}

// Attaching says whether the task has been seized and its first stop, which
// interrupts the call that it is in, has not been seen yet.
func (t *Task) Attaching() bool { return t.attaching }

// SimulateInCall says whether a simulated task is in the call of Simulate, or has
// returned from it.
func (t *Task) SimulateInCall(in bool) { t.inCall = in }

// AllTasks returns the threads traced now, by number. One that has ended is not among
// them, also if its event is still to come: its number may be another's.
func (t *Tracer) AllTasks() []*Task {
	list := make([]*Task, 0, len(t.tasks))
	for _, task := range t.tasks {
		if !task.dead && !task.reaped.Load() {
			list = append(list, task)
		}
	}
	slices.SortFunc(list, func(a, b *Task) int { return a.TID - b.TID })
	return list
}
