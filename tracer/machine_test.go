package tracer

import (
	"fmt"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/internal/reports"
	"luatrace/tracer/seccomp"
)

// machine is a kernel as ptrace(2) and wait(2) describe it, for the threads of
// one test: a kernelModel that decides by the bytes of data what happens next,
// in which order what has happened is reported, and who is killed meanwhile. It
// knows which events a tracer should make of its reports, and complains about
// requests that no tracer may make.
type machine struct {
	fail    func(format string, args ...any)
	trace   func(format string, args ...any)
	queue   *reports.Queue       // of the reports that were collected
	enqueue func(reports.Report) // collects one
	data    []byte               // decides; 0 for ever when it is used up
	first   int                  // thread ids are first to first+machineIDs-1
	next    int
	free    []int // ids whose threads were reported dead
	threads map[int]*modelThread
	// renamed has the ids that threads had before an execve that made them
	// leaders, as long as the tracer can't know of it.
	renamed map[int]bool
	told    []int          // of renamed, those with a report that the tracer has but may not have looked at
	all     []*modelThread // in the order of their birth
	filter  bool           // threads have our filter, which traces some of their calls
	chaos   bool           // answers anything to any request

	regsRead int // requests for registers
}

const machineIDs = 1 << 12

// machines finds the machine of a thread id.
type machines struct {
	sync.Mutex
	slots [64]*machine
}

var allMachines machines

func init() { kernel.MadeUp = &allMachines }

// add gives a machine its thread ids; remove must follow.
func (ms *machines) add(m *machine) {
	ms.Lock()
	defer ms.Unlock()
	slot := slices.Index(ms.slots[:], nil)
	ms.slots[slot] = m
	m.first = kernel.FirstModelled + slot*machineIDs
	m.next = m.first
}

func (ms *machines) remove(m *machine) {
	ms.Lock()
	defer ms.Unlock()
	ms.slots[slices.Index(ms.slots[:], m)] = nil
}

func (ms *machines) of(tid int) *machine {
	ms.Lock()
	defer ms.Unlock()
	if slot := (tid - kernel.FirstModelled) / machineIDs; slot < len(ms.slots) {
		return ms.slots[slot]
	}
	return nil
}

// thread returns a thread that is in a ptrace-stop whose report was taken: only
// such a one accepts requests.
func (ms *machines) stopped(tid int) *modelThread {
	m := ms.of(tid)
	switch {
	case m == nil:
		return nil
	case m.chaos:
		return m.anything()
	}
	th := m.threads[tid]
	if th == nil && m.renamed[tid] {
		return nil
	}
	if th == nil {
		m.fail("a request for %d, which was reported dead or never was a tracee", tid)
		return nil
	}
	if !th.traced || th.state != modelStopped || th.ready {
		return nil
	}
	return th
}

// anything is a thread in some stop, or none.
func (m *machine) anything() *modelThread {
	if m.choose(4) == 0 {
		return nil
	}
	th := &modelThread{m: m, group: &modelGroup{pid: m.first + m.choose(8)}}
	th.info = kernel.SyscallInfo{Op: uint8(m.choose(5)), Arch: nativeAudit + uint32(m.choose(3)), NR: uint64(m.choose(256)) << m.choose(64), RetData: seccomp.TraceMark * uint32(m.choose(2))}
	th.info.Args[0] = uint64(m.choose(2))
	th.msg = uint64(m.first + m.choose(8))
	return th
}

func (ms *machines) Request(req, tid int, data uintptr) unix.Errno {
	if m := ms.of(tid); m == nil || m.chaos {
		return []unix.Errno{0, unix.ESRCH}[m.choose(2)]
	}
	if req == unix.PTRACE_SEIZE || req == unix.PTRACE_INTERRUPT {
		m := ms.of(tid)
		th := m.threads[tid]
		switch {
		case th == nil && (req == unix.PTRACE_SEIZE || m.renamed[tid]):
			return unix.ESRCH
		case th == nil:
			m.fail("PTRACE_INTERRUPT for %d, which was reported dead", tid)
			return unix.ESRCH
		case th.state == modelDead || req == unix.PTRACE_INTERRUPT && !th.traced:
			return unix.ESRCH
		case req == unix.PTRACE_SEIZE && th.traced:
			return unix.EPERM
		case req == unix.PTRACE_SEIZE:
			th.traced, th.seized, th.req = true, true, unix.PTRACE_CONT
			th.known = true
			return 0
		}
		th.interrupt = true
		if th.state == modelListening {
			th.state = modelRunning // to trap again
		}
		return 0
	}
	th := ms.stopped(tid)
	if th == nil {
		return unix.ESRCH
	}
	return th.resume(req, unix.Signal(data))
}

