package tracer

import (
	"bytes"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

// Simulated is what the kernel would tell about a process that does not exist:
// the base of events that are made up to try hooks on. Its tasks answer from
// here, and what hooks do to them is only noted down here. Like all of a
// task it belongs to one goroutine at a time.
type Simulated struct {
	Comm string
	Exe  string
	Cwd  string
	PPID int
	// FDs is what descriptors stand for, as Task.FD has it or any other text.
	FDs map[int]string
	// Files are those below /proc/PID, such as "status".
	Files map[string]string
	// Siginfo of the signal that is about to be delivered.
	Siginfo Siginfo
	// Registers as hooks see and set them.
	Registers Registers
	// Killed are the signals sent to the process by Process.Kill.
	Killed []unix.Signal
	// NoMemory makes all memory one that can't be read or written, as that of a
	// thread that was killed meanwhile.
	NoMemory bool

	pages map[uint64]*[pageSize]byte
	next  uint64
}

const (
	simulatedHeap  = 0x5555_0000_0000
	simulatedStack = 0x7ffd_0010_0000 // its top
	simulatedRoom  = 64 * pageSize    // below that
)

// NewSimulated makes a process with a stack and no other memory, and its only
// thread. The ABI decides where memory lies: below 4 GiB for a 32-bit one.
func NewSimulated(pid, tid int, abi syscalls.ABI, s *Simulated) *Task {
	s.pages = map[uint64]*[pageSize]byte{}
	s.next = simulatedHeap
	stack := uint64(simulatedStack)
	if abi.WordSize() == 4 {
		s.next, stack = 0x5655_0000, 0xffc0_0000
	}
	for at := stack - simulatedRoom; at < stack; at += pageSize {
		s.pages[at] = new([pageSize]byte)
	}
	task := s.AddThread(&Process{PID: pid, sim: s}, tid)
	task.Call.ABI, task.Call.SP = abi, stack-pageSize
	return task
}

// AddThread makes another thread of a simulated process.
func (s *Simulated) AddThread(p *Process, tid int) *Task {
	p.tasks++
	t := &Task{TID: tid, Proc: p}
	t.Call.SP = simulatedStack - pageSize
	return t
}

// Place puts bytes into fresh memory, aligned to 16 bytes, and returns where. A
// page that is not mapped follows the last byte's page.
func (s *Simulated) Place(b []byte) uint64 {
	at := s.next
	end := at + uint64(len(b))
	for page := at &^ (pageSize - 1); page < max(end, at+1); page += pageSize {
		if s.pages[page] == nil {
			s.pages[page] = new([pageSize]byte)
		}
	}
	s.next = (end + 15) &^ 15
	s.copy(at, b, true)
	return at
}

// copy moves bytes between b and the memory, up to the first missing page.
func (s *Simulated) copy(addr uint64, b []byte, write bool) (int, error) {
	n := 0
	if s.NoMemory {
		return 0, unix.EFAULT
	}
	for n < len(b) {
		at := addr + uint64(n)
		page := s.pages[at&^(pageSize-1)]
		if page == nil {
			return n, unix.EFAULT
		}
		if write {
			n += copy(page[at%pageSize:], b[n:])
		} else {
			n += copy(b[n:], page[at%pageSize:])
		}
	}
	return n, nil
}

// link answers what a link below /proc/PID would.
func (s *Simulated) link(name string) string {
	switch name {
	case "exe":
		return s.Exe
	case "cwd":
		return s.Cwd
	}
	return ""
}

func (s *Simulated) file(name string) ([]byte, error) {
	if text, ok := s.Files[name]; ok {
		return []byte(text), nil
	}
	if name == "comm" {
		return []byte(s.Comm + "\n"), nil
	}
	return nil, unix.ENOENT
}

func (s *Simulated) scan(name string, do func(line []byte) bool) error {
	b, err := s.file(name)
	for line := range bytes.Lines(b) {
		if !do(line) {
			break
		}
	}
	return err
}

// Simulate makes a call the one in progress of a simulated task, entered at a
// time.
func (t *Task) Simulate(abi syscalls.ABI, nr int, args [6]uint64, at time.Time) {
	t.Entered = at
	t.progress.begin(callEntered)
	t.progress.resumed = at
	t.Call.ABI, t.Call.NR, t.Call.Args = abi, nr, args
	t.Proc.sim.Registers.SetCall(abi, nr, &args)
}

// SimulatedSkip says whether Skip prevented the call, and with which result.
func (t *Task) SimulatedSkip() (ret int64, skipped bool) {
	return t.progress.ret, t.progress.skipped()
}

// SimulatedSignal is the signal that SetSignal left to be delivered.
func (t *Task) SimulatedSignal() unix.Signal { return t.signal }

// SimulateDetach notes that a simulated process was let go.
func (p *Process) SimulateDetach() { p.detaching = true }
