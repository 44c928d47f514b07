package scripts

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/servers"
)

// port makes a TCP socket on loopback: one that nobody listens on refuses
// connections, one that listens takes them, and where as many wait as may, the
// kernel answers nothing any more.
func port(t *testing.T, kind string) string {
	t.Helper()
	make := func() int {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { syscall.Close(fd) })
		return fd
	}
	fd := make()
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	if kind != "refuses" {
		if err := syscall.Listen(fd, map[string]int{"takes": 100, "silent": 0}[kind]); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if kind == "silent" { // more than may wait
			if err := syscall.Connect(make(), name); err != nil && err != syscall.EINPROGRESS {
				t.Fatal(err)
			}
		}
	}
	return strconv.Itoa(name.(*syscall.SockaddrInet4).Port)
}

// ways are programs that connect without waiting in connect, and learn how it
// ended each in its own way. argv[1:] are ports that refuse, take, and are silent.
const ways = `import errno, os, select, socket, sys
refuses, takes, silent = [("127.0.0.1", int(p)) for p in sys.argv[1:]]
def begin(to):
    s = socket.socket(); s.setblocking(False); s.connect_ex(to); return s
def error(s): return s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
for to in refuses, takes:
    s = begin(to); select.select([], [s], []); error(s); s.close()
for to in refuses, takes:
    s = begin(to); p = select.poll(); p.register(s, select.POLLOUT); p.poll(); error(s); s.close()
for to in refuses, takes:
    p = select.epoll(); s = begin(to); p.register(s, select.EPOLLOUT); p.poll(); error(s); s.close(); p.close()
for to in refuses, takes:
    s = begin(to); select.select([], [s], []); s.connect_ex(to); s.close()
s = begin(refuses); select.select([], [s], [])
try: s.send(b"x")
except OSError: pass
s.close()
while True:
    s = begin(takes)
    try: s.send(b"x"); break
    except BlockingIOError: pass
s.close()
s = begin(silent); s.close()
s = begin(silent); select.select([], [s], [], 0.05); s.close()
s = begin(silent); p = select.poll(); p.register(s, select.POLLOUT); p.poll(50); s.close()
`

// TestTCPConnectWays: what the program learns is what the row says.
func TestTCPConnectWays(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		refuses, takes, silent := port(t, "refuses"), port(t, "takes"), port(t, "silent")
		check := func(text, comm string, refused, connected, timeout, closed int) {
			t.Helper()
			n := 0
			for _, want := range []struct {
				err, port string
				n         int
			}{{"ECONNREFUSED", refuses, refused}, {"-", takes, connected}, {"timeout", silent, timeout}, {"closed", silent, closed}} {
				got := 0
				for _, row := range columns(text)[1:] {
					f := strings.Fields(row)
					if len(f) == 6 && f[1] == comm && f[3] == "tcp" && f[4] == want.err && f[5] == "127.0.0.1:"+want.port {
						got++
						if ms, err := strconv.ParseFloat(f[2], 64); err != nil || ms < 0 {
							t.Errorf("%s: a strange time", row)
						}
					}
				}
				wantCount(t, comm+" "+want.err, got, want.n)
				n += got
			}
			if all := len(columns(text)) - 1; all != n {
				t.Errorf("%d rows, %d are as wanted:\n%s", all, n, text)
			}
		}
		trace := func(command ...string) string {
			return u.trace(t, "-o rows -s tcpconnect", command...).Stderr + u.read(t, "rows")
		}
		check(trace(append([]string{servers.Python, "-I", "-c", ways}, refuses, takes, silent)...), "python3", 5, 5, 2, 1)
		timeout := `import socket, sys
try: socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=float(sys.argv[2])).close()
except OSError as e: print(e)`
		check(trace(servers.Python, "-I", "-c", timeout, refuses, "9"), "python3", 1, 0, 0, 0)
		check(trace(servers.Python, "-I", "-c", timeout, takes, "9"), "python3", 0, 1, 0, 0)
		check(trace(servers.Python, "-I", "-c", timeout, silent, "0.05"), "python3", 0, 0, 1, 0)
		check(trace("curl", "-s", "http://127.0.0.1:"+refuses), "curl", 1, 0, 0, 0)
		check(trace("curl", "-s", "-m", "1", "http://127.0.0.1:"+takes), "curl", 0, 1, 0, 0)
		check(trace("curl", "-s", "--connect-timeout", "0.1", "http://127.0.0.1:"+silent), "curl", 0, 0, 1, 0)
		node := `const net = require("net"); for (const p of process.argv.slice(1)) net.connect(+p, "127.0.0.1", function() { this.destroy(); }).on("error", e => {});`
		check(trace("node", "-e", node, refuses, takes, takes), "node", 1, 2, 0, 0)

		// The same on a program that runs already; what has no end yet is shown when
		// luatrace is interrupted.
		live := "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\nprint('ready')\nsignal.sigwait([signal.SIGUSR1])\n" +
			ways + "s = begin(silent)\nprint('done')\nsignal.pause()"
		py := servers.PythonProgram(t, u.cred, live, refuses, takes, silent)
		tr := servers.Attach(t, u.cred, []string{"-s", "tcpconnect"}, py.PID)
		py.Signal(syscall.SIGUSR1)
		py.Until("all connects", func() bool { return strings.Contains(py.Log(), "done") })
		text := tr.Interrupt().Stderr
		pending := fmt.Sprintf("%d python3 - tcp EINPROGRESS 127.0.0.1:%s", py.PID, silent)
		all := strings.Join(columns(text), "\n") + "\n"
		if !strings.Contains(all, pending) {
			t.Errorf("no %q in:\n%s", pending, text)
		}
		check(strings.Replace(all, pending+"\n", "", 1), "python3", 5, 5, 2, 1)
	})
}
