package engine

import (
	"net"

	"luatrace/engine/fdinfo"
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
func (t *Task) netlink(fd int) int {
	inode, ok := fdinfo.Inode(t.FD(fd))
	if !ok {
		return -1
	}
	return t.Proc.eng.sockets.NetlinkProtocol(t.Task, fd, inode)
}
