// Package aside knows which tracees are about to trace others, and whether the kernel would let them:
// by the call that asks, by the file of the program, and by credentials and namespaces as /proc shows
// them. It knows no tasks and changes nothing.
//
// What follows from an answer stands in the package tracer: to step aside is to detach and to attach
// again, with calls that wait meanwhile, which is most of what a tracer is.
package aside

import (
	"iter"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
	"luatrace/tracer/syscalls"
)

// proc is the /proc through which everything is looked up.
func proc() *procfs.FS { return procfs.Default() }

// requests are the values of ptrace's first argument that ask for a tracer.
var requests = []uint64{unix.PTRACE_TRACEME, unix.PTRACE_ATTACH, unix.PTRACE_SEIZE}

// Requests returns them.
func Requests() []uint64 { return slices.Clone(requests) }

// ptraceNR is the number of ptrace in each ABI, -1 where it has none.
var ptraceNR = func() (numbers [syscalls.NumABI]int) {
	for abi := range numbers {
		nr, ok := syscalls.Number(syscalls.ABI(abi), "ptrace")
		if !ok {
			nr = -1
		}
		numbers[abi] = nr
	}
	return numbers
}()

// IsPtrace says whether a call is ptrace.
func IsPtrace(abi syscalls.ABI, nr int) bool { return nr == ptraceNR[abi] }

// Asks says whether a call asks for a tracer.
func Asks(abi syscalls.ABI, nr int, args *[6]uint64) bool {
	return IsPtrace(abi, nr) && slices.Contains(requests, args[0])
}

// SeenAs returns our number, of some, for the thread that has the number nr for another thread, whose
// pid namespace may be another than ours; 0 if none of them is it.
func SeenAs(tid, nr int, some iter.Seq[int]) int {
	space := namespaceOf(tid, "pid")
	if space == namespaceOf(os.Getpid(), "pid") {
		return nr
	}
	depth := len(proc().Numbers(tid))
	for other := range some {
		ids := proc().Numbers(other)
		if len(ids) < depth || depth == 0 || ids[depth-1] != nr {
			continue
		}
		if around(other, "pid", len(ids)-depth, space) {
			return other
		}
	}
	return 0
}
