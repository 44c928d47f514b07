package engine

import (
	"fmt"
	"net/netip"
	"strings"

	"luatrace/engine/fdinfo"
	"luatrace/tracer"
)

// FDPath returns what a descriptor of a task stands for: the path of a file,
// "pipe:[...]" or "anon_inode:..." as /proc has it, and for sockets the
// protocol and its addresses, such as "tcp 127.0.0.1:34012->127.0.0.1:80" or
// "unix /run/x". "" if the descriptor is not open. It costs a readlink, for
// sockets the reading of a table of /proc/PID/net too.
func FDPath(t *tracer.Task, fd int) string { return fdPath(t, fd) }

// procFS is what a task and a process have in common for this purpose.
type procFS interface {
	FD(fd int) string
	ProcFile(name string) ([]byte, error)
}

func fdPath(t procFS, fd int) string {
	link := t.FD(fd)
	inode, ok := strings.CutPrefix(link, "socket:[")
	if !ok {
		return link
	}
	inode = strings.TrimSuffix(inode, "]")
	for _, proto := range [...]string{"tcp", "tcp6", "udp", "udp6"} {
		if s := inetSocket(t, proto, inode); s != "" {
			return s
		}
	}
	if s := unixSocket(t, inode); s != "" {
		return s
	}
	return link
}

// inetSocket looks a socket up by inode in /proc/PID/net/PROTO: the columns
// are slot, local, remote, state, ..., inode as the tenth.
func inetSocket(t procFS, proto, inode string) string {
	b, err := t.ProcFile("net/" + proto)
	if err != nil {
		return ""
	}
	f := fdinfo.Row(b, 9, inode)
	if f == nil {
		return ""
	}
	name := strings.TrimSuffix(proto, "6")
	local, remote := hexAddr(f[1]), hexAddr(f[2])
	const listen = "0A"
	switch {
	case name == "tcp" && f[3] == listen:
		return name + " " + local + " (listening)"
	case strings.HasSuffix(remote, ":0"):
		return name + " " + local
	}
	return name + " " + local + "->" + remote
}

// hexAddr converts "0100007F:1F90" to "127.0.0.1:8080".
func hexAddr(s string) string {
	a, ok := fdinfo.Address(s)
	if !ok {
		return s
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).String()
}

// unixSocket looks a socket up in /proc/PID/net/unix: inode is the seventh
// column, the path, if bound, what follows.
func unixSocket(t procFS, inode string) string {
	b, err := t.ProcFile("net/unix")
	if err != nil {
		return ""
	}
	switch f := fdinfo.Row(b, 6, inode); {
	case f == nil:
		return ""
	case len(f) > 7:
		return "unix " + strings.Join(f[7:], " ")
	}
	return fmt.Sprintf("unix socket:[%s]", inode)
}
