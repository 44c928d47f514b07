package inject

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"luatrace/engine"
	"luatrace/engine/plan"
	"luatrace/engine/spec"
	"luatrace/tracer/syscalls"
)

// Add registers the hooks of a rule. It must come before those of a printer, so
// that lines show what the rule has done. Only calls are tampered with, and
// counted, of which only says yes; nil is for all.
func (r *Rule) Add(e *engine.Engine, only func(*engine.Event) bool) {
	a := &applied{Rule: r, only: only, tally: e.NewTally(r.title, r.done())}
	if r.when != always {
		a.counts = counters{}
	}
	atExit := r.instead != "" || r.delayExit != nil || r.pokeExit != nil
	if atExit {
		a.chosen = map[*engine.Task]bool{}
	}
	e.Observe(a.observe)
	for _, execs := range []bool{true, false} {
		sel := r.spec.Restrict(func(sig *syscalls.Signature) bool { return isExec(sig) == execs })
		sel.Phase, sel.PhaseGiven = spec.PhaseEnter, true
		h := &engine.Hook{Rule: plan.Rule{Spec: sel}, Where: r.title, Fn: a.enter}
		if execs {
			h.Fn = a.enterExec
		} else if !atExit && only == nil && r.constant() {
			h.Fault = &plan.Fault{Errno: int(-*r.result)}
		}
		e.On(h)
		if atExit {
			exit := *sel
			exit.Phase = spec.PhaseExit
			e.On(&engine.Hook{Rule: plan.Rule{Spec: &exit}, Where: r.title, Fn: a.exit})
		}
	}
}

func isExec(sig *syscalls.Signature) bool {
	return sig != nil && (sig.Name == "execve" || sig.Name == "execveat")
}

// done says what becomes of a call, for the tally.
func (r *Rule) done() string {
	switch {
	case r.result != nil && *r.result < 0:
		return "failed"
	case r.result == nil && r.signal == 0 && r.pokeEnter == nil && r.pokeExit == nil:
		return "delayed"
	}
	return "injected"
}

// constant says whether every call fails in the same way, which the kernel can
// do by itself.
func (r *Rule) constant() bool {
	return r.when == always && r.result != nil && *r.result <= 0 && r.signal == 0 && r.delayEnter == nil && r.pokeEnter == nil
}

// applied is a rule at work.
type applied struct {
	*Rule
	only     func(*engine.Event) bool
	tally    *engine.Tally
	counts   counters              // nil if every invocation is meant
	chosen   map[*engine.Task]bool // those in a call of which the exit is to be changed
	launched bool                  // the command runs
}

// observe forgets threads that are gone, and learns that the command runs.
func (a *applied) observe(ev *engine.Event) {
	switch ev.Kind {
	case engine.KindExec:
		a.launched = a.launched || ev.Task.Proc.IsCommand()
	case engine.KindDeath:
		delete(a.counts, ev.Task)
		delete(a.chosen, ev.Task)
	default: // no thread ends, and none begins
	}
}

// enterExec is enter for execve: the one that starts the command is not the
// program's.
func (a *applied) enterExec(ev *engine.Event) error {
	if ev.Task.Proc.IsCommand() && !a.launched {
		return nil
	}
	return a.enter(ev)
}

// enter does what is to be done before a call.
func (a *applied) enter(ev *engine.Event) error {
	if a.only != nil && !a.only(ev) {
		return nil
	}
	a.tally.Calls++
	delete(a.chosen, ev.Task) // its last call may have had no exit
	c := ev.Call()
	if a.counts != nil && !a.when.has(a.counts.next(ev.Task, invoked{c.ABI, c.NR})) {
		return nil
	}
	a.tally.Hits++
	if a.chosen != nil {
		a.chosen[ev.Task] = true
	}
	err := doPokes(ev, a.pokeEnter)
	if a.signal != 0 {
		err = errors.Join(err, ev.RaiseSignal(a.signal))
	}
	if a.delayEnter != nil {
		err = errors.Join(err, ev.Delay(*a.delayEnter))
	}
	if a.result == nil {
		return err
	}
	if a.instead != "" {
		nr, ok := syscalls.Number(c.ABI, a.instead)
		if !ok {
			return errors.Join(err, fmt.Errorf("there is no %s under %s", a.instead, c.ABI))
		}
		return errors.Join(err, ev.SetNumber(nr))
	}
	return errors.Join(err, ev.Skip(*a.result))
}

// exit does what is to be done after a call.
func (a *applied) exit(ev *engine.Event) error {
	if !a.chosen[ev.Task] {
		return nil
	}
	delete(a.chosen, ev.Task)
	var err error
	if a.instead != "" {
		err = ev.SetRet(*a.result)
	}
	err = errors.Join(err, doPokes(ev, a.pokeExit))
	if a.delayExit != nil {
		err = errors.Join(err, ev.Delay(*a.delayExit))
	}
	return err
}

// doPokes overwrites memory. Arguments that the call does not have are passed
// over: a rule may be for many calls.
func doPokes(ev *engine.Event, pokes []poke) error {
	c := ev.Call()
	for _, p := range pokes {
		if p.arg >= c.NumArgs() {
			continue
		}
		_, err := ev.Task.Proc.WriteMemory(c.Word(p.arg), p.data)
		if errors.Is(err, unix.ESRCH) {
			return nil // killed meanwhile
		}
		if err != nil {
			return fmt.Errorf("cannot write to what argument %d of %s points to: %w", p.arg+1, c.Name, err)
		}
		ev.MemoryChanged()
	}
	return nil
}
