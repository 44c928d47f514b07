// Package sigstate finds out what a program inherited of signal state: which
// signals were ignored and which were blocked when it was started.
//
// A command must start with the same, but the Go runtime installs its
// handlers over all inherited SIG_IGN but those of SIGHUP, SIGINT and the
// job-control signals, and unblocks about half of the signals, before any
// package is initialised. It keeps what it found in two variables of its own
// (runtime/signal_unix.go, runtime/proc.go), which the linker hides from other
// packages; the program's symbol table still says where they are. A binary
// without a symbol table (ldflags -s) does not tell: there, only what the
// runtime left alone is inherited.
package sigstate

import (
	"encoding/binary"
	"reflect"
	"sync"

	"golang.org/x/sys/unix"
)

// Set is a set of signals, number n as bit n-1.
type Set uint64

// Has says whether a signal is in the set.
func (s Set) Has(sig int) bool { return sig > 0 && sig <= 64 && s&(1<<(sig-1)) != 0 }

// State is what was inherited.
type State struct {
	Ignored, Blocked Set
	// Known is false where it could not be found out. Ignored then holds what
	// is ignored now, and nothing else can be told.
	Known bool
}

const (
	handlersSymbol = "runtime.fwdSig"      // [65]uintptr, by signal number
	maskSymbol     = "runtime.initSigmask" // [2]uint32
	anchorSymbol   = "luatrace/tracer/internal/sigstate.anchor"

	signals   = 65
	sigIgnore = 1 // SIG_IGN
)

// anchor shows by how much the program was moved when it was loaded.
var anchor byte = 1

// Inherited reads the state once; later calls return the same. The first call
// must come before os/signal changes anything about the job-control signals,
// of which the runtime notes nothing until then.
var Inherited = sync.OnceValue(func() State {
	now := ignoredNow()
	s := noted()
	s.Ignored |= now
	return s
})

// noted reads the runtime's notes.
func noted() State {
	table, err := readSymbols("/proc/self/exe", wantedSymbol{handlersSymbol, signals * 8}, wantedSymbol{maskSymbol, 8}, wantedSymbol{anchorSymbol, 1})
	if err != nil || len(table) != 3 {
		return State{}
	}
	// os.Open would begin to use epoll for it.
	mem, err := unix.Open("/proc/self/mem", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return State{}
	}
	defer unix.Close(mem)
	slide := uint64(reflect.ValueOf(&anchor).Pointer()) - table[anchorSymbol].value
	read := func(name string) []byte {
		b := make([]byte, table[name].size)
		if n, err := unix.Pread(mem, b, int64(table[name].value+slide)); err != nil || n != len(b) {
			return nil
		}
		return b
	}
	handlers, mask := read(handlersSymbol), read(maskSymbol)
	if handlers == nil || mask == nil {
		return State{}
	}
	return decode(handlers, mask)
}

// decode makes the sets of the runtime's variables.
func decode(handlers, mask []byte) State {
	s := State{Known: true, Blocked: Set(binary.NativeEndian.Uint64(mask))}
	for sig := 1; sig < signals; sig++ {
		if binary.NativeEndian.Uint64(handlers[sig*8:]) == sigIgnore {
			s.Ignored |= 1 << (sig - 1)
		}
	}
	return s
}
