package fdinfo

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
)

// self is this process, asked in the ways that are not refused.
type self struct{ noCopy, noDiag bool }

func (self) FD(fd int) string {
	s, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	return s
}

func (s self) CopyFD(fd int) (int, error) {
	if s.noCopy {
		return -1, unix.EPERM
	}
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
}

func (self) SocketProtocol(fd int) string {
	var buf [64]byte
	n, _ := unix.Getxattr(fmt.Sprintf("/proc/self/fd/%d", fd), "system.sockprotoname", buf[:])
	return unix.ByteSliceToString(buf[:max(n, 0)])
}

func (s self) NetNamespace() string {
	if s.noDiag {
		return "net:[0]"
	}
	ns, _ := os.Readlink("/proc/thread-self/ns/net")
	return ns
}

func (s self) ScanProcFile(name string, do func(line []byte) bool) error {
	return s.Look(func(at procfs.Place) error { return at.Scan(name, procfs.Bound{Most: 64 << 20}, do) })
}

func (self) Look(do func(procfs.Place) error) error {
	at, err := procfs.Default().Thread(os.Getpid())
	if err != nil {
		return err
	}
	return do(at)
}

// ways are the ways to ask, each without those before it.
var ways = []struct {
	name string
	src  self
}{{"a copy", self{}}, {"sock_diag", self{noCopy: true}}, {"/proc", self{noCopy: true, noDiag: true}}}

// asked is one resolver for each way, kept through a test: what it remembers must
// never be wrong.
type asked struct {
	t         *testing.T
	resolvers [3]Resolver
}

func ask(t *testing.T) *asked {
	a := &asked{t: t}
	t.Cleanup(func() {
		for i := range a.resolvers {
			a.resolvers[i].Close()
		}
	})
	return a
}

// name checks what each way says of a descriptor. The tables in /proc don't know
// TCP sockets that are only bound, nor peers of unix sockets: for them, table says
// what they say.
func (a *asked) name(fd int, want string, table ...string) {
	a.t.Helper()
	for i, way := range ways {
		for range 2 { // as it is found out, and as it is remembered
			src := way.src
			number, ok := Inode(src.FD(fd))
			if !ok {
				a.t.Fatalf("descriptor %d is %q", fd, src.FD(fd))
			}
			expected := want
			if i == 2 && len(table) > 0 {
				expected = table[0]
			}
			if got := a.resolvers[i].Name(src, fd, number); got != expected {
				a.t.Errorf("by %s: %q, want %q", way.name, got, expected)
			}
		}
	}
}

func nameOf(t *testing.T, fd int) string {
	t.Helper()
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return fmt.Sprintf("127.0.0.1:%d", sa.Port)
	case *unix.SockaddrInet6:
		return fmt.Sprintf("[::1]:%d", sa.Port)
	}
	return ""
}

func link(t *testing.T, fd int) string { return fmt.Sprintf("socket:[%d]", inode(t, fd)) }

// bound is a TCP or UDP socket with an address on the loopback device.
func bound(t *testing.T, domain, kind, proto int) int {
	t.Helper()
	fd := socket(t, domain, kind, proto)
	var sa unix.Sockaddr = &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if domain == unix.AF_INET6 {
		sa = &unix.SockaddrInet6{Addr: [16]byte{15: 1}}
	}
	must(t, unix.Bind(fd, sa))
	return fd
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, fd, to int) {
	t.Helper()
	sa, err := unix.Getsockname(to)
	must(t, err)
	must(t, unix.Connect(fd, sa))
}

// disconnect makes a socket one without a peer: connect(2) with AF_UNSPEC.
func disconnect(t *testing.T, fd int) {
	t.Helper()
	if e := connectUnspec(fd); e != 0 {
		t.Fatal(e)
	}
}

