package live

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
	"luatrace/internal/servers"
)

func TestMain(m *testing.M) { leak.Main(m) }

var duration = flag.Duration("live", 0, "how long each server is kept busy; 0 for two visits")

// visits calls f, twice or until the time has passed.
func visits(t *testing.T, f func()) {
	t.Helper()
	n, start := 0, time.Now()
	for ; n < 2 || time.Since(start) < *duration; n++ {
		if f(); t.Failed() {
			t.Fatalf("at visit %d", n+1)
		}
	}
	t.Logf("%d visits in %v", n, time.Since(start).Round(time.Second))
}

// rows returns what a script has written with --json; other lines are luatrace's own.
func rows(t *testing.T, text string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "{") {
			t.Errorf("luatrace says %q", line)
			continue
		}
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		all = append(all, row)
	}
	return all
}

// of counts the rows whose member has that value.
func of(all []map[string]any, member string, value any) (n int) {
	for _, row := range all {
		if row[member] == value {
			n++
		}
	}
	return n
}

// http keeps an HTTP server busy: each request is shown by httpsnoop, none fails.
func http(t *testing.T, s *servers.Server, path string) {
	const requests, atOnce = 200, 8
	total := 0
	for _, options := range [][]string{nil, {"-k"}} {
		visits(t, func() {
			tr := servers.Attach(t, nil, []string{"-j", "-s", "httpsnoop"}, s.All()...)
			ab := servers.AB(t, "http://"+s.Addr+path, requests, atOnce, options...)
			total += requests
			// A client has its answer before the server's call returns, which is when it is shown.
			s.Until("the last request to be shown", func() bool { return strings.Count(tr.Stderr(), `"status":200`) >= requests })
			r := tr.Interrupt()
			all := rows(t, r.Stderr)
			if n := of(all, "status", 200.0); n != requests {
				t.Errorf("httpsnoop shows %d requests, ab %v made %d:\n%s", n, options, requests, ab)
			}
			// No request took longer for the server than for its client.
			if longest := longest(t, ab); longest >= 0 {
				for _, row := range all {
					if ms, _ := row["ms"].(float64); ms > float64(longest)+1 {
						t.Errorf("httpsnoop says %v ms, ab's longest request took %d", ms, longest)
					}
				}
			}
		})
	}
	t.Logf("%d requests, none failed", total)
}

// longest is how long the longest request took, in whole milliseconds; -1 if ab does not say.
func longest(t *testing.T, ab string) int {
	m := regexp.MustCompile(`100% +(\d+) `).FindStringSubmatch(ab)
	if m == nil {
		return -1
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNginx(t *testing.T) {
	t.Parallel()
	http(t, servers.Nginx(t, nil, ""), "/page")
}

func TestNode(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("%v: install Debian's package nodejs (.ci/setup does)", err)
	}
	script, err := filepath.Abs(filepath.Join("testdata", "server.js"))
	if err != nil {
		t.Fatal(err)
	}
	http(t, servers.Start(t, servers.Program{Argv: []string{program, script}}, servers.Says(`port (\d+)`)), "/")
}

func TestGo(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "httpd")
	build := exec.Command("go", "build", "-o", program, "./testdata/httpd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	http(t, servers.Start(t, servers.Program{Argv: []string{program}}, servers.Says(`port (\d+)`)), "/")
}

// Each statement of pgbench is shown once, however it sends them, by TCP and by a unix socket.
func TestPostgres(t *testing.T) {
	t.Parallel()
	const transactions, clients, statements = 25, 4, 7
	p := servers.Postgres(t)
	if r := p.Command(t, "pgbench", "-i", "-q", "-s", "1"); r.Code != 0 {
		t.Fatalf("pgbench -i: %s%s", r.Stdout, r.Stderr)
	}
	modes := []string{"simple", "extended", "prepared"}
	ways := [][]string{nil, {"-h", "127.0.0.1"}}
	n := 0
	visits(t, func() {
		mode, way := modes[n%len(modes)], ways[n/len(modes)%len(ways)]
		n++
		tr := servers.Attach(t, nil, []string{"-j", "-s", "sqlsnoop"}, p.PID) // which forks a backend for each connection
		r := p.Command(t, "pgbench", append([]string{"-n", "-M", mode, "-t", strconv.Itoa(transactions), "-c", strconv.Itoa(clients)}, way...)...)
		checkPgbench(t, r, transactions*clients)
		p.Until("the last statement to be shown", func() bool { return strings.Count(tr.Stderr(), `"statement":"END`) >= transactions*clients })
		out := tr.Interrupt()
		shown := 0
		for _, row := range rows(t, out.Stderr) {
			if s, _ := row["statement"].(string); !strings.Contains(s, "pgbench_branches b") && !strings.HasPrefix(s, "select o.n, p.partstrat") {
				shown++
			}
		}
		// Before it starts, pgbench asks how many branches there are, and for partitions.
		if want := transactions*clients*statements + 1; shown != want && shown != want-1 {
			t.Errorf("pgbench -M %s %v: %d statements shown, want %d", mode, way, shown, want)
		}
	})
}

func checkPgbench(t *testing.T, r fixture.Result, transactions int) {
	t.Helper()
	if want := "number of transactions actually processed: " + strconv.Itoa(transactions) + "/"; r.Code != 0 || !strings.Contains(r.Stdout, want) ||
		strings.Contains(r.Stdout, "failed transactions: ") && !strings.Contains(r.Stdout, "failed transactions: 0 ") {
		t.Errorf("pgbench: %s%s", r.Stdout, r.Stderr)
	}
}
