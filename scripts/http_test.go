package scripts

import (
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/servers"
)

// exchange sends raw bytes, and reads until the server closes the connection or
// what it has sent ends in end.
func exchange(t *testing.T, network, addr, request, end string) string {
	t.Helper()
	c, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for buf := make([]byte, 4096); end == "" || !strings.HasSuffix(string(got), end); {
		n, err := c.Read(buf)
		got = append(got, buf[:n]...)
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return string(got)
}

// httpRows are the rows of httpsnoop as "METHOD STATUS SIZE URL".
func httpRows(t *testing.T, text, comm string) []string {
	t.Helper()
	var list []string
	row := regexp.MustCompile(`^\d+ ` + comm + ` server (\w+ \d+) ([\d.]+) (\S+ \S+)$`)
	for _, line := range columns(text)[1:] {
		m := row.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("strange row %q in:\n%s", line, text)
			continue
		}
		list = append(list, m[1]+" "+m[3])
	}
	return list
}

// interruptAfter interrupts luatrace when it has written n rows of a server: a client
// has its answer before luatrace has seen that the server sent it.
func interruptAfter(tr *servers.Trace, s *servers.Server, n int) fixture.Result {
	s.Until(fmt.Sprintf("%d rows", n), func() bool { return strings.Count(tr.Stderr(), " server ") >= n })
	return tr.Interrupt()
}

func wantRows(t *testing.T, text string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s\nin:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), text)
	}
}

// TestHTTPSnoopNginx attaches to a running nginx: all kinds of answers on one
// connection, then several requests sent at once.
func TestHTTPSnoopNginx(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		ng := servers.Nginx(t, u.cred, `
    location /empty { return 204; }
    location /old { return 301 /page; }`)
		for network, addr := range map[string]string{"tcp": ng.Addr, "unix": ng.Socket()} {
			tr := servers.Attach(t, u.cred, []string{"-s", "httpsnoop"}, ng.All()...)
			request := ""
			for _, line := range []string{"GET /page", "HEAD /page", "GET /none", "GET /empty", "GET /old", "HEAD /none", "GET /page"} {
				request += line + " HTTP/1.1\r\nHost: h\r\n\r\n"
			}
			post := "POST /page HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n" + strings.Repeat("GET / HTTP", 4)
			got := exchange(t, network, addr, request+post+"GET /page HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "")
			if n := strings.Count(got, "HTTP/1.1 "); n < 9 {
				t.Errorf("%d answers: %s", n, got)
			}
			r := interruptAfter(tr, ng, 9)
			size := func(status string) string {
				m := regexp.MustCompile(`HTTP/1\.1 ` + status + ` [^\n]*\n(?:[^\n]+\n)*?Content-Length: (\d+)`).FindStringSubmatch(got)
				if m == nil {
					t.Fatalf("no answer %s in %s", status, got)
				}
				return m[1]
			}
			wantRows(t, r.Stderr, httpRows(t, r.Stderr, "nginx"), "GET 200 2.9K http://h/page", "HEAD 200 0 http://h/page",
				"GET 404 "+size("404")+" http://h/none", "GET 204 0 http://h/empty", "GET 301 "+size("301")+" http://h/old", "HEAD 404 0 http://h/none",
				"GET 200 2.9K http://h/page", "POST 405 "+size("405")+" http://h/page", "GET 200 2.9K http://h/page")
		}
		// As many as ab makes, on connections that are kept and on new ones.
		for _, options := range [][]string{{"-k"}, nil} {
			tr := servers.Attach(t, u.cred, []string{"-s", "httpsnoop"}, ng.All()...)
			servers.AB(t, "http://"+ng.Addr+"/page", 300, 6, options...)
			r := interruptAfter(tr, ng, 300)
			wantCount(t, fmt.Sprintf("requests of ab %v", options), len(httpRows(t, r.Stderr, "nginx")), 300)
		}
	})
}

