package scripts

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/servers"
)

// abNumber is a number that ab prints behind a name.
func abNumber(t *testing.T, text, name string) int {
	t.Helper()
	m := regexp.MustCompile(name + `: +(\d+)`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s in what ab says: %s", name, text)
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// logged waits until nginx has logged n requests, or for n 0 as many as it has
// answered, and returns how many those are. It logs one after it has sent the answer
// and luatrace has seen that: a client may end before.
func logged(t *testing.T, ng *servers.Server, n int) int {
	t.Helper()
	count := func() int {
		text, err := os.ReadFile(filepath.Join(ng.Dir, "access.log"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), "\n")
	}
	ng.Until(fmt.Sprintf("%d lines in access.log", max(n, 1)), func() bool { return count() >= max(n, 1) })
	return count()
}

// TestTCPAcceptLive attaches to a running nginx: each connection is a row, with its
// own address, and what no worker got is none.
func TestTCPAcceptLive(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		ng := servers.Nginx(t, u.cred, "")
		tr := servers.Attach(t, u.cred, []string{"-s", "tcpaccept"}, ng.All()...)
		var from []string
		for range 40 {
			c, err := net.Dial("tcp", ng.Addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprintf(c, "GET /page HTTP/1.0\r\n\r\n")
			if _, err := io.Copy(io.Discard, c); err != nil {
				t.Fatal(err)
			}
			from = append(from, c.LocalAddr().String())
		}
		text := tr.Interrupt().Stderr
		var got []string
		for _, row := range columns(text)[1:] {
			if m := regexp.MustCompile(`^\d+ nginx accept \d+ \S+ - (127\.0\.0\.1:\d+)$`).FindStringSubmatch(row); m != nil {
				got = append(got, m[1])
			} else {
				t.Errorf("row %q", row)
			}
		}
		if !slices.Equal(got, from) {
			t.Errorf("from\n%q, want\n%q", got, from)
		}
		tr = servers.Attach(t, u.cred, []string{"-s", "tcpaccept", "-a", "unix"}, ng.All()...)
		for range 3 {
			fixture.Run(t, "curl", "-s", "--unix-socket", ng.Socket(), "http://x/page")
		}
		text = tr.Interrupt().Stderr
		wantCount(t, "connections by the unix socket, in:\n"+text, len(regexp.MustCompile(`(?m)^\d+ +nginx +accept +\d+ .* unix`).FindAllString(text, -1)), 3)
	})
}

// TestTopconnsLive compares with what ab has counted: bytes by writev and sendfile,
// on connections that are kept and on others, then on a unix socket.
func TestTopconnsLive(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		ng := servers.Nginx(t, u.cred, "sendfile on;")
		requests := logged(t, ng, 0)
		for _, tt := range []struct {
			options     []string
			connections int
		}{{nil, 40}, {[]string{"-k"}, 4}} {
			tr := servers.Attach(t, u.cred, []string{"-j", "-s", "topconns", "-a", "top=1000"}, ng.All()...)
			said := servers.AB(t, "http://"+ng.Addr+"/page", 40, 4, tt.options...)
			requests += 40
			logged(t, ng, requests)
			text := tr.Interrupt().Stderr
			sent, received := 0, 0
			rows := objects(t, text, "sent", "received")
			for _, row := range rows {
				var s, r int
				if _, err := fmt.Sscan(row, &s, &r); err != nil {
					t.Errorf("%v: %q", err, row)
				}
				sent, received = sent+s, received+r
			}
			wantCount(t, fmt.Sprintf("bytes sent to ab %v", tt.options), sent, abNumber(t, said, "Total transferred"))
			if received < 40*60 || len(rows) < tt.connections {
				t.Errorf("ab %v: %d bytes received on %d connections, in:\n%s", tt.options, received, len(rows), text)
			}
		}
		tr := servers.Attach(t, u.cred, []string{"-s", "topconns", "-a", "unix"}, ng.All()...)
		for range 3 {
			fixture.Run(t, "curl", "-s", "--unix-socket", ng.Socket(), "http://x/page")
		}
		logged(t, ng, requests+3)
		text := tr.Interrupt().Stderr
		wantCount(t, "connections by the unix socket, in:\n"+text, len(regexp.MustCompile(`(?m)^ +3\.\dK +\d+ +\d+ nginx +unix `).FindAllString(text, -1)), 3)
	})
}

// waitForUSR1 is how a program of python's begins that luatrace attaches to.
const waitForUSR1 = `import os, signal, socket, struct, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print("ready")
signal.sigwait([signal.SIGUSR1])
`

// goOn lets such a program go on until it has printed "done".
func goOn(s *servers.Server) {
	s.Signal(syscall.SIGUSR1)
	s.Until("the program", func() bool { return strings.HasSuffix(s.Log(), "done\n") })
}

