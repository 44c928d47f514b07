package fdinfo

import (
	"net/netip"
	"strconv"
	"strings"

	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// appendText appends what strace says of a socket: the protocol and, if there
// are any, the addresses; else the inode.
func (s *Socket) appendText(dst []byte, peerInode func() uint32) []byte {
	if s.Protocol == "" {
		return append(strconv.AppendUint(append(dst, "socket:["...), s.Inode, 10), ']')
	}
	dst = append(append(dst, s.Protocol...), ":["...)
	at := len(dst)
	switch s.Protocol {
	case "TCP", "TCPv6", "UDP", "UDPv6":
		dst = s.appendInet(dst)
	case "UNIX", "UNIX-STREAM":
		dst = s.appendUnix(dst, peerInode())
	case "NETLINK":
		dst = s.appendNetlink(dst)
	}
	if len(dst) == at {
		dst = strconv.AppendUint(dst, s.Inode, 10)
	}
	return append(dst, ']')
}

func (s *Socket) appendInet(dst []byte) []byte {
	if !s.Local.IsValid() || s.Local.Port() == 0 {
		return dst
	}
	dst = s.Local.AppendTo(dst)
	if s.Peer.IsValid() && s.Peer != (netip.AddrPort{}) {
		dst = s.Peer.AppendTo(append(dst, "->"...))
	}
	return dst
}

// appendUnix appends inode, inode of the peer, and the path the socket is bound to.
func (s *Socket) appendUnix(dst []byte, peer uint32) []byte {
	dst = strconv.AppendUint(dst, s.Inode, 10)
	if peer != 0 {
		dst = strconv.AppendUint(append(dst, "->"...), uint64(peer), 10)
	}
	path := s.Path
	if path == "" {
		return dst
	}
	dst = append(dst, ',')
	if path[0] == 0 {
		dst, path = append(dst, '@'), path[1:]
	}
	dst = append(dst, '"')
	dst = decode.AppendEscaped(dst, path, "")
	return append(dst, '"')
}

// appendNetlink appends protocol and port id, which a socket has once it is bound.
func (s *Socket) appendNetlink(dst []byte) []byte {
	if s.Proto < 0 || s.PortID == 0 {
		return dst
	}
	name := strconv.Itoa(s.Proto)
	if set := syscalls.SetByName("netlink"); set != nil {
		if text := set.On(syscalls.Native()).Enum(uint64(s.Proto)); text != "" {
			name = strings.TrimPrefix(text, "NETLINK_")
		}
	}
	return strconv.AppendUint(append(append(dst, name...), ':'), uint64(s.PortID), 10)
}
