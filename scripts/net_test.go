package scripts

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"luatrace/internal/fixture"
)

func pidOf(cmd *exec.Cmd) string { return strconv.Itoa(cmd.Process.Pid) }

// objects are the lines of a trace written with -j, as the values of members.
func objects(t *testing.T, text string, members ...string) []string {
	t.Helper()
	var list []string
	for line := range strings.Lines(text) {
		object := map[string]any{}
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Errorf("%v: %s", err, line)
			continue
		}
		var values []string
		for _, m := range members {
			values = append(values, fmt.Sprint(object[m]))
		}
		list = append(list, strings.Join(values, " "))
	}
	return list
}

func TestTCPAccept(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		sockets := fixture.Build(t, "sockets")
		r := u.trace(t, "-s tcpaccept", sockets)
		rows := columns(r.Stderr)
		if rows[0] != "PID COMM EVENT FD WAIT ERR ADDRESS" {
			t.Errorf("heading %q", rows[0])
		}
		all := strings.Join(rows, "\n")
		n := 1 + strings.Count(r.Stdout, "tcp6 ok")
		wantCount(t, "listening", len(regexp.MustCompile(`(?m)^\d+ sockets listen 3 - - tcp (127\.0\.0\.1|\[::1\]):\d+$`).FindAllString(all, -1)), n)
		wantCount(t, "accepted", len(regexp.MustCompile(`(?m)^\d+ sockets accept 5 \S+ - (127\.0\.0\.1|\[::1\]):\d+$`).FindAllString(all, -1)), n)
		wantCount(t, "rows", len(rows), 1+2*n)
		r = u.trace(t, "-j -s tcpaccept -a unix", sockets)
		wantCount(t, "with those of the machine", len(objects(t, r.Stderr, "event")), 2*n+2)
	})
}

func TestTopconns(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		r := u.trace(t, "-s topconns", fixture.Build(t, "sockets"))
		rows := columns(r.Stderr)
		all := strings.Join(rows, "\n")
		streams := 1 + strings.Count(r.Stdout, "tcp6 ok")
		if rows[0] != "SENT RECEIVED CALLS COMM CONNECTION" {
			t.Errorf("heading %q", rows[0])
		}
		wantCount(t, "who sent", len(regexp.MustCompile(`(?m)^4 0 1 sockets tcp \S+->\S+$`).FindAllString(all, -1)), streams)
		wantCount(t, "who received", len(regexp.MustCompile(`(?m)^0 4 1 sockets tcp \S+->\S+$`).FindAllString(all, -1)), streams)
		wantCount(t, "udp", len(regexp.MustCompile(`(?m)^(4 0|0 4) 1 sockets udp \S+$`).FindAllString(all, -1)), 2)

		// 13 writes of 1,000 bytes to this test, one answer.
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			if _, err := io.CopyN(io.Discard, c, 13000); err == nil {
				c.Write([]byte("thank you"))
			}
		}()
		program := `import os, socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
for _ in range(13): os.write(s.fileno(), b"x" * 1000)
s.recv(99)`
		_, port, _ := net.SplitHostPort(l.Addr().String())
		r = u.trace(t, "-j -s topconns", "/usr/bin/python3", "-c", program, port)
		got := objects(t, r.Stderr, "sent", "received", "calls", "comm")
		if len(got) != 1 || got[0] != "13000 9 14 python3" {
			t.Errorf("got %q in:\n%s", got, r.Stderr)
		}
	})
}

// answer makes the reply to a DNS question: two addresses for names that end in
// ".test", else that there is no such name.
func answer(question []byte) []byte {
	if len(question) < 12 {
		return nil
	}
	reply := append([]byte(nil), question...)
	reply[2], reply[3] = 0x81, 0x80
	if !strings.Contains(string(question), "\x04test\x00") {
		reply[3] |= 3
		return reply
	}
	binary.BigEndian.PutUint16(reply[6:], 2)
	for _, ip := range []string{"\x0a\x00\x00\x01", "\x0a\x00\x00\x02"} {
		reply = append(reply, "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04"+ip...)
	}
	return reply
}

