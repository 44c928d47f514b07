package engine

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

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
	c := &ev.Task.call
	if c.Multiplexed() {
		return errMultiplexed
	}
	if c.ABI.WordSize() == 4 {
		word = uint64(uint32(word))
	}
	c.Args[i] = word
	c.Forget()
	ev.setArgs |= 1 << i
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
	ev.Task.call.NR = nr
	ev.setNumber = true
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
	ev.skip, ev.skipRet = true, ret
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
		ev.setRet = true
		ev.tampered(TamperResult)
		ev.Task.call.Forget() // how much of a buffer counts may have changed
		return nil
	}
	return ErrCallOnly
}

// setResult keeps the event and the decoded call in step.
func (ev *Event) setResult(ret int64) {
	ev.Ret, ev.Errno, ev.Returned = ret, syscalls.ResultErrno(ret), true
	ev.Task.call.Ret, ev.Task.call.Errno, ev.Task.call.Exited = ret, ev.Errno, true
}

// MemoryChanged makes values that were decoded from memory be read again.
func (ev *Event) MemoryChanged() {
	if c := ev.Call(); c != nil {
		ev.tampered(TamperArgs)
		c.Forget()
	}
}

// Skipped says whether a hook has prevented the call, and with which result.
func (ev *Event) Skipped() (int64, bool) { return ev.skipRet, ev.skip }

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
	ev.delay += max(d, 0)
	ev.tampered(TamperDelay)
	return nil
}

// SetSignal replaces the signal about to be delivered; 0 suppresses it.
func (ev *Event) SetSignal(sig unix.Signal) error {
	if err := ev.mayAct(KindSignal); err != nil {
		return err
	}
	ev.Signal, ev.setSignal = sig, true
	return nil
}

// apply does what the hooks of the event asked for. An error (other than that
// the tracee was killed meanwhile) is returned to be reported.
func (ev *Event) apply() error {
	t := ev.Task
	var err error
	note := func(e error) {
		if e != nil && !errors.Is(e, unix.ESRCH) && err == nil {
			err = e
		}
	}
	if ev.setRegs && ev.haveRegs {
		note(t.SetRegisters(&ev.regs))
		if ev.Kind == KindEnter {
			ev.takeRegisters()
		}
	}
	if t.Notified() {
		return err // the answer to the notification does it all
	}
	switch ev.Kind {
	case KindEnter:
		if ev.skip {
			note(t.Skip(ev.skipRet))
		} else if ev.setArgs != 0 || ev.setNumber {
			note(t.SetCall(t.call.NR, t.call.Args))
		}
	case KindExit:
		if ev.setRet {
			note(t.SetResult(ev.Ret))
		}
	case KindSignal:
		if ev.setSignal {
			note(t.Task.SetSignal(ev.Signal))
		}
	}
	return err
}

// takeRegisters makes the call's arguments those that a hook has put into the
// registers, except where it has assigned the arguments themselves.
func (ev *Event) takeRegisters() {
	c, now := &ev.Task.call, &ev.Task.Task.Call
	args := c.Args
	for i, w := range now.Args {
		if ev.setArgs&(1<<i) == 0 {
			args[i] = w
		}
	}
	nr := c.NR
	if !ev.setNumber {
		nr = now.NR
	}
	if args != c.Args || nr != c.NR {
		ev.tampered(TamperArgs)
		c.Args, c.NR = args, nr
		c.Forget()
	}
}
