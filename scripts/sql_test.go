package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// postgres is a PostgreSQL server of a test's own, in a directory of its own.
type postgres struct {
	user
	bin, data, sock string
}

// newPostgres makes a cluster. PostgreSQL does not run as root: then it belongs
// to the ordinary user.
func newPostgres(t *testing.T) *postgres {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		t.Fatal("no /usr/lib/postgresql/*/bin/initdb: install Debian's package postgresql (.ci/setup does)")
	}
	slices.Sort(found)
	// Not t.TempDir: a socket's name must be short.
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &postgres{user: user{dir: dir}, bin: filepath.Dir(found[len(found)-1]), data: filepath.Join(dir, "data"), sock: dir}
	if os.Geteuid() == 0 {
		p.cred = &syscall.Credential{Uid: nobody, Gid: nobody}
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	r := p.command(t, filepath.Join(p.bin, "initdb"), "-D", p.data, "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
	if r.Code != 0 {
		t.Fatalf("initdb: %s%s", r.Stdout, r.Stderr)
	}
	return p
}

func (p *postgres) command(t *testing.T, path string, args ...string) fixture.Result {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME="+p.dir, "PGHOST="+p.sock, "PGUSER=tester", "PGDATABASE=postgres", "PGSSLMODE=disable")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.cred}
	return fixture.RunCmd(t, cmd)
}

// psql is psql under luatrace.
func (p *postgres) psql(t *testing.T, options string, args ...string) fixture.Result {
	t.Helper()
	list := append(strings.Fields(options), "--", filepath.Join(p.bin, "psql"), "-X", "-q", "-A", "-t")
	return p.command(t, fixture.Luatrace(t), append(list, args...)...)
}

// TestSQLSnoop watches psql and a server, each by itself.
func TestSQLSnoop(t *testing.T) {
	t.Parallel()
	p := newPostgres(t)
	ready := regexp.MustCompile("database system is ready")
	_, end := p.background(t, "-s sqlsnoop", ready, filepath.Join(p.bin, "postgres"), "-D", p.data, "-k", p.sock,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "autovacuum=off", "-c", "logging_collector=off")
	ended := ""
	stop := func() string {
		if ended == "" {
			ended = end()
		}
		return ended
	}
	defer stop()

	script := []string{"-c", "create table t(x int)"}
	for range 7 {
		script = append(script, "-c", "insert into t\n  values (1)")
	}
	script = append(script, "-c", "select count(*) from t", "-c", "select nothing", "-c", "select 1/0", "-c", "select pg_sleep(0.2)")
	r := p.psql(t, "-s sqlsnoop", script...)
	if r.Stdout != "7\n\n" {
		t.Errorf("psql said %q: %s", r.Stdout, r.Stderr)
	}
	check := func(side, comm string, sleeps int, text string) {
		text = regexp.MustCompile(`(?m)^(ERROR|LINE|DETAIL| +\^).*\n`).ReplaceAllString(text, "")
		rows := columns(text)
		if rows[0] != "PID COMM SIDE DB MS ERR STATEMENT" {
			t.Errorf("%s: heading %q", side, rows[0])
		}
		all := strings.Join(rows, "\n")
		for want, n := range map[string]int{
			"- create table t(x int)":    1,
			"- insert into t values (1)": 7,
			"- select count(*) from t":   1,
			"42703 select nothing":       1,
			"22012 select 1/0":           1,
			"- select pg_sleep(0.2)":     sleeps,
		} {
			row := `(?m)^\d+ ` + comm + ` ` + side + ` pg [\d.]+ ` + regexp.QuoteMeta(want) + `$`
			if got := len(regexp.MustCompile(row).FindAllString(all, -1)); got != n {
				t.Errorf("%s: %d times %q, want %d, in:\n%s", side, got, want, n, text)
			}
		}
	}
	check("client", "psql", 1, r.Stderr)

	r = p.psql(t, "-j -s sqlsnoop -a slow=150ms", "-c", "select pg_sleep(0.2)", "-c", "select 3")
	got := objects(t, r.Stderr, "side", "db", "statement")
	if !slices.Contains(got, "client pg select pg_sleep(0.2)") {
		t.Errorf("slow statements: %q in %s", got, r.Stderr)
	}

	// A prepared statement goes by the extended protocol.
	bench := p.write(t, "bench.sql", "select 5 + :client_id;\n")
	r = p.command(t, fixture.Luatrace(t), "-s", "sqlsnoop", "--", filepath.Join(p.bin, "pgbench"), "-n", "-M", "extended", "-t", "11", "-f", bench)
	n := len(regexp.MustCompile(`(?m)^\d+ +pgbench +client pg +[\d.]+ - +select 5 \+ \$1;$`).FindAllString(r.Stderr, -1))
	wantCount(t, "statements of pgbench", n, 11)

	// The server's processes, from its own trace.
	check("server", "postgres", 2, stop())
}