func (ms *machines) SyscallInfo(tid int) (kernel.SyscallInfo, unix.Errno) {
	if th := ms.stopped(tid); th != nil {
		return th.info, 0
	}
	return kernel.SyscallInfo{}, unix.ESRCH
}

func (ms *machines) SetSyscallInfo(tid int, s kernel.SyscallInfo) unix.Errno {
	th := ms.stopped(tid)
	if th == nil {
		return unix.ESRCH
	}
	if s.Op != th.info.Op {
		return unix.EINVAL
	}
	th.info = s
	if s.Op != kernel.SysInfoExit {
		th.nr = int(int32(s.NR))
	}
	return 0
}

func (ms *machines) EventMsg(tid int) (uint64, unix.Errno) {
	if th := ms.stopped(tid); th != nil {
		return th.msg, 0
	}
	return 0, unix.ESRCH
}

func (ms *machines) Regs(tid int) (Registers, unix.Errno) {
	if th := ms.stopped(tid); th != nil {
		th.m.regsRead++
		return th.regs, 0
	}
	return Registers{}, unix.ESRCH
}

func (ms *machines) SetRegs(tid int, r Registers) unix.Errno {
	if th := ms.stopped(tid); th != nil {
		th.regs = r
		return 0
	}
	return unix.ESRCH
}

func (ms *machines) Siginfo(tid int) (Siginfo, unix.Errno) {
	if ms.stopped(tid) != nil {
		return Siginfo{}, 0
	}
	return Siginfo{}, unix.ESRCH
}

func (ms *machines) SetSiginfo(tid int, _ Siginfo) unix.Errno {
	if ms.stopped(tid) != nil {
		return 0
	}
	return unix.ESRCH
}

func (ms *machines) Skip(tid int, result uint64) unix.Errno {
	th := ms.stopped(tid)
	if th == nil {
		return unix.ESRCH
	}
	th.nr, th.skipped = -1, int64(result)
	return 0
}

func (ms *machines) StatusField(tid int, name string) string {
	m := ms.of(tid)
	if m != nil && m.chaos {
		return strconv.Itoa(m.first + m.choose(8))
	}
	if m == nil || m.threads[tid] == nil {
		return ""
	}
	th := m.threads[tid]
	switch name {
	case "Tgid":
		return strconv.Itoa(th.group.pid)
	case "PPid":
		if p := th.group.parent; p != nil && len(p.threads) > 0 {
			return strconv.Itoa(p.pid)
		}
		return "1"
	}
	return "0"
}

// modelGroup is a thread group.
type modelGroup struct {
	pid     int
	parent  *modelGroup
	threads []*modelThread // that were not reported dead
	stopped unix.Signal    // of the group-stop in progress
	loose   bool           // is being let go: its events may come or not
}

type modelState uint8

const (
	modelRunning modelState = iota
	modelStopped
	modelListening
	modelDead // and not reported yet
)

// modelThread is one thread of a machine.
type modelThread struct {
	m      *machine
	tid    int
	group  *modelGroup
	state  modelState
	traced bool
	seized bool         // and its first stop is to come
	known  bool         // the tracer has told of it
	bearer *modelThread // whose event tells of its birth, nil for none

	ready  bool   // there is a report that nobody has taken
	status uint32 // that report, or the one of the present stop
	info   kernel.SyscallInfo
	msg    uint64
	regs   Registers

	req       int // of the last resume
	phase     modelPhase
	nr        int
	skipped   int64
	silent    bool // with a filter: nobody asked for this call's exit
	interrupt bool
	trapped   bool         // takes part in the group-stop
	awaits    *modelThread // the child of a vfork
	former    int          // its id before the execve that is to be reported
	execing   bool         // waits for the other threads to be collected
	fatal     uint32       // the wait status of its death to come
	want      []wanted     // events to come, oldest first
}

