package servers

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/leak"
)

// Workers is how many workers Nginx has.
const Workers = 2

// PageSize is the size of the file /page that Nginx and PythonHTTP serve.
const PageSize = 3000

const nginxConf = `
daemon off;
worker_processes %d;
pid nginx.pid;
error_log stderr;
%s
events { worker_connections 256; }
http {
  access_log access.log;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen %s;
    listen unix:%s;
    root www;
%s
  }
}
`

// Nginx starts nginx with two workers, on a port of 127.0.0.1 and on the unix socket
// [Server.Socket]. It serves the files below www in its directory; there is /page with PageSize
// bytes. If root starts it (cred is nil), the workers belong to nobody, as they do everywhere.
// inServer is more configuration for its server block.
func Nginx(t testing.TB, cred *syscall.Credential, inServer string) *Server {
	t.Helper()
	program := find(t, "nginx-light", "nginx", "/usr/sbin/nginx")
	dir := Dir(t, cred)
	writePage(t, filepath.Join(dir, "www", "page"))
	// nginx takes over listening sockets that it finds in NGINX, so that nobody can take the port
	// between our choice and its start.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f := inheritable(t, l.(*net.TCPListener))
	user := ""
	if cred == nil && os.Geteuid() == 0 {
		user = "user nobody nogroup;"
	}
	conf := fmt.Sprintf(nginxConf, Workers, user, l.Addr(), filepath.Join(dir, socketName), inServer)
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	return Start(t, Program{
		Argv: []string{program, "-p", dir, "-c", "nginx.conf", "-e", "stderr"},
		Dir:  dir, Env: []string{"NGINX=3;"}, Files: []*os.File{f}, Cred: cred,
	}, func(s *Server) bool {
		s.Addr = l.Addr().String()
		l.Close() // nginx has its own
		return len(s.Children()) == Workers && s.workersHaveUser() && answers(s.Addr)
	})
}

// workersHaveUser says whether the workers have given up root's rights, which they begin with.
func (s *Server) workersHaveUser() bool {
	if os.Geteuid() != 0 {
		return true
	}
	for _, pid := range s.Children() {
		if !strings.HasPrefix(leak.Field(pid, "Uid"), strconv.Itoa(nobody)) {
			return false
		}
	}
	return true
}

// inheritable returns the listener's socket as a file for a child that takes it to be in
// non-blocking mode, as nginx does. TCPListener.File and File.Fd put it into the other one.
func inheritable(t testing.TB, l *net.TCPListener) *os.File {
	t.Helper()
	f, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	own := os.NewFile(uintptr(fd), "listener") // while it blocks: then Fd leaves the mode alone
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return own
}

// socketName is the unix socket in the directory of a server.
const socketName = "sock"

// Socket is the path of the unix socket where nginx listens too.
func (s *Server) Socket() string { return filepath.Join(s.Dir, socketName) }

// writePage makes the file that is served.
func writePage(t testing.TB, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("x", PageSize)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// answers says whether a server answers a request. It leaves no connection.
func answers(addr string) bool {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get("http://" + addr + "/page")
	if err != nil {
		return false
	}
	r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// find finds a program by names and paths; without it the test fails and names Debian's package.
func find(t testing.TB, debian string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("no %s: install Debian's package %s (.ci/setup does)", names[0], debian)
	return ""
}
