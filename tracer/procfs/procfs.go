// Package procfs reads what /proc shows of a thread, by the number that this
// process knows the thread by.
//
// The numbers in /proc are those of the pid namespace that it was mounted in
// (pid_namespaces(7)). Where that is another than this process's, the same
// number is another process there, whose names, files and memory must never be
// taken for the thread's. So all of luatrace gets at /proc through this package
// alone. It finds out once whose numbers /proc has, keeps the directory open,
// so that a tracee that mounts another one over it changes nothing, and
// translates numbers where a namespace around this process's is shown.
//
// A thread that /proc does not show has no names and no files: the error is an
// *[Unavailable], never somebody else's answer. All functions may be called from
// any goroutine.
package procfs

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// View says whose numbers a /proc shows.
type View int

const (
	// Own is the pid namespace of this process: numbers are the same.
	Own View = iota
	// Outer is a pid namespace around it: numbers are translated.
	Outer
	// None is no /proc at all, or one that does not show this process.
	None
)

// Unavailable is the error of everything that is asked of a /proc that can't
// answer.
type Unavailable struct {
	// Why says in a few words what is the matter with /proc.
	Why string
}

// Error says that /proc can't be asked, and why.
func (e *Unavailable) Error() string { return "/proc is of no use here: " + e.Why }

// FS is a /proc.
type FS struct {
	fd    int // of its directory
	view  View
	why   string // of None
	self  int    // this process's number in it
	level int    // of Outer: where in an NSpid line our numbers stand
}

// Default is the /proc of this process, found out with the first call.
var Default = sync.OnceValue(func() *FS { return open("/proc") })

// At is a directory that is laid out like the /proc of this process's own pid
// namespace, for tests.
func At(dir string) (*FS, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	return &FS{fd: fd, self: os.Getpid()}, err
}

// Close closes what At has opened.
func (f *FS) Close() error { return unix.Close(f.fd) }

// What may be the matter with a /proc that is of no use.
const (
	Missing = "there is none"
	Foreign = "it shows the processes of another pid namespace"
)

func open(dir string) *FS {
	none := func(why string) *FS { return &FS{fd: -1, view: None, why: why} }
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return none(Missing)
	}
	f := &FS{fd: fd, self: os.Getpid()}
	view, why := f.look()
	if view == None {
		unix.Close(fd)
		return none(why)
	}
	f.view = view
	startSpares(fd)
	return f
}

// look finds out whose numbers it shows: a process's NSpid line begins with its
// number in the namespace of this /proc and ends with that in its own.
func (f *FS) look() (View, string) {
	var fs unix.Statfs_t
	if unix.Fstatfs(f.fd, &fs) != nil || fs.Type != unix.PROC_SUPER_MAGIC {
		return None, Missing
	}
	self, err := f.readlink("self")
	if err != nil {
		return None, Foreign // of a namespace that this process is not in
	}
	// Nothing is around the first namespace, which has always this number
	// (PROC_PID_INIT_INO). This costs a quarter of reading the status.
	if ns, err := f.readlink("self/ns/pid"); err == nil && ns == "pid:[4026531836]" {
		return Own, ""
	}
	b, err := f.read("self/status")
	if err != nil {
		return None, err.Error()
	}
	numbers := ints(FieldOf(b, "NSpid"))
	switch {
	case len(numbers) == 0: // a kernel without pid namespaces
		if self != strconv.Itoa(os.Getpid()) {
			return None, Foreign
		}
		return Own, ""
	case len(numbers) == 1:
		return Own, ""
	}
	f.self, f.level = numbers[0], len(numbers)-1
	// The way that numbers are translated, tried on one that is known.
	if n, err := f.outer(os.Getpid()); err != nil || n != f.self {
		return None, Foreign
	}
	return Outer, ""
}

// View says whose numbers it shows.
func (f *FS) View() View { return f.view }

// Why says what is the matter with one that is of no use, "" with others.
func (f *FS) Why() string { return f.why }

// unavailable is its error for a thread that it does not show.
func (f *FS) unavailable() error { return &Unavailable{f.why} }

