package scripts

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// snoops are the scripts with a row for each event that can have its time.
func snoops(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, name := range Names() {
		if strings.Contains(fixture.Run(t, fixture.Luatrace(t), "info", name).Stdout, "\n  -a time  ") {
			list = append(list, name)
		}
	}
	if len(list) < 19 {
		t.Errorf("only %d scripts have -a time: %q", len(list), list)
	}
	return list
}

// TestTimeColumn asks each snoop for the time of its rows, by its argument and by
// luatrace's own option.
func TestTimeColumn(t *testing.T) {
	t.Parallel()
	clock := regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{6} `)
	dir := t.TempDir()
	for _, name := range snoops(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Whatever a snoop is for, it says what its columns are.
			for _, options := range []string{"-s " + name + " -a time" + needs[name], "-tt -s " + name + needs[name]} {
				u := user{dir: dir}
				r := u.trace(t, options, "sh", "-c", busyShell)
				lines := strings.Split(strings.TrimSuffix(r.Stderr, "\n"), "\n")
				if !strings.HasPrefix(lines[0], "TIME            ") {
					t.Errorf("%s: header %q", options, lines[0])
				}
				plain := strings.Split(u.trace(t, "-s "+name+needs[name], "true").Stderr, "\n")[0]
				if strings.TrimPrefix(lines[0], "TIME            ") != plain {
					t.Errorf("%s: header %q, without time it is %q", options, lines[0], plain)
				}
				for _, line := range lines[1:] {
					if !clock.MatchString(line) && !strings.HasPrefix(line, "no ") && !strings.HasPrefix(line, "luatrace: the time stamps") {
						t.Errorf("%s: no time in %q", options, line)
					}
				}
			}
		})
	}
}

// needs are the arguments without which a snoop does nothing.
var needs = map[string]string{"spyfile": " -a file=/etc/hostname", "slower": " -a min=0s"}

// busyShell does something for most snoops.
const busyShell = `exec 2>/dev/null; echo x >made; cat /etc/hostname >made; ls /none; rm made; kill -0 $$; kill -CHLD $$; sync made; true`

// TestTimeIsOfTheEvent wants rows with times, not only headers.
func TestTimeIsOfTheEvent(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"opensnoop", "execsnoop", "exitsnoop", "statsnoop", "killsnoop", "sigsnoop", "filelife", "slower", "lsof"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := user{dir: t.TempDir()}
			r := u.trace(t, "-s "+name+" -a time"+needs[name], "sh", "-c", busyShell)
			if n := len(regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d{6} +\S+`).FindAllString(r.Stderr, -1)); n == 0 {
				t.Errorf("no row with a time in:\n%s", r.Stderr)
			}
			// The objects have it always.
			r = u.trace(t, "-j -s "+name+needs[name], "sh", "-c", busyShell)
			n := 0
			for line := range strings.Lines(r.Stderr) {
				var row struct {
					Type, Script string
					Time         float64
					Comm, Pcomm  string
				}
				if err := json.Unmarshal([]byte(line), &row); err != nil {
					continue // of a program
				}
				n++
				if row.Type != "row" || row.Script != name || row.Time < 1.6e9 || row.Comm == "" && row.Pcomm == "" {
					t.Errorf("type, script, time or an old member is wrong: %s", line)
				}
			}
			if n == 0 {
				t.Errorf("no object in:\n%s", r.Stderr)
			}
		})
	}
}

// TestNothing looks for the line that says that there was nothing, and that JSON
// has none.
func TestNothing(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		"-s blocked -a min=1h":        "no thread waited for as long as 60m",
		"-s slower -a min=1h":         "no call took that long",
		"-s whyfail":                  "no process ended badly",
		"-s errsnoop -a err=EXDEV":    "no call failed in these ways",
		"-s fdleak -a min=99":         "no descriptor was opened and left open",
		"-s futexctn":                 "no thread waited for a futex",
		"-s crash":                    "nothing crashed",
		"-s tcpconnect":               "no rows: nothing of this kind was seen",
		"-s topconns":                 "nothing came or went by a connection",
		"-s filetop -a under=/none":   "no file was read or written",
		"-s rwsize -a under=/none":    "nothing was read or written",
		"-s seeksize -a under=/none":  "no file was accessed twice",
		"-s summary -a calls=mkdir":   "no call was made",
		"-s coverage -a calls=mkdir":  "no call was made",
		"-s latency -a calls=mkdir":   "no call returned",
		"-s topsys -a calls=mkdir":    "no call was made",
		"-s deps -a under=/none":      "no file was read or written",
		"-s setuids":                  "no rows: nothing of this kind was seen",
		"-s opensnoop -a under=/none": "no rows: nothing of this kind was seen",
		"-s httpsnoop":                "no rows: nothing of this kind was seen",
		"-s killsnoop":                "no rows: nothing of this kind was seen",
		// Of several, each says whose line it is.
		"-s killsnoop -s setuids": "killsnoop: no rows: nothing of this kind was seen",
		"-s setuids -s killsnoop": "setuids: no rows: nothing of this kind was seen",
		"-s setuids -s crash":     "crash: nothing crashed",
	} {
		t.Run(strings.ReplaceAll(options, "/", "_"), func(t *testing.T) {
			t.Parallel()
			u := user{dir: t.TempDir()}
			r := u.trace(t, options, "true")
			if n := strings.Count("\n"+r.Stderr, "\n"+want+"\n"); n != 1 {
				t.Errorf("%d times %q in:\n%s", n, want, r.Stderr)
			}
			if r = u.trace(t, "-j "+options, "true"); strings.Contains(r.Stderr, want) {
				t.Errorf("with -j too:\n%s", r.Stderr)
			}
		})
	}
}
