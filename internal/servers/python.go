package servers

import (
	"path/filepath"
	"syscall"
	"testing"
)

// Python is Debian's python3.
const Python = "/usr/bin/python3"

// PythonHTTP starts python's HTTP server, which has a thread for each connection. It serves the
// files below www in its directory; there is /page with PageSize bytes.
func PythonHTTP(t testing.TB, cred *syscall.Credential) *Server {
	t.Helper()
	dir := Dir(t, cred)
	writePage(t, filepath.Join(dir, "www", "page"))
	says := Says(`port (\d+)`)
	return Start(t, Program{
		Argv: []string{Python, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", "www"},
		Dir:  dir, Cred: cred, Stop: syscall.SIGKILL, // it prints a traceback for the others
	}, func(s *Server) bool { return says(s) && answers(s.Addr) })
}

// PythonProgram starts a program of python's that prints "ready" or "port N" on a line of its own
// when it is ready.
func PythonProgram(t testing.TB, cred *syscall.Credential, code string, args ...string) *Server {
	t.Helper()
	return Start(t, Program{Argv: append([]string{Python, "-u", "-c", code}, args...), Cred: cred, Stop: syscall.SIGKILL},
		Says(`(?m)^(?:ready|port (\d+))$`))
}
