package fdinfo

import (
	"net/netip"
	"strconv"
	"strings"

	"luatrace/tracer/procfs"
)

// Source is a thread or a process whose descriptors are asked for. The methods
// are those of [luatrace/tracer.Task].
type Source interface {
	// FD returns the target of the link in /proc, "" if it is not open.
	FD(fd int) string
	// CopyFD copies a descriptor into this process; the caller closes it.
	CopyFD(fd int) (int, error)
	// SocketProtocol returns the kernel's name of a socket's protocol, or "".
	SocketProtocol(fd int) string
	// NetNamespace names the network namespace, or is "".
	NetNamespace() string
	// ScanProcFile calls do with each line of a file below /proc/PID until that
	// returns false.
	ScanProcFile(name string, do func(line []byte) bool) error
	// Look calls do with the place where /proc shows it; ESRCH if it is gone.
	Look(do func(procfs.Place) error) error
}

// Socket is what a socket says of itself at one moment.
type Socket struct {
	Inode    uint64
	Protocol string // the kernel's name: TCP, TCPv6, UNIX-STREAM, NETLINK ...; "" if unknown
	Proto    int    // the protocol of a netlink socket (NETLINK_ROUTE is 0), else -1

	// Of TCP and UDP, version 4 and 6: zero if there is none.
	Local, Peer netip.AddrPort
	Listening   bool

	// Of unix sockets: the paths they are bound to; an abstract one begins with
	// a zero byte.
	Path, PeerPath string
	// PortID of a netlink socket.
	PortID uint32

	peerInode uint32 // of a unix socket; 0 until it was asked for
	seen      bool   // at least once: the addresses are not only empty
	path      string // what Name said, "" if something has changed since
}

// Inet says whether Local and Peer are its addresses.
func (s *Socket) Inet() bool {
	switch s.Protocol {
	case "TCP", "TCPv6", "UDP", "UDPv6", "MPTCP", "MPTCPv6":
		return true
	}
	return false
}

// Unix says whether it is a unix socket.
func (s *Socket) Unix() bool { return strings.HasPrefix(s.Protocol, "UNIX") }

// Kind is "tcp", "udp", "unix" or "netlink", "socket" for others.
func (s *Socket) Kind() string {
	switch {
	case s.Unix():
		return "unix"
	case s.Protocol == "NETLINK":
		return "netlink"
	case s.Inet() && strings.HasPrefix(s.Protocol, "UDP"):
		return "udp"
	case s.Inet():
		return "tcp"
	}
	return "socket"
}

// Name is protocol and addresses as hooks get them: "tcp 127.0.0.1:34012->127.0.0.1:80",
// "tcp 0.0.0.0:80 (listening)", "unix /run/x", "unix socket:[12]->/run/x"; for a
// socket without addresses what the link in /proc says.
func (s *Socket) Name() string {
	if s.path == "" {
		s.path = s.name()
	}
	return s.path
}

func (s *Socket) name() string {
	link := "socket:[" + strconv.FormatUint(s.Inode, 10) + "]"
	switch {
	case s.Unix() && s.Path != "":
		return "unix " + ShownPath(s.Path)
	case s.Unix() && s.PeerPath != "":
		return "unix " + link + "->" + ShownPath(s.PeerPath)
	case s.Unix():
		return "unix " + link
	case !s.Inet() || !s.Local.IsValid() || s.Local.Port() == 0:
		return link
	}
	text := s.Kind() + " " + plain(s.Local)
	switch {
	case s.Listening:
		text += " (listening)"
	case s.Peer.IsValid():
		text += "->" + plain(s.Peer)
	}
	return text
}

// plain is an address as hooks get it: that of IPv4 also where the socket is one
// of IPv6.
func plain(a netip.AddrPort) string {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).String()
}

