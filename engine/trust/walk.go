package trust

import (
	"errors"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Step is one name on the way along a path: an entry of a folder.
type Step struct {
	FD     int         // the folder, opened with O_PATH; open until the next step
	Dir    string      // its path, without links
	Folder unix.Stat_t // what it is
	Name   string      // of the entry
	Entry  unix.Stat_t // what that is; a link is not followed. All zero if there is none
	Last   bool        // no other name comes behind it, unless it is a link
	Kernel bool        // a link of /proc to something open, such as /proc/self/fd/3: where it leads no text says
}

// Link says whether the entry is a symbolic link.
func (s *Step) Link() bool { return s.Entry.Mode&unix.S_IFMT == unix.S_IFLNK }

// Path is that of the entry.
func (s *Step) Path() string { return path.Join(s.Dir, s.Name) }

// ACL is the access list of the folder, for [Party.Writers].
func (s *Step) ACL() []byte { return FileACL(s.FD) }

// FileACL is the access list of an open file, for [Party.Writers]; nil if it has none.
// The descriptor may be of any kind: one of O_PATH has no attributes, so they are read by
// way of /proc. Only modes in which the group may write make the list count.
func FileACL(fd int) []byte {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&0o020 == 0 {
		return nil
	}
	b := make([]byte, 64<<10) // XATTR_SIZE_MAX
	n, err := unix.Getxattr("/proc/self/fd/"+strconv.Itoa(fd), "system.posix_acl_access", b)
	if err != nil {
		return nil
	}
	return b[:n]
}

// maxLinks is how many links the kernel follows on one path (MAXSYMLINKS).
const maxLinks = 40

// Walk goes along a path as the kernel does, and calls step for each name of it and of the
// links on the way, from / or the current directory's path on; the last call is for what
// the path leads to, or for where it would be created. Each folder is opened by its
// name in the one before, so what step has been told of a folder holds for the entry. An
// error of step ends the walk. Errors of the way are the kernel's (ENOENT, ENOTDIR, ELOOP).
func Walk(name string, step func(*Step) error) error {
	if name != "" && !path.IsAbs(name) {
		cwd, err := workingDirectory()
		if err != nil {
			return err
		}
		name = cwd + "/" + name
	}
	return WalkHere(name, step)
}

// WalkHere is [Walk], but that a relative path begins in the current directory, however that
// was come to: for what is opened by that path at once.
func WalkHere(name string, step func(*Step) error) error {
	if name == "" {
		return unix.ENOENT
	}
	w := walker{fd: -1, step: step}
	defer func() { unix.Close(w.fd) }()
	dir := "."
	if path.IsAbs(name) {
		dir = "/"
	}
	if err := w.enter(unix.AT_FDCWD, dir, dir, 0); err != nil {
		return err
	}
	return w.along(name)
}

// workingDirectory is the path of the current directory, by the kernel: $PWD could name it by a link.
func workingDirectory() (string, error) {
	b := make([]byte, unix.PathMax)
	n, err := unix.Getcwd(b)
	if err != nil {
		return "", err
	}
	cwd := strings.TrimRight(string(b[:n]), "\x00")
	if !path.IsAbs(cwd) {
		return "", errors.New("the current directory can't be reached from /")
	}
	return cwd, nil
}

// walker stands in a folder.
type walker struct {
	fd    int
	dir   string
	links int
	step  func(*Step) error
}

// enter goes to a folder, named in the one of fd; flags are more of openat(2).
func (w *walker) enter(fd int, name, dir string, flags int) error {
	to, err := unix.Openat(fd, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC|flags, 0)
	if err != nil {
		return err
	}
	if w.fd >= 0 {
		unix.Close(w.fd)
	}
	w.fd, w.dir = to, dir
	return nil
}

// along goes on with the names of a path.
func (w *walker) along(name string) error {
	rest := name
	for {
		rest = strings.TrimLeft(rest, "/")
		if rest == "" {
			return unix.EISDIR // it was a folder to its end
		}
		one := rest
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			one, rest = rest[:i], rest[i:] // with its slash: what it stands behind is a folder
		} else {
			rest = ""
		}
		switch one {
		case ".":
			continue
		case "..":
			if err := w.enter(w.fd, "..", path.Join(w.dir, ".."), 0); err != nil {
				return err
			}
			continue
		}
		s := Step{FD: w.fd, Dir: w.dir, Name: one, Last: strings.Trim(rest, "/") == ""}
		if err := unix.Fstat(w.fd, &s.Folder); err != nil {
			return err
		}
		err := unix.Fstatat(w.fd, one, &s.Entry, unix.AT_SYMLINK_NOFOLLOW)
		if err != nil && !(s.Last && rest == "" && errors.Is(err, unix.ENOENT)) {
			return err
		}
		target := ""
		if s.Link() {
			if w.links++; w.links > maxLinks {
				return unix.ELOOP
			}
			if target, err = readlinkat(w.fd, one); err != nil {
				return err
			}
			s.Kernel = onProc(w.fd) && isOpen(w.dir, one)
		}
		if err := w.step(&s); err != nil {
			return err
		}
		switch {
		case s.Kernel && s.Last:
			return nil
		case s.Kernel:
			if err := w.enter(w.fd, one, s.Path(), 0); err != nil {
				return err
			}
		case s.Link():
			if target == "" {
				return unix.ENOENT
			}
			if path.IsAbs(target) {
				if err := w.enter(unix.AT_FDCWD, "/", "/", 0); err != nil {
					return err
				}
			}
			rest = target + rest
		case s.Last && rest == "":
			return nil
		default:
			// What lies behind the name now may be something else than what step was told of:
			// a link that came since is refused, and a folder is looked at by its descriptor.
			if err := w.enter(w.fd, one, s.Path(), unix.O_NOFOLLOW); err != nil {
				return err
			}
		}
	}
}

func readlinkat(fd int, name string) (string, error) {
	b := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, name, b)
	if err != nil {
		return "", err
	}
	return string(b[:n]), nil
}

// onProc says whether a folder is of /proc.
func onProc(fd int) bool {
	var st unix.Statfs_t
	return unix.Fstatfs(fd, &st) == nil && st.Type == unix.PROC_SUPER_MAGIC
}

// isOpen says whether a link of /proc stands for something open, not for the name
// that it shows: fd/N, and cwd, root and exe of a process.
func isOpen(dir, name string) bool {
	switch path.Base(dir) {
	case "fd", "map_files":
		return true
	}
	return name == "cwd" || name == "root" || name == "exe"
}
