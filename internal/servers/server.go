// Package servers starts the servers that tests attach luatrace to, and attaches it: nginx,
// PostgreSQL, python's HTTP server, or any program that says when it is ready. Each listens on
// loopback only, has a directory of its own, and ends with its test.
//
//	ng := servers.Nginx(t, servers.Nobody(), "")
//	tr := servers.Attach(t, servers.Nobody(), []string{"-s", "opensnoop"}, ng.All()...)
//	servers.AB(t, "http://"+ng.Addr+"/page", 200, 8)
//	rows := tr.Interrupt().Stderr
//
// Nothing here waits for a time to pass: a server is ready when it answers, luatrace has attached
// when the kernel says so of each thread.
package servers

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
)

// nobody is an ordinary user and its group, which every system has.
const nobody = 65534

// Nobody is an ordinary user to run a server or luatrace as: nil, which stands for whoever runs
// the tests, unless that is root.
func Nobody() *syscall.Credential {
	if os.Geteuid() != 0 {
		return nil
	}
	return &syscall.Credential{Uid: nobody, Gid: nobody}
}

// Dir makes a directory with a short path, as names of unix sockets must be short, that belongs to
// cred and that everybody may enter. It goes away with the test.
func Dir(t testing.TB, cred *syscall.Credential) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if cred != nil {
		if err := os.Chown(dir, int(cred.Uid), int(cred.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Program is a server to be started.
type Program struct {
	Argv []string
	Dir  string   // its working directory, "" for a new one
	Env  []string // in addition to that of the test
	// Files become descriptors 3 and up of the program. They are closed here.
	Files []*os.File
	Cred  *syscall.Credential // nil for whoever runs the tests
	Stop  syscall.Signal      // that ends it, 0 for SIGTERM
}

// Server is a running server.
type Server struct {
	PID  int
	Addr string // HOST:PORT where it listens, if it does and that is known
	Dir  string // its working directory

	t    testing.TB
	cmd  *exec.Cmd
	stop syscall.Signal
	log  fixture.Output
	done chan struct{} // closed when it has ended
	once sync.Once
}

// Start starts a server and waits until ready returns true, which is asked again and again. It is
// ended with the test. A server that ends before it is ready fails the test with what it has
// written.
func Start(t testing.TB, p Program, ready func(s *Server) bool) *Server {
	t.Helper()
	s, err := start(t, p, ready)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start is Start with an error for a server that ends too early.
func start(t testing.TB, p Program, ready func(s *Server) bool) (*Server, error) {
	t.Helper()
	if p.Dir == "" {
		p.Dir = Dir(t, p.Cred)
	}
	s := &Server{Dir: p.Dir, t: t, stop: p.Stop, done: make(chan struct{})}
	if s.stop == 0 {
		s.stop = syscall.SIGTERM
	}
	s.cmd = command(p.Cred, p.Dir, p.Argv...)
	s.cmd.Env = append(s.cmd.Env, p.Env...)
	s.cmd.ExtraFiles = p.Files
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	err := s.cmd.Start()
	for _, f := range p.Files {
		f.Close()
	}
	if err != nil {
		return nil, err
	}
	s.PID = s.cmd.Process.Pid
	go func() {
		s.cmd.Wait()
		close(s.done)
	}()
	t.Cleanup(s.Stop)
	for end := time.Now().Add(fixture.Timeout); !ready(s); time.Sleep(time.Millisecond) {
		switch {
		case s.ended():
			return nil, fmt.Errorf("%v ended before it was ready (%v): %s", p.Argv, s.cmd.ProcessState, s.log.String())
		case time.Now().After(end):
			return nil, fmt.Errorf("%v: not ready after %v: %s", p.Argv, fixture.Timeout, s.log.String())
		}
	}
	return s, nil
}

// command is a command of cred's in a directory.
func command(cred *syscall.Credential, dir string, argv ...string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME="+dir, "PWD="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setpgid: true}
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

func (s *Server) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// Stop ends the server, if that has not been done, and waits for its end. One that does not end
// when it is asked to is killed, and fails the test.
func (s *Server) Stop() {
	s.once.Do(func() {
		s.t.Helper()
		s.cmd.Process.Signal(s.stop)
		select {
		case <-s.done:
		case <-time.After(fixture.Timeout):
			s.t.Errorf("%v did not end by %v: %s", s.cmd.Args, s.stop, s.log.String())
			for _, pid := range s.All() {
				syscall.Kill(pid, syscall.SIGKILL)
			}
			<-s.done
		}
	})
}

// Signal sends the server a signal.
func (s *Server) Signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// Wait waits until the server has ended by itself and returns its exit status, or minus the
// signal that ended it.
func (s *Server) Wait() int {
	s.t.Helper()
	select {
	case <-s.done:
	case <-time.After(fixture.Timeout):
		s.t.Fatalf("%v still runs: %s", s.cmd.Args, s.log.String())
	}
	if ws := s.cmd.ProcessState.Sys().(syscall.WaitStatus); ws.Signaled() {
		return -int(ws.Signal())
	}
	return s.cmd.ProcessState.ExitCode()
}

// Log is what the server has written on stdout and stderr so far.
func (s *Server) Log() string { return s.log.String() }

// Children are the pids of its children now, sorted.
func (s *Server) Children() []int {
	var pids []int
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.PID))
	for _, f := range files {
		text, _ := os.ReadFile(f)
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	slices.Sort(pids)
	return pids
}

// Sleeps says whether the server's first thread sleeps in a call now.
func (s *Server) Sleeps() bool { return strings.HasPrefix(leak.Field(s.PID, "State"), "S") }

// All are the pids of the server and all its descendants.
func (s *Server) All() []int { return append([]int{s.PID}, leak.Descendants(s.PID)...) }

// Until waits until done is true, which is asked again and again; what says what for.
func (s *Server) Until(what string, done func() bool) {
	s.t.Helper()
	until(s.t, what, done)
}

func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(fixture.Timeout); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// Says is for programs that print a line when they are ready: it waits for the expression in their
// output. Its first group, if it has one, is the port on loopback where the program listens.
func Says(expression string) func(s *Server) bool {
	re := regexp.MustCompile(expression)
	return func(s *Server) bool {
		m := re.FindStringSubmatch(s.log.String())
		if len(m) > 1 {
			s.Addr = net.JoinHostPort("127.0.0.1", m[1])
		}
		return m != nil
	}
}
