package tracer

import (
	"slices"

	"golang.org/x/sys/unix"

	"luatrace/tracer/seccomp"
	"luatrace/tracer/syscalls"
)

// guard is a call by which a program could leave the tracer, or notice its filter. A call may stand
// in several rows.
type guard struct {
	call string
	test seccomp.ArgTest // of its first argument; what the filter can see of it
	// unseen, if not nil, says more than the test: it reads memory.
	unseen func(*Task) bool
	// atEntry is called at the entry stop, after the hooks and just before the call runs. It
	// changes the call where that must not run as it is, and returns what is to be done at the
	// exit, or nil.
	atEntry func(*Tracer, *Task) exitDuty
}

// guards are all of them. Rows of one call follow each other.
var guards = [...]guard{
	{call: "clone", test: seccomp.ArgTest{Op: seccomp.TestAllBits, Lo: unix.CLONE_UNTRACED}, atEntry: followClone},
	{call: "seccomp", test: is(unix.SECCOMP_SET_MODE_STRICT), atEntry: seccompStrict},
	{call: "seccomp", test: is(unix.SECCOMP_SET_MODE_FILTER), atEntry: seccompFilter},
	{call: "prctl", test: is(unix.PR_GET_SECCOMP), atEntry: askMode},
	{call: "prctl", test: is(unix.PR_SET_SECCOMP), atEntry: prctlSeccomp},
	{call: "clone3", test: seccomp.ArgTest{Op: seccomp.TestAllBits}, unseen: (*Task).clonesUntraced, atEntry: followClone3},
}

// is is the test for one value.
func is(word uint64) seccomp.ArgTest {
	return seccomp.ArgTest{Op: seccomp.TestOneOf, Words: []uint64{word}}
}

// guardNR are the numbers of the calls of guards in each ABI, -1 where it has none.
var guardNR = func() (numbers [syscalls.NumABI][len(guards)]int) {
	for i := range guards {
		for abi, nr := range numbersOf(guards[i].call) {
			numbers[abi][i] = nr
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

// guard is the row that a call is about, nil for nearly all calls.
func (c *Call) guard() *guard {
	for i, nr := range &guardNR[c.ABI] {
		if c.NR == nr && guards[i].test.Holds(c.Args[0]) {
			return &guards[i]
		}
	}
	return nil
}

// Guard is a call that the tracer must see, whatever hooks there are, and the
// clause by which a filter shows it.
type Guard struct {
	Name   string
	Clause seccomp.Clause
}

// Guards are the calls that a filter must show to the tracer, by an action. The
// flags of clone3 lie in memory, so every one of them must be asked about: with
// clone3, which is the action for that.
func Guards(action, clone3 seccomp.Action) []Guard {
	var list []Guard
	for i := range guards {
		g := &guards[i]
		switch {
		case g.unseen != nil && clone3 == seccomp.Allow:
		case g.unseen != nil:
			list = append(list, Guard{g.call, seccomp.Clause{Action: clone3, Own: true}})
		case i > 0 && guards[i-1].call == g.call:
			test := &list[len(list)-1].Clause.Tests[0]
			test.Words = slices.Concat(test.Words, g.test.Words)
		default:
			list = append(list, Guard{g.call, seccomp.Clause{Action: action, Own: true, Tests: []seccomp.ArgTest{g.test}}})
		}
	}
	return list
}

// guardCall deals with a guarded call at its entry stop.
func (t *Tracer) guardCall(task *Task, g *guard) {
	if duty := g.atEntry(t, task); duty != nil {
		task.progress.atExit(duty)
	}
}

// needsEntryStop says whether a notified call can't be answered but must be
// turned into an entry stop: a clone whose child would not be traced, what
// has to do with seccomp, and a wish for another tracer.
func (t *Tracer) needsEntryStop(task *Task) bool {
	if t.asks(task) {
		return true
	}
	g := task.Call.guard()
	return g != nil && (g.unseen == nil || g.unseen(task))
}
