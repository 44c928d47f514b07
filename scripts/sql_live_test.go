package scripts

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/servers"
)

// TestSQLSnoopLive attaches to a running PostgreSQL, lets pgbench work, and counts
// the statements: with each protocol, by TCP and by the unix socket, where four
// connections at once have the same name. Then it looks at pgbench itself.
func TestSQLSnoopLive(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	if r := p.Command(t, "pgbench", "-i", "-q"); r.Code != 0 {
		t.Fatalf("pgbench -i: %s", r.Stderr)
	}
	const clients, transactions, statements = 4, 25, 7
	texts := map[string]string{
		"BEGIN":  `BEGIN;`,
		"UPDATE": `UPDATE pgbench_\w+ SET \w+ = \w+ \+ \S+ WHERE \w+ = \S+;`,
		"SELECT": `SELECT abalance FROM pgbench_accounts WHERE aid = \S+;`,
		"INSERT": `INSERT INTO pgbench_history .*;`,
		"END":    `END;`,
	}
	check := func(what, text, side, comm string) {
		t.Helper()
		all := strings.Join(columns(text), "\n")
		sum := 0
		for word, n := range map[string]int{"BEGIN": 1, "UPDATE": 3, "SELECT": 1, "INSERT": 1, "END": 1} {
			got := len(regexp.MustCompile(`(?m)^\d+ `+comm+` `+side+` pg [\d.]+ - `+texts[word]+`$`).FindAllString(all, -1))
			wantCount(t, what+": "+word, got, n*clients*transactions)
			sum += got
		}
		wantCount(t, what+": all", sum, statements*clients*transactions)
		if n := strings.Count(all, " "+comm+" "+side+" pg "); n > sum+2*clients {
			t.Errorf("%s: %d rows, %d of them of the transactions, in:\n%s", what, n, sum, all)
		}
	}
	bench := func(mode, host string) []string {
		return []string{"-n", "-M", mode, "-h", host, "-c", strconv.Itoa(clients), "-t", strconv.Itoa(transactions)}
	}
	for _, mode := range []string{"prepared", "extended", "simple"} {
		for _, host := range []string{p.Dir, "127.0.0.1"} {
			tr := servers.Attach(t, servers.Nobody(), []string{"-s", "sqlsnoop"}, p.PID)
			if r := p.Command(t, "pgbench", bench(mode, host)...); r.Code != 0 {
				t.Errorf("pgbench: %s", r.Stderr)
			}
			// pgbench has its answers before luatrace has seen that they were sent.
			p.Until("the last statements", func() bool { return strings.Count(tr.Stderr(), " END;") >= clients*transactions })
			check(mode+" by "+host, tr.Interrupt().Stderr, "server", "postgres")
		}
	}
	args := append([]string{"-o", filepath.Join(p.Dir, "rows"), "-s", "sqlsnoop", "--", filepath.Join(p.Bin, "pgbench")}, bench("prepared", p.Dir)...)
	if r := p.Command(t, fixture.Luatrace(t), args...); r.Code != 0 {
		t.Errorf("pgbench under luatrace: %s", r.Stderr)
	}
	check("pgbench", p.Command(t, "/bin/cat", "rows").Stdout, "client", "pgbench")
}

// sqlClient begins a session with PostgreSQL by hand. It goes on at SIGUSR1.
const sqlClient = `import signal, socket, struct, sys
def message(kind, payload): return kind + struct.pack(">i", len(payload) + 4) + payload
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
p = b"\0\3\0\0user\0tester\0database\0postgres\0\0"
s.sendall(struct.pack(">i", len(p) + 4) + p)
f = s.makefile("rb")
def ready():
    while True:
        kind = f.read(1); n = struct.unpack(">i", f.read(4))[0]; f.read(n - 4)
        if kind == b"Z": return
ready()
def parse(name, text): return message(b"P", name + b"\0" + text + b"\0\0\0")
def bind(portal, name): return message(b"B", portal + b"\0" + name + b"\0\0\0\0\0\0\0")
def execute(portal): return message(b"E", portal + b"\0" + struct.pack(">i", 0))
sync = message(b"S", b"")
def run(*parts): s.sendall(b"".join(parts) + sync); ready()
run(parse(b"old", b"select 'old'"))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print("ready")
signal.sigwait([signal.SIGUSR1])
`

// TestSQLSnoopPrepared attaches in the middle of a session: what was prepared
// before has no text, which is said once; portals, unnamed statements, errors and
// a batch of several executions have the right ones.
func TestSQLSnoopPrepared(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t)
	program := sqlClient + `
run(bind(b"", b"old"), execute(b""))
run(bind(b"", b"old"), execute(b""))
run(parse(b"one", b"select 1"), parse(b"", b"select 'unnamed'"), bind(b"p", b"one"), bind(b"", b""), execute(b""), execute(b"p"))
run(bind(b"", b"one"), execute(b""), parse(b"", b"select 1/0"), bind(b"", b""), execute(b""), execute(b""))
run(parse(b"", b"select nothing"))
run(bind(b"", b"one"), execute(b""))
run(parse(b"big", b"select '" + b"x" * 30000 + b"'"), bind(b"", b"big"), execute(b""))
run(message(b"C", b"Sold\0"), parse(b"old", b"select 'new'"), bind(b"", b"old"), execute(b""))
s.sendall(message(b"X", b""))`
	client := servers.PythonProgram(t, servers.Nobody(), program, filepath.Join(p.Dir, ".s.PGSQL."+p.Port))
	server := servers.Attach(t, servers.Nobody(), []string{"-s", "sqlsnoop"}, p.All()...)
	tr := servers.Attach(t, servers.Nobody(), []string{"-s", "sqlsnoop"}, client.PID)
	client.Signal(syscall.SIGUSR1)
	if status := client.Wait(); status != 0 {
		t.Errorf("the client ended with %d: %s", status, client.Log())
	}
	server.Await("select 'new'")
	for side, text := range map[string]string{"client": tr.End(0).Stderr, "server": server.Interrupt().Stderr} {
		notice := "luatrace: statements without text were prepared before the trace began\n"
		wantCount(t, side+": said", strings.Count(text, notice), 1)
		var got []string
		for _, line := range columns(strings.Replace(text, notice, "", 1))[1:] {
			if m := regexp.MustCompile(`^\d+ \S+ ` + side + ` pg [\d.]+ (.*)$`).FindStringSubmatch(line); m != nil {
				line = m[1]
			}
			if len(line) > 30000 {
				line = line[:10] + fmt.Sprint(strings.Count(line, "x"))
			}
			got = append(got, line)
		}
		wantRows(t, text, got, "- -", "- -",
			"- select 'unnamed'", "- select 1", "- select 1", "22012 select 1/0", "42703 select nothing", "- select 1", "- select '30000", "- select 'new'")
	}
}
