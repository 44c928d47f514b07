package fdinfo

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// Sizes of linux/inet_diag.h, and where the inode stands in the answer.
const (
	inetRequestSize = 56 // struct inet_diag_req_v2
	inetAnswerSize  = 72 // struct inet_diag_msg
	inetInodeAt     = 68
)

// boundInactive is the bit of a state that only this interface knows: a socket
// that has an address and neither listens nor is connected. The tables in /proc
// leave such sockets out. Before Linux 6.8 there is no such state.
const boundInactive = 1 << 13

// inetBound asks the kernel for the address of a TCP socket that is bound and
// not yet more than that; "" if there is none.
func (f *file) inetBound(family uint8, inode string) string {
	ino, err := strconv.ParseUint(inode, 10, 32)
	if err != nil || !f.sameNamespace() {
		return ""
	}
	s, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return ""
	}
	defer unix.Close(s)
	if unix.Sendto(s, inetRequest(family), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}) != nil {
		return ""
	}
	// The kernel makes the next part of the answer as one part is taken.
	buf := make([]byte, 32<<10)
	for range 1000 {
		n, _, err := unix.Recvfrom(s, buf, unix.MSG_DONTWAIT)
		if err != nil || n == 0 {
			return ""
		}
		addr, done := findInet(buf[:n], uint32(ino))
		if done {
			return addr
		}
	}
	return ""
}

func inetRequest(family uint8) []byte {
	order := binary.NativeEndian
	b := order.AppendUint32(nil, headerSize+inetRequestSize)
	b = order.AppendUint16(b, unix.SOCK_DIAG_BY_FAMILY)
	b = order.AppendUint16(b, unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	b = append(b, make([]byte, 8)...)                    // sequence, port id
	b = append(b, family, unix.IPPROTO_TCP, 0, 0)        // nothing more than the addresses
	b = order.AppendUint32(b, boundInactive)             // states
	return append(b, make([]byte, inetRequestSize-8)...) // any address
}

// findInet looks for a socket among netlink messages; done says that it was
// found, or that there are no more.
func findInet(b []byte, inode uint32) (addr string, done bool) {
	order := binary.NativeEndian
	for len(b) >= headerSize {
		size := int(order.Uint32(b))
		if size < headerSize || size > len(b) || order.Uint16(b[4:]) != unix.SOCK_DIAG_BY_FAMILY {
			return "", true
		}
		m := b[headerSize:size]
		if len(m) >= inetAnswerSize && order.Uint32(m[inetInodeAt:]) == inode {
			port := binary.BigEndian.Uint16(m[4:])
			ip, _ := netip.AddrFromSlice(m[8:24])
			if m[0] == unix.AF_INET {
				ip, _ = netip.AddrFromSlice(m[8:12])
			}
			return netip.AddrPortFrom(ip, port).String(), true
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return "", false
}
