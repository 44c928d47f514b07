package bindings

import (
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/tracer"
	"luatrace/tracer/syscalls"
)

// self is a made-up thread of this very process: its calls are fed to an
// engine, and their memory is the test's own.
type self struct {
	r     *Runtime
	eng   *engine.Engine
	task  *tracer.Task
	mem   []byte // what arguments point to
	t     testing.TB
	event tracer.Event // the last one
}

// newSelf loads code and returns the thread its hooks will see. A hook's error
// fails the test.
func newSelf(t testing.TB, memory int, code string) *self {
	t.Helper()
	mem, err := unix.Mmap(-1, 0, memory, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	s := &self{t: t, mem: mem, task: &tracer.Task{TID: os.Getpid(), Proc: &tracer.Process{PID: os.Getpid()}}}
	s.r, _ = newTest(t, luart.Options{})
	s.eng = engine.New(engine.Options{Report: func(msg string) { t.Error(msg) }})
	NewTrace(s.r, s.eng, TraceOptions{})
	if err := run(s.r, code); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.task.Proc.CloseMemory()
		if err := unix.Munmap(mem); err != nil {
			t.Error(err)
		}
	})
	return s
}

// addr is where byte i of the memory is.
func (s *self) addr(i int) uint64 { return uint64(uintptr(unsafe.Pointer(&s.mem[i]))) }

// netlink returns a netlink socket.
func (s *self) netlink() int {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		s.t.Fatal(err)
	}
	return fd
}

// call makes a call that returns ret.
func (s *self) call(abi syscalls.ABI, name string, ret int64, args ...uint64) {
	nr, ok := syscalls.Number(abi, name)
	if !ok {
		panic("no call " + name)
	}
	s.task.Call = tracer.Call{ABI: abi, NR: nr}
	copy(s.task.Call.Args[:], args)
	ev := &s.event // benchmarks count what is allocated
	*ev = tracer.Event{Kind: tracer.EventEnter, Task: s.task}
	s.eng.Feed(ev)
	*ev = tracer.Event{Kind: tracer.EventExit, Task: s.task, Returned: tracer.Returned{Ret: ret}}
	if ret < 0 {
		ev.Errno = int(-ret)
	}
	s.eng.Feed(ev)
}
