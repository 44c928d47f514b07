package kernel

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

// The flight recorder keeps the last requests that this process has made of the
// kernel, and what it was told: what one wants to see when luatrace itself fails.
// There are two rings, so that nothing is locked: that of the tracer's thread for ptrace(2)
// and wait4(2), and the listener's for notifications.

// flightLength is how many entries a ring keeps; a power of two.
const flightLength = 512

// entry is one request or report.
type entry struct {
	at    int64  // nanoseconds since flightStart
	tid   int32  // whom it is about
	what  uint32 // the request, the wait status, or a call's number
	id    uint32 // of a notification, as much of it as distinguishes it from others
	errno uint16 // of the request, 0 if it succeeded
	kind  entryKind
}

type entryKind uint8

const (
	entryNone    entryKind = iota
	entryRequest           // ptrace(2)
	entryReport            // wait4(2)
	entryNotice            // a notification received
	entryAnswer            // a notification answered
)

// flight is a ring of entries. One thread makes most of them; what another one reads
// or adds at the same moment may be torn, which is no harm.
type flight struct {
	guard flightGuard // does nothing but under the race detector
	next  atomic.Uint32
	clock int64 // when the clock was last read
	ring  [flightLength]entry
}

var (
	flightStart = time.Now()
	requests    flight // of the tracer's thread
	notices     flight // of the listener's
)

// logRequests, if not nil, gets a line for each entry as it is made.
var logRequests func(line string)

// LogRequests has each request to the kernel, and each report of it, described in
// a line as it is made; nil ends that. It must be called before Run. write is called on
// the threads that make the requests and must not make any.
func LogRequests(write func(line string)) { logRequests = write }

// now reads the clock for a report. Requests have the time of the report
// before them: to read it for each would cost as much as all the rest.
func (f *flight) now() time.Time {
	at := time.Now()
	f.guard.lock()
	f.clock = int64(at.Sub(flightStart))
	f.guard.unlock()
	return at
}

// note puts a request or report into the ring.
func (f *flight) note(kind entryKind, tid int, what uint32, e unix.Errno) {
	f.add(entry{tid: int32(tid), what: what, errno: uint16(e), kind: kind})
}

func (f *flight) add(n entry) {
	f.guard.lock()
	n.at = f.clock
	f.ring[(f.next.Add(1)-1)%flightLength] = n
	f.guard.unlock()
	if logRequests != nil {
		logEntry(n)
	}
}

func logEntry(n entry) {
	n.at = int64(time.Since(flightStart))
	logRequests(n.String())
}

// noted puts a ptrace request that was made into the ring, and returns its
// errno.
func noted(req, tid int, e unix.Errno) unix.Errno {
	requests.note(entryRequest, tid, uint32(req), e)
	if checkRequest != nil {
		checkRequest(req, tid)
	}
	return e
}

// NoteReport puts a report of wait4 into the ring and returns the time.
func NoteReport(tid int, status uint32) time.Time {
	at := requests.now()
	requests.note(entryReport, tid, status, 0)
	return at
}

// LastRequests describes the last 512 requests and reports of the tracer's thread and
// of the listener's, oldest first, in a line each. It is for messages about a failure
// of this program, from whichever thread.
func LastRequests() string {
	a, b := requests.entries(), notices.entries()
	var s strings.Builder
	for len(a)+len(b) > 0 {
		from := &a
		if len(a) == 0 || len(b) > 0 && b[0].at < a[0].at {
			from = &b
		}
		s.WriteString((*from)[0].String())
		s.WriteByte('\n')
		*from = (*from)[1:]
	}
	return s.String()
}

// entries copies the ring, oldest first.
func (f *flight) entries() []entry {
	f.guard.lock()
	defer f.guard.unlock()
	var list []entry
	next := f.next.Load()
	for i := range uint32(flightLength) {
		if n := f.ring[(next+i)%flightLength]; n.kind != entryNone {
			list = append(list, n)
		}
	}
	return list
}

// String is "  0.001234567 1234 PTRACE_SYSCALL = ESRCH": seconds since the start of
// the program, the thread, and what was asked or told of it.
func (n *entry) String() string {
	s := fmt.Sprintf("%13.9f ", time.Duration(n.at).Seconds())
	if n.kind != entryAnswer {
		s += fmt.Sprintf("%d ", n.tid)
	}
	switch n.kind {
	case entryRequest:
		s += requestName(int(n.what))
	case entryReport:
		return s + "reports " + DecodeStatus(n.what).describe()
	case entryNotice:
		return s + fmt.Sprintf("asks before call %d, notification %d", n.what, n.id)
	case entryAnswer:
		s += fmt.Sprintf("answer to notification %d", n.id)
	}
	if n.errno != 0 {
		name := syscalls.ErrnoName(int(n.errno))
		if name == "" {
			name = fmt.Sprint(n.errno)
		}
		s += " = " + name
	}
	return s
}

// describe names what a wait status says.
func (s Status) describe() string {
	switch s.Kind {
	case StatusExited:
		return fmt.Sprintf("exit with %d", s.Code)
	case StatusSignaled:
		return "death by " + syscalls.SignalName(int(s.Signal))
	case StatusSyscall:
		return "a call's entry or exit"
	case StatusSeccomp:
		return "a call that the filter stops"
	case StatusSignal:
		return "signal " + syscalls.SignalName(int(s.Signal))
	case StatusGroup:
		return "a group-stop by " + syscalls.SignalName(int(s.Signal))
	case StatusEventStop:
		return "a stop that was asked for"
	case StatusFork:
		return map[int]string{unix.PTRACE_EVENT_FORK: "fork", unix.PTRACE_EVENT_VFORK: "vfork", unix.PTRACE_EVENT_CLONE: "clone"}[s.Event]
	case StatusExec:
		return "exec"
	default: // no more than its name
	}
	return fmt.Sprintf("event %d", s.Event)
}

var requestNames = map[int]string{
	unix.PTRACE_CONT: "PTRACE_CONT", unix.PTRACE_SYSCALL: "PTRACE_SYSCALL", unix.PTRACE_DETACH: "PTRACE_DETACH",
	unix.PTRACE_SEIZE: "PTRACE_SEIZE", unix.PTRACE_INTERRUPT: "PTRACE_INTERRUPT", unix.PTRACE_LISTEN: "PTRACE_LISTEN",
	unix.PTRACE_GETEVENTMSG: "PTRACE_GETEVENTMSG", unix.PTRACE_GETSIGINFO: "PTRACE_GETSIGINFO", unix.PTRACE_SETSIGINFO: "PTRACE_SETSIGINFO",
	unix.PTRACE_GET_SYSCALL_INFO: "PTRACE_GET_SYSCALL_INFO", ptraceSetSyscallInfo: "PTRACE_SET_SYSCALL_INFO",
	unix.PTRACE_GETREGSET: "PTRACE_GETREGSET", unix.PTRACE_SETREGSET: "PTRACE_SETREGSET",
	ptracePokeUser: "PTRACE_POKEUSR", ptraceGetRegs: "PTRACE_GETREGS", ptraceSetRegs: "PTRACE_SETREGS",
}

// Requests that not every architecture has, by their numbers in linux/ptrace.h.
const (
	ptracePokeUser = 6
	ptraceGetRegs  = 12
	ptraceSetRegs  = 13
)

func requestName(req int) string {
	if name := requestNames[req]; name != "" {
		return name
	}
	return fmt.Sprintf("ptrace request %#x", req)
}