// serveDNS answers questions until the socket is closed.
func serveDNS(p net.PacketConn) {
	buf := make([]byte, 512)
	for {
		n, from, err := p.ReadFrom(buf)
		if err != nil {
			return
		}
		p.WriteTo(answer(buf[:n]), from)
	}
}

// TestDNSSnoop asks a server of this test, over UDP and TCP.
func TestDNSSnoop(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		p, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		go serveDNS(p)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			buf := make([]byte, 512)
			if n, err := c.Read(buf); err == nil && n > 2 {
				reply := answer(buf[2:n])
				c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
			}
		}()
		client := `import socket, struct, sys
def question(id, name, kind):
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
    return struct.pack(">6H", id, 256, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", kind, 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", int(sys.argv[1])))
for i in range(5):
    s.send(question(i, "host%d.test" % i, 1)); s.recv(512)
s.send(question(9, "host.none", 28)); s.recv(512)
s.sendto(b"no question at all, but long enough", ("127.0.0.1", int(sys.argv[1]))); s.recv(512)
c = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
q = question(77, "tcp.test", 1)
c.send(struct.pack(">H", len(q)) + q); c.recv(512)`
		_, udp, _ := net.SplitHostPort(p.LocalAddr().String())
		_, tcp, _ := net.SplitHostPort(l.Addr().String())
		r := u.trace(t, "-s dnssnoop", "/usr/bin/python3", "-c", client, udp, tcp)
		if rows := columns(r.Stderr); len(rows) != 1+5+1+1 || rows[0] != "PID COMM TYPE CODE MS NAME ANSWER" {
			t.Errorf("got:\n%s", r.Stderr)
		}
		for i := range 5 {
			wantRow(t, r.Stderr, fmt.Sprintf("# python3 A NOERROR # host%d.test 10.0.0.1 10.0.0.2", i))
		}
		wantRow(t, r.Stderr, "# python3 AAAA NXDOMAIN # host.none -", "# python3 A NOERROR # tcp.test 10.0.0.1 10.0.0.2")
	})
	if os.Geteuid() == 0 { // for port 53
		t.Run("resolver", resolver)
	}
	t.Run("json", func(t *testing.T) {
		t.Parallel()
		p, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		go func() {
			buf := make([]byte, 512)
			if n, from, err := p.ReadFrom(buf); err == nil {
				p.WriteTo(answer(buf[:n]), from)
			}
		}()
		u := user{dir: t.TempDir()}
		r := u.trace(t, "-j -s dnssnoop -a failed", "/usr/bin/python3", "-c", `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", `+p.LocalAddr().String()[len("127.0.0.1:"):]+`))
s.sendmsg([b"\0\7\1\0\0\1\0\0\0\0\0\0", b"\1x\0\0\1\0\1"]); s.recv(512)`)
		if got := objects(t, r.Stderr, "name", "type", "code"); len(got) != 1 || got[0] != "x A NXDOMAIN" {
			t.Errorf("got %q in:\n%s", got, r.Stderr)
		}
	})
}

// resolver lets the C library ask, which sends both of its questions by one
// sendmmsg. Another script leads it to the server of this test.
func resolver(t *testing.T) {
	t.Parallel()
	p, err := net.ListenPacket("udp", "127.0.0.77:53")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	go serveDNS(p)
	u := user{dir: t.TempDir()}
	u.write(t, "resolv.conf", "nameserver 127.0.0.77\n")
	r := u.trace(t, "-s redirect -a from=/etc/resolv.conf -a to=resolv.conf -s dnssnoop", "getent", "ahosts", "host.test")
	if !strings.HasPrefix(r.Stdout, "10.0.0.1 ") || !strings.Contains(r.Stdout, "\n10.0.0.2 ") {
		t.Errorf("getent says %q", r.Stdout)
	}
	wantRow(t, r.Stderr, "# getent A NOERROR # host.test 10.0.0.1 10.0.0.2")
	wantCount(t, "questions for IPv6", strings.Count(r.Stderr, "AAAA "), 1)
}

