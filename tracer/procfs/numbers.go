package procfs

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// number is what a thread is called in an outer namespace; ESRCH if there is no
// such thread.
func (f *FS) number(tid int) (int, error) {
	if tid == os.Getpid() {
		return f.self, nil
	}
	return f.outer(tid)
}

// pidfdThread is PIDFD_THREAD of linux/pidfd.h, Linux 6.9.
const pidfdThread = unix.O_EXCL

// outer asks the kernel: what /proc shows of a pidfd has the number in its own
// namespace.
func (f *FS) outer(tid int) (int, error) {
	pidfd, err := unix.PidfdOpen(tid, 0)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) { // a thread that is no process
		if pidfd, err = unix.PidfdOpen(tid, pidfdThread); errors.Is(err, unix.EINVAL) {
			return f.outerThread(tid)
		}
	}
	if err != nil {
		return 0, err
	}
	defer unix.Close(pidfd)
	b, err := f.read("self/fdinfo/" + strconv.Itoa(pidfd))
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(FieldOf(b, "Pid"))
	if err != nil || n <= 0 {
		return 0, unix.ESRCH
	}
	return n, nil
}

// found keeps the numbers of threads that outerThread has looked for.
var found struct {
	sync.Mutex
	threads map[int]int
}

// mostFound bounds found.
const mostFound = 10000

// outerThread looks for a thread among those of all processes of our namespace,
// for kernels that have no pidfds of threads.
func (f *FS) outerThread(tid int) (int, error) {
	found.Lock()
	defer found.Unlock()
	if n := found.threads[tid]; n != 0 && f.level < len(f.numbers(n)) && f.numbers(n)[f.level] == tid {
		return n, nil
	}
	pids, err := f.Processes()
	if err != nil {
		return 0, err
	}
	for _, pid := range pids {
		group, err := f.outer(pid)
		if err != nil {
			continue
		}
		names, _ := f.list(strconv.Itoa(group) + "/task")
		for _, name := range names {
			n, _ := strconv.Atoi(name)
			if ns := f.numbers(n); f.level < len(ns) && ns[f.level] == tid {
				if found.threads == nil || len(found.threads) >= mostFound {
					found.threads = map[int]int{}
				}
				found.threads[tid] = n
				return n, nil
			}
		}
	}
	return 0, unix.ESRCH
}

// numbers are those of a thread of this /proc, in it and in the namespaces
// below, to the thread's own.
func (f *FS) numbers(n int) []int {
	b, err := f.read(strconv.Itoa(n) + "/status")
	if err != nil {
		return nil
	}
	return ints(FieldOf(b, "NSpid"))
}

// Inner is our number of a process that this /proc has the number n for, 0 if it
// is in none of our namespaces.
func (f *FS) Inner(n int) int {
	if f.view == Own || n == 0 {
		return n
	}
	ns := f.numbers(n)
	if f.level >= len(ns) {
		return 0
	}
	// Another namespace that is as deep as ours may have that number too.
	if back, err := f.number(ns[f.level]); err != nil || back != n {
		return 0
	}
	return ns[f.level]
}

// numberIn reads a field of a thread's status that is a process's number, and
// returns our number of it: 0 if it has none.
func (f *FS) numberIn(tid int, field string) int {
	n, _ := strconv.Atoi(f.Field(tid, field))
	return f.Inner(n)
}

// Parent returns the parent of a process, 0 if it is not known or not in this
// pid namespace.
func (f *FS) Parent(tid int) int { return f.numberIn(tid, "PPid") }

// Group returns the thread group of a thread, that is its process; 0 if it is
// not known.
func (f *FS) Group(tid int) int { return f.numberIn(tid, "Tgid") }

// Tracer returns the process that traces a thread. traced says that one does,
// which may be in none of our pid namespaces: its number is 0 then, and comm is
// its name.
func (f *FS) Tracer(tid int) (pid int, comm string, traced bool) {
	n, _ := strconv.Atoi(f.Field(tid, "TracerPid"))
	if n == 0 {
		return 0, "", false
	}
	// The kernel names the thread.
	b, _ := f.read(strconv.Itoa(n) + "/status")
	if group, _ := strconv.Atoi(FieldOf(b, "Tgid")); group > 0 && group != n {
		n = group
		b, _ = f.read(strconv.Itoa(n) + "/status")
	}
	return f.Inner(n), FieldOf(b, "Name"), true
}

// Numbers are the numbers of a thread in this process's pid namespace and
// those below, to the thread's own.
func (f *FS) Numbers(tid int) []int {
	ns := ints(f.Field(tid, "NSpid"))
	return ns[min(f.level, len(ns)):]
}

// Threads returns the threads of a process.
func (f *FS) Threads(pid int) ([]int, error) {
	names, err := f.List(pid, "task")
	if err != nil {
		return nil, err
	}
	tids := make([]int, 0, len(names))
	for _, name := range names {
		n, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if f.view == Outer {
			ns := f.numbers(n)
			if f.level >= len(ns) { // it has just ended
				continue
			}
			n = ns[f.level]
		}
		tids = append(tids, n)
	}
	slices.Sort(tids)
	return tids, nil
}

// Processes returns the processes of this process's pid namespace that /proc
// shows, and those of the namespaces below it.
func (f *FS) Processes() ([]int, error) {
	if f.view == None {
		return nil, f.unavailable()
	}
	names, err := f.list(".")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, name := range names {
		n, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if pid := f.Inner(n); pid != 0 {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

// Children returns the processes that a thread of a process has made, as far as they are in
// our pid namespaces; none where the kernel does not list them (CONFIG_PROC_CHILDREN).
func (f *FS) Children(pid, tid int) []int {
	n := tid
	if f.view == Outer {
		var err error
		if n, err = f.number(tid); err != nil {
			return nil
		}
	}
	b, err := f.ReadFile(pid, "task/"+strconv.Itoa(n)+"/children")
	if err != nil {
		return nil
	}
	var children []int
	for _, c := range ints(string(b)) {
		if c = f.Inner(c); c != 0 {
			children = append(children, c)
		}
	}
	return children
}