// Addresses returns the two ends as hooks get them, "" for what there is not.
func (s *Socket) Addresses() (local, peer string) {
	switch {
	case s.Unix():
		return ShownPath(s.Path), ShownPath(s.PeerPath)
	case !s.Inet():
		return "", ""
	}
	if s.Local.IsValid() && s.Local.Port() != 0 {
		local = plain(s.Local)
	}
	if s.Peer.IsValid() {
		peer = plain(s.Peer)
	}
	return local, peer
}

// ShownPath is the path of a unix socket as /proc/net/unix shows it: @ stands for
// zero bytes, with which abstract ones begin.
func ShownPath(path string) string { return strings.ReplaceAll(path, "\x00", "@") }

// Resolver says what sockets are. The link in /proc/PID/fd tells the inode, and
// an inode stands for one socket as long as there is one; so what a socket never
// changes is looked up once for each: its protocol, and to which other a unix
// socket is connected. Its addresses can be changed at any time, also by a process
// that is not traced, by io_uring, or by a call that a filter lets pass: they are
// asked for each time, of a copy of the descriptor, which takes a few microseconds
// however many sockets there are. Where no copy can be had, NETLINK_SOCK_DIAG is
// asked, and last the tables in /proc/PID/net.
//
// A Resolver must not be used by two goroutines at once. The zero value is ready.
type Resolver struct {
	known map[uint64]*Socket
	diag  diagSocket
}

// maxKnown is how many sockets are remembered: nobody says when one has ended.
const maxKnown = 4096

// Close closes what the resolver has open.
func (r *Resolver) Close() { r.diag.close() }

// Inode returns the inode in the link of a socket.
func Inode(link string) (uint64, bool) {
	text, ok := strings.CutPrefix(link, "socket:[")
	if !ok {
		return 0, false
	}
	inode, err := strconv.ParseUint(strings.TrimSuffix(text, "]"), 10, 64)
	return inode, err == nil
}

// Socket returns what the socket behind a descriptor says of itself; inode is
// the one in the descriptor's link. The result is valid until the next call. Only
// the inode is known of a socket that nothing could be learned about.
func (r *Resolver) Socket(src Source, fd int, inode uint64) *Socket {
	s := r.record(inode)
	if s.settled() || r.askCopy(src, fd, s) || r.askDiag(src, fd, s) || askTables(src, fd, s) {
		s.seen = true
		return s
	}
	if s.seen { // what was known may be so no longer
		*s = Socket{Inode: inode, Proto: -1}
	}
	return s
}

// Name returns what the socket behind a descriptor stands for; see [Socket.Name].
func (r *Resolver) Name(src Source, fd int, inode uint64) string {
	return r.Socket(src, fd, inode).Name()
}

// NetlinkProtocol returns the protocol of a netlink socket, -1 for others.
func (r *Resolver) NetlinkProtocol(src Source, fd int, inode uint64) int {
	s := r.record(inode)
	if s.Protocol == "" || s.Protocol == "NETLINK" && s.Proto < 0 { // the table has only those that are bound
		s = r.Socket(src, fd, inode)
	}
	return s.Proto
}

func (r *Resolver) record(inode uint64) *Socket {
	s := r.known[inode]
	if s == nil {
		if r.known == nil || len(r.known) >= maxKnown {
			r.known = map[uint64]*Socket{}
		}
		s = &Socket{Inode: inode, Proto: -1}
		r.known[inode] = s
	}
	return s
}

// settled says whether nothing of the socket can change any more: a unix socket
// keeps the path it is bound to, and the peer if it has connections.
func (s *Socket) settled() bool {
	return s.Protocol == "UNIX-STREAM" && s.Path != "" && s.PeerPath != ""
}

// set takes over addresses, and notes whether they are others than before.
func (s *Socket) set(local, peer netip.AddrPort, listening bool) {
	if s.Local != local || s.Peer != peer || s.Listening != listening {
		s.path = ""
	}
	s.Local, s.Peer, s.Listening = local, peer, listening
}

func (s *Socket) setPaths(path, peer string) {
	if s.Path != path || s.PeerPath != peer {
		s.path = ""
	}
	s.Path, s.PeerPath = path, peer
}
