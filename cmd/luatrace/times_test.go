package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"luatrace/internal/fixture"
)

// ownClocks are what the fixture clocked read of the wall clock before its first call,
// before and after the one that sleeps, and after its last one; and by how much the
// monotonic clock went on between them.
type ownClocks struct {
	at   [4]time.Time
	took [3]time.Duration
}

const clockedSleeps = 20 * time.Millisecond

func readClocks(t *testing.T, out string) (c ownClocks) {
	t.Helper()
	f := strings.Fields(out)
	if len(f) != 8 {
		t.Fatalf("clocked printed %q", out)
	}
	var n [8]int64
	for i := range f {
		n[i], _ = strconv.ParseInt(f[i], 10, 64)
	}
	for i := range c.at {
		c.at[i] = time.Unix(0, n[i])
	}
	for i := range c.took {
		c.took[i] = time.Duration(n[5+i] - n[4+i])
	}
	return c
}

// entered checks the time of the entry of the call that sleeps, given to the
// microsecond; the program's own clocks say what it can be.
func (c *ownClocks) entered(t *testing.T, who string, at time.Time) {
	t.Helper()
	first, last := c.at[1].Truncate(time.Microsecond), c.at[2].Add(-clockedSleeps)
	if at.Before(first) || at.After(last) {
		t.Errorf("%s: entered at %v, want %v to %v", who, at, first, last)
	}
}

// lasted checks how long that call was said to take, given to the microsecond.
func (c *ownClocks) lasted(t *testing.T, who string, d time.Duration) {
	t.Helper()
	if d < clockedSleeps || d > c.took[1]+time.Microsecond {
		t.Errorf("%s: took %v, want %v to %v", who, d, clockedSleeps, c.took[1])
	}
}

func unixTime(t *testing.T, text string) time.Time {
	t.Helper()
	sec, frac, _ := strings.Cut(text, ".")
	s, err := strconv.ParseInt(sec, 10, 64)
	us, err2 := strconv.ParseInt(frac, 10, 64)
	if err != nil || err2 != nil || len(frac) != 6 {
		t.Fatalf("%q is no time", text)
	}
	return time.Unix(s, us*1000)
}

func seconds(text string) time.Duration {
	d, _ := time.ParseDuration(text + "s")
	return d
}

// TestStampsAsStraces: the stamps and durations of lines are those of strace: a call has
// the time of its entry. Both are held against the program's own clocks.
func TestStampsAsStraces(t *testing.T) {
	t.Parallel()
	path := fixture.Build(t, "clocked")
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal(err)
	}
	own := fixture.Luatrace(t)
	for name, argv := range map[string][]string{
		"strace":                {strace, "-f", "-o", "%o", "%s", "-e", "trace=getppid,nanosleep", path},
		"luatrace":              {own, "-o", "%o", "%s", "-t", "getppid,nanosleep", "--", path},
		"luatrace unfiltered":   {own, "-o", "%o", "--attachable", "%s", "-t", "getppid,nanosleep", "--", path},
		"luatrace -z":           {own, "-o", "%o", "-z", "%s", "-t", "getppid,nanosleep", "--", path},
		"luatrace, every call":  {own, "-o", "%o", "%s", "--", path},
		"luatrace, entry hooks": {own, "-o", "%o", "%s", "-t", "getppid,nanosleep:enter", "--", path},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := func(stamp ...string) (ownClocks, string) {
				out := filepath.Join(openDir(t), "out")
				var args []string
				for _, a := range argv {
					switch a {
					case "%o":
						args = append(args, out)
					case "%s":
						args = append(args, stamp...)
					default:
						args = append(args, a)
					}
				}
				r := fixture.RunCmd(t, exec.Command(args[0], args[1:]...))
				if r.Code != 0 {
					t.Fatalf("%v: %+v", args, r)
				}
				return readClocks(t, r.Stdout), readFile(t, out)
			}
			entry := strings.HasSuffix(name, "entry hooks")
			find := func(pattern, text string) []string {
				m := regexp.MustCompile(`(?m)^(?:\d+ +)? *` + pattern).FindStringSubmatch(text)
				if m == nil {
					t.Fatalf("no %s in:\n%s", pattern, text)
				}
				return m
			}
			c, text := run("-ttt", "-T")
			if entry {
				c.entered(t, "-ttt", unixTime(t, find(`(\d+\.\d+) nanosleep\(`, text)[1]))
				return
			}
			m := find(`(\d+\.\d+) nanosleep\(.* = 0 <(\d+\.\d+)>$`, text)
			c.entered(t, "-ttt", unixTime(t, m[1]))
			c.lasted(t, "-T", seconds(m[2]))

			// -tt has the time of day of the same moment.
			c, text = run("-tt")
			day := find(`(\d\d:\d\d:\d\d\.\d{6}) nanosleep\(`, text)[1]
			at, err := time.ParseInLocation("15:04:05.000000", day, time.Local)
			if err != nil {
				t.Fatal(err)
			}
			y, mon, d := c.at[1].Date()
			c.entered(t, "-tt", time.Date(y, mon, d, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.Local))

			// From entry to entry: the sleep is in the line after it.
			c, text = run("-r")
			m = find(`(\d+\.\d+) nanosleep\(.*\n(?:\d+ +)? *(\d+\.\d+) getppid\(`, text)
			before, after := seconds(m[1]), seconds(m[2])
			if limit := c.at[2].Sub(c.at[0]) - clockedSleeps + time.Millisecond; before > limit {
				t.Errorf("-r: %v before the call, want %v at most", before, limit)
			}
			if after < clockedSleeps {
				t.Errorf("-r: %v after the call, want %v at least", after, clockedSleeps)
			}
		})
	}
}

