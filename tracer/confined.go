package tracer

import (
	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/syscalls"
)

// isConfined says whether the kernel looks at the calls of a task without our filter.
func (t *Task) isConfined() bool {
	return t.seccomp.isConfined(func() string { return statusField(t.TID, "Seccomp") })
}

// noFD is descriptor -1, also for an i386 call.
const noFD = 0xffffffff

// harmlessCalls are calls that change nothing, those first that a program
// which confines itself is most likely to keep. The first two are all that
// strict mode leaves.
var harmlessCalls = []struct {
	name string
	args [6]uint64
}{
	{"read", [6]uint64{noFD}},
	{"write", [6]uint64{noFD}},
	{"close", [6]uint64{noFD}},
	{"getpid", [6]uint64{}},
	{"gettid", [6]uint64{}},
	{"sched_yield", [6]uint64{}},
	{"fstat", [6]uint64{noFD}},
	{"lseek", [6]uint64{noFD}},
}

// All of what follows serves Skip in a program with a filter of its own, where luatrace has none. It
// stays because docs/limits.md promises such a hook its result, and an error instead would let the call
// run that a policy denies.

// replaceCall prevents the call in progress at an entry stop before seccomp has
// looked at it. Without a number the task's own filter would look at number
// -1, which hardly any lets pass. So another call takes its place, and the
// result is settled at the exit.
func (t *Task) replaceCall() error {
	number, args := -1, [6]uint64{}
	for i := range harmlessCalls {
		h := &harmlessCalls[i]
		nr, ok := syscalls.Number(t.Call.ABI, h.name)
		if !ok {
			continue
		}
		if number < 0 {
			number, args = nr, h.args
		}
		if rank := actionRank(t.seccomp.own.decide(syscalls.AuditOf(t.Call.ABI), nr, t.Call.IP, &h.args)); rank >= actionRank(unix.SECCOMP_RET_LOG) {
			number, args = nr, h.args
			break
		}
	}
	if err := t.SetCall(number, args); err != nil {
		return err
	}
	t.progress.atExit(answerSkipped)
	return nil
}

// answerSkipped gives the call that was prevented its result.
func answerSkipped(_ *Tracer, task *Task, s *kernel.SyscallInfo) { task.answer(s, task.progress.ret) }
