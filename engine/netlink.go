package engine

import (
	"golang.org/x/sys/unix"

	"luatrace/engine/fdinfo"
)

// interfaceName returns the name of a network interface of luatrace's own
// network name space, which most often is the tracee's too; "" if there is
// none. It asks as netdevice(7) says.
func interfaceName(index int) string {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("")
	if err != nil {
		return ""
	}
	request.SetUint32(uint32(index))
	if unix.IoctlIfreq(fd, unix.SIOCGIFNAME, request) != nil {
		return ""
	}
	return request.Name()
}

// netlink returns the protocol of a netlink socket, -1 for other descriptors.
func (t *Task) netlink(fd int) int {
	inode, ok := fdinfo.Inode(t.FD(fd))
	if !ok {
		return -1
	}
	return t.Proc.eng.sockets.NetlinkProtocol(t.Task, fd, inode)
}