// TestTimesOfScriptsAndJSON: the same of JSON, of scripts and of -c, also where a hook
// is busy before it asks.
func TestTimesOfScriptsAndJSON(t *testing.T) {
	t.Parallel()
	path := fixture.Build(t, "clocked")
	own := fixture.Luatrace(t)

	r := fixture.RunCmd(t, exec.Command(own, "-j", "-t", "nanosleep", "--", path))
	var line struct {
		Name     string
		Time     json.Number
		Duration json.Number
	}
	for _, l := range lines(r.Stderr) {
		if strings.Contains(l, `"nanosleep"`) {
			if err := json.Unmarshal([]byte(l), &line); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := readClocks(t, r.Stdout)
	c.entered(t, "-j", unixTime(t, line.Time.String()))
	c.lasted(t, "-j", seconds(line.Duration.String()))

	for _, options := range [][]string{nil, {"--attachable"}, {"--no-notify"}} {
		busy := `local n = 0 for i = 1, 300000 do n = n + i end`
		args := append(options, "-e", `on("nanosleep", function(ev) `+busy+` end)
			on("nanosleep", function(ev) local comm, fds = ev.comm, ev.proc:file("status")
			print(("%.6f %.6f %.6f"):format(ev.time, ev.duration, ev.ended)) end)`, "--", path)
		r = fixture.RunCmd(t, exec.Command(own, args...))
		c = readClocks(t, r.Stdout)
		f := strings.Fields(r.Stderr)
		if len(f) != 3 {
			t.Fatalf("%q", r.Stderr)
		}
		c.entered(t, fmt.Sprint(options), unixTime(t, f[0]))
		c.lasted(t, fmt.Sprint(options), seconds(f[1]))
		if ended := unixTime(t, f[2]); ended.Before(c.at[1].Add(clockedSleeps).Truncate(time.Microsecond)) || ended.After(c.at[2]) {
			t.Errorf("%v: ended at %v, the program was back at %v", options, ended, c.at[2])
		}
	}

	r = fixture.RunCmd(t, exec.Command(own, "-c", "-t", "nanosleep", "-U", "max-time,name", "--", path))
	c = readClocks(t, r.Stdout)
	m := regexp.MustCompile(`(\d+\.\d+) +nanosleep`).FindStringSubmatch(r.Stderr)
	if m == nil {
		t.Fatalf("%q", r.Stderr)
	}
	c.lasted(t, "-c", seconds(m[1]))
}