// A TCP socket from its making to its end, asked after each step.
func TestStepsOfTCP(t *testing.T) {
	t.Parallel()
	for _, domain := range []int{unix.AF_INET, unix.AF_INET6} {
		a := ask(t)
		server := bound(t, domain, unix.SOCK_STREAM, 0)
		a.name(server, "tcp "+nameOf(t, server), link(t, server))
		must(t, unix.Listen(server, 5))
		a.name(server, "tcp "+nameOf(t, server)+" (listening)")
		other := bound(t, domain, unix.SOCK_STREAM, 0)
		must(t, unix.Listen(other, 5))

		client := socket(t, domain, unix.SOCK_STREAM, 0)
		a.name(client, link(t, client))
		connect(t, client, server)
		conn, _, err := unix.Accept4(server, unix.SOCK_CLOEXEC)
		must(t, err)
		defer unix.Close(conn)
		a.name(client, "tcp "+nameOf(t, client)+"->"+nameOf(t, server))
		a.name(conn, "tcp "+nameOf(t, server)+"->"+nameOf(t, client))

		// The same socket, with the same inode, connected to another server.
		disconnect(t, client)
		a.name(client, link(t, client)) // getsockname still has the port, but that is free
		connect(t, client, other)
		a.name(client, "tcp "+nameOf(t, client)+"->"+nameOf(t, other))

		// A descriptor that stands for another socket from now on.
		must(t, unix.Dup3(server, client, unix.O_CLOEXEC))
		a.name(client, "tcp "+nameOf(t, server)+" (listening)")
	}
}

