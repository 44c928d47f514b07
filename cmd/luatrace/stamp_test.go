package main

import (
	"encoding/json"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"luatrace/internal/fixture"
)

// stamped runs a script on a program that calls getppid twice, and returns what
// luatrace wrote.
func stamped(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(fixture.Luatrace(t), append(args, "/usr/bin/python3", "-c", "import os; os.getppid(); os.getppid()")...)
	return fixture.RunCmd(t, cmd).Stderr
}

// Time stamps stand before what hooks on events write, in the form asked for,
// and before nothing else.
func TestStampsOfScripts(t *testing.T) {
	t.Parallel()
	const script = `
on("begin", function() print "begins" end)
on("getppid", function(ev)
  print(ev.name)
  printf("%s ", "half")
  printf("whole\n")
  printf("")
end)
on("getppid", function(ev) print("own", output.stamp(), #output.stamp(ev.time) == output.stampwidth, output.time) end)
on("end", function() print "ends" end)
`
	for _, tt := range []struct {
		args  string
		stamp string
	}{
		{"-tt", `\d\d:\d\d:\d\d\.\d{6}`},
		{"-ttt", `\d{10}\.\d{6}`},
		{"-r", ` {5}\d\.\d{6}`},
		{"--absolute-timestamps", `\d\d:\d\d:\d\d`},
		{"--absolute-timestamps=ms", `\d\d:\d\d:\d\d\.\d{3}`},
		{"--absolute-timestamps=unix,ns -r", `\d{10}\.\d{9} \(\+ {5}\d\.\d{6}\)`},
	} {
		event := "ST getppid\nST half whole\nown\tST\ttrue\ttrue\n"
		want := regexp.MustCompile("^begins\n" + strings.ReplaceAll(event+event, "ST", tt.stamp) + "ends\n$")
		if got := stamped(t, append(strings.Fields(tt.args), "-e", script)...); !want.MatchString(got) {
			t.Errorf("%s: %q does not match %q", tt.args, got, want)
		}
	}
	want := "begins\n" + strings.Repeat("getppid\nhalf whole\nown\tT\ttrue\tfalse\n", 2) + "ends\n"
	if got := regexp.MustCompile(`\d\d:\d\d:\d\d\.\d{6}`).ReplaceAllString(stamped(t, "-e", script), "T"); got != want {
		t.Errorf("without an option: %q, want %q", got, want)
	}
}

// The stamp is the time of the event, as ev.time has it.
func TestStampIsTheEventsTime(t *testing.T) {
	t.Parallel()
	got := lines(stamped(t, "-ttt", "-t", "getppid", "-e", `print(("%.6f"):format(ev.time), output.stamp == nil)`))
	if len(got) != 2 {
		t.Fatalf("%q", got)
	}
	for _, l := range got {
		stamp, rest, _ := strings.Cut(l, " ")
		if when, _, _ := strings.Cut(rest, "\t"); when != stamp {
			t.Errorf("stamp %s of an event at %s", stamp, when)
		}
	}
}

// With -j a row gets a member, if it has none of that name.
func TestStampsInJSON(t *testing.T) {
	t.Parallel()
	before := float64(time.Now().UnixMicro()) / 1e6
	got := lines(stamped(t, "-j", "-tt", "-t", "getppid", "-e", `emit {n = ev.ret} emit {} emit {time = "now"} emit {1, 2}`))
	after := float64(time.Now().UnixMicro()) / 1e6
	if len(got) != 8 {
		t.Fatalf("%q", got)
	}
	for i, l := range got {
		switch i % 4 {
		case 2, 3:
			if l != `{"time":"now"}` && l != "[1,2]" {
				t.Errorf("changed: %s", l)
			}
			continue
		}
		var row struct{ Time float64 }
		if err := json.Unmarshal([]byte(l), &row); err != nil || row.Time < before || row.Time > after {
			t.Errorf("%s: %v; the time is not from %v to %v", l, err, before, after)
		}
	}
	if got := stamped(t, "-j", "-t", "getppid", "-e", `emit {}`); got != "{}\n{}\n" {
		t.Errorf("without an option: %q", got)
	}
}

// Where no line can have a stamp, luatrace says so.
func TestStampsWithoutEffect(t *testing.T) {
	t.Parallel()
	const reports = "luatrace: the time stamps that were asked for stand before what scripts write about events: here they wrote reports only\n"
	for script, want := range map[string]bool{
		`on("getppid", function() agg.n:count() end)`:                                            true,
		`local n = 0 on("getppid", function() n = n + 1 end) on("end", function() print(n) end)`: true,
		`on("getppid", function() print "x" end) on("end", function() print "y" end)`:            false,
		`on("getppid", function() end)`:                                                          false,
	} {
		if got := stamped(t, "-tt", "-e", script); strings.HasSuffix(got, reports) != want {
			t.Errorf("%s: %q", script, got)
		}
	}
	if got := stamped(t, "-tt", "-s", "tcpconnect"); strings.HasSuffix(got, reports) {
		t.Errorf("there is a column for the time: %q", got)
	}
	got := stamped(t, "-c", "-tt", "-r", "-T")
	for _, option := range []string{"-tt, --absolute-timestamps", "-r, --relative-timestamps", "-T, --syscall-times"} {
		if strings.Count(got, "luatrace: "+option+" has no effect with -c\n") != 1 {
			t.Errorf("-c with %s: %s", strconv.Quote(option), got)
		}
	}
}
