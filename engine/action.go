package engine

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer"
	"luatrace/tracer/syscalls"
)

// Action is what the hooks of an event want of its task, for as long as the task is stopped.
// It is applied once, after the last of them. Later hooks see what earlier ones want in the
// event and in the decoded call.
type Action struct {
	wants  wish
	args   uint8 // bit i: argument i of the call was changed
	ret    int64 // with wantsSkip and wantsResult
	signal unix.Signal
	delay  time.Duration
}

// wish is a set of what hooks may want besides other arguments and a delay.
type wish uint8

const (
	wantsNumber    wish = 1 << iota // another system call
	wantsRegisters                  // the registers written back
	wantsSkip                       // the call not made
	wantsResult                     // another result of it
	wantsSignal                     // another signal delivered, or none
	wantsNoExit                     // no stop at the exit: it is of no interest
)

// has says whether all of some is wanted.
func (a *Action) has(some wish) bool { return a.wants&some == some }

// changesCall says whether the call to be made is another one than the program's, or has
// other arguments. Only an entry stop can do that.
func (a *Action) changesCall() bool { return a.args != 0 || a.has(wantsNumber) }

// apply does it to the task of an event of this kind; regs are the registers that hooks have
// changed. The error is the first one, if any, but not that the task was killed meanwhile.
func (a *Action) apply(kind EventKind, t *Task, regs *tracer.Registers) error {
	var err error
	note := func(e error) {
		if e != nil && !errors.Is(e, unix.ESRCH) && err == nil {
			err = e
		}
	}
	if a.has(wantsRegisters) {
		note(t.SetRegisters(regs))
		if kind == KindEnter {
			a.takeRegisters(t)
		}
	}
	if t.Notified() {
		return err // the answer to the notification does it all
	}
	switch kind {
	case KindEnter:
		if a.has(wantsSkip) {
			note(t.Skip(a.ret))
		} else if a.changesCall() {
			note(t.SetCall(t.decoded.NR, t.decoded.Args))
		}
	case KindExit:
		if a.has(wantsResult) {
			note(t.SetResult(a.ret))
		}
	case KindSignal:
		if a.has(wantsSignal) {
			note(t.SetSignal(a.signal))
		}
	default: // nothing of such an event can be changed
	}
	return err
}

// takeRegisters makes the call's arguments those that a hook has put into the
// registers, except where it has assigned the arguments themselves.
func (a *Action) takeRegisters(t *Task) {
	c, now := &t.decoded, t.Task.Call()
	args := c.Args
	for i, w := range now.Args {
		if a.args&(1<<i) == 0 {
			args[i] = w
		}
	}
	nr := c.NR
	if !a.has(wantsNumber) {
		nr = now.NR
	}
	if args != c.Args || nr != c.NR {
		t.tamper |= TamperArgs
		c.Args, c.NR = args, nr
		c.Forget()
	}
}

// Errors of acts that an event does not allow.
var (
	ErrEnterOnly   = errors.New(`this is only possible before the call (":enter" hooks)`)
	ErrCallOnly    = errors.New("this is only possible in hooks on system calls")
	ErrReadOnly    = errors.New("this is not allowed with --read-only")
	ErrSignalOnly  = errors.New("this is only possible in hooks on signals")
	errMultiplexed = errors.New("this call gets its arguments in memory; write there")
	errRestart     = errors.New("results from -516 to -512 make the kernel restart the call; give another")
)

// mayAct says why an act that is for one kind of event is not possible now.
func (ev *Event) mayAct(kind EventKind) error {
	switch {
	case ev.Kind != kind && kind == KindSignal:
		return ErrSignalOnly
	case ev.Kind != kind:
		return ErrEnterOnly
	case ev.eng.opts.ReadOnly:
		return ErrReadOnly
	}
	return nil
}

// SetArg changes argument i (0 to 5) of the call before it runs.
func (ev *Event) SetArg(i int, word uint64) error {
	if err := ev.mayAct(KindEnter); err != nil {
		return err
	}
	c := &ev.Task.decoded
	if c.Multiplexed() {
		return errMultiplexed
	}
	if c.ABI.WordSize() == 4 {
		word = uint64(uint32(word))
	}
	c.Args[i] = word
	c.Forget()
	ev.act.args |= 1 << i
	ev.tampered(TamperArgs)
	return nil
}

// SetNumber replaces the call by another one before it runs. The event's name
// and arguments stay those of the call that the program made, and so do its
// hooks.
func (ev *Event) SetNumber(nr int) error {
	if err := ev.mayAct(KindEnter); err != nil {
		return err
	}
	ev.Task.decoded.NR = nr
	ev.act.wants |= wantsNumber
	ev.tampered(TamperResult) // it is another call's
	return nil
}

// Skip prevents the call; the program gets ret as its result (-errno for a
// failure).
func (ev *Event) Skip(ret int64) error {
	if err := ev.mayAct(KindEnter); err != nil {
		return err
	}
	if syscalls.IsRestart(ret) {
		return errRestart
	}
	ev.act.wants |= wantsSkip
	ev.act.ret = ret
	ev.tampered(TamperResult)
	return nil
}

// SetRet changes the result: at exit what the call returned, before the call
// it prevents it like Skip.
func (ev *Event) SetRet(ret int64) error {
	switch ev.Kind {
	case KindEnter:
		return ev.Skip(ret)
	case KindExit:
		switch {
		case ev.eng.opts.ReadOnly:
			return ErrReadOnly
		case syscalls.IsRestart(ret):
			return errRestart
		}
		ev.setResult(ret)
		ev.act.wants |= wantsResult
		ev.act.ret = ret
		ev.tampered(TamperResult)
		ev.Task.decoded.Forget() // how much of a buffer counts may have changed
		return nil
	default: // such an event has no result
	}
	return ErrCallOnly
}

// setResult keeps the event and the decoded call in step.
func (ev *Event) setResult(ret int64) {
	ev.Ret, ev.Errno, ev.Returned = ret, syscalls.ResultErrno(ret), true
	ev.Task.decoded.Ret, ev.Task.decoded.Errno, ev.Task.decoded.Exited = ret, ev.Errno, true
}

// MemoryChanged makes values that were decoded from memory be read again.
func (ev *Event) MemoryChanged() {
	if c := ev.Call(); c != nil {
		ev.tampered(TamperArgs)
		c.Forget()
	}
}

// OnExit calls f at the exit of this call, after the hooks for its exit. Its
// errors count against the hook that asked for it.
func (ev *Event) OnExit(f Func) error {
	if ev.Kind != KindEnter {
		return ErrEnterOnly
	}
	ev.Task.onExit = append(ev.Task.onExit, exitCall{ev.eng.running, f})
	return nil
}

// Delay keeps the task stopped for d after the hooks are done. Other tasks run
// on. Several delays add up.
func (ev *Event) Delay(d time.Duration) error {
	switch {
	case ev.Task == nil || ev.Kind == KindDeath:
		return ErrCallOnly
	case ev.eng.opts.ReadOnly:
		return ErrReadOnly
	}
	ev.act.delay += max(d, 0)
	ev.tampered(TamperDelay)
	return nil
}

// SetSignal replaces the signal about to be delivered; 0 suppresses it.
func (ev *Event) SetSignal(sig unix.Signal) error {
	if err := ev.mayAct(KindSignal); err != nil {
		return err
	}
	ev.Signal, ev.act.signal = sig, sig
	ev.act.wants |= wantsSignal
	return nil
}
