package scripts

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"luatrace/internal/fixture"
	"luatrace/internal/servers"
)

// attachedCase is a script that is attached to a server at work and interrupted.
type attachedCase struct {
	script, options string // DIR in the options is the server's directory
	// work is what the server does meanwhile; nil is what is usual for it.
	work func(t *testing.T)
	// rows says that the server goes on after its work, and luatrace writes a line
	// for each event: it is interrupted when those that are wanted are there.
	rows bool
	// want are lines of luatrace's output, with one blank between their cells:
	// "N EXPRESSION" for so many, "N+ EXPRESSION" for so many or more.
	want []string
	// then looks at what else came of it, with luatrace gone.
	then func(t *testing.T, r fixture.Result)
}

// run attaches to the server, lets it work and interrupts.
func (c attachedCase) run(t *testing.T, u user, s *servers.Server, usual func(t *testing.T), pids []int) {
	t.Helper()
	options := append([]string{"-s", c.script}, strings.Fields(strings.ReplaceAll(c.options, "DIR", s.Dir))...)
	tr := servers.Attach(t, u.cred, options, pids...)
	if c.work != nil {
		c.work(t)
	} else {
		usual(t)
	}
	if c.rows {
		s.Until("the rows of "+c.script, func() bool { return c.missing(s, tr.Stderr()) == "" })
	}
	r := tr.Interrupt()
	if wrong := c.missing(s, r.Stderr); wrong != "" {
		t.Errorf("-s %s %s: %s, in:\n%.3000s", c.script, c.options, wrong, r.Stderr)
	}
	if strings.Contains(r.Stderr, "luatrace: ") && !strings.Contains(strings.Join(c.want, "\n"), "luatrace: ") {
		t.Errorf("-s %s %s: a message in:\n%s", c.script, c.options, r.Stderr)
	}
	if c.then != nil {
		c.then(t, r)
	}
}

// missing says which of the lines that are wanted are too few or too many.
func (c attachedCase) missing(s *servers.Server, text string) string {
	all := strings.Join(columns(text), "\n")
	for _, want := range c.want {
		number, expression, _ := strings.Cut(want, " ")
		expression = strings.ReplaceAll(expression, "DIR", regexp.QuoteMeta(s.Dir))
		n, _ := strconv.Atoi(strings.TrimSuffix(number, "+"))
		got := len(regexp.MustCompile(`(?m)^(?:`+expression+`)$`).FindAllString(all, -1))
		if got != n && !(got > n && strings.HasSuffix(number, "+")) {
			return fmt.Sprintf("%d lines %s, want %s", got, expression, number)
		}
	}
	return ""
}

// fetch is what curl gets of nginx, with the status behind it.
func fetch(t *testing.T, ng *servers.Server, path string) string {
	t.Helper()
	return fixture.Run(t, "curl", "-s", "-w", " %{http_code}", "http://"+ng.Addr+path).Stdout
}

// The size of the file /big is not a multiple of what nginx reads at once.
const bigSize = 100000

