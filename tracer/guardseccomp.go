package tracer

import (
	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/syscalls"
)

// The guarded calls that have to do with seccomp: what they change is noted, and their results are
// made to be as without our filter.

// prctlNR is the number of prctl in each ABI.
var prctlNR = numbersOf("prctl")

// seccompStrict is seccomp(SECCOMP_SET_MODE_STRICT, 0, NULL).
func seccompStrict(t *Tracer, task *Task) exitDuty {
	task.seccomp.confined = confinedUnknown
	if args := &task.Call.Args; args[1] != 0 || args[2] != 0 {
		return nil
	}
	return t.enterStrict(task)
}

// seccompFilter is seccomp(SECCOMP_SET_MODE_FILTER, flags, filter).
func seccompFilter(t *Tracer, task *Task) exitDuty {
	task.seccomp.confined = confinedUnknown
	return task.installs(task.Call.Args[2], task.Call.Args[1])
}

// prctlSeccomp is prctl(PR_SET_SECCOMP, mode, filter).
func prctlSeccomp(t *Tracer, task *Task) exitDuty {
	task.seccomp.confined = confinedUnknown
	switch task.Call.Args[1] {
	case unix.SECCOMP_MODE_STRICT:
		return t.enterStrict(task)
	case unix.SECCOMP_MODE_FILTER:
		return task.installs(task.Call.Args[2], 0)
	}
	return nil
}

// askMode is prctl(PR_GET_SECCOMP): our filter must not be noticed.
func askMode(t *Tracer, task *Task) exitDuty {
	if !t.filtered {
		return nil
	}
	return answerMode
}

func answerMode(_ *Tracer, task *Task, s *kernel.SyscallInfo) {
	if task.seccomp.own == nil && s.Rval() == unix.SECCOMP_MODE_FILTER {
		task.answer(s, int64(seccompMode()))
	}
}

// answer makes ret the result at an exit stop, also in what the kernel told of it.
func (t *Task) answer(s *kernel.SyscallInfo, ret int64) {
	if t.SetResult(ret) == nil {
		s.SetExit(ret, syscalls.ResultErrno(ret) != 0)
	}
}