// unixServer answers each connection on a unix socket in a thread of its own, the
// later the connection the sooner: when all are there.
const unixServer = `import socket, threading
l = socket.socket(socket.AF_UNIX); l.bind("sock"); l.listen(9)
print("ready")
N = 3
while True:
    turn = [threading.Event() for _ in range(N + 1)]
    turn[N].set()
    def answer(c, i):
        path = c.recv(999).split()[1]
        seen[i].set()
        turn[i + 1].wait()
        body = b"x" * (100 * (i + 1))
        c.sendall(b"HTTP/1.1 200 OK\r\nX-Path: %s\r\nContent-Length: %d\r\n\r\n" % (path, len(body)) + body)
        c.close()
        turn[i].set()
    seen = [threading.Event() for _ in range(N)]
    threads = []
    for i in range(N):
        c, _ = l.accept()
        threads.append(threading.Thread(target=answer, args=(c, i))); threads[-1].start()
        seen[i].wait()
    for th in threads: th.join()`

// TestHTTPSnoopUnix has three connections to a unix socket at once, which the
// server answers in the opposite order: each is kept apart, though no end has a
// name of its own.
func TestHTTPSnoopUnix(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		py := servers.PythonProgram(t, u.cred, unixServer)
		tr := servers.Attach(t, u.cred, []string{"-s", "httpsnoop"}, py.PID)
		client := `import socket
all = []
for i in range(3):
    s = socket.socket(socket.AF_UNIX); s.connect("` + py.Dir + `/sock"); all.append(s)
    s.sendall(b"GET /%d HTTP/1.1\r\nHost: u\r\n\r\n" % i)
for s in reversed(all):
    while s.recv(999): pass`
		c := fixture.Run(t, fixture.Luatrace(t), "-s", "httpsnoop", servers.Python, "-I", "-c", client)
		for side, text := range map[string]string{"client": c.Stderr, "server": interruptAfter(tr, py, 3).Stderr} {
			if rows := columns(text); len(rows) != 4 {
				t.Errorf("%s:\n%s", side, text)
			}
			for i := range 3 {
				wantRow(t, text, fmt.Sprintf("# python3 %s GET 200 # %d00 http://u/%d", side, i+1, i))
			}
		}
	})
}

// TestHTTPSnoopNode attaches to node: chunked answers, connections kept alive.
func TestHTTPSnoopNode(t *testing.T) {
	t.Parallel()
	server := `const http = require("http");
const s = http.createServer((q, r) => {
  if (q.url == "/long") { r.write("HTTP/1.1 500 no\r\n\r\n"); setImmediate(() => { r.write("x".repeat(100000)); r.end("the end"); }); }
  else if (q.url == "/early") { r.writeEarlyHints({link: "</style.css>; rel=preload"}); r.end("hello"); }
  else { let n = 0; q.on("data", d => n += d.length); q.on("end", () => r.end("" + n)); }
}).listen(0, "127.0.0.1", () => console.log("port " + s.address().port));`
	s := servers.Start(t, servers.Program{Argv: []string{"node", "-e", server}}, servers.Says(`port (\d+)`))
	tr := servers.Attach(t, nil, []string{"-s", "httpsnoop"}, s.All()...)
	post := "POST /up HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nGET \r\n10\r\n/ HTTP/1.1\r\n\r\nab\r\n0\r\n\r\n"
	got := exchange(t, "tcp", s.Addr, "GET /long HTTP/1.1\r\nHost: h\r\n\r\n"+post+"HEAD /up HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "")
	if !strings.Contains(got, "\r\n20HTTP/1.1 200") {
		t.Errorf("node answered %q", got[max(0, len(got)-900):])
	}
	exchange(t, "tcp", s.Addr, "GET /early HTTP/1.1\r\nHost: h\r\n\r\n", "hello")
	r := interruptAfter(tr, s, 4)
	wantRows(t, r.Stderr, httpRows(t, r.Stderr, "node"), "GET 200 - http://h/long", "POST 200 2 http://h/up", "HEAD 200 0 http://h/up", "GET 200 5 http://h/early")
}