// getpeername knows no peer while a connection is on its way.
func TestConnecting(t *testing.T) {
	t.Parallel()
	a := ask(t)
	server := bound(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, unix.Listen(server, 0))
	first := socket(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	connect(t, first, server) // the queue is full now
	second := socket(t, unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	sa, err := unix.Getsockname(server)
	must(t, err)
	if err := unix.Connect(second, sa); err != unix.EINPROGRESS {
		t.Fatal(err)
	}
	a.name(second, "tcp "+nameOf(t, second)+"->"+nameOf(t, server))
}

// UDP sockets get and lose their peers as often as the program likes.
func TestStepsOfUDP(t *testing.T) {
	t.Parallel()
	for _, domain := range []int{unix.AF_INET, unix.AF_INET6} {
		a := ask(t)
		one, two := bound(t, domain, unix.SOCK_DGRAM, 0), bound(t, domain, unix.SOCK_DGRAM, 0)
		fd := socket(t, domain, unix.SOCK_DGRAM, 0)
		a.name(fd, link(t, fd))
		connect(t, fd, one)
		a.name(fd, "udp "+nameOf(t, fd)+"->"+nameOf(t, one))
		connect(t, fd, two)
		a.name(fd, "udp "+nameOf(t, fd)+"->"+nameOf(t, two))
		disconnect(t, fd)
		// Nothing of it is left: its port was chosen for the connection.
		a.name(fd, link(t, fd))
		connect(t, fd, one)
		a.name(fd, "udp "+nameOf(t, fd)+"->"+nameOf(t, one))
	}
}

func TestStepsOfUnix(t *testing.T) {
	t.Parallel()
	a := ask(t)
	dir := t.TempDir()
	path, late := filepath.Join(dir, "a b"), filepath.Join(dir, "late")
	server := socket(t, unix.AF_UNIX, unix.SOCK_STREAM, 0)
	a.name(server, "unix "+link(t, server))
	must(t, unix.Bind(server, &unix.SockaddrUnix{Name: path}))
	a.name(server, "unix "+path)
	must(t, unix.Listen(server, 5))
	client := socket(t, unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, unix.Connect(client, &unix.SockaddrUnix{Name: path}))
	conn, _, err := unix.Accept4(server, unix.SOCK_CLOEXEC)
	must(t, err)
	defer unix.Close(conn)
	a.name(client, "unix "+link(t, client)+"->"+path, "unix "+link(t, client))
	a.name(conn, "unix "+path)
	must(t, unix.Bind(client, &unix.SockaddrUnix{Name: late})) // also afterwards
	a.name(client, "unix "+late)
	for i := range 2 {
		r, src := &a.resolvers[i], ways[i].src
		for range 2 {
			if n := r.PeerInode(src, inode(t, client)); uint64(n) != inode(t, conn) {
				t.Errorf("by %s the peer of %d is %d, not %d", ways[i].name, inode(t, client), n, inode(t, conn))
			}
			number := inode(t, conn)
			if _, peer := r.Socket(src, conn, number).Addresses(); peer != late {
				t.Errorf("by %s the peer is %q, not %q", ways[i].name, peer, late)
			}
		}
	}

	// Datagram sockets can be connected anew.
	var to [2]int
	for i := range to {
		to[i] = socket(t, unix.AF_UNIX, unix.SOCK_DGRAM, 0)
		must(t, unix.Bind(to[i], &unix.SockaddrUnix{Name: filepath.Join(dir, fmt.Sprint(i))}))
	}
	fd := socket(t, unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	for i := range to {
		must(t, unix.Connect(fd, &unix.SockaddrUnix{Name: filepath.Join(dir, fmt.Sprint(i))}))
		a.name(fd, fmt.Sprintf("unix %s->%s/%d", link(t, fd), dir, i), "unix "+link(t, fd))
		if n := a.resolvers[0].PeerInode(self{}, inode(t, fd)); uint64(n) != inode(t, to[i]) {
			t.Errorf("peer %d, want %d", n, inode(t, to[i]))
		}
	}
}

// An abstract path may hold zero bytes, and one that is none may begin with @.
func TestPathsOfUnix(t *testing.T) {
	t.Parallel()
	a := ask(t)
	abstract := socket(t, unix.AF_UNIX, unix.SOCK_STREAM, 0)
	name := fmt.Sprintf("luatrace\x00%d", os.Getpid())
	must(t, bindUnix(abstract, "\x00"+name))
	a.name(abstract, "unix @"+strings.ReplaceAll(name, "\x00", "@"))
	number := inode(t, abstract)
	for i := range 2 { // /proc prints @ for zero bytes
		if got := a.resolvers[i].Socket(ways[i].src, abstract, number).Path; got != "\x00"+name {
			t.Errorf("by %s: %q", ways[i].name, got)
		}
	}
}

// What a socket is does not change with what is known of others, however many
// there were.
func TestManySockets(t *testing.T) {
	t.Parallel()
	a := ask(t)
	r := &a.resolvers[0]
	fd := bound(t, unix.AF_INET, unix.SOCK_DGRAM, 0)
	for i := range 3 * maxKnown {
		r.record(uint64(1)<<40 + uint64(i))
	}
	if len(r.known) > maxKnown {
		t.Errorf("%d sockets are remembered", len(r.known))
	}
	a.name(fd, "udp "+nameOf(t, fd))
}

func TestNetlinkProtocol(t *testing.T) {
	t.Parallel()
	a := ask(t)
	netlink, udp := socket(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT), socket(t, unix.AF_INET, unix.SOCK_DGRAM, 0)
	must(t, unix.Bind(netlink, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}))
	for i, way := range ways {
		for range 2 {
			if n := a.resolvers[i].NetlinkProtocol(way.src, netlink, inode(t, netlink)); n != unix.NETLINK_AUDIT {
				t.Errorf("by %s: %d", way.name, n)
			}
			if n := a.resolvers[i].NetlinkProtocol(way.src, udp, inode(t, udp)); n != -1 {
				t.Errorf("by %s: %d", way.name, n)
			}
		}
	}
}

// Go's own listeners are MPTCP sockets where there are such.
func TestMPTCP(t *testing.T) {
	t.Parallel()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_MPTCP)
	if err != nil {
		t.Skip("the kernel has no MPTCP:", err)
	}
	defer unix.Close(fd)
	must(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(t, unix.Listen(fd, 5))
	var r Resolver
	defer r.Close()
	if got, want := r.Name(self{}, fd, inode(t, fd)), "tcp "+nameOf(t, fd)+" (listening)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A copy that is not the socket of the link, as of a thread with descriptors of
// its own, is not asked.
func TestOtherTable(t *testing.T) {
	t.Parallel()
	one, two := bound(t, unix.AF_INET, unix.SOCK_DGRAM, 0), bound(t, unix.AF_INET, unix.SOCK_DGRAM, 0)
	var r Resolver
	defer r.Close()
	if got, want := r.Name(swapped{self{}, two}, one, inode(t, one)), "udp "+nameOf(t, one); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

type swapped struct {
	self
	other int
}

func (s swapped) CopyFD(int) (int, error) { return s.self.CopyFD(s.other) }

// The copy of a socket with SO_LINGER, if it is the last one, must not make the
// trace wait until the peer has read everything.
func TestLingeringCopy(t *testing.T) {
	t.Parallel()
	server := bound(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, unix.Listen(server, 1))
	client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	connect(t, client, server)
	conn, _, err := unix.Accept4(server, unix.SOCK_CLOEXEC)
	must(t, err)
	must(t, unix.SetsockoptLinger(client, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: 3600}))
	must(t, unix.SetNonblock(client, true))
	for data := bytes.Repeat([]byte("x"), 1<<16); ; { // more than the peer's buffer holds
		if _, err := unix.Write(client, data); err != nil {
			break
		}
	}
	must(t, unix.SetNonblock(client, false))
	closeCopy(client) // would not return before conn is closed
	unix.Close(conn)
}
