package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"luatrace/engine/trust"
)

// opening says what is done with a file that is there already.
type opening int

const (
	truncates opening = iota
	appends
	replaces // truncates, and fails if it is a link
	creates  // fails with EEXIST
)

// openFile opens a file for what luatrace writes, and makes it with these rights if there
// is none. Where others than this user and root may put files, they could lead what is
// written elsewhere: there no link is followed, on the whole way, and a file must be this user's and
// have one name. What is no regular file, such as /dev/null, is opened as it is.
func openFile(name string, how opening, perm uint32) (*os.File, error) {
	own := trust.Self()
	fd := -1
	err := trust.WalkHere(name, func(s *trust.Step) (err error) {
		others := ""
		if !own.Owns(&s.Folder) {
			others = trust.UserName(int(s.Folder.Uid))
		} else {
			others, _ = own.Writers(&s.Folder, s.ACL())
		}
		switch {
		case s.Link() && others != "":
			return fmt.Errorf("%s is a symbolic link in a directory where %s may write", it(s, name), others)
		case s.Link() && s.Last && how == replaces:
			return fmt.Errorf("%s is a symbolic link", it(s, name))
		case s.Last && (s.Kernel || !s.Link()):
			fd, err = openLast(s, it(s, name), how, perm, others)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// it is what a message calls what a path has led to, behind the path.
func it(s *trust.Step, path string) string {
	if s.Path() == filepath.Clean(path) {
		return "it"
	}
	return quote(s.Path())
}

// openLast opens what a path has led to. others is who may put files there besides this
// user and root, "" for nobody; it is what messages call the file.
func openLast(s *trust.Step, it string, how opening, perm uint32, others string) (int, error) {
	flags := unix.O_WRONLY | unix.O_CLOEXEC | unix.O_NOCTTY | unix.O_NONBLOCK
	if how == appends {
		flags |= unix.O_APPEND
	}
	if how == creates {
		flags |= unix.O_EXCL
	}
	if !s.Kernel {
		flags |= unix.O_CREAT | unix.O_NOFOLLOW
		if err := ownFile(&s.Entry, it, others); err != nil {
			return -1, err
		}
	}
	fd, err := unix.Openat(s.FD, s.Name, flags, perm)
	if errors.Is(err, unix.ENXIO) && s.Entry.Mode&unix.S_IFMT == unix.S_IFIFO {
		fd, err = openFIFO(s, flags&^(unix.O_CREAT|unix.O_NONBLOCK))
	}
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && !s.Kernel {
		err = ownFile(&st, it, others)
	}
	if err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && (how == truncates || how == replaces) {
		err = unix.Ftruncate(fd, 0)
	}
	if err == nil {
		err = unix.SetNonblock(fd, false)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// openFIFO waits until somebody reads a FIFO: this one, whatever may have been put
// into its place.
func openFIFO(s *trust.Step, flags int) (int, error) {
	it, err := unix.Openat(s.FD, s.Name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(it)
	var st unix.Stat_t
	if err := unix.Fstat(it, &st); err != nil {
		return -1, err
	}
	if st.Dev != s.Entry.Dev || st.Ino != s.Entry.Ino {
		return -1, unix.ENXIO
	}
	for {
		fd, err := unix.Open("/proc/self/fd/"+strconv.Itoa(it), flags&^unix.O_NOFOLLOW, 0)
		if errors.Is(err, unix.ENOENT) { // no /proc
			fd, err = unix.Openat(s.FD, s.Name, flags, 0)
		}
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}

// ownFile refuses, where others may put files, a file of theirs and one that has another
// name, which may be a file of this user's elsewhere. Mode 0 is no file.
func ownFile(st *unix.Stat_t, it, others string) error {
	switch mode := st.Mode & unix.S_IFMT; {
	case mode == 0, others == "", mode == unix.S_IFDIR:
		return nil
	case mode == unix.S_IFREG && int(st.Uid) != os.Geteuid(), !trust.Self().Owns(st):
		return fmt.Errorf("%s belongs to %s, in a directory where %s may write; remove it, or write elsewhere", it, trust.UserName(int(st.Uid)), others)
	case st.Nlink > 1:
		return fmt.Errorf("%s is a file with %d names, in a directory where %s may write; remove it, or write elsewhere", it, st.Nlink, others)
	}
	return nil
}
