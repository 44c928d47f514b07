package engine

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

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
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 10 || f[9] != inode {
			continue
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
	return ""
}

// hexAddr converts "0100007F:1F90" to "127.0.0.1:8080". The kernel prints the
// address as 32-bit words in host order, which is little-endian on amd64 and
// arm64.
func hexAddr(s string) string {
	addr, port, ok := strings.Cut(s, ":")
	if !ok {
		return s
	}
	b, err := hex.DecodeString(addr)
	p, err2 := strconv.ParseUint(port, 16, 16)
	if err != nil || err2 != nil || len(b)%4 != 0 {
		return s
	}
	for i := 0; i < len(b); i += 4 {
		b[i], b[i+1], b[i+2], b[i+3] = b[i+3], b[i+2], b[i+1], b[i]
	}
	a, ok := netip.AddrFromSlice(b)
	if !ok {
		return s
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(p)).String()
}

// unixSocket looks a socket up in /proc/PID/net/unix: inode is the seventh
// column, the path, if bound, the eighth.
func unixSocket(t procFS, inode string) string {
	b, err := t.ProcFile("net/unix")
	if err != nil {
		return ""
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() {
		f := strings.SplitN(strings.Join(strings.Fields(lines.Text()), " "), " ", 8)
		if len(f) < 7 || f[6] != inode {
			continue
		}
		if len(f) == 8 {
			return "unix " + f[7]
		}
		return fmt.Sprintf("unix socket:[%s]", inode)
	}
	return ""
}