func nginxCases(ng *servers.Server) []attachedCase {
	status := func(t *testing.T, path, code string) {
		t.Helper()
		if got := fetch(t, ng, path); !strings.HasSuffix(got, " "+code) {
			t.Errorf("%s: %.200q, want status %s", path, got, code)
		}
	}
	// Nothing of what a script did to the server is left.
	whole := func(t *testing.T, _ fixture.Result) {
		t.Helper()
		status(t, "/page", "200")
		status(t, "/big", "200")
	}
	return []attachedCase{
		{script: "statsnoop", want: []string{`20 \d+ nginx (stat|newfstatat) - DIR/www/page`}},
		{script: "statsnoop", options: "-a failed", work: func(t *testing.T) { status(t, "/none", "404") },
			want: []string{`1 \d+ nginx (stat|newfstatat) ENOENT DIR/www/none`, `2 .+`}},
		{script: "errsnoop", options: "-a err=ENOENT", work: func(t *testing.T) {
			for range 5 {
				status(t, "/none", "404")
			}
		}, want: []string{`1 5 (stat|newfstatat) ENOENT DIR/www/none`}},
		{script: "rwsize", options: "-a under=DIR/www", want: []string{`1 op=read, file=DIR/www/page`, `1 \[2K, 4K\) 20 \|@+\|`}},
		// nginx reads 32 KB at a time: the three reads behind the first follow it.
		{script: "seeksize", options: "-a under=DIR/www", work: func(t *testing.T) { status(t, "/big", "200") },
			want: []string{`1 file=DIR/www/big`, `1 \[0\] 3 \|@+\|`}},
		{script: "latency", options: "-a calls=pread64", want: []string{`1 call=pread64`, `1 20 (\d[\d.]*[mu]?s ){5}pread64`}},
		{script: "summary", options: "-a calls=pread64,accept4", want: []string{`1 \S+ \S+ 20 0 \S+ \S+ \S+ \S+ pread64`, `1 \S+ \S+ \d+ \d+ \S+ \S+ \S+ \S+ accept4`}},
		{script: "syscount", options: "-a calls=pread64", want: []string{`1 20 system calls`, `1 20 pread64`}},
		{script: "syscount", options: "-a calls=pread64 -a by=process", want: []string{`1 20 system calls`, `1+ \d+ \d+ nginx`}},
		{script: "coverage", options: "-a calls=pread64,/stat/", work: func(t *testing.T) { status(t, "/page", "200"); status(t, "/none", "404") },
			want: []string{`1 1 pread64 ok`, `1 1 (stat|newfstatat) ENOENT`, `1 \d (stat|newfstatat) ok`}},
		{script: "topsys", options: "-a calls=pread64 -a interval=1h", want: []string{`1 20 100.0% 0 \S+ pread64`}},
		// 20 answers of 3000 bytes and some more.
		{script: "iotop", options: "-j -a interval=1h", then: func(t *testing.T, r fixture.Result) {
			if written := sum(r.Stderr, `"written":(\d+)`); written < 20*servers.PageSize || written > 20*(servers.PageSize+1000) {
				t.Errorf("iotop: %d bytes written in:\n%s", written, r.Stderr)
			}
		}},
		{script: "spyfile", options: "-a file=DIR/www/page", want: []string{`20 \d+ nginx openat - openat\(AT_FDCWD, "DIR/www/page", O_RDONLY\|O_NONBLOCK\) = \d+`,
			`20 \d+ nginx pread64 - pread64\(\d+, "x+"\.\.\., 3000, 0\) = 3000`}},
		{script: "deny", options: "-a path=DIR/www/page -a calls=open,openat", work: func(t *testing.T) { status(t, "/page", "403"); status(t, "/big", "200") },
			want: []string{`1 denied: nginx openat EACCES DIR/www/page`, `1 .+`}, then: whole},
		{script: "redirect", options: "-a from=DIR/www/page -a to=DIR/www/other", work: func(t *testing.T) {
			if got := fetch(t, ng, "/page"); got != "other 200" {
				t.Errorf("redirect: %.200q", got)
			}
		}, want: []string{`0 .+`}, then: whole},
		{script: "faults", options: "-a calls=openat -a errno=EACCES -a step=2", work: func(t *testing.T) { status(t, "/page", "403"); status(t, "/page", "200") },
			want: []string{`1 luatrace: fault\("openat"\) of faults: 1 of 2 calls failed`, `1 .+`}, then: whole},
		{script: "faults", options: "-a calls=openat -a under=DIR/www", work: func(t *testing.T) { status(t, "/page", "500"); status(t, "/page", "500") },
			want: []string{`1 luatrace: faults: 2 of 2 calls failed`, `1 .+`}, then: whole},
		// Two calls on the file are delayed.
		{script: "slowio", options: "-a delay=40ms -a under=DIR/www", work: func(t *testing.T) {
			began := time.Now()
			status(t, "/page", "200")
			if took := time.Since(began); took < 80*time.Millisecond {
				t.Errorf("slowio: the answer took only %v", took)
			}
		}, want: []string{`0 .+`}, then: whole},
		{script: "policy", options: "-a learn -o DIR/policy", want: []string{`0 .+`}},
		{script: "policy", options: "-a file=DIR/policy", work: func(t *testing.T) { status(t, "/page", "200"); status(t, "/big", "404") },
			want: []string{`1 denied: \d+ nginx read DIR/www/big`, `1 .+`}, then: whole},
		{script: "policy", options: "-a seccomp", then: func(t *testing.T, r fixture.Result) {
			for _, name := range []string{"pread64", "openat", "epoll_wait"} {
				if !strings.Contains(r.Stderr, `"`+name+`"`) {
					t.Errorf("policy: no %s in %s", name, r.Stderr)
				}
			}
		}},
	}
}