type modelPhase uint8

const (
	outside modelPhase = iota // of any system call
	entered                   // stopped at the entry of one
	done                      // its events were reported
)

// wanted is an event that the tracer should make of a report.
type wanted struct {
	text  string
	maybe bool // the thread was killed or is let go: it need not come
}

// choose returns a number below n by the next byte.
func (m *machine) choose(n int) int {
	if m == nil || len(m.data) == 0 || n < 2 {
		return 0
	}
	c := int(m.data[0])
	m.data = m.data[1:]
	return c % n
}

// isHeld says whether the tracer keeps something in mind about a former owner of
// an id that it takes the next one's birth for, or will: what is held, adopted
// and gone, or waits in its queue though nobody tells of its birth any more.
func (m *machine) isHeld(tid int) bool {
	q := m.queue
	is := func(r reports.Report) bool { return r.TID == tid }
	if _, ended := q.Adopted(tid); ended || slices.ContainsFunc(q.Held(), is) {
		return true
	}
	queued := slices.ContainsFunc(q.Waiting(), is)
	return queued && slices.ContainsFunc(m.all, func(th *modelThread) bool {
		return th.tid == tid && !th.known && th.bearer != nil && th.bearer.state == modelDead
	})
}

// mistakable is for a thread that was killed: of a child whose birth it had not
// told of and whose id is another's by now, the tracer takes the reports for
// that one's.
func (m *machine) mistakable(bearer *modelThread) {
	for _, child := range m.all {
		heir := m.threads[child.tid]
		if child.bearer != bearer || child.known || heir == nil || heir == child {
			continue
		}
		m.loosen(heir.group)
		if heir.bearer != nil {
			heir.bearer.mayTell(heir.tid)
		}
	}
}

// mayTell lets the event of a child's birth come or not.
func (th *modelThread) mayTell(child int) {
	for i := range th.want {
		if th.want[i].text == newText(child) {
			th.want[i].maybe = true
		}
	}
}

// childOf returns the thread with the id that a parent's event is about, which
// may have been given away again; nil if nobody has it.
func (m *machine) childOf(parent, id int) *modelThread {
	for _, th := range m.all {
		if th.tid == id && !th.known && th.bearer != nil && th.bearer.tid == parent {
			return th
		}
	}
	return m.threads[id]
}

// newThread makes a thread, in a new group if g is nil.
func (m *machine) newThread(g *modelGroup, parent *modelGroup) *modelThread {
	tid := m.next
	// Ids are reused as soon as they can be, but not within heldPatience.
	if len(m.free) > 0 && !m.isHeld(m.free[0]) && m.choose(2) == 1 {
		tid, m.free = m.free[0], m.free[1:]
	} else {
		m.next++
	}
	if g == nil {
		g = &modelGroup{pid: tid, parent: parent}
	}
	th := &modelThread{m: m, tid: tid, group: g}
	g.threads = append(g.threads, th)
	m.threads[tid] = th
	m.all = append(m.all, th)
	return th
}

// stop brings a thread to a ptrace-stop of which event, if not "", should come.
func (th *modelThread) stop(status uint32, op uint8, event string) {
	th.state, th.status, th.ready = modelStopped, status, true
	th.interrupt = false // as any stop does, see ptrace_stop in kernel/signal.c
	th.info = kernel.SyscallInfo{Op: op, Arch: nativeAudit, IP: 0x1000 + 2*uint64(th.phase), SP: 0x7000, NR: uint64(int64(th.nr))}
	if op == kernel.SysInfoSeccomp {
		th.info.RetData = seccomp.TraceMark
	}
	if event != "" {
		th.want = append(th.want, wanted{event, th.group.loose})
	}
}

