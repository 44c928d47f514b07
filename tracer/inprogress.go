package tracer

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
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
	case t.life.ended():
		return Call{}, false, false
	case t.progress.showsExit(t.tr.filtered):
		return t.Call, true, true
	case t.stop.isEntry(), t.Notified():
		return t.Call, false, true
	case t.stop.here():
		return Call{}, false, false
	}
	text, err := proc().ReadFile(t.TID, "syscall")
	if err != nil {
		return Call{}, false, false
	}
	w, ok := procfs.WaitingOf(text)
	if !ok {
		return Call{}, false, false
	}
	c.NR, c.Args, c.SP, c.IP = w.NR, w.Args, w.SP, w.IP
	c.ABI = t.programABI(c.NR)
	c.narrow()
	return c, false, true
}

// programABI is the ABI by which the task's program makes its calls: that of the
// program's file, since /proc/TID/syscall has the number alone. A 64-bit program
// that uses int $0x80 is taken for one that does not.
func (t *Task) programABI(nr int) syscalls.ABI {
	if syscalls.Native() != syscalls.AMD64 {
		return syscalls.Native()
	}
	const (
		x86_64  = 62 // e_machine, elf(5)
		machine = 18 // where it stands
	)
	var head [machine + 2]byte
	fd, err := proc().Open(t.TID, "exe", unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return syscalls.Native()
	}
	defer unix.Close(fd)
	n, _ := unix.Pread(fd, head[:], 0)
	switch {
	case n == len(head) && binary.LittleEndian.Uint16(head[machine:]) != x86_64:
		return syscalls.I386
	case nr&syscalls.X32Bit != 0:
		return syscalls.X32
	}
	return syscalls.AMD64
}

// Attaching says whether the task has been seized and its first stop, which
// interrupts the call that it is in, has not been seen yet.
func (t *Task) Attaching() bool { return t.life.is(lifeSeized) }

// AllTasks returns the threads traced now, by number. One that has ended is not among
// them, also if its event is still to come: its number may be another's.
func (t *Tracer) AllTasks() []*Task {
	list := make([]*Task, 0, len(t.tasks))
	for _, task := range t.tasks {
		if !task.life.ended() {
			list = append(list, task)
		}
	}
	slices.SortFunc(list, func(a, b *Task) int { return a.TID - b.TID })
	return list
}
