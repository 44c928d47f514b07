package tracer

import (
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// LookPath finds the program of a command as a POSIX shell does: a name with a
// slash is taken as it is, any other is looked for in the directories of path
// (the value of $PATH; an empty element is the current directory). The error
// is EACCES if there is only a file that can't be executed, else ENOENT.
func LookPath(name, path string) (string, error) {
	if strings.Contains(name, "/") {
		return name, executable(name)
	}
	if name == "" {
		return "", unix.ENOENT
	}
	var found error = unix.ENOENT
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			dir = "."
		}
		p := dir + "/" + name
		var st unix.Stat_t
		if unix.Stat(p, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
			continue // also where the directory can't be looked into
		}
		if executable(p) == nil {
			return p, nil
		}
		found = unix.EACCES
	}
	return "", found
}

// executable says whether execve would find a regular file it may run.
func executable(path string) error {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return unix.EACCES
	}
	return unix.Faccessat(unix.AT_FDCWD, path, unix.X_OK, unix.AT_EACCESS)
}
