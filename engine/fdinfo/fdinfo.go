// Package fdinfo says what a tracee's file descriptors refer to, in strace's
// words: </etc/passwd>, <TCP:[127.0.0.1:40000->127.0.0.1:80]>, <pid:42>.
//
// All of it is looked up when it is asked for, in /proc and, for sockets, by a
// [Resolver], which is also what tells hooks: nothing blocks. What can't be found
// out is left out.
package fdinfo

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/tracer/decode"
	"luatrace/tracer/procfs"
)

// Append appends, in angle brackets, what a descriptor of src refers to, in the given
// detail; nothing if it is not open.
func (r *Resolver) Append(dst []byte, src Source, fd int, detail decode.FDDetail) []byte {
	if fd < 0 && fd != unix.AT_FDCWD {
		return dst
	}
	f := file{r: r, src: src, fd: fd, name: "cwd"}
	if fd != unix.AT_FDCWD {
		f.name = "fd/" + strconv.Itoa(fd)
	}
	start := len(dst)
	err := src.Look(func(at procfs.Place) (err error) {
		f.at = at
		if f.link, err = at.Readlink(f.name); err == nil {
			dst = f.append(dst, detail)
		}
		return err
	})
	if err != nil {
		return dst[:start]
	}
	return dst
}

// append is Append for a descriptor that is open.
func (f *file) append(dst []byte, detail decode.FDDetail) []byte {
	start := len(dst)
	dst = append(dst, '<')
	n := len(dst)
	dst = f.special(dst, detail)
	if len(dst) > n {
		return append(dst, '>')
	}
	if detail&(decode.FDPath|decode.FDDevice) == 0 {
		return dst[:start]
	}
	return f.appendPath(dst, detail)
}

// file is one descriptor.
type file struct {
	r    *Resolver
	src  Source
	fd   int
	at   procfs.Place // where /proc shows its owner
	name string       // of the descriptor's link there
	link string       // what it says
}

// special appends what is known of descriptors that are no files, nothing for
// others.
func (f *file) special(dst []byte, detail decode.FDDetail) []byte {
	if inode, ok := Inode(f.link); ok && detail&decode.FDSocket != 0 {
		s := f.r.Socket(f.src, f.fd, inode)
		return s.appendText(dst, func() uint32 { return f.r.PeerInode(f.src, inode) })
	}
	switch {
	case f.link == "anon_inode:[eventfd]" && detail&decode.FDEventFD != 0:
		return f.eventFD(dst)
	case f.link == "anon_inode:[signalfd]" && detail&decode.FDSignalFD != 0:
		return f.signalFD(dst)
	case (f.link == "anon_inode:[pidfd]" || strings.HasPrefix(f.link, "pidfd:[")) && detail&decode.FDPidFD != 0:
		if pid, _ := strconv.Atoi(f.info("Pid")); pid > 0 {
			if pid = f.at.Inner(pid); pid > 0 {
				return strconv.AppendInt(append(dst, "pid:"...), int64(pid), 10)
			}
		}
	}
	return dst
}

// appendPath appends the path with the closing bracket: what the kernel adds to
// the path of a file without a name stands behind it.
func (f *file) appendPath(dst []byte, detail decode.FDDetail) []byte {
	path, deleted := f.link, false
	if rest, ok := strings.CutSuffix(path, " (deleted)"); ok && strings.HasPrefix(path, "/") {
		// A name may end in this too: then there is a file of that name.
		var now, was unix.Stat_t
		if f.at.Stat(f.name, &was, 0) != nil || unix.Lstat(path, &now) != nil || now.Ino != was.Ino || now.Dev != was.Dev {
			path, deleted = rest, true
		}
	}
	dst = decode.AppendEscaped(dst, path, "<>")
	if detail&decode.FDDevice != 0 {
		dst = f.device(dst)
	}
	dst = append(dst, '>')
	if deleted {
		dst = append(dst, "(deleted)"...)
	}
	return dst
}

// device appends the numbers of a device file.
func (f *file) device(dst []byte) []byte {
	if !strings.HasPrefix(f.link, "/") {
		return dst
	}
	var st unix.Stat_t
	if f.at.Stat(f.name, &st, 0) != nil {
		return dst
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFCHR:
		dst = append(dst, "<char "...)
	case unix.S_IFBLK:
		dst = append(dst, "<block "...)
	default:
		return dst
	}
	dst = strconv.AppendUint(dst, uint64(unix.Major(st.Rdev)), 10)
	dst = strconv.AppendUint(append(dst, ':'), uint64(unix.Minor(st.Rdev)), 10)
	return append(dst, '>')
}

// info returns a field of /proc/PID/fdinfo/FD, "" if there is none.
func (f *file) info(name string) string {
	b, _ := f.at.ReadFile("fdinfo/" + strconv.Itoa(f.fd)) // what is wanted stands at the beginning
	return procfs.FieldOf(b, name)
}

func (f *file) eventFD(dst []byte) []byte {
	count, err := strconv.ParseUint(f.info("eventfd-count"), 16, 64)
	if err != nil {
		return dst
	}
	dst = append(dst, "{eventfd-count="...)
	if count != 0 {
		dst = append(dst, "0x"...)
	}
	dst = strconv.AppendUint(dst, count, 16)
	for _, name := range [...]string{"eventfd-id", "eventfd-semaphore"} {
		if v := f.info(name); v != "" {
			dst = append(append(append(append(dst, ", "...), name...), '='), v...)
		}
	}
	return append(dst, '}')
}

func (f *file) signalFD(dst []byte) []byte {
	mask, err := strconv.ParseUint(f.info("sigmask"), 16, 64)
	if err != nil {
		return dst
	}
	return decode.AppendSigset(append(dst, "signalfd:"...), mask)
}
