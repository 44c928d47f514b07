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

// name is the path of a file of a thread below it.
func (f *FS) name(tid int, file string) (string, error) {
	switch {
	case f.view == None:
		return "", f.unavailable()
	case f.view == Outer:
		n, err := f.number(tid)
		if err != nil {
			return "", err
		}
		tid = n
	}
	return strconv.Itoa(tid) + "/" + file, nil
}

// Open opens a file of a thread, as open(2) does.
func (f *FS) Open(tid int, file string, flags int) (int, error) {
	name, err := f.name(tid, file)
	if err != nil {
		return -1, err
	}
	return f.openat(name, flags)
}

// ReadFile returns the content of a file of a thread, such as "status".
func (f *FS) ReadFile(tid int, file string) ([]byte, error) {
	name, err := f.name(tid, file)
	if err != nil {
		return nil, err
	}
	return f.read(name)
}

// ReadRegular is ReadFile for a name that somebody else chooses: some entries
// lead to other files (fd/0, root/...), and opening one that is no regular file
// could wait for ever, or take what the process should read: EINVAL then.
func (f *FS) ReadRegular(tid int, file string) ([]byte, error) {
	fd, err := f.Open(tid, file, unix.O_PATH)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, unix.EINVAL
	}
	return f.read("self/fd/" + strconv.Itoa(fd))
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

// Readlink returns where a link of a thread leads to, such as "exe".
func (f *FS) Readlink(tid int, file string) (string, error) {
	name, err := f.name(tid, file)
	if err != nil {
		return "", err
	}
	return f.readlink(name)
}

// List returns the names in a directory of a thread, such as "fd".
func (f *FS) List(tid int, dir string) ([]string, error) {
	name, err := f.name(tid, dir)
	if err != nil {
		return nil, err
	}
	return f.list(name)
}

// Stat is stat(2) of a file of a thread; flags are those of fstatat(2).
func (f *FS) Stat(tid int, file string, st *unix.Stat_t, flags int) error {
	name, err := f.name(tid, file)
	if err != nil {
		return err
	}
	return unix.Fstatat(f.fd, name, st, flags)
}

// Path returns the name by which a file of a thread can be given to a call that
// takes only names. It is good as long as nothing else is mounted on /proc.
func (f *FS) Path(tid int, file string) (string, error) {
	name, err := f.name(tid, file)
	if err != nil {
		return "", err
	}
	return "/proc/self/fd/" + strconv.Itoa(f.fd) + "/" + name, nil
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

func (f *FS) openat(name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(f.fd, name, flags|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

func (f *FS) read(name string) ([]byte, error) {
	fd, err := f.openat(name, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	b := make([]byte, 0, 2048)
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := unix.Read(fd, b[len(b):cap(b)])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return b, err
		case n == 0:
			return b, nil
		}
		b = b[:len(b)+n]
	}
}

func (f *FS) readlink(name string) (string, error) {
	var buf [4096]byte // the kernel gives no more
	n, err := unix.Readlinkat(f.fd, name, buf[:])
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

func (f *FS) list(name string) ([]string, error) {
	fd, err := f.openat(name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	dir := os.NewFile(uintptr(fd), name)
	defer dir.Close()
	return dir.Readdirnames(-1)
}

// ints returns the numbers of a line.
func ints(line string) []int {
	var ns []int
	for _, w := range strings.Fields(line) {
		n, _ := strconv.Atoi(w)
		ns = append(ns, n)
	}
	return ns
}
