package fdinfo

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// askCopy asks a copy of the descriptor.
func (r *Resolver) askCopy(src Source, fd int, s *Socket) bool {
	n, err := src.CopyFD(fd)
	if err != nil {
		return false
	}
	defer closeCopy(n)
	// A thread can have a table of descriptors of its own, and another thread
	// may have put something else here meanwhile.
	var st unix.Stat_t
	if unix.Fstat(n, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK || st.Ino != s.Inode {
		return false
	}
	// Setting IPV6_ADDRFORM makes a socket of IPv6 one of IPv4: its protocol is
	// then another.
	var local address
	if !local.get(n, false) {
		return false
	}
	if s.Protocol == "" || s.Inet() && (local.family == unix.AF_INET6) != isV6(s.Protocol) {
		var name [64]byte
		size, err := unix.Fgetxattr(n, "system.sockprotoname", name[:])
		if err != nil {
			return false
		}
		s.Protocol, s.path = unix.ByteSliceToString(name[:size]), ""
	}
	var peer address
	switch {
	case s.Inet():
		if !peer.get(n, true) && s.Kind() == "tcp" {
			return r.askUnconnected(src, n, fd, s, local.ip)
		}
		s.set(local.ip, peer.ip, false)
	case s.Unix():
		peer.get(n, true)
		s.setPaths(local.pathOr(s.Path), peer.pathOr(s.PeerPath))
	case local.family == unix.AF_NETLINK:
		s.Proto, _ = unix.GetsockoptInt(n, unix.SOL_SOCKET, unix.SO_PROTOCOL)
		s.PortID = local.port
	}
	return true
}

func isV6(protocol string) bool {
	return len(protocol) > 2 && protocol[len(protocol)-2:] == "v6"
}

// Some of the states of net/tcp_states.h.
const (
	tcpSynSent  = 2
	tcpTimeWait = 6
	tcpClose    = 7
	tcpListen   = 10
	tcpNewSyn   = 12

	// A state that only the socket monitor knows, since Linux 6.8: the socket has
	// a port and neither listens nor is connected.
	tcpBoundInactive = 13
)

// askUnconnected asks a TCP socket that has no peer. One whose connection is on
// its way has one, but getpeername does not say it yet. And one whose connection
// has ended says the address that it had, though the port is free again: only the
// socket monitor knows whether it still has it.
func (r *Resolver) askUnconnected(src Source, n, fd int, s *Socket, local netip.AddrPort) bool {
	if listening, _ := unix.GetsockoptInt(n, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); listening != 0 {
		s.set(local, netip.AddrPort{}, true)
		return true
	}
	if local.IsValid() && local.Port() != 0 {
		info, err := unix.GetsockoptTCPInfo(n, unix.IPPROTO_TCP, unix.TCP_INFO)
		switch {
		case err != nil:
		case info.State == tcpSynSent:
			if found, _ := r.dump(src, s, 1<<tcpSynSent); found || askTables(src, fd, s) {
				return true
			}
		case info.State == tcpClose:
			found, asked := r.dump(src, s, 1<<tcpBoundInactive)
			if found {
				return true
			}
			if asked {
				local = netip.AddrPort{}
			}
		}
	}
	s.set(local, netip.AddrPort{}, false)
	return true
}

// closeCopy closes a copy of a descriptor. If the program has closed its own in
// the meantime, by another thread, this is the last close of the socket, and
// with SO_LINGER it waits until the peer has acknowledged all data: the trace
// must not wait for that.
func closeCopy(n int) {
	if l, err := unix.GetsockoptLinger(n, unix.SOL_SOCKET, unix.SO_LINGER); err == nil && l.Onoff != 0 && l.Linger > 0 {
		go unix.Close(n)
		return
	}
	unix.Close(n)
}

// address is a socket's address as the kernel gives it.
type address struct {
	family uint16
	ip     netip.AddrPort
	path   []byte // of a unix socket
	port   uint32 // of a netlink socket
	raw    [128]byte
}

// pathOr returns the path of a unix socket; if it is the one that is known
// already, that.
func (a *address) pathOr(known string) string {
	if string(a.path) == known {
		return known
	}
	return string(a.path)
}

// get asks for the socket's own address or its peer's, and says whether it has
// one.
func (a *address) get(fd int, peer bool) bool {
	n := sockName(fd, peer, &a.raw)
	if n < 2 {
		return false
	}
	b := a.raw[:n]
	a.family = binary.NativeEndian.Uint16(b)
	switch {
	case a.family == unix.AF_INET && n >= 8:
		a.ip = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[2:]))
	case a.family == unix.AF_INET6 && n >= 24:
		a.ip = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[8:24])), binary.BigEndian.Uint16(b[2:]))
	case a.family == unix.AF_UNIX:
		a.path = unixPath(b[2:])
	case a.family == unix.AF_NETLINK && n >= 8:
		a.port = binary.NativeEndian.Uint32(b[4:])
	}
	return true
}

// unixPath is the path in a struct sockaddr_un: an abstract one, which begins
// with a zero byte, is as long as the address says.
func unixPath(b []byte) []byte {
	if len(b) == 0 || b[0] == 0 {
		return b
	}
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}
