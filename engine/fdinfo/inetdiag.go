package fdinfo

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"
)

// Sizes of linux/inet_diag.h, and where the inode stands in the answer.
const (
	inetRequestSize = 56 // struct inet_diag_req_v2
	inetAnswerSize  = 72 // struct inet_diag_msg
	inetInodeAt     = 68
)

// liveStates are the states of sockets that a descriptor can stand for. What
// waits after its end (TIME_WAIT) has none, and there may be tens of thousands.
const liveStates = (1<<(tcpBoundInactive+1) - 1) &^ (1<<tcpTimeWait | 1<<tcpNewSyn)

// maxParts bounds how much of an answer is read: some 100,000 sockets.
const maxParts = 1000

// askDiag asks the kernel's socket monitor.
func (r *Resolver) askDiag(src Source, fd int, s *Socket) bool {
	if s.Protocol == "" {
		if s.Protocol = src.SocketProtocol(fd); s.Protocol == "" {
			return false
		}
	}
	switch {
	case s.Unix():
		return r.askUnixDiag(src, s)
	case s.Inet():
		// The addresses that it had tell where to look, in constant time.
		if s.seen && s.Local.IsValid() && r.exact(src, s) {
			return true
		}
		found, _ := r.dump(src, s, liveStates)
		return found
	}
	return false
}

// inetProtocol returns the family and the protocol of an inet socket.
func inetProtocol(s *Socket) (family, protocol uint8) {
	family, protocol = unix.AF_INET, unix.IPPROTO_TCP
	if isV6(s.Protocol) {
		family = unix.AF_INET6
	}
	if s.Kind() == "udp" {
		protocol = unix.IPPROTO_UDP
	}
	return family, protocol
}

// exact asks for the socket with the addresses that s had, and says whether it is
// still that one.
func (r *Resolver) exact(src Source, s *Socket) bool {
	family, protocol := inetProtocol(s)
	b := inetRequest(family, protocol, liveStates, 0)
	id := b[headerSize+8:] // struct inet_diag_sockid
	binary.BigEndian.PutUint16(id, s.Local.Port())
	copy(id[4:20], s.Local.Addr().AsSlice())
	if s.Peer.IsValid() {
		binary.BigEndian.PutUint16(id[2:], s.Peer.Port())
		copy(id[20:36], s.Peer.Addr().AsSlice())
	}
	for i := range id[40:48] {
		id[40+i] = 0xff // any cookie
	}
	if !r.diag.send(src, b) {
		return false
	}
	found := false
	eachAnswer(r.diag.receive(), func(m []byte) bool {
		found = takeInet(m, s)
		return false
	})
	return found
}

// dump goes through the sockets of the protocol that are in one of these states,
// and says whether s was among them, and whether they could be asked for at all.
func (r *Resolver) dump(src Source, s *Socket, states uint32) (found, asked bool) {
	family, protocol := inetProtocol(s)
	if !r.diag.send(src, inetRequest(family, protocol, states, unix.NLM_F_DUMP)) {
		return false, false
	}
	for range maxParts {
		b := r.diag.receive()
		if b == nil {
			break
		}
		asked = true
		more := eachAnswer(b, func(m []byte) bool {
			found = takeInet(m, s)
			return !found
		})
		if !more {
			break
		}
	}
	r.diag.discard() // the rest of the answer
	return found, asked
}

func inetRequest(family, protocol uint8, states uint32, flags uint16) []byte {
	b := appendHeader(make([]byte, 0, headerSize+inetRequestSize), inetRequestSize, flags)
	b = append(b, family, protocol, 0, 0) // nothing more than the addresses
	b = binary.NativeEndian.AppendUint32(b, states)
	return append(b, make([]byte, inetRequestSize-8)...) // any address
}

// takeInet takes the addresses from a struct inet_diag_msg if it is about s.
func takeInet(m []byte, s *Socket) bool {
	if len(m) < inetAnswerSize || uint64(binary.NativeEndian.Uint32(m[inetInodeAt:])) != s.Inode {
		return false
	}
	local, peer := inetAddress(m[0], m[8:24], m[4:]), inetAddress(m[0], m[24:40], m[6:])
	if peer.Port() == 0 {
		peer = netip.AddrPort{}
	}
	s.set(local, peer, m[1] == tcpListen && strings.Contains(s.Protocol, "TCP"))
	return true
}

func inetAddress(family uint8, b, port []byte) netip.AddrPort {
	ip := netip.AddrFrom16([16]byte(b))
	if family == unix.AF_INET {
		ip = netip.AddrFrom4([4]byte(b[:4]))
	}
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(port))
}
