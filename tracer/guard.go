package tracer

import (
	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/syscalls"
)

// guardKind names a call by which a program could leave the tracer, or notice
// its filter.
type guardKind uint8

const (
	guardNone    guardKind = iota
	guardClone             // with CLONE_UNTRACED the child would not be traced
	guardClone3            // the same, with its flags in memory
	guardSeccomp           // strict mode, filters
	guardPrctl             // the same
)

var guardNames = [...]string{guardClone: "clone", guardClone3: "clone3", guardSeccomp: "seccomp", guardPrctl: "prctl"}

// guardNumbers are the calls' numbers in each ABI.
var guardNumbers = func() (numbers [syscalls.NumABI][len(guardNames)]int) {
	for kind, name := range guardNames {
		for abi, nr := range numbersOf(name) {
			numbers[abi][kind] = nr
		}
	}
	return numbers
}()

// numbersOf are a call's numbers in each ABI, -1 where it has none.
func numbersOf(name string) (numbers [syscalls.NumABI]int) {
	for abi := range numbers {
		nr, ok := syscalls.Number(syscalls.ABI(abi), name)
		if !ok {
			nr = -1
		}
		numbers[abi] = nr
	}
	return numbers
}

// guard says which of them a call is.
func (c *Call) guard() guardKind {
	n := &guardNumbers[c.ABI]
	switch c.NR {
	case n[guardClone]:
		return guardClone
	case n[guardClone3]:
		return guardClone3
	case n[guardSeccomp]:
		return guardSeccomp
	case n[guardPrctl]:
		return guardPrctl
	}
	return guardNone
}

// Guard is a call that the tracer must see, whatever hooks there are, and the
// clause by which a filter shows it.
type Guard struct {
	Name   string
	Clause FilterClause
}

// Guards are the calls that a filter must show to the tracer, by an action. The
// flags of clone3 lie in memory, so every one of them must be asked about: with
// clone3, which is the action for that.
func Guards(action, clone3 FilterAction) []Guard {
	first := func(op TestOp, lo uint64, words ...uint64) FilterClause {
		return FilterClause{Action: action, Own: true, Tests: []ArgTest{{Op: op, Lo: lo, Words: words}}}
	}
	guards := []Guard{
		{"clone", first(TestAllBits, unix.CLONE_UNTRACED)},
		{"seccomp", first(TestOneOf, 0, unix.SECCOMP_SET_MODE_STRICT, unix.SECCOMP_SET_MODE_FILTER)},
		{"prctl", first(TestOneOf, 0, unix.PR_GET_SECCOMP, unix.PR_SET_SECCOMP)},
	}
	if clone3 != FilterAllow {
		guards = append(guards, Guard{"clone3", FilterClause{Action: clone3, Own: true}})
	}
	return guards
}

// guardCall looks at a guarded call at its entry stop, after the hooks and
// just before it runs, and changes it where it must not run as it is.
func (t *Tracer) guardCall(task *Task, kind guardKind) {
	follow := t.options&unix.PTRACE_O_TRACECLONE != 0
	args := &task.Call.Args
	switch kind {
	case guardClone:
		if follow && args[0]&unix.CLONE_UNTRACED != 0 {
			task.followClone()
		}
	case guardClone3:
		if follow {
			task.followClone3()
			task.birth = birthAwaited
		}
	case guardPrctl:
		task.confined = confinedUnknown
		switch {
		case uint32(args[0]) == unix.PR_GET_SECCOMP:
			task.asksMode = t.filtered
			task.wantExit = true
		case uint32(args[0]) != unix.PR_SET_SECCOMP:
		case args[1] == unix.SECCOMP_MODE_STRICT:
			t.enterStrict(task)
		case args[1] == unix.SECCOMP_MODE_FILTER:
			task.installs(args[2], 0)
		}
	case guardSeccomp:
		task.confined = confinedUnknown
		switch uint32(args[0]) {
		case unix.SECCOMP_SET_MODE_STRICT:
			if args[1] == 0 && args[2] == 0 {
				t.enterStrict(task)
			}
		case unix.SECCOMP_SET_MODE_FILTER:
			task.installs(args[2], args[1])
		}
	}
}

// guarded says whether something is to be done at the exit of the call in
// progress.
func (t *Task) guarded() bool {
	return t.installing != nil || t.asksMode || t.entersStrict || t.instead
}

// guardExit does it: the exit is made to be as without our filter.
func (t *Tracer) guardExit(task *Task, s *kernel.SyscallInfo) {
	setResult := func(ret int64) {
		if task.SetResult(ret) == nil {
			s.SetExit(ret, syscalls.ResultErrno(ret) != 0)
		}
	}
	if task.installing != nil {
		t.installed(task, s)
	}
	if task.instead {
		task.instead = false
		setResult(task.skipRet)
	}
	if task.entersStrict {
		task.entersStrict = false
		task.strict = true
		setResult(0)
	}
	if task.asksMode {
		task.asksMode = false
		if task.own == nil && s.Rval() == unix.SECCOMP_MODE_FILTER {
			setResult(int64(seccompMode()))
		}
	}
}

// NeedsEntryStop says whether a notified call can't be answered but must be
// turned into an entry stop: a clone whose child would not be traced, what
// has to do with seccomp, and a wish for another tracer.
func (t *Tracer) NeedsEntryStop(task *Task) bool {
	if t.asks(task) {
		return true
	}
	args := &task.Call.Args
	switch task.Call.guard() {
	case guardClone:
		return args[0]&unix.CLONE_UNTRACED != 0
	case guardClone3:
		flags, ok := task.clone3Flags()
		return ok && flags&unix.CLONE_UNTRACED != 0
	case guardSeccomp:
		op := uint32(args[0])
		return op == unix.SECCOMP_SET_MODE_STRICT || op == unix.SECCOMP_SET_MODE_FILTER
	case guardPrctl:
		op := uint32(args[0])
		return op == unix.PR_GET_SECCOMP || op == unix.PR_SET_SECCOMP
	}
	return false
}
