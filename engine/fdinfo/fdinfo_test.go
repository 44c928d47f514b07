package fdinfo

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/decode"
)

// own describes a descriptor of this process.
func own(fd int, detail decode.FDDetail) string {
	var r Resolver
	defer r.Close()
	return string(r.Append(nil, self{}, fd, detail))
}

func inode(t *testing.T, fd int) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

func check(t *testing.T, fd int, detail decode.FDDetail, want string) {
	t.Helper()
	if got := own(fd, detail); got != want {
		t.Errorf("detail %#x: %s, want %s", detail, got, want)
	}
}

func socket(t *testing.T, domain, kind, proto int) int {
	t.Helper()
	fd, err := unix.Socket(domain, kind|unix.SOCK_CLOEXEC, proto)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func TestFiles(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), `a<b>1 "c`)
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	shown := strings.NewReplacer("<", `\74`, ">1", `\0761`, `"`, `\"`).Replace(name)
	check(t, int(f.Fd()), decode.FDPath, "<"+shown+">")
	check(t, int(f.Fd()), decode.FDAll, "<"+shown+">")
	check(t, int(f.Fd()), decode.FDSocket, "")
	check(t, 1000000, decode.FDAll, "")
	check(t, -1, decode.FDAll, "")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	check(t, int(f.Fd()), decode.FDAll, "<"+shown+">(deleted)")

	// A name that only looks like that of a deleted file.
	odd := filepath.Join(t.TempDir(), "a (deleted)")
	g, err := os.Create(odd)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	check(t, int(g.Fd()), decode.FDPath, "<"+odd+">")

	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	check(t, unix.AT_FDCWD, decode.FDPath, "<"+wd+">")

	null, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	check(t, int(null.Fd()), decode.FDPath, "</dev/null>")
	check(t, int(null.Fd()), decode.FDAll, "</dev/null<char 1:3>>")
}

