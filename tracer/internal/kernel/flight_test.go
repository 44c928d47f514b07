package kernel

import (
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
		"  1.500000000 7 reports fork":                          {tid: 7, what: uint32(unix.PTRACE_EVENT_FORK)<<16 | uint32(unix.SIGTRAP)<<8 | 0x7f, kind: entryReport},
		"  1.500000000 7 reports a group-stop by SIGSTOP":       {tid: 7, what: uint32(unix.PTRACE_EVENT_STOP)<<16 | uint32(unix.SIGSTOP)<<8 | 0x7f, kind: entryReport},
		"  1.500000000 7 asks before call 257, notification 12": {tid: 7, what: 257, id: 12, kind: entryNotice},
		"  1.500000000 answer to notification 12 = ENOENT":      {id: 12, errno: uint16(unix.ENOENT), kind: entryAnswer},
	} {
		n.at = int64(1500 * time.Millisecond)
		if got := n.String(); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