func TestAttachedToNginx(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		ng := servers.Nginx(t, u.cred, "sendfile off; location / { try_files $uri =404; }")
		for name, text := range map[string]string{"other": "other", "big": strings.Repeat("b", bigSize)} {
			if err := os.WriteFile(filepath.Join(ng.Dir, "www", name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range nginxCases(ng) {
			c.run(t, u, ng, func(t *testing.T) {
				before := logged(t, ng, 0)
				servers.AB(t, "http://"+ng.Addr+"/page", 20, 4)
				logged(t, ng, before+20)
			}, ng.All())
		}
	})
}

func postgresCases(p *servers.PostgresServer) []attachedCase {
	sql := func(statements ...string) func(t *testing.T) {
		return func(t *testing.T) {
			t.Helper()
			before := len(p.Children())
			p.Psql(t, statements...)
			p.Until("the backend to be gone", func() bool { return len(p.Children()) <= before })
		}
	}
	reload := sql("select pg_reload_conf()")
	program := sql("copy (select 1) to program 'cat >copied'") // an execve of sh, and one of cat
	helpers := len(p.Children())
	each := fmt.Sprint(helpers, " ")
	return []attachedCase{
		{script: "execsnoop", work: program, want: []string{`1 postgres \d+ \d+ - sh -c 'cat >copied'`, `1 sh \d+ \d+ - cat`, `3 .+`}},
		{script: "envsnoop", options: "-a vars=HOME", work: program, want: []string{`1 \d+ sh -c cat >copied`, `1 \d+ cat`, `2 HOME=DIR`, `4 .+`}},
		{script: "pstree", work: program, want: []string{`1 ` + fmt.Sprint(p.PID) + ` - postgres \[runs on\]`, `1 \d+ \S+s postgres`, `1 \d+ \S+s sh -c cat >copied`, `1 \d+ \S+s cat`, `5 .+`}},
		{script: "deps", work: program, want: []string{`2 > DIR/data/copied`, `1 sh -c cat >copied`, `1 cat`, `1 < /usr/bin/cat|< /bin/cat`}},
		{script: "exitsnoop", work: program, want: []string{`1 (\d+ ){2}cat \S+ 0`, `1 (\d+ ){2}sh \S+ 0`, `1 (\d+ ){2}postgres \d+\.\d+ 0`, `4 .+`}},
		{script: "killsnoop", options: "-a sig=SIGHUP", work: reload, rows: true,
			want: []string{`1 \d+ postgres SIGHUP ` + fmt.Sprint(p.PID) + ` sent`, each + fmt.Sprint(p.PID) + ` postgres SIGHUP (` + pids(p.Children(), "|") + `) sent`}},
		{script: "sigsnoop", options: "-a sig=SIGHUP", work: reload, rows: true,
			want: []string{`1 ` + fmt.Sprint(p.PID) + ` postgres SIGHUP handler \d+ -`, each + `(` + pids(p.Children(), "|") + `) postgres SIGHUP handler ` + fmt.Sprint(p.PID) + ` -`}},
		{script: "syncsnoop", work: sql("create table a (n int)", "checkpoint"), want: []string{`1+ \d+ postgres fdatasync \d+\.\d+ - DIR/data/pg_wal/\w+`, `1+ \d+ postgres fsync \d+\.\d+ - DIR/data/\S+`}},
		{script: "eatmydata", work: sql("create table b (n int)", "checkpoint"), want: []string{`1 \d+ fdatasync`, `1 \d+ fsync`}},
		{script: "filelife", work: sql("set work_mem = '64kB'; select count(*) from (select n from generate_series(1, 20000) n order by n desc) x"),
			want: []string{`1+ \d+ postgres \d+\.\d+ DIR/data/base/pgsql_tmp/pgsql_tmp\S+`}},
		// The server was there before, but date is started under it.
		{script: "faketime", options: "-a at=2040-05-06", work: func(t *testing.T) {
			if got := p.Psql(t, "create table year (y text)", "copy year from program 'date -u +%Y'", "select * from year"); got != "2040\n" {
				t.Errorf("faketime: %q", got)
			}
		}, want: []string{`0 .+`}, then: func(t *testing.T, _ fixture.Result) {
			if got := p.Psql(t, "truncate year", "copy year from program 'date -u +%Y'", "select y < '2040' from year"); got != "t\n" {
				t.Errorf("after faketime: %q", got)
			}
		}},
	}
}

// pids are process ids as text.
func pids(list []int, between string) string {
	var words []string
	for _, pid := range list {
		words = append(words, strconv.Itoa(pid))
	}
	return strings.Join(words, between)
}

func TestAttachedToPostgres(t *testing.T) {
	t.Parallel()
	p := servers.Postgres(t, "fsync=on")
	for _, c := range postgresCases(p) {
		c.run(t, user{cred: servers.Nobody()}, p.Server, nil, p.All())
	}
}

// pythonCase is a script that is attached to a program of python's.
type pythonCase struct {
	attachedCase
	// code is what the program does when luatrace is attached. What it writes is
	// its log, in which it is to say the same as the expression says.
	code, says string
}

func pythonCases() []pythonCase {
	type c = attachedCase
	child := func(code string) string { // in a process of its own
		return "pid = os.fork()\nif pid == 0:\n" + code + "    os._exit(0)\n_, status = os.waitpid(pid, 0)\nprint('status', status)\n"
	}
	return []pythonCase{
		{c{script: "setuids", want: []string{`1 \d+ python3 setresuid - uid (\d+,\d+,\d+) uid (\d+,\d+,\d+)`, `1 \d+ python3 setgroups E(PERM|INVAL) - .*`, `1 \d+ python3 prctl - - prctl\(PR_SET_NO_NEW_PRIVS, 1, .*`, `4 .+`}}, `
os.setresuid(-1, -1, os.getuid())
try: os.setgroups([2**32-1])
except (OSError, OverflowError) as e: print(e)
import ctypes
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
`, ``},
		{c{script: "crash", want: []string{`1 \d+ python3: SIGSEGV, code 1, address 0x10`, `1 data: .*|code: \S+ \S+ .*`}}, "import ctypes\n" + child("    ctypes.string_at(16)\n"), `status (11|139)\n`},
		{c{script: "crashpoints", options: "-a calls=write -a under=DIR", want: []string{`1 3 points: run it again with -a n=1 to n=3`}}, child(`
    f = os.open("points", os.O_CREAT|os.O_WRONLY)
    for i in range(3): os.write(f, b"x")
`), `status 0\n`},
		{c{script: "crashpoints", options: "-a calls=write -a under=DIR -a n=2", want: []string{`1 point 2: \d+ python3 killed at write\(3, "x", 1\)`, `1 .+`}}, child(`
    f = os.open("points", os.O_CREAT|os.O_WRONLY)
    for i in range(3): os.write(f, b"x")
`) + "print(os.path.getsize('points'), 'written')\n", `status 9\n1 written\n`},
		{c{script: "fakeroot", options: "-a list", want: []string{`1 7:8 DIR/owned`, `1 .+`}}, `
open("owned", "w").close()
os.chown("owned", 7, 8)
st = os.stat("owned")
print(os.geteuid(), st.st_uid, st.st_gid)
`, `(?m)^0 7 8$`},
		// They are the same in each run, whoever traces.
		{c{script: "detrand"}, `
print(os.urandom(4).hex(), os.getrandom(4).hex(), open("/dev/urandom", "rb").read(4).hex())
`, `(?m)^ee4ad600 d9cfd993 1421c21d$`},
		{c{script: "faketime", options: "-a at=@2000000000 -a frozen"}, `
import ctypes
class timespec(ctypes.Structure): _fields_ = [("s", ctypes.c_long), ("ns", ctypes.c_long)]
ts = timespec()
ctypes.CDLL(None).syscall(228 if os.uname().machine == "x86_64" else 113, 0, ctypes.byref(ts))
print(ts.s, ts.ns)
`, `(?m)^2000000000 0$`},
	}
}

func TestAttachedToPython(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		for _, c := range pythonCases() {
			t.Run(c.script, func(t *testing.T) {
				t.Parallel()
				py := servers.PythonProgram(t, u.cred, waitForUSR1+c.code+`
print("done"); signal.pause()`)
				c.work = func(t *testing.T) { goOn(py) }
				c.run(t, u, py, nil, []int{py.PID})
				if !regexp.MustCompile(c.says).MatchString(py.Log()) {
					t.Errorf("%s: the program says %q, want %s", c.script, py.Log(), c.says)
				}
			})
		}
	})
}