func TestAnonymous(t *testing.T) {
	t.Parallel()
	efd, err := unix.Eventfd(18, unix.EFD_CLOEXEC|unix.EFD_SEMAPHORE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(efd)
	check(t, efd, decode.FDPath, "<anon_inode:[eventfd]>")
	if got := own(efd, decode.FDAll); !strings.HasPrefix(got, "<{eventfd-count=0x12") || !strings.HasSuffix(got, "}>") {
		t.Error(got)
	}
	set := unix.Sigset_t{}
	set.Val[0] = 1<<(unix.SIGINT-1) | 1<<(unix.SIGUSR1-1)
	sfd, err := unix.Signalfd(-1, &set, unix.SFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(sfd)
	check(t, sfd, decode.FDSignalFD|decode.FDPath, "<signalfd:[INT USR1]>")
	check(t, sfd, decode.FDPath, "<anon_inode:[signalfd]>")
	pfd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pfd)
	check(t, pfd, decode.FDAll, fmt.Sprintf("<pid:%d>", os.Getpid()))
}

func TestInternetSockets(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		network, address, name string
		domain                 int
	}{{"tcp4", "127.0.0.1:0", "TCP", unix.AF_INET}, {"tcp6", "[::1]:0", "TCPv6", unix.AF_INET6}} {
		var lc net.ListenConfig
		lc.SetMultipathTCP(false)
		l, err := lc.Listen(t.Context(), tc.network, tc.address)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := net.Dial(tc.network, l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		lf, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer lf.Close()
		check(t, int(lf.Fd()), decode.FDAll, fmt.Sprintf("<%s:[%s]>", tc.name, l.Addr()))
		cf, err := c.(*net.TCPConn).File()
		if err != nil {
			t.Fatal(err)
		}
		defer cf.Close()
		check(t, int(cf.Fd()), decode.FDAll, fmt.Sprintf("<%s:[%s->%s]>", tc.name, c.LocalAddr(), c.RemoteAddr()))
		check(t, int(cf.Fd()), decode.FDPath, fmt.Sprintf("<socket:[%d]>", inode(t, int(cf.Fd()))))
		fd := socket(t, tc.domain, unix.SOCK_STREAM, 0)
		check(t, fd, decode.FDAll, fmt.Sprintf("<%s:[%d]>", tc.name, inode(t, fd)))
	}
	fd := socket(t, unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	check(t, fd, decode.FDAll, fmt.Sprintf("<UDP:[127.0.0.1:%d]>", sa.(*unix.SockaddrInet4).Port))
}

func TestUnixSockets(t *testing.T) {
	t.Parallel()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	// The kernel calls the protocol UNIX or UNIX-STREAM.
	got := own(fds[0], decode.FDAll)
	if want := fmt.Sprintf(":[%d->%d]>", inode(t, fds[0]), inode(t, fds[1])); !strings.HasPrefix(got, "<UNIX") || !strings.HasSuffix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
	name := filepath.Join(t.TempDir(), "s")
	bound := socket(t, unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err := unix.Bind(bound, &unix.SockaddrUnix{Name: name}); err != nil {
		t.Fatal(err)
	}
	if got, want := own(bound, decode.FDAll), fmt.Sprintf(`:[%d,"%s"]>`, inode(t, bound), name); !strings.HasSuffix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
	abstract := socket(t, unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	aname := fmt.Sprintf("luatrace-%d", os.Getpid())
	if err := unix.Bind(abstract, &unix.SockaddrUnix{Name: "@" + aname}); err != nil {
		t.Fatal(err)
	}
	if got, want := own(abstract, decode.FDAll), fmt.Sprintf(`:[%d,@"%s"]>`, inode(t, abstract), aname); !strings.HasSuffix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestNetlinkSockets(t *testing.T) {
	t.Parallel()
	fd := socket(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
	check(t, fd, decode.FDAll, fmt.Sprintf("<NETLINK:[%d]>", inode(t, fd)))
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	check(t, fd, decode.FDAll, fmt.Sprintf("<NETLINK:[ROUTE:%d]>", sa.(*unix.SockaddrNetlink).Pid))
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0100007F:1F90":                         "127.0.0.1:8080",
		"00000000000000000000000001000000:0050": "[::1]:80",
		"0000000000000000FFFF00000100007F:0050": "[::ffff:127.0.0.1]:80",
		"":                                      "",
		"xyz":                                   "",
		"01:02":                                 "",
		"0100007F:12345":                        "",
		"0100007F0100007F:0050":                 "",
	} {
		got := ""
		if a, ok := Address(in); ok {
			got = a.String()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// The state of a socket that is only bound is known since Linux 6.8.
func TestBoundSocket(t *testing.T) {
	t.Parallel()
	fd := socket(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	got := own(fd, decode.FDAll)
	if got != fmt.Sprintf("<TCP:[127.0.0.1:%d]>", sa.(*unix.SockaddrInet4).Port) && got != fmt.Sprintf("<TCP:[%d]>", inode(t, fd)) {
		t.Error(got)
	}
}

func TestFindInet(t *testing.T) {
	t.Parallel()
	message := func(inode byte) []byte {
		b := make([]byte, headerSize+inetAnswerSize)
		b[0], b[4] = byte(len(b)), unix.SOCK_DIAG_BY_FAMILY
		m := b[headerSize:]
		m[0], m[5] = unix.AF_INET, 80
		copy(m[8:], []byte{127, 0, 0, 1})
		m[inetInodeAt] = inode
		return b
	}
	find := func(b []byte, inode uint64) string {
		s := &Socket{Inode: inode, Protocol: "TCP"}
		eachAnswer(b, func(m []byte) bool { return !takeInet(m, s) })
		return s.Name()
	}
	two := append(message(1), message(2)...)
	if got := find(two, 2); got != "tcp 127.0.0.1:80" {
		t.Error(got)
	}
	if got := find(two, 3); got != "socket:[3]" {
		t.Error(got)
	}
	two[0] = 255
	for _, b := range [][]byte{two, {1}, make([]byte, 16)} {
		if got := find(b, 2); got != "socket:[2]" {
			t.Error(got)
		}
	}
}

// The answer is the kernel's, but nothing must depend on that.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	if _, _, ok := parseUnixAnswer(nil); ok {
		t.Error("nothing is an answer")
	}
	whole := make([]byte, headerSize+unixAnswerSize)
	whole[4] = unix.SOCK_DIAG_BY_FAMILY
	whole[0] = 255
	for _, attr := range [][]byte{nil, {0}, {3, 0, 0, 0}, {255, 255, 0, 0}, {4, 0, 0, 0}, {6, 0, 2, 0, 1, 1}, {0, 0, 0, 0}} {
		if peer, name, ok := parseUnixAnswer(append(append([]byte(nil), whole...), attr...)); !ok || peer != 0 || name != "" {
			t.Errorf("%v: %d %q %v", attr, peer, name, ok)
		}
	}
	if peer, name, ok := parseUnixAnswer(append(append([]byte(nil), whole...), 8, 0, 2, 0, 7, 0, 0, 0, 7, 0, 0, 0, 'a', 'b', 0)); !ok || peer != 7 || name != "ab" {
		t.Error(peer, name, ok)
	}
	whole[0] = 3
	if _, _, ok := parseUnixAnswer(whole); ok {
		t.Error("an answer shorter than its header")
	}
}
