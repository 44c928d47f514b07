package tracer

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/seccomp"
	"luatrace/tracer/syscalls"
)

// ownFilter is a seccomp filter that a tracee has installed itself, and those
// that it had before. A list never changes: children and threads share it, as
// they do in the kernel.
type ownFilter struct {
	prog   []unix.SockFilter
	outer  *ownFilter
	traces bool // it, or one before it, may answer SECCOMP_RET_TRACE
}

func newOwnFilter(prog []unix.SockFilter, outer *ownFilter) *ownFilter {
	f := &ownFilter{prog: prog, outer: outer, traces: outer != nil && outer.traces}
	for i := range prog {
		if in := &prog[i]; in.Code&7 == unix.BPF_RET {
			f.traces = f.traces || in.Code&0x18 == unix.BPF_A || actionRank(in.K) == actionRank(unix.SECCOMP_RET_TRACE)
		}
	}
	return f
}

// OwnFilter is told when a tracee tries to install a seccomp filter of its own.
type OwnFilter struct {
	// Listens says that the tracee wants to listen to notifications, Busy that
	// it can't because luatrace does.
	Listens, Busy bool

	filter *ownFilter
	left   int // steps that Hides may still do
}

// Hides says whether the filter, or one before it, may answer a call such that
// our own filter is not asked: it outranks FilterTrace.
func (f *OwnFilter) Hides(abi syscalls.ABI, nr int) bool {
	hides := false
	arch := syscalls.AuditOf(abi)
	for o := f.filter; o != nil && !hides; o = o.outer {
		seccomp.Answers(o.prog, uint32(nr), arch, &f.left, func(ret uint32) {
			hides = hides || actionRank(ret) < actionRank(unix.SECCOMP_RET_TRACE)
		})
	}
	return hides
}

// actionRank orders answers as the kernel does: the smallest of all filters'
// answers counts.
func actionRank(ret uint32) int32 { return int32(ret & unix.SECCOMP_RET_ACTION_FULL) }

// decide is what the tracee's filters together answer to a call.
func (f *ownFilter) decide(arch uint32, nr int, ip uint64, args *[6]uint64) uint32 {
	answer := uint32(unix.SECCOMP_RET_ALLOW)
	if f == nil {
		return answer
	}
	data := seccomp.NewData(uint32(nr), arch, ip, args)
	for ; f != nil; f = f.outer {
		if ret := seccomp.Evaluate(f.prog, &data); actionRank(ret) < actionRank(answer) {
			answer = ret
		}
	}
	return answer
}

// wantsTracer says whether the tracee's filters answer a call with
// SECCOMP_RET_TRACE: it fails with ENOSYS then, as nobody who traces it has
// asked for that.
func (f *ownFilter) wantsTracer(arch uint32, nr int, ip uint64, args *[6]uint64) bool {
	return f != nil && f.traces && actionRank(f.decide(arch, nr, ip, args)) == actionRank(unix.SECCOMP_RET_TRACE)
}

// wantsTracer says whether a notified call must fail with ENOSYS for that
// reason: our notification outranks that answer.
func (t *Tracer) wantsTracer(n *notification) bool {
	task := t.tasks[int(n.raw.PID)]
	return task != nil && task.seccomp.own.wantsTracer(n.raw.Arch, int(n.raw.NR), n.raw.IP, &n.raw.Args)
}

// tracesToo says whether at a stop for a filter of the tracee's own, ours asks
// for a stop as well: the kernel shows only one of them.
func (t *Tracer) tracesToo(task *Task, s *kernel.SyscallInfo) bool {
	if !task.seccomp.own.wantsTracer(s.Arch, int(int32(s.NR)), s.IP, &s.Args) {
		return false
	}
	action, _ := t.filter.Decide(s.Arch, uint32(s.NR), &s.Args)
	return action == seccomp.Trace
}

// refuse makes a call fail at its entry stop, after the hooks, if a filter of
// the tracee's own asks for a tracer.
func (t *Tracer) refuse(task *Task) {
	if c := &task.Call; task.stop.kind == stopFilterEntry && task.seccomp.own.wantsTracer(syscalls.AuditOf(c.ABI), c.NR, c.IP, &c.Args) {
		task.Skip(-int64(unix.ENOSYS))
	}
}

// installs reads the filter that a call is about to install.
func (t *Task) installs(fprog, flags uint64) exitDuty {
	prog := t.readFilter(fprog)
	return func(tr *Tracer, task *Task, s *kernel.SyscallInfo) { tr.installed(task, s, prog, flags) }
}

// readFilter reads a struct sock_fprog: a 16-bit length and a pointer, of the
// caller's word size.
func (t *Task) readFilter(addr uint64) []unix.SockFilter {
	var head [16]byte
	size := 16
	if t.Call.ABI != syscalls.Native() { // i386 and, for this call, x32
		size = 8
	}
	if n, err := t.Proc.ReadMemory(addr, head[:size]); n < size || err != nil {
		return nil
	}
	n := int(binary.LittleEndian.Uint16(head[:]))
	at := uint64(binary.LittleEndian.Uint32(head[4:]))
	if size == 16 {
		at = binary.LittleEndian.Uint64(head[8:])
	}
	if n == 0 || n > seccomp.MaxLength {
		return nil
	}
	b := make([]byte, n*seccomp.InsSize)
	if got, err := t.Proc.ReadMemory(at, b); got < len(b) || err != nil {
		return nil
	}
	return seccomp.ParseFilter(b)
}

// installed settles at its exit an attempt to install a filter.
func (t *Tracer) installed(task *Task, s *kernel.SyscallInfo, prog []unix.SockFilter, flags uint64) {
	told := OwnFilter{left: seccomp.StepsOfAll, Listens: flags&unix.SECCOMP_FILTER_FLAG_NEW_LISTENER != 0}
	switch {
	case s.IsError():
		told.Busy = told.Listens && t.listener != nil && s.Rval() == -int64(unix.EBUSY)
		if !told.Busy {
			return
		}
	case s.Rval() > 0 && !told.Listens || prog == nil: // the former: a thread that TSYNC failed on
		return
	default:
		task.seccomp.install(newOwnFilter(prog, task.seccomp.own))
		if flags&unix.SECCOMP_FILTER_FLAG_TSYNC != 0 {
			for _, other := range t.tasks {
				if other.Proc == task.Proc {
					other.seccomp.install(task.seccomp.own)
				}
			}
		}
	}
	told.filter = task.seccomp.own
	if t.OwnFilter != nil && t.filtered {
		t.OwnFilter(task, &told)
	}
}
