package engine

import (
	"bufio"
	"bytes"
	"net"
	"strconv"
	"strings"
)

// interfaceName returns the name of a network interface of luatrace's own
// network name space, which most often is the tracee's too; "" if there is
// none.
func interfaceName(index int) string {
	i, err := net.InterfaceByIndex(index)
	if err != nil {
		return ""
	}
	return i.Name
}

// netlink returns the protocol of a netlink socket, -1 for other descriptors.
// An inode keeps its protocol, so the last answer is kept.
func (t *Task) netlink(fd int) int {
	link := t.FD(fd)
	if link == t.socket && link != "" {
		return t.protocol
	}
	inode, ok := strings.CutPrefix(link, "socket:[")
	if !ok {
		return -1
	}
	b, err := t.ProcFile("net/netlink")
	if err != nil {
		return -1
	}
	t.socket, t.protocol = link, netlinkProtocol(b, strings.TrimSuffix(inode, "]"))
	return t.protocol
}

// netlinkProtocol looks a socket up in /proc/PID/net/netlink, where the second
// column is the protocol and the last the inode.
func netlinkProtocol(table []byte, inode string) int {
	for lines := bufio.NewScanner(bytes.NewReader(table)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 3 || f[len(f)-1] != inode {
			continue
		}
		if n, err := strconv.Atoi(f[1]); err == nil {
			return n
		}
	}
	return -1
}