// Thread is where a thread is shown, by its number: it is the caller's business that
// the number is not another's by now. See [FS.Hold].
func (f *FS) Thread(tid int) (Place, error) {
	if f.view == None {
		return Place{}, f.unavailable()
	}
	if f.view == Outer {
		n, err := f.number(tid)
		if err != nil {
			return Place{}, err
		}
		tid = n
	}
	return Place{f: f, dir: f.fd, number: tid}, nil
}

// Open is that of [Place].
func (f *FS) Open(tid int, file string, flags int) (int, error) {
	p, err := f.Thread(tid)
	if err != nil {
		return -1, err
	}
	return p.Open(file, flags)
}

// ReadFile is that of [Place].
func (f *FS) ReadFile(tid int, file string) ([]byte, error) {
	p, err := f.Thread(tid)
	if err != nil {
		return nil, err
	}
	return p.ReadFile(file)
}

// Readlink is that of [Place].
func (f *FS) Readlink(tid int, file string) (string, error) {
	p, err := f.Thread(tid)
	if err != nil {
		return "", err
	}
	return p.Readlink(file)
}

// List is that of [Place].
func (f *FS) List(tid int, dir string) ([]string, error) {
	p, err := f.Thread(tid)
	if err != nil {
		return nil, err
	}
	return p.List(dir, Bound{})
}

// Stat is that of [Place].
func (f *FS) Stat(tid int, file string, st *unix.Stat_t, flags int) error {
	p, err := f.Thread(tid)
	if err != nil {
		return err
	}
	return p.Stat(file, st, flags)
}

// Path is that of [Place].
func (f *FS) Path(tid int, file string) (string, error) {
	p, err := f.Thread(tid)
	if err != nil {
		return "", err
	}
	return p.Path(file), nil
}

// Self returns the content of a file of this process, such as "statm".
func (f *FS) Self(file string) ([]byte, error) {
	if f.view == None {
		return nil, f.unavailable()
	}
	return f.read("self/" + file)
}

// SelfLink returns where a link of this process leads to: file begins with
// "self/" or "thread-self/".
func (f *FS) SelfLink(file string) (string, error) {
	if f.view == None {
		return "", f.unavailable()
	}
	return f.readlink(file)
}

// System returns the content of a file that is no process's, such as
// "sys/kernel/yama/ptrace_scope".
func (f *FS) System(file string) ([]byte, error) {
	if f.view == None {
		return nil, f.unavailable()
	}
	return f.read(file)
}

// Comm returns the name of a thread (at most 15 bytes), "" if it is not known.
func (f *FS) Comm(tid int) string {
	b, _ := f.ReadFile(tid, "comm")
	return string(bytes.TrimSuffix(b, []byte("\n")))
}

// Field returns a field of /proc/TID/status, "" if there is none. Numbers of
// processes in it are those of the namespace that /proc shows: see Parent,
// Group and Tracer.
func (f *FS) Field(tid int, name string) string {
	b, err := f.ReadFile(tid, "status")
	if err != nil {
		return ""
	}
	return FieldOf(b, name)
}

// FieldOf finds a field in the text of /proc/PID/status. The process's name,
// which may hold anything but a newline (the kernel escapes that), comes first.
func FieldOf(text []byte, name string) string {
	for line := range bytes.Lines(text) {
		if len(line) > len(name) && line[len(name)] == ':' && string(line[:len(name)]) == name {
			return string(bytes.TrimSpace(line[len(name)+1:]))
		}
	}
	return ""
}

// read, readlink and list are for names below /proc itself.
func (f *FS) read(name string) ([]byte, error)     { return read(f.fd, name, Bound{}) }
func (f *FS) readlink(name string) (string, error) { return readlink(f.fd, name) }
func (f *FS) list(name string) ([]string, error)   { return list(f.fd, name, Bound{}) }

// ints returns the numbers of a line.
func ints(line string) []int {
	var ns []int
	for _, w := range strings.Fields(line) {
		n, _ := strconv.Atoi(w)
		ns = append(ns, n)
	}
	return ns
}