// TestDNSSnoopLive attaches to a client that runs already.
func TestDNSSnoopLive(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		p, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		go serveDNS(p)
		client := `s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(("127.0.0.1", int(sys.argv[1])))
` + waitForUSR1 + `
def question(id, name):
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
    return struct.pack(">6H", id, 256, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 1, 1)
for i in range(3): s.send(question(i, "host%d.test" % i))
for i in range(3): s.recv(512, socket.MSG_PEEK); s.recv(512)
s.send(question(9, "host.none")); s.recv(512)
print("done"); signal.pause()`
		_, port, _ := net.SplitHostPort(p.LocalAddr().String())
		py := servers.PythonProgram(t, u.cred, "import socket, sys\n"+client, port)
		tr := servers.Attach(t, u.cred, []string{"-s", "dnssnoop"}, py.PID)
		goOn(py)
		text := tr.Interrupt().Stderr
		for i := range 3 {
			wantRow(t, text, fmt.Sprintf("# python3 A NOERROR # host%d.test 10.0.0.1 10.0.0.2", i))
		}
		wantRow(t, text, "# python3 A NXDOMAIN # host.none -")
		wantCount(t, "rows", len(columns(text)), 1+4)
	})
}

// TestTeeLive: the copy of what a running program writes is what it has written,
// however long a write is.
func TestTeeLive(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		py := servers.PythonProgram(t, u.cred, waitForUSR1+`
os.write(1, b"a" * 20000 + b"\n" + b"b" * 5000)
os.writev(2, [b"b" * 7000, b"\nthe ", b"end\n" + b"c" * 4096 + b"\n"])
print("done"); signal.pause()`)
		copied := filepath.Join(u.dir, "copy")
		tr := servers.Attach(t, u.cred, []string{"-o", copied, "-s", "tee"}, py.PID)
		goOn(py)
		py.Until("the copy", func() bool {
			text, _ := os.ReadFile(copied)
			return strings.HasSuffix(string(text), "done\n")
		})
		tr.Interrupt()
		got, err := os.ReadFile(copied)
		if err != nil {
			t.Fatal(err)
		}
		// Lines of the two descriptors are not joined.
		want := strings.Repeat("a", 20000) + "\n" + strings.Repeat("b", 7000) + "\nthe end\n" + strings.Repeat("c", 4096) + "\n" + strings.Repeat("b", 5000) + "done\n"
		if string(got) != want {
			t.Errorf("%d bytes, want %d: %q", len(got), len(want), got[max(0, len(got)-200):])
		}
	})
}

// TestEchofdsLive shows what a running web server reads and writes.
func TestEchofdsLive(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		ng := servers.Nginx(t, u.cred, "sendfile off;")
		tr := servers.Attach(t, u.cred, []string{"-j", "-s", "echofds", "-a", "max=100000"}, ng.All()...)
		if r := fixture.Run(t, "curl", "-s", "http://"+ng.Addr+"/page"); len(r.Stdout) != servers.PageSize {
			t.Errorf("curl got %d bytes", len(r.Stdout))
		}
		tr.Await("access.log") // written last
		text := tr.Interrupt().Stderr
		all := strings.Join(objects(t, text, "op", "file", "data"), "\n")
		all = strings.ReplaceAll(all, strings.Repeat("x", servers.PageSize), "X")
		for _, want := range []string{`(?m)^recv(from)? tcp ` + regexp.QuoteMeta(ng.Addr) + `->\S+ GET /page HTTP/1\.1`, `(?m)^(pread64|read) \S+/www/page X$`,
			`(?s)\n(writev|sendto|write) tcp \S+ HTTP/1\.1 200 OK\r\n.*\r\n\r\nX\n`, `access\.log`} {
			if !regexp.MustCompile(want).MatchString(all + "\n") {
				t.Errorf("no %s in:\n%s", want, all)
			}
		}
	})
}

// TestFiletopLive: what nginx sends from a file by sendfile is read from it.
func TestFiletopLive(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		ng := servers.Nginx(t, u.cred, "sendfile on;")
		before := logged(t, ng, 0)
		tr := servers.Attach(t, u.cred, []string{"-j", "-s", "filetop", "-a", "under=" + filepath.Join(ng.Dir, "www")}, ng.All()...)
		servers.AB(t, "http://"+ng.Addr+"/page", 40, 4)
		logged(t, ng, before+40)
		text := tr.Interrupt().Stderr
		want := fmt.Sprintf("%s 40 %d 0 0", filepath.Join(ng.Dir, "www/page"), 40*servers.PageSize)
		if got := objects(t, text, "path", "reads", "rbytes", "writes", "wbytes"); len(got) != 1 || got[0] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
