// Package fdinfo says what a tracee's file descriptors refer to, in strace's
// words: </etc/passwd>, <TCP:[127.0.0.1:40000->127.0.0.1:80]>, <pid:42>.
//
// All of it is looked up when it is asked for, in /proc and, for the peers of
// unix sockets, with a netlink request that is answered at once: nothing blocks.
// What can't be found out is left out. The functions may be called from any
// goroutine.
package fdinfo

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/tracer/decode"
)

// Append appends, in angle brackets, what a descriptor of thread tid refers to,
// in the given detail; nothing if it is not open.
func Append(dst []byte, tid, fd int, detail decode.FDDetail) []byte {
	if fd < 0 && fd != unix.AT_FDCWD {
		return dst
	}
	f := file{tid: tid, fd: fd, proc: "/proc/" + strconv.Itoa(tid) + "/"}
	if fd == unix.AT_FDCWD {
		f.path = f.proc + "cwd"
	} else {
		f.path = f.proc + "fd/" + strconv.Itoa(fd)
	}
	link, err := os.Readlink(f.path)
	if err != nil {
		return dst
	}
	f.link = link
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
	tid, fd    int
	proc, path string // of the thread and the descriptor in /proc
	link       string // what the descriptor's link says
}

// special appends what is known of descriptors that are no files, nothing for
// others.
func (f *file) special(dst []byte, detail decode.FDDetail) []byte {
	if inode, ok := strings.CutPrefix(f.link, "socket:["); ok && detail&decode.FDSocket != 0 {
		return f.socket(dst, strings.TrimSuffix(inode, "]"))
	}
	switch {
	case f.link == "anon_inode:[eventfd]" && detail&decode.FDEventFD != 0:
		return f.eventFD(dst)
	case f.link == "anon_inode:[signalfd]" && detail&decode.FDSignalFD != 0:
		return f.signalFD(dst)
	case (f.link == "anon_inode:[pidfd]" || strings.HasPrefix(f.link, "pidfd:[")) && detail&decode.FDPidFD != 0:
		if pid := f.info("Pid"); pid != "" && pid != "-1" && pid != "0" {
			return append(append(dst, "pid:"...), pid...)
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
		if unix.Stat(f.path, &was) != nil || unix.Lstat(path, &now) != nil || now.Ino != was.Ino || now.Dev != was.Dev {
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
	if unix.Stat(f.path, &st) != nil {
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
	b, err := os.ReadFile(f.proc + "fdinfo/" + strconv.Itoa(f.fd))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok && k == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
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
