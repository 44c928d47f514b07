package source

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"

	"luatrace/internal/slot"
	"luatrace/tracer"
	"luatrace/tracer/procfs"
	"luatrace/tracer/syscalls"
)

// Made is a process that does not exist: the base of events that are made up to try hooks
// on. It answers from its fields, and what hooks do to it is only noted down there. Like all
// of a process it belongs to one goroutine at a time.
type Made struct {
	Name string // of its threads
	// Program and Dir are what Exe and Cwd answer.
	Program, Dir string
	// PPID is what ParentPID answers.
	PPID int
	// FDs is what descriptors stand for: a path or any other text.
	FDs map[int]string
	// Texts are the files below /proc/PID, such as "status".
	Texts map[string]string
	// Signal is the siginfo of the signal that is about to be delivered.
	Signal tracer.Siginfo
	// Regs are the registers as hooks see and set them.
	Regs tracer.Registers
	// Killed are the signals sent to the process by Kill.
	Killed []unix.Signal
	// NoMemory makes all memory one that can't be read or written, as that of a
	// thread that was killed meanwhile.
	NoMemory bool
	// Detached says that a hook has detached from the process.
	Detached bool

	memory
	pid    int
	tasks  int
	record slot.Slot
}

var _ Process = (*Made)(nil)

// Start gives the process its number and its memory, which is a stack and nothing else, and
// returns its only thread. The ABI decides where memory lies: below 4 GiB for a 32-bit one.
func (m *Made) Start(pid, tid int, abi syscalls.ABI) *MadeTask {
	m.pid = pid
	stack := m.lay(abi)
	t := m.AddThread(tid)
	t.call.ABI, t.call.SP = abi, stack-pageSize
	return t
}

// AddThread makes another thread of the process.
func (m *Made) AddThread(tid int) *MadeTask {
	m.tasks++
	return &MadeTask{tid: tid, process: m, call: tracer.Call{SP: stackTop - pageSize}}
}

// PID is that of [Process].
func (m *Made) PID() int { return m.pid }

// IsCommand is false: nobody has started it.
func (m *Made) IsCommand() bool { return false }

// ParentPID is that of [Process].
func (m *Made) ParentPID() int { return m.PPID }

// Creator is nil: nobody has created it.
func (m *Made) Creator() Process { return nil }

// Tasks returns how many threads were made.
func (m *Made) Tasks() int { return m.tasks }

// Comm is the name, or what the file "comm" says.
func (m *Made) Comm() string {
	b, _ := m.file("comm")
	return string(b[:max(len(b)-1, 0)])
}

// Exe is that of [Process].
func (m *Made) Exe() string { return m.Program }

// Cwd is that of [Process].
func (m *Made) Cwd() string { return m.Dir }

// FD is that of [Process].
func (m *Made) FD(fd int) string { return m.FDs[fd] }

// CopyFD fails: there is no descriptor to be copied.
func (m *Made) CopyFD(int) (int, error) { return -1, unix.ESRCH }

// SocketProtocol is not known.
func (m *Made) SocketProtocol(int) string { return "" }

// NetNamespace is not known.
func (m *Made) NetNamespace() string { return "" }

// Look fails: /proc does not show the process.
func (m *Made) Look(func(procfs.Place) error) error { return unix.ESRCH }

// ReadMemory is that of [Process].
func (m *Made) ReadMemory(addr uint64, b []byte) (int, error) {
	return m.move(addr, b, false)
}

// ReadString is that of [Process].
func (m *Made) ReadString(addr uint64, max int, buf []byte) ([]byte, bool, error) {
	return tracer.ReadString(m, addr, max, buf)
}

// WriteMemory is that of [Process].
func (m *Made) WriteMemory(addr uint64, b []byte) (int, error) {
	return m.move(addr, b, true)
}

func (m *Made) move(addr uint64, b []byte, write bool) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if m.NoMemory {
		return 0, unix.EFAULT
	}
	return m.copy(addr, b, write)
}

// ProcFile returns one of the Texts.
func (m *Made) ProcFile(name string) ([]byte, error) {
	if err := procfs.Refused(name); err != nil {
		return nil, err
	}
	return m.file(name)
}

// ProcFileWithin is ProcFile, whatever the bound.
func (m *Made) ProcFileWithin(name string, _ procfs.Bound) ([]byte, error) { return m.ProcFile(name) }

func (m *Made) file(name string) ([]byte, error) {
	if text, ok := m.Texts[name]; ok {
		return []byte(text), nil
	}
	if name == "comm" {
		return []byte(m.Name + "\n"), nil
	}
	return nil, unix.ENOENT
}

// ScanProcFile is that of [Process].
func (m *Made) ScanProcFile(name string, do func(line []byte) bool) error {
	b, err := m.file(name)
	for line := range bytes.Lines(b) {
		if !do(line) {
			break
		}
	}
	return err
}

// List returns the numbers of the FDs for "fd", and no names for other directories.
func (m *Made) List(dir string) (names []string, err error) {
	if dir == "fd" {
		for fd := range m.FDs {
			names = append(names, strconv.Itoa(fd))
		}
	}
	return names, nil
}

// KeepShown has nothing to keep.
func (m *Made) KeepShown() {}

// Kill notes the signal in Killed.
func (m *Made) Kill(sig unix.Signal) error {
	m.Killed = append(m.Killed, sig)
	return nil
}

// Record is that of [Process].
func (m *Made) Record() *slot.Slot { return &m.record }
