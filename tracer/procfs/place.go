package procfs

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A Place is the directory in which /proc shows a thread or a process.
type Place struct {
	f      *FS
	dir    int    // a descriptor, to which names are relative
	prefix string // of the number: "7/task/", or nothing
	number int    // of the directory, 0 for dir itself
}

// name is the path of a file there, relative to dir.
func (p Place) name(file string) string {
	if p.number == 0 {
		return file
	}
	b := make([]byte, 0, 64)
	b = strconv.AppendInt(append(b, p.prefix...), int64(p.number), 10)
	return string(append(append(b, '/'), file...))
}

// Open opens a file of the thread, as open(2) does. It takes none of the descriptors
// in reserve, as the file may be kept open.
func (p Place) Open(file string, flags int) (int, error) { return openKept(p.dir, p.name(file), flags) }

// ReadFile returns the content of a file of the thread, such as "status"; of a
// long one only the beginning, with a *[CutError].
func (p Place) ReadFile(file string) ([]byte, error) { return read(p.dir, p.name(file), Bound{}) }

// Readlink returns where a link of the thread leads to, such as "exe".
func (p Place) Readlink(file string) (string, error) { return readlink(p.dir, p.name(file)) }

// List returns the names in a directory of the thread, such as "fd".
func (p Place) List(dir string, b Bound) ([]string, error) { return list(p.dir, p.name(dir), b) }

// Stat is stat(2) of a file of the thread; flags are those of fstatat(2).
func (p Place) Stat(file string, st *unix.Stat_t, flags int) error {
	return unix.Fstatat(p.dir, p.name(file), st, flags)
}

// Path returns the name by which a file of the thread can be given to a call that
// takes only names. It is good as long as nothing else is mounted on /proc.
func (p Place) Path(file string) string {
	return "/proc/self/fd/" + strconv.Itoa(p.dir) + "/" + p.name(file)
}

// ThreadOf is where a thread of a process is shown: there is nothing if the thread is
// another process's.
func (f *FS) ThreadOf(pid, tid int) (Place, error) {
	p, err := f.Thread(pid)
	if err != nil || pid == tid {
		return p, err
	}
	thread, err := f.Thread(tid)
	thread.prefix = strconv.Itoa(p.number) + "/task/"
	return thread, err
}

// Comm returns the thread's name (at most 15 bytes), "" if it is not known.
func (p Place) Comm() string {
	b, _ := p.ReadFile("comm")
	return strings.TrimSuffix(string(b), "\n")
}

// Field returns a field of the thread's status, "" if there is none. Numbers of
// processes in it are those of the namespace that /proc shows.
func (p Place) Field(name string) string {
	b, err := p.ReadFile("status")
	if err != nil {
		return ""
	}
	return FieldOf(b, name)
}

// Parent returns the parent of the thread's process, 0 if it is not known or not in
// this pid namespace.
func (p Place) Parent() int {
	n, _ := strconv.Atoi(p.Field("PPid"))
	return p.f.Inner(n)
}

// Inner is that of [FS].
func (p Place) Inner(n int) int { return p.f.Inner(n) }

// Scan calls do with each line of a file of the thread, with its newline, until
// that returns false. Of a line of more than 64 KiB do gets the beginning. It takes
// the same little memory however long the file is.
func (p Place) Scan(file string, b Bound, do func(line []byte) bool) error {
	return scan(p.dir, p.name(file), b, do)
}

// ReadWanted is ReadFile for a name that somebody else chooses, relative to the thread's
// directory, and for more than that.
//
// Some entries lead to other files (fd/0, root/...), and opening one that is no regular
// file could wait for ever, or take what the process should read: EINVAL then. Some
// have no end, or can only be written: a *[RefusedError] then.
func (p Place) ReadWanted(file string, b Bound) ([]byte, error) {
	if err := Refused(file); err != nil {
		return nil, err
	}
	b.Most = b.most(file)
	if first, _, below := strings.Cut(file, "/"); !below && !slices.Contains(links, file) || slices.Contains(filesOnly, first) && !strings.Contains(file, "..") {
		return read(p.dir, p.name(file), b) // a file, or a directory, which can't be read
	}
	fd, err := openat(p.dir, p.name(file), unix.O_PATH)
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
	own := "self/fd/" + strconv.Itoa(fd)
	var fs unix.Statfs_t
	if unix.Fstatfs(fd, &fs) == nil && fs.Type == unix.PROC_SUPER_MAGIC { // perhaps by a link: fd/3
		to, err := p.f.readlink(own)
		if err == nil {
			err = Refused(path.Base(to))
		}
		if err != nil {
			return nil, err
		}
	}
	return read(p.f.fd, own, b)
}

// links are the entries of a process that lead to a file or directory elsewhere.
var links = []string{"root", "cwd", "exe"}

// filesOnly are the directories of a process in which there are no links.
var filesOnly = []string{"fdinfo", "net", "attr"}

// A RefusedError says that a file of a process is not read.
type RefusedError struct{ File, Why string }

// Error says why, and what would do.
func (e *RefusedError) Error() string { return e.File + " is not read as a file: " + e.Why }

// refused are files that have no end, or can only be written.
var refused = map[string]string{
	"mem":        "it is all of the address space; ev.mem reads memory",
	"pagemap":    "it has 8 bytes for each page that there may be, 256 GB; smaps shows what is in memory",
	"clear_refs": "it can only be written",
}

// Refused returns a *[RefusedError] for the name of a file that is not read for
// anybody, else nil.
func Refused(file string) error {
	name := path.Base(file)
	if why := refused[name]; why != "" {
		return &RefusedError{name, why}
	}
	return nil
}

// A Dir is the directory in which /proc shows a process, held open. It stays that
// of this process: when that has ended (and was collected by its parent), there is
// nothing in it any more, whoever gets the number.
type Dir struct {
	f  *FS
	fd int
}

// Hold opens the directory of the process that has the number now.
func (f *FS) Hold(pid int) (*Dir, error) {
	p, err := f.Thread(pid)
	if err != nil {
		return nil, err
	}
	fd, err := p.Open(".", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	return &Dir{f, fd}, nil
}

// Close closes it.
func (d *Dir) Close() error { return unix.Close(d.fd) }

// Place is where the process is shown.
func (d *Dir) Place() Place { return Place{f: d.f, dir: d.fd} }

// Thread is where a thread of the process is shown; there is nothing if the number is
// another process's.
func (d *Dir) Thread(tid int) (Place, error) {
	p, err := d.f.Thread(tid)
	p.dir, p.prefix = d.fd, "task/"
	return p, err
}

// Started returns when the process was made, in ticks since the system was started,
// as proc_pid_stat(5) has it.
func (d *Dir) Started() (ticks uint64, err error) {
	b, err := d.Place().ReadFile("stat")
	if err != nil {
		return 0, err
	}
	return StartOf(b)
}
