package servers

import (
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// PostgresServer is a PostgreSQL server with a cluster of its own. Its user is "tester", and needs
// no password.
type PostgresServer struct {
	*Server
	Bin  string // the directory of its programs
	Port string

	cred *syscall.Credential
}

// Postgres makes a cluster and starts a server for it, which listens on a port of 127.0.0.1 and on
// a unix socket in its directory. As PostgreSQL refuses to run as root, it belongs to Nobody.
// settings are more of its settings, as "fsync=on". autovacuum is off: nothing happens
// that the test has not asked for.
func Postgres(t testing.TB, settings ...string) *PostgresServer {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		t.Fatal("no /usr/lib/postgresql/*/bin/initdb: install Debian's package postgresql (.ci/setup does)")
	}
	slices.Sort(found)
	p := &PostgresServer{Bin: filepath.Dir(found[len(found)-1]), cred: Nobody()}
	dir := Dir(t, p.cred)
	data := filepath.Join(dir, "data")
	r := fixture.RunCmd(t, command(p.cred, dir, filepath.Join(p.Bin, "initdb"), "-D", data, "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"))
	if r.Code != 0 {
		t.Fatalf("initdb: %s%s", r.Stdout, r.Stderr)
	}
	// It can't choose a port by itself, and somebody may take ours before it does.
	for try := 1; ; try++ {
		p.Port = freePort(t)
		argv := []string{filepath.Join(p.Bin, "postgres"), "-D", data, "-k", dir, "-p", p.Port, "-c", "listen_addresses=127.0.0.1",
			"-c", "fsync=off", "-c", "autovacuum=off", "-c", "logging_collector=off"}
		for _, setting := range settings {
			argv = append(argv, "-c", setting)
		}
		// SIGINT is its fast shutdown; SIGTERM would wait for clients.
		p.Server, err = start(t, Program{Argv: argv, Dir: dir, Cred: p.cred, Stop: syscall.SIGINT}, Says("database system is ready to accept connections"))
		if err == nil {
			p.Addr = net.JoinHostPort("127.0.0.1", p.Port)
			return p
		}
		if try == 20 || !strings.Contains(err.Error(), "Address already in use") {
			t.Fatal(err)
		}
	}
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// Command runs a program of PostgreSQL's, such as psql or pgbench, or any other by its path, as
// the server's user. The environment leads it to the unix socket; after "-h", "127.0.0.1" among
// the arguments it is the TCP port.
func (p *PostgresServer) Command(t testing.TB, name string, args ...string) fixture.Result {
	t.Helper()
	if !strings.Contains(name, "/") {
		name = filepath.Join(p.Bin, name)
	}
	cmd := command(p.cred, p.Dir, append([]string{name}, args...)...)
	cmd.Env = append(cmd.Env, "PGHOST="+p.Dir, "PGPORT="+p.Port, "PGUSER=tester", "PGDATABASE=postgres", "PGSSLMODE=disable")
	return fixture.RunCmd(t, cmd)
}

// Psql runs statements, each by itself, and returns what psql prints, without headers.
func (p *PostgresServer) Psql(t testing.TB, statements ...string) string {
	t.Helper()
	args := []string{"-X", "-q", "-A", "-t"}
	for _, s := range statements {
		args = append(args, "-c", s)
	}
	r := p.Command(t, "psql", args...)
	if r.Code != 0 {
		t.Errorf("psql: %s%s", r.Stdout, r.Stderr)
	}
	return r.Stdout
}