// background starts a command under luatrace with the trace in a file, waits
// until ready says so of its output, and returns a function that ends it and
// gives the trace.
func (u user) background(t *testing.T, options string, ready *regexp.Regexp, command ...string) (match []string, end func() string) {
	t.Helper()
	trace := filepath.Join(u.dir, "trace"+strconv.Itoa(len(options)))
	args := append(append([]string{"-o", trace}, strings.Fields(options)...), "--")
	cmd := exec.Command(fixture.Luatrace(t), append(args, command...)...)
	cmd.Dir = u.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PYTHONUNBUFFERED=1", "HOME="+u.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.cred}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	stop := time.AfterFunc(fixture.Timeout, func() { cmd.Process.Kill() })
	for lines.Scan() {
		if match = ready.FindStringSubmatch(lines.Text()); match != nil {
			break
		}
	}
	if match == nil {
		cmd.Process.Kill()
		cmd.Wait()
		t.Fatalf("%v: nothing like %s", command, ready)
	}
	drained := make(chan struct{})
	go func() {
		io.Copy(io.Discard, out)
		close(drained)
	}()
	return match, func() string {
		cmd.Process.Signal(syscall.SIGTERM)
		<-drained
		cmd.Wait()
		stop.Stop()
		text, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// TestHTTPSnoop watches python3's server and curl, each by itself.
func TestHTTPSnoop(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		u.write(t, "www/page", strings.Repeat("x", 3000))
		ready := regexp.MustCompile(`port (\d+)`)
		m, end := u.background(t, "-s httpsnoop", ready, "/usr/bin/python3", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", "www")
		url := "http://127.0.0.1:" + m[1]
		host := url + "/"
		script := "for i in 1 2 3 4 5; do curl -s -o got " + url + "/page; done; curl -s -o got " + url + "/none; curl -s -I -o got " + url + "/page; cat got"
		r := u.trace(t, "-s httpsnoop", "sh", "-c", script)
		server := end()
		for _, side := range []struct{ name, comm, text string }{{"client", "curl", r.Stderr}, {"server", "python3", server}} {
			rows := columns(side.text)
			if len(rows) != 1+7 || rows[0] != "PID COMM SIDE METHOD STATUS MS SIZE URL" {
				t.Errorf("%s:\n%s", side.name, side.text)
			}
			all := strings.Join(rows, "\n")
			row := `(?m)^\d+ ` + side.comm + ` ` + side.name + ` `
			wantCount(t, side.name+" pages", len(regexp.MustCompile(row+`GET 200 \S+ 2\.9K `+host+`page$`).FindAllString(all, -1)), 5)
			wantCount(t, side.name+" misses", len(regexp.MustCompile(row+`GET 404 \S+ \S+ `+host+`none$`).FindAllString(all, -1)), 1)
			wantCount(t, side.name+" heads", len(regexp.MustCompile(row+`HEAD 200 \S+ 0 `+host+`page$`).FindAllString(all, -1)), 1)
		}
	})
}

// TestHTTPSnoopForks watches a server that gives each connection to a child as
// descriptors 0 and 1, as inetd does, and looks at it by attaching.
func TestHTTPSnoopForks(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		server := `import os, socket, sys
l = socket.create_server(("127.0.0.1", 0))
print("port", l.getsockname()[1], flush=True)
for i in range(3):
    c, _ = l.accept()
    head = c.recv(999)
    if os.fork() == 0:
        os.dup2(c.fileno(), 0); os.dup2(c.fileno(), 1); l.close(); c.close()
        os.execvp("sh", ["sh", "-c", "printf 'HTTP/1.0 20%s OK\\r\\n\\r\\nx' $0", str(i)])
    c.close()
    os.wait()`
		client := `import socket, sys
for name in ("a", "b", "c"):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    s.sendall(b"GET /%s HTTP/1.0\r\n\r\n" % name.encode())
    while s.recv(99): pass`
		m, end := u.background(t, "-s httpsnoop", regexp.MustCompile(`port (\d+)`), "/usr/bin/python3", "-u", "-c", server)
		r := u.trace(t, "-s httpsnoop", "/usr/bin/python3", "-c", client, m[1])
		text := end()
		for i, name := range []string{"a", "b", "c"} {
			wantRow(t, r.Stderr, fmt.Sprintf("# python3 client GET 20%d # - http://?/%s", i, name))
			wantRow(t, text, fmt.Sprintf("# sh server GET 20%d # - http://?/%s", i, name))
		}
	})
}
