package servers

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// eachUser runs a test as whoever runs the tests and, if that is root, as nobody.
func eachUser(t *testing.T, test func(t *testing.T, cred *syscall.Credential)) {
	users := map[string]*syscall.Credential{"self": nil}
	if os.Geteuid() == 0 {
		users["nobody"] = Nobody()
	}
	for name, cred := range users {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, cred)
		})
	}
}

// counted returns how often luatrace's table of counts says a call was made.
func counted(t *testing.T, text, name string) int {
	t.Helper()
	m := regexp.MustCompile(`(?m)^ *(\d+)  ` + name + `$`).FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

const counting = `on("*", function(ev) agg.n:count(ev.name) end)`

// No request that is made after Attach is missed, and none fails.
func TestNginx(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, cred *syscall.Credential) {
		ng := Nginx(t, cred, "")
		if n := len(ng.Children()); n != Workers {
			t.Errorf("%d workers, want %d", n, Workers)
		}
		if want := map[bool]string{true: "65534", false: fmt.Sprint(os.Geteuid())}[os.Geteuid() == 0]; !strings.HasPrefix(leak.Field(ng.Children()[0], "Uid"), want) {
			t.Errorf("the workers belong to %s, want %s", leak.Field(ng.Children()[0], "Uid"), want)
		}
		for range 3 {
			tr := Attach(t, cred, []string{"-e", counting}, ng.All()...)
			AB(t, "http://"+ng.Addr+"/page", 100, 8)
			r := tr.Interrupt()
			if n := counted(t, r.Stderr, "(?:accept4|accept)"); n < 100 {
				t.Errorf("%d connections seen, want 100 at least, in:\n%s", n, r.Stderr)
			}
		}
		curl := fixture.Run(t, "curl", "-s", "--unix-socket", ng.Socket(), "http://x/page")
		if len(curl.Stdout) != PageSize {
			t.Errorf("%d bytes by the unix socket, want %d", len(curl.Stdout), PageSize)
		}
	})
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	p := Postgres(t)
	tr := Attach(t, Nobody(), []string{"-e", counting}, p.All()...)
	if got := p.Psql(t, "select 1", "select 2"); got != "1\n2\n" {
		t.Errorf("psql said %q", got)
	}
	if r := p.Command(t, "psql", "-X", "-A", "-t", "-h", "127.0.0.1", "-c", "select 3"); r.Stdout != "3\n" {
		t.Errorf("psql said %q by TCP: %s", r.Stdout, r.Stderr)
	}
	if r := tr.Interrupt(); counted(t, r.Stderr, "(?:accept4|accept)") != 2 {
		t.Errorf("not two connections in:\n%s", r.Stderr)
	}
}

func TestPython(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, cred *syscall.Credential) {
		py := PythonHTTP(t, cred)
		tr := Attach(t, cred, []string{"-e", counting}, py.PID)
		AB(t, "http://"+py.Addr+"/page", 20, 2)
		if r := tr.Interrupt(); counted(t, r.Stderr, "openat") != 20 {
			t.Errorf("not 20 pages opened in:\n%s", r.Stderr)
		}
		prog := PythonProgram(t, cred, "import signal\nprint('ready')\nsignal.pause()")
		tr = Attach(t, cred, []string{"-t", "rt_sigreturn,pause", "-e", "print('call', ev.name)"}, prog.PID)
		prog.Signal(syscall.SIGTERM)
		if status := prog.Wait(); status != -int(syscall.SIGTERM) {
			t.Errorf("the program ended with %d", status)
		}
		tr.End(0)
	})
}
