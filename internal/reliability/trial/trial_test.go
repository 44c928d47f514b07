package trial

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func run(t *testing.T, c Command) Outcome {
	t.Helper()
	o, err := Run(c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestRun(t *testing.T) {
	t.Parallel()
	for _, user := range Users() {
		o := run(t, Command{Argv: []string{"sh", "-c", "echo out; echo err >&2; cat; id -u; exit 3"}, Dir: "/", Stdin: strings.NewReader("in\n"), User: user})
		if !strings.HasPrefix(o.Stdout, "out\nin\n") || o.Stderr != "err\n" || o.Ended() != "exit 3" || len(o.Left) != 0 {
			t.Errorf("%+v", o)
		}
		if want := map[string]string{"root": "0\n", "nobody": "65534\n"}[user.Name]; want != "" && !strings.HasSuffix(o.Stdout, want) {
			t.Errorf("as %s: %q", user.Name, o.Stdout)
		}
	}
	if o := run(t, Command{Argv: []string{"sh", "-c", "kill -USR1 $$"}}); o.Signal != syscall.SIGUSR1 {
		t.Errorf("%+v", o)
	}
	if _, err := Run(Command{Argv: []string{"/nonexistent"}}); err == nil {
		t.Error("a command that does not exist was run")
	}
}

// What a command leaves behind is found and killed, in its session or out of it.
func TestLeft(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"sleep 300", "setsid -f sleep 300"} {
		o := run(t, Command{Argv: []string{"sh", "-c", script + " >/dev/null 2>&1 </dev/null &"}, Grace: 300 * time.Millisecond})
		if len(o.Left) != 1 || !strings.Contains(o.Left[0], "sleep") || o.Differs(Outcome{}) == nil {
			t.Errorf("%s: %+v", script, o)
		}
	}
	if o := run(t, Command{Argv: []string{"sh", "-c", "sleep 0.1 >/dev/null 2>&1 &"}}); len(o.Left) != 0 {
		t.Errorf("what ends by itself was left: %q", o.Left)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	o := run(t, Command{Argv: []string{"sh", "-c", "sleep 300; echo late"}, Timeout: 50 * time.Millisecond})
	if !o.TimedOut || strings.Contains(o.Stdout, "late") {
		t.Errorf("%+v", o)
	}
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	if o := run(t, Command{Argv: []string{"head", "-c", "20000000", "/dev/zero"}}); len(o.Stdout) != outputLimit || o.Code != 0 {
		t.Errorf("%d bytes, %s", len(o.Stdout), o.Ended())
	}
}

func TestDiffers(t *testing.T) {
	t.Parallel()
	same := Outcome{Stdout: "a", Code: 2, Took: 3}
	if err := same.Differs(Outcome{Stdout: "a", Code: 2}); err != nil {
		t.Error(err)
	}
	for _, o := range []Outcome{{Stdout: "b", Code: 2}, {Stdout: "a", Stderr: "x", Code: 2}, {Stdout: "a"},
		{Stdout: "a", Code: 2, Left: []string{"x"}}, {Stdout: "a", Code: 2, TimedOut: true}, {Stdout: "a", Code: 2, Signal: 2}} {
		if o.Differs(same) == nil {
			t.Errorf("%+v is as %+v", o, same)
		}
	}
}