func stopStatus(sig unix.Signal, event int) uint32 {
	return uint32(event)<<16 | uint32(sig)<<8 | 0x7f
}

// resume is a request that lets a stopped thread go on.
func (th *modelThread) resume(req int, sig unix.Signal) unix.Errno {
	st := kernel.DecodeStatus(th.status)
	if st.Kind == kernel.StatusGroup && req != unix.PTRACE_LISTEN && req != unix.PTRACE_DETACH {
		th.m.fail("%d was continued out of a group-stop", th.tid)
	}
	if st.Kind != kernel.StatusSignal && sig != 0 {
		th.m.fail("signal %d for %d in a stop that delivers none", sig, th.tid)
	}
	if th.m.trace != nil {
		th.m.trace("    request %#x for %d", req, th.tid)
	}
	th.state, th.req = modelRunning, req
	switch req {
	case unix.PTRACE_LISTEN:
		if st.Event != unix.PTRACE_EVENT_STOP {
			return unix.EIO
		}
		th.state = modelListening
		if th.group.stopped == 0 { // SIGCONT came meanwhile
			th.stop(stopStatus(unix.SIGTRAP, unix.PTRACE_EVENT_STOP), kernel.SysInfoNone, "")
		}
	case unix.PTRACE_DETACH:
		th.traced, th.interrupt = false, false
	case unix.PTRACE_CONT, unix.PTRACE_SYSCALL:
	default:
		th.m.fail("request %#x for %d", req, th.tid)
	}
	switch sig {
	case 0, unix.SIGUSR1:
	case unix.SIGTSTP:
		th.group.stopped = sig
		th.trapped = false
	case unix.SIGTERM:
		th.group.kill(uint32(sig))
	default:
		th.m.fail("signal %d for %d, which had none", sig, th.tid)
	}
	return 0
}

// kill ends all threads of a group; what they had not reported never happened.
func (g *modelGroup) kill(status uint32) {
	for _, th := range g.threads {
		th.die(status)
	}
}

// die ends a thread.
func (th *modelThread) die(status uint32) {
	if th.state == modelDead {
		return
	}
	for i := range th.want {
		th.want[i].maybe = true
	}
	th.state, th.ready, th.fatal = modelDead, false, status
	if th.traced {
		th.want = append(th.want, wanted{deathText(kernel.DecodeStatus(status)), th.group.loose || !th.known})
	}
	th.m.mistakable(th)
	th.group.collectable()
}

func newText(child int) string { return fmt.Sprintf("new %d", child) }

func deathText(st kernel.Status) string { return fmt.Sprintf("death %d %d", st.Code, int(st.Signal)) }

// collectable makes the deaths of a group's threads ready to be reported: the
// leader's only when no other thread is left.
func (g *modelGroup) collectable() {
	for _, th := range g.threads {
		if th.state == modelDead && (th.tid != g.pid || len(g.threads) == 1) {
			th.status, th.ready = th.fatal, true
		}
	}
}

// forgetRenamed is for when the tracer has looked at all reports it has.
func (m *machine) forgetRenamed() {
	for _, tid := range m.told {
		delete(m.renamed, tid)
		m.free = append(m.free, tid)
	}
	m.told = nil
}

// take hands the tracer a report.
func (th *modelThread) take() {
	m := th.m
	th.ready = false
	if th.traced {
		m.enqueue(newReport(th.tid, th.status))
	}
	if th.former != 0 {
		m.told = append(m.told, th.former)
		th.former = 0
	}
	if th.state != modelDead {
		return
	}
	delete(m.threads, th.tid)
	m.free = append(m.free, th.tid)
	th.leave()
	th.group.collectable()
}

func (th *modelThread) leave() {
	g := th.group
	g.threads = slices.DeleteFunc(g.threads, func(o *modelThread) bool { return o == th })
}

// alive lists the threads for which f holds, in the order of their birth.
func (m *machine) alive(f func(*modelThread) bool) []*modelThread {
	var list []*modelThread
	for _, th := range m.all {
		if m.threads[th.tid] == th && f(th) {
			list = append(list, th)
		}
	}
	return list
}
