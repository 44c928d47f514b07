package tracer

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestFlightKeepsTheLast: the ring has the last 512 entries, oldest first, each in words.
func TestFlightKeepsTheLast(t *testing.T) {
	t.Parallel()
	var f flight
	f.now()
	for i := range flightLength + 5 {
		f.note(entryRequest, i, unix.PTRACE_SYSCALL, 0)
	}
	list := f.entries()
	if len(list) != flightLength || list[0].tid != 5 || list[flightLength-1].tid != flightLength+4 {
		t.Errorf("%d entries from %d on", len(list), list[0].tid)
	}
	for want, n := range map[string]entry{
		"  1.500000000 7 PTRACE_CONT = ESRCH":                   {tid: 7, what: unix.PTRACE_CONT, errno: uint16(unix.ESRCH), kind: entryRequest},
		"  1.500000000 7 PTRACE_GET_SYSCALL_INFO":               {tid: 7, what: unix.PTRACE_GET_SYSCALL_INFO, kind: entryRequest},
		"  1.500000000 7 ptrace request 0x77 = 2345":            {tid: 7, what: 0x77, errno: 2345, kind: entryRequest},
		"  1.500000000 7 reports exit with 3":                   {tid: 7, what: 3 << 8, kind: entryReport},
		"  1.500000000 7 reports death by SIGKILL":              {tid: 7, what: 9, kind: entryReport},
		"  1.500000000 7 reports signal SIGUSR1":                {tid: 7, what: uint32(unix.SIGUSR1)<<8 | 0x7f, kind: entryReport},
		"  1.500000000 7 reports fork":                          {tid: 7, what: stopStatus(unix.SIGTRAP, unix.PTRACE_EVENT_FORK), kind: entryReport},
		"  1.500000000 7 reports a group-stop by SIGSTOP":       {tid: 7, what: stopStatus(unix.SIGSTOP, unix.PTRACE_EVENT_STOP), kind: entryReport},
		"  1.500000000 7 asks before call 257, notification 12": {tid: 7, what: 257, id: 12, kind: entryNotice},
		"  1.500000000 answer to notification 12 = ENOENT":      {id: 12, errno: uint16(unix.ENOENT), kind: entryAnswer},
	} {
		n.at = int64(1500 * time.Millisecond)
		if got := n.String(); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestLastRequests: what a Tracer asks and is told is there afterwards, in its order.
func TestLastRequests(t *testing.T) {
	var pid int
	err := Run(Options{}, func(tr *Tracer) error {
		p, err := tr.Launch(Command{Path: "/bin/true", Argv: []string{"true"}})
		if err != nil {
			return err
		}
		pid = p.PID
		var ev Event
		for {
			if err := tr.Next(&ev, nil); err != nil {
				return err
			}
			tr.Resume(ev.Task)
		}
	})
	if err != ErrNoTracees {
		t.Fatal(err)
	}
	text := LastRequests()
	var own []string
	for _, m := range regexp.MustCompile(fmt.Sprintf(`(?m)^ *\d+\.\d+ %d (.*)$`, pid)).FindAllStringSubmatch(text, -1) {
		own = append(own, m[1])
	}
	want := "reports exec\nPTRACE_GETEVENTMSG\nPTRACE_CONT\nreports exit with 0"
	if got := strings.Join(own, "\n"); !strings.HasPrefix(got, "PTRACE_SEIZE\n") || !strings.HasSuffix(got, want) {
		t.Errorf("of %d: %s\nwant an end of: %s\nin\n%s", pid, got, want, text)
	}
}

// TestRulesAreChecked: a request from another thread than the tracer's is found, and so are
// records that are used without their lock.
func TestRulesAreChecked(t *testing.T) {
	t.Parallel()
	panics := func(f func()) (value any) {
		defer func() { value = recover() }()
		f()
		return nil
	}
	if v := panics(func() { ptrace(unix.PTRACE_CONT, 1, 0, 0) }); v == nil || !strings.Contains(fmt.Sprint(v), "PTRACE_CONT") {
		t.Errorf("a request from anywhere: %v", v)
	}
	tr := newTracer(Options{Lock: never{}})
	tr.records() // nobody else is there yet
	tr.listener = &Listener{}
	if v := panics(tr.records); v == nil {
		t.Error("records without their lock are used in silence")
	}
}

// never is a lock that its user does not hold.
type never struct{}

func (never) Lock()      {}
func (never) Unlock()    {}
func (never) Held() bool { return false }