// attachedElsewhere are the tests that attach other scripts of the collection to
// something that runs.
var attachedElsewhere = map[string]string{
	"blocked":    "TestDeadlock",
	"dnssnoop":   "TestDNSSnoopLive",
	"echofds":    "TestEchofdsLive",
	"fdleak":     "TestReportsOfLiveProcesses",
	"filetop":    "TestFiletopLive",
	"futexctn":   "TestDeadlock",
	"httpsnoop":  "TestHTTPSnoopNginx",
	"lsof":       "TestReportsOfLiveProcesses",
	"memgrow":    "TestReportsOfLiveProcesses",
	"opensnoop":  "TestSnoopsOfServers",
	"slower":     "TestDeadlock",
	"sqlsnoop":   "TestSQLSnoopLive",
	"tcpaccept":  "TestTCPAcceptLive",
	"tcpconnect": "TestTCPConnectWays",
	"tee":        "TestTeeLive",
	"topconns":   "TestTopconnsLive",
	"whyfail":    "TestDeadlock",
}

// TestEveryScriptIsAttached fails for a script of the collection that no test
// attaches to anything.
func TestEveryScriptIsAttached(t *testing.T) {
	t.Parallel()
	attached := map[string]bool{}
	for _, c := range nginxCases(&servers.Server{}) {
		attached[c.script] = true
	}
	for _, c := range postgresCases(&servers.PostgresServer{Server: &servers.Server{}}) {
		attached[c.script] = true
	}
	for _, c := range pythonCases() {
		attached[c.script] = true
	}
	// The text of each test of this package.
	tests := map[string]string{}
	files, _ := filepath.Glob("*_test.go")
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				tests[f.Name.Name] = string(text[set.Position(f.Pos()).Offset:set.Position(f.End()).Offset])
			}
		}
	}
	for _, name := range Names() {
		test, elsewhere := attachedElsewhere[name]
		switch {
		case elsewhere == attached[name]:
			t.Errorf("%s: name the case or the test that attaches it to something that runs", name)
		case elsewhere && (!strings.Contains(tests[test], "servers.Attach(") || !regexp.MustCompile(`-s(", "| )`+name+`\b`).MatchString(tests[test])):
			t.Errorf("%s does not attach %s to anything", test, name)
		}
	}
}
